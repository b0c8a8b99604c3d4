//! Requests from API Gateway, corrected where `lambda_http` would misread them.

use std::convert::Infallible;
use std::mem;

use axum::Router;
use lambda_http::Adapter;
use lambda_http::aws_lambda_events::apigw::ApiGatewayProxyRequest;
use lambda_http::request::LambdaRequest;
use lambda_runtime::LambdaEvent;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Serialize;
use tower::{Service, ServiceExt};

/// The characters that no path has unencoded (RFC 3986, section 3.3): after a gateway that decodes
/// paths they would begin a query or a fragment, or be dropped. `%` is not among them, so an
/// encoded path is unchanged.
const NOT_IN_PATHS: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Returns the service that answers events of API Gateway with a router and its layers.
pub(crate) fn service(
    routes: Router,
) -> impl Service<LambdaEvent<LambdaRequest>, Response = impl Serialize, Error = Infallible> {
    Adapter::from(routes).map_request(|mut event: LambdaEvent<LambdaRequest>| {
        if let LambdaRequest::ApiGatewayV1(request) = &mut event.payload {
            restore(request);
        }
        event
    })
}

/// Corrects an event so that `lambda_http` reads what the caller sent.
///
/// - `headers` has the last value of each name, `multiValueHeaders` has all of them
///   (docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html#apigateway-multivalue-headers-and-parameters).
///   `lambda_http` lets the first replace the second, and a repeated header loses its other lines.
/// - Of `Host` and `X-Forwarded-Proto` in `headers`, which callers write, it makes a URL, and
///   panics where that is none. Without them and without the domain's name it takes the path alone,
///   and nothing here asks for more.
///
/// To convert events without `lambda_http` would be a second place that must know their form.
fn restore(request: &mut ApiGatewayProxyRequest) {
    let last_values = mem::take(&mut request.headers);
    if request.multi_value_headers.is_empty() {
        request.multi_value_headers = last_values;
    }
    request.request_context.domain_name = None;
    let path = request.path.take().unwrap_or_default();
    let path = utf8_percent_encode(&path, NOT_IN_PATHS).to_string();
    request.path = Some(if path.starts_with('/') { path } else { format!("/{path}") });
}

#[cfg(test)]
mod tests {
    use axum::extract::{Path, RawQuery};
    use axum::http::{HeaderMap, Uri};
    use axum::routing::any;
    use lambda_runtime::Context;
    use serde_json::{Value, json};

    use super::*;

    const HOST: &str = "a1.execute-api.us-east-1.amazonaws.com";

    /// An event with these headers, in the order of their lines, as API Gateway gives them: the
    /// last of each name, and all.
    fn event(path: &str, lines: &[(&str, &str)]) -> Value {
        let mut event = json!({
            "resource": "/{proxy+}", "path": path, "httpMethod": "POST",
            "headers": {}, "multiValueHeaders": {},
            "queryStringParameters": {"limit": "5"}, "multiValueQueryStringParameters": {"limit": ["4", "5"]},
            "pathParameters": null, "stageVariables": null,
            "requestContext": {
                "accountId": "000000000000", "apiId": "a1", "httpMethod": "POST", "path": path, "requestId": "r-1",
                "resourceId": "x", "resourcePath": "/{proxy+}", "stage": "$default", "domainName": HOST,
                "identity": {"sourceIp": "127.0.0.1", "userAgent": "t"},
            },
            "body": "{}", "isBase64Encoded": false,
        });
        for (name, value) in lines {
            event["headers"][name] = json!(value);
            match event["multiValueHeaders"][name].as_array_mut() {
                Some(values) => values.push(json!(value)),
                None => event["multiValueHeaders"][name] = json!([value]),
            }
        }
        event
    }

    /// Returns a handler's view of an event.
    async fn seen(event: Value) -> Value {
        let tell = |uri: Uri,
                    Path(id): Path<String>,
                    RawQuery(query): RawQuery,
                    headers: HeaderMap,
                    body: String| async move {
            let prefer: Vec<_> =
                headers.get_all("prefer").iter().map(|value| value.to_str().unwrap()).collect();
            json!({
                "path": uri.path(), "id": id, "query": query, "prefer": prefer, "headers": headers.len(), "body": body,
            })
            .to_string()
        };
        let routes =
            Router::new().route("/rows/{id}", any(tell)).route("/{id}", any(async || "another route"));
        let payload: LambdaRequest = serde_json::from_value(event).unwrap();
        let event = LambdaEvent { payload, context: Context::default() };
        let Ok(answer) = service(routes).oneshot(event).await;
        let answer = serde_json::to_value(answer).unwrap();
        assert_eq!(answer["statusCode"], 200, "{answer}");
        let body = answer["body"].as_str().unwrap();
        serde_json::from_str(body).unwrap_or_else(|_| json!(body))
    }

    #[tokio::test]
    async fn all_lines_of_a_header_are_seen_and_each_once() {
        let lines = [("prefer", "tx=dry-run"), ("accept", "*/*"), ("prefer", "return=minimal")];
        let seen = seen(event("/rows/7", &lines)).await;
        assert_eq!(seen["prefer"], json!(["tx=dry-run", "return=minimal"]));
        assert_eq!(seen["headers"], 3);
        assert_eq!((&seen["query"], &seen["body"]), (&json!("limit=4&limit=5"), &json!("{}")));
    }

    #[tokio::test]
    async fn an_event_of_single_headers_alone_keeps_them() {
        for none in [json!({}), json!(null)] {
            let mut event = event("/rows/7", &[("prefer", "tx=dry-run")]);
            event["multiValueHeaders"] = none;
            assert_eq!(seen(event).await["prefer"], json!(["tx=dry-run"]));
        }
    }

    #[tokio::test]
    async fn headers_that_make_no_url_are_headers_like_others() {
        for lines in [
            [("x-forwarded-proto", "http, https"), ("host", HOST)],
            [("x-forwarded-proto", ""), ("host", HOST)],
            [("x-forwarded-proto", "https"), ("host", "a b")],
            [("x-forwarded-proto", "https"), ("host", "a:b")],
            [("x-forwarded-proto", "https"), ("host", "[::1")],
            [("x-forwarded-proto", "file"), ("host", "")],
            [("x-forwarded-proto", "https"), ("host", "elsewhere/x?y#")],
        ] {
            let seen = seen(event("/rows/7", &lines)).await;
            assert_eq!((&seen["path"], &seen["headers"]), (&json!("/rows/7"), &json!(2)), "{lines:?}");
        }
    }

    #[tokio::test]
    async fn an_id_is_what_the_path_says_encoded_or_not() {
        for (path, id) in [
            ("/rows/7", "7"),
            ("/rows/7%23x", "7#x"),
            ("/rows/7#x", "7#x"),
            ("/rows/7%3Fx", "7?x"),
            ("/rows/7?x", "7?x"),
            ("/rows/7%20", "7 "),
            ("/rows/7 ", "7 "),
            ("/rows/1%0A2", "1\n2"),
            ("/rows/1\n2", "1\n2"),
            ("/rows/7%2F8", "7/8"),
            ("/rows/7\\8", "7\\8"),
            ("/rows/%C3%A9", "é"),
            ("/rows/é", "é"),
            ("/rows/{|}^`<\">", "{|}^`<\">"),
            ("/rows/100%", "100%"),
            ("/rows/@:80", "@:80"),
        ] {
            assert_eq!(seen(event(path, &[])).await["id"], id, "{path:?}");
        }
    }

    #[tokio::test]
    async fn a_path_without_its_slash_is_no_part_of_a_host() {
        for path in ["7", "@7", ":99999999", "*"] {
            assert_eq!(seen(event(path, &[])).await, "another route", "{path}");
        }
    }
}
