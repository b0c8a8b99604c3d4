//! The server's own `/_/` pages: its health, the calls so far, and the faults to inject.

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;

use super::answer::{error_response, response, unknown_operation};
use super::body::read;
use crate::error::{ApiError, ErrorKind};
use crate::faults::Faults;
use crate::service::Service;

pub(super) async fn answer(
    service: &Service,
    method: &Method,
    path: &str,
    body: Incoming,
) -> Response<Full<Bytes>> {
    match (path, method) {
        ("/_/health", &Method::GET) => {
            let reachable = service.pool.reachable().await;
            let page = serde_json::json!({
                "status": if reachable { "ok" } else { "database unreachable" },
                "version": env!("CARGO_PKG_VERSION"),
                "open_transactions": service.transactions.count(),
            });
            let status = if reachable { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            response(status, None, page.to_string().into_bytes())
        }
        ("/_/usage", &Method::GET) => usage_page(service),
        ("/_/usage", &Method::DELETE) => {
            service.usage.reset();
            usage_page(service)
        }
        ("/_/faults", &Method::GET) => faults_page(service),
        ("/_/faults", &Method::DELETE) => {
            service.faults.clear();
            faults_page(service)
        }
        ("/_/faults", &Method::PUT) => {
            let body = match read(body, service.limits.request_bytes).await {
                Ok(body) => body,
                Err(error) => return error_response(&error),
            };
            let faults = serde_json::from_slice::<Faults>(&body)
                .map_err(|error| error.to_string())
                .and_then(|faults| faults.check().map(|()| faults));
            match faults {
                Ok(faults) => {
                    service.faults.set(faults);
                    faults_page(service)
                }
                Err(why) => error_response(&ApiError::new(ErrorKind::SerializationException, why)),
            }
        }
        _ => error_response(&unknown_operation(path)),
    }
}

fn usage_page(service: &Service) -> Response<Full<Bytes>> {
    response(StatusCode::OK, None, service.usage.page().to_string().into_bytes())
}

fn faults_page(service: &Service) -> Response<Full<Bytes>> {
    let page = serde_json::json!({
        "faults": service.faults.get(),
        "injected": service.faults.injected(),
    });
    response(StatusCode::OK, None, page.to_string().into_bytes())
}
