//! The check of a caller's right for a method, before any handler runs.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use lambda_http::request::RequestContext;

use crate::caller::{Caller, Right};
use crate::problem::ProblemResponse;

/// Passes a request whose caller has the right for its method, [`Right::of_method`]. A request from
/// the gateway without a caller is refused, so a method that is open by mistake reveals nothing. A
/// request without a gateway passes: tests of a router have none.
pub(super) async fn check(request: Request, next: Next) -> Response {
    let caller = Caller::of(request.extensions());
    let is_allowed = match caller {
        Caller::Unknown => request.extensions().get::<RequestContext>().is_none(),
        _ => caller.may(Right::of_method(request.method())),
    };
    if is_allowed {
        next.run(request).await
    } else {
        ProblemResponse::from(caller.no_right()).into_response()
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::routing::{any, get};
    use lambda_http::aws_lambda_events::apigw::ApiGatewayProxyRequestContext;
    use serde_json::{Value, json};
    use tower::ServiceExt;

    use crate::http::{with_open_service_layers, with_rights, with_service_layers};

    use super::*;
    use crate::caller::{Key, Keys};

    fn keys() -> Keys {
        let keys = [("reader", Right::Read), ("writer", Right::Write), ("op", Right::Operate)];
        keys.map(|(id, right)| Key::new(id.to_owned(), right, None).unwrap()).into_iter().collect()
    }

    fn routes() -> Router {
        Router::new().route("/tables", any(|| async { "here" })).route("/read", get(|| async { "here" }))
    }

    async fn status(
        routes: Router,
        method: &str,
        path: &str,
        claims: Option<Value>,
        key: Option<&str>,
    ) -> u16 {
        let mut context = ApiGatewayProxyRequestContext::default();
        context.identity.api_key_id = key.map(str::to_owned);
        if let Some(claims) = claims {
            context.authorizer.fields.insert("claims".to_owned(), claims);
        }
        let request = Request::builder().method(method).uri(path);
        let request = request.extension(RequestContext::ApiGatewayV1(context)).body(Body::empty()).unwrap();
        routes.oneshot(request).await.unwrap().status().as_u16()
    }

    fn member(groups: &str) -> Option<Value> {
        Some(json!({ "token_use": "access", "username": "ann", "cognito:groups": groups }))
    }

    #[tokio::test]
    async fn each_method_takes_its_right_of_a_person() {
        let routes = with_service_layers(routes(), keys());
        for (groups, reads, writes) in [
            ("reader", 200, 403),
            ("writer", 200, 200),
            ("operator", 200, 200),
            ("", 403, 403),
            ("[table:tags]", 403, 403),
        ] {
            for method in ["GET", "HEAD"] {
                assert_eq!(
                    status(routes.clone(), method, "/tables", member(groups), None).await,
                    reads,
                    "{groups}"
                );
            }
            for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "ANYTHING"] {
                assert_eq!(
                    status(routes.clone(), method, "/tables", member(groups), None).await,
                    writes,
                    "{groups}"
                );
            }
        }
        let mut id_token = member("operator").unwrap();
        id_token["token_use"] = json!("id");
        assert_eq!(status(routes.clone(), "GET", "/tables", Some(id_token), Some("op")).await, 403);
        assert_eq!(status(routes, "GET", "/tables", Some(Value::Null), Some("op")).await, 403);
    }

    #[tokio::test]
    async fn each_method_takes_its_right_of_a_key() {
        let routes = with_service_layers(routes(), keys());
        for (key, reads, writes) in [
            (Some("reader"), 200, 403),
            (Some("writer"), 200, 200),
            (Some("op"), 200, 200),
            (Some("nobody's"), 403, 403),
            (Some(""), 403, 403),
            (None, 403, 403),
        ] {
            for method in ["GET", "HEAD"] {
                assert_eq!(status(routes.clone(), method, "/tables", None, key).await, reads, "{key:?}");
            }
            for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "ANYTHING"] {
                assert_eq!(status(routes.clone(), method, "/tables", None, key).await, writes, "{key:?}");
            }
        }
        let direct = Request::post("/tables").body(Body::empty()).unwrap();
        assert_eq!(routes.oneshot(direct).await.unwrap().status(), 200);
    }

    #[tokio::test]
    async fn without_a_right_no_answer_reveals_what_exists() {
        let routes = with_service_layers(routes(), keys());
        for (method, path) in [("GET", "/nowhere"), ("POST", "/read"), ("GET", "/tables")] {
            assert_eq!(status(routes.clone(), method, path, member(""), None).await, 403, "{method} {path}");
            let unknown = status(routes.clone(), method, path, None, Some("nobody's")).await;
            assert_eq!(unknown, 403, "{method} {path}");
        }
        assert_eq!(status(routes.clone(), "GET", "/nowhere", member("reader"), None).await, 404);
        assert_eq!(status(routes, "POST", "/read", member("writer"), None).await, 405);
    }

    #[tokio::test]
    async fn what_is_open_is_so_by_choice_and_the_rest_is_not() {
        let open = Router::new().route("/login", any(|| async { "here" }));
        let routes = with_open_service_layers(open.merge(with_rights(routes())));
        assert_eq!(status(routes.clone(), "POST", "/login", None, None).await, 200);
        assert_eq!(status(routes.clone(), "POST", "/login", member(""), None).await, 200);
        assert_eq!(status(routes.clone(), "GET", "/tables", None, None).await, 403);
        assert_eq!(status(routes.clone(), "GET", "/tables", member(""), None).await, 403);
        assert_eq!(status(routes.clone(), "GET", "/tables", member("reader"), None).await, 200);
        assert_eq!(status(routes, "GET", "/nowhere", None, None).await, 404);
    }
}
