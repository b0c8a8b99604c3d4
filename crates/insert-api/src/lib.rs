//! The insert API: `POST /insert_data` and `POST /tables/{table}/rows`, a verdict for each row.
//!
//! The function's configuration, from its environment: `ROWGATE_CLUSTER_ARN`, `ROWGATE_SECRET_ARN`,
//! `ROWGATE_DATABASE`; `ROWGATE_LOG` filters log lines.

mod answer;
mod request;

use aurora::{Database, insert_batch};
use axum::Router;
use axum::extract::{Extension, Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::post;
use domain::batch::{Batch, BatchError};
use domain::dictionary::Dictionary;
use domain::problem::Problem;
use lambda_kit::http::RequestId;
use lambda_kit::problem::ProblemResponse;

/// What the handlers share.
#[derive(Debug, Clone)]
pub struct Service {
    /// The database that rows go to.
    pub database: Database,
    /// What rows are checked against.
    pub dictionary: &'static Dictionary,
}

/// The function's routes; [`lambda_kit::http::serve`] wraps and runs them.
pub fn router(service: Service) -> Router {
    Router::new()
        .route("/insert_data", post(insert_data))
        .route("/tables/{table}/rows", post(insert_rows))
        .with_state(service)
}

async fn insert_data(
    State(service): State<Service>,
    Extension(id): Extension<RequestId>,
    headers: HeaderMap,
    body: axum::body::Body,
) -> Result<Response, ProblemResponse> {
    let body = request::json_body(&headers, body).await?;
    let batch = Batch::read(service.dictionary, &body).map_err(Problem::from)?;
    insert(&service, &id, &batch).await
}

async fn insert_rows(
    State(service): State<Service>,
    Extension(id): Extension<RequestId>,
    Path(table): Path<String>,
    headers: HeaderMap,
    body: axum::body::Body,
) -> Result<Response, ProblemResponse> {
    let Some(table) = service.dictionary.table(&table) else {
        let known = service.dictionary.table_names();
        return Err(Problem::from(BatchError::UnknownTable { name: table, known }).into());
    };
    let body = request::json_body(&headers, body).await?;
    let batch = Batch::read_rows(table, &body).map_err(Problem::from)?;
    insert(&service, &id, &batch).await
}

async fn insert(service: &Service, id: &RequestId, batch: &Batch<'_>) -> Result<Response, ProblemResponse> {
    match insert_batch(&service.database, service.dictionary, batch, &id.0).await {
        Ok(outcome) => {
            answer::log_rejected(&outcome, id);
            Ok(answer::respond(outcome))
        }
        Err(error) => {
            // The message may quote values, which are personal; the class says what to do.
            tracing::error!(request.id = id.0, error.class = error.class(), "rows could not be inserted");
            tracing::debug!(request.id = id.0, error = %error, "cause");
            Err(error.to_problem().into())
        }
    }
}
