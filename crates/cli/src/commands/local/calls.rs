//! Calls to API Gateway and CloudFormation of the local cloud, which spare two large SDK crates.

use anyhow::{Context, Result, ensure};
use http::{Method, Request};
use serde::Deserialize;

use super::cloud::{ACCESS_KEY, Cloud, REGION};
use super::ports::Ports;
use crate::http::{Answer, text};

impl Cloud {
    /// Returns the value of an API key.
    pub(super) async fn api_key(&self, ports: Ports, id: &str) -> Result<String> {
        #[derive(Deserialize)]
        struct ApiKey {
            value: String,
        }
        let path = format!("/apikeys/{id}?includeValue=true");
        let answer = self.call(ports, "apigateway", Method::GET, &path, "").await?;
        let (status, text) = (answer.status(), text(&answer));
        ensure!(status.is_success(), "API Gateway answered {status} to the API key {id}: {text}");
        let key: ApiKey = serde_json::from_str(&text).context("reading an API key")?;
        Ok(key.value)
    }

    /// Returns true if a stack exists and its last creation or update succeeded.
    pub(super) async fn is_stack_complete(&self, ports: Ports, name: &str) -> Result<bool> {
        let form = format!("Action=DescribeStacks&Version=2010-05-15&StackName={name}");
        let answer = self.call(ports, "cloudformation", Method::POST, "/", &form).await?;
        let text = text(&answer);
        let is_in = |status: &str| text.contains(&format!("<StackStatus>{status}</StackStatus>"));
        Ok(answer.status().is_success() && (is_in("CREATE_COMPLETE") || is_in("UPDATE_COMPLETE")))
    }

    async fn call(
        &self,
        ports: Ports,
        service: &str,
        method: Method,
        path: &str,
        form: &str,
    ) -> Result<Answer> {
        // MiniStack reads the service from the credentials' scope, and does not check root's
        // signatures.
        let scope = format!("{ACCESS_KEY}/20260101/{REGION}/{service}/aws4_request");
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", ports.gateway_url()))
            .header(
                "authorization",
                format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"),
            )
            .header("accept", "application/json")
            .header("content-type", "application/x-www-form-urlencoded");
        self.http.send(request.body(form.as_bytes().to_vec())?).await
    }
}
