//! The cloud under test, which the environment describes.

use std::env;

use aws_config::BehaviorVersion;
use aws_smithy_http_client::Builder;

use super::api::Api;
use super::database::Database;
use super::rows::Ids;

/// Clients of the cloud's interfaces, and ids of this test's own.
pub(crate) struct Cloud {
    /// With the writer's key.
    pub(crate) api: Api,
    pub(crate) s3: aws_sdk_s3::Client,
    pub(crate) lambda: aws_sdk_lambda::Client,
    /// To look behind the service, never to change what it owns.
    pub(crate) database: Database,
    pub(crate) bucket: String,
    /// The base URL of the AWS interfaces.
    pub(crate) endpoint: String,
    pub(crate) ids: Ids,
    /// The start of the test, on the clock of the ledger.
    pub(crate) since: String,
}

impl Cloud {
    pub(crate) async fn connect() -> Self {
        let api = Api::new(variable("ROWGATE_URL"), variable("ROWGATE_API_KEY"));
        let database = Database::new(&variable("ROWGATE_MYSQL_SOCKET"), &variable("ROWGATE_MYSQL_DATABASE"));
        let bucket = variable("ROWGATE_BUCKET");
        let endpoint = variable("AWS_ENDPOINT_URL");
        let config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(Builder::new().build_http())
            .load()
            .await;
        // A local endpoint has no host name for each bucket.
        let s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build();
        let ids = Ids::nth(database.next_number().await);
        let since = database.now().await;
        Self {
            api,
            s3: aws_sdk_s3::Client::from_conf(s3),
            lambda: aws_sdk_lambda::Client::new(&config),
            database,
            bucket,
            endpoint,
            ids,
            since,
        }
    }

    /// Returns the same API with the operator's key.
    pub(crate) fn as_operator(&self) -> Api {
        self.with_key("ROWGATE_OPERATOR_KEY")
    }

    /// Returns the same API with the key in a variable.
    pub(crate) fn with_key(&self, name: &str) -> Api {
        self.api.with_key(variable(name))
    }

    /// Returns a key under `incoming/` that only this test uses.
    pub(crate) fn key(&self, table: &str, name: &str) -> String {
        format!("incoming/{table}/{}-{name}", self.ids.number)
    }

    /// Posts a department and a job of this test's own, which its employees refer to.
    pub(crate) async fn seed(&self) {
        let id = self.ids.base;
        let batch = serde_json::json!({
            "departments": [{"id": id, "department_name": format!("Department {id}")}],
            "jobs": [{"id": id, "job_name": format!("Job {id}")}],
        });
        let reply = self.api.post("/insert_data", &batch).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
    }
}

pub(super) fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| {
        panic!(
            "{name} is not set: `make test` starts a cloud for these tests; or start one with `rowgate local up --dir <dir>` \
             and `source <dir>/env`."
        )
    })
}
