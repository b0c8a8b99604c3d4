//! Functions that API Gateway calls, and that people, schedules and other functions invoke as well.

use std::future::Future;

use axum::Router;
use lambda_http::request::LambdaRequest;
use lambda_runtime::{Context, Diagnostic, Error, LambdaEvent, service_fn};
use serde::Serialize;
use serde_json::Value;
use tower::ServiceExt;

use crate::INVALID_PAYLOAD;
use crate::http::gateway;

/// Serves the requests of a router with its layers
/// ([`with_service_layers`](crate::http::with_service_layers), say) and, with `command`, every
/// other invocation of the function, until Lambda ends the process. An error of `command` fails the
/// invocation.
///
/// A caller who may invoke the function may also write a request as API Gateway would, with any
/// key. This gives no further rights: an invocation needs no key at all.
///
/// # Errors
/// Those of the Lambda runtime.
pub async fn serve_with_commands<C, F, A, E>(routes: Router, command: C) -> Result<(), Error>
where
    C: Fn(Value, Context) -> F,
    F: Future<Output = Result<A, E>>,
    A: Serialize,
    E: Into<Diagnostic>,
{
    let routes = &routes;
    let command = &command;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move {
        let LambdaEvent { payload, context } = event;
        if is_request(&payload) {
            let answer = answer(routes.clone(), payload, context).await;
            return answer.map_err(|error| INVALID_PAYLOAD.diagnostic(error));
        }
        let answer = command(payload, context).await.map_err(Into::into)?;
        serde_json::to_value(answer).map_err(|error| Diagnostic::from(Error::from(error)))
    }))
    .await
}

/// Returns true if an event is a request from API Gateway: no command has a `requestContext`.
fn is_request(event: &Value) -> bool {
    event.get("requestContext").is_some()
}

/// Answers a request from API Gateway with a router and its layers, in the form that API Gateway
/// takes back.
///
/// # Errors
/// An event that is no request of API Gateway.
pub async fn answer(routes: Router, event: Value, context: Context) -> Result<Value, Error> {
    let payload: LambdaRequest = serde_json::from_value(event)?;
    // A router never fails.
    let Ok(answer) = gateway::service(routes).oneshot(LambdaEvent { payload, context }).await;
    Ok(serde_json::to_value(answer)?)
}

#[cfg(test)]
mod tests {
    use axum::extract::{Path, RawQuery};
    use axum::http::StatusCode;
    use axum::routing::post;
    use serde_json::json;

    use super::*;
    use crate::caller::{ByOperator, Key, Right};
    use crate::http::with_service_layers;

    /// Returns an event of API Gateway, without the unused members.
    fn request(method: &str, path: &str, key_id: &str, body: &Value) -> Value {
        json!({
            "resource": "/{proxy+}", "path": path, "httpMethod": method,
            "headers": {"content-type": "application/json", "x-api-key": "secret"},
            "multiValueHeaders": {"content-type": ["application/json"], "x-api-key": ["secret"]},
            "queryStringParameters": {"limit": "5"}, "multiValueQueryStringParameters": {"limit": ["5"]},
            "pathParameters": null, "stageVariables": null,
            "requestContext": {
                "accountId": "000000000000", "apiId": "a1", "httpMethod": method, "path": path,
                "requestId": "r-1", "resourceId": "x", "resourcePath": "/{proxy+}", "stage": "$default",
                "identity": {"apiKey": "secret", "apiKeyId": key_id, "sourceIp": "127.0.0.1", "userAgent": "t"},
            },
            "body": body, "isBase64Encoded": false,
        })
    }

    fn routes() -> Router {
        let handler = |_: ByOperator, Path(id): Path<String>, RawQuery(query): RawQuery, body: String| async move {
            (StatusCode::ACCEPTED, format!("{id} {} {body}", query.unwrap_or_default()))
        };
        let keys = [("op", Right::Operate), ("writer", Right::Write)];
        let keys = keys.map(|(id, right)| Key::new(id.to_owned(), right, None).unwrap());
        with_service_layers(Router::new().route("/restores/{id}", post(handler)), keys.into_iter().collect())
    }

    #[tokio::test]
    async fn a_request_reaches_its_route_with_all_that_it_says() {
        let event = request("POST", "/restores/r7", "op", &json!("{\"é\": 1}"));
        assert!(is_request(&event));
        let answer = answer(routes(), event, Context::default()).await.unwrap();
        assert_eq!(answer["statusCode"], 202);
        assert_eq!(answer["body"], "r7 limit=5 {\"é\": 1}");
        assert_eq!(answer["isBase64Encoded"], false);
        assert_eq!(answer["multiValueHeaders"]["x-request-id"], json!(["r-1"]));
    }

    #[tokio::test]
    async fn a_request_of_another_key_is_refused() {
        let event = request("POST", "/restores/r7", "writer", &json!(null));
        let answer = answer(routes(), event, Context::default()).await.unwrap();
        assert_eq!(answer["statusCode"], 403);
        assert_eq!(answer["multiValueHeaders"]["content-type"], json!(["application/problem+json"]));
        assert!(answer["body"].as_str().unwrap().contains("urn:rowgate:problem:forbidden"));
    }

    #[tokio::test]
    async fn what_is_no_request_of_the_gateway_is_an_error() {
        for event in [json!({"requestContext": {}}), json!({"requestContext": null, "httpMethod": 7})] {
            assert!(is_request(&event));
            assert!(answer(routes(), event, Context::default()).await.is_err());
        }
    }

    #[test]
    fn commands_are_no_requests() {
        for event in [json!({}), json!({"backup": "latest"}), json!({"drill": {}}), json!([]), json!(null)] {
            assert!(!is_request(&event), "{event}");
        }
    }
}
