//! Calls to AWS services for which an SDK crate would be too much.

use serde_json::Value;

use super::cloud::Cloud;

impl Cloud {
    /// Calls a service that speaks JSON; returns its answer, or what it says went wrong.
    pub(crate) async fn aws_json(
        &self,
        service: &str,
        target: &str,
        request: &Value,
    ) -> Result<Value, String> {
        let request = self.aws(service, "application/x-amz-json-1.0", request.to_string());
        let text = text_of(request.header("x-amz-target", target)).await?;
        // Some actions answer nothing at all.
        Ok(serde_json::from_str(&text).unwrap_or_default())
    }

    /// Calls a service that speaks forms and XML; returns its XML, or what it says went wrong.
    pub(super) async fn aws_form(
        &self,
        service: &str,
        version: &str,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> Result<String, String> {
        let call = [("Action", action), ("Version", version)];
        let form: Vec<String> = call
            .iter()
            .chain(parameters)
            .map(|(name, value)| format!("{name}={}", form_encoded(value)))
            .collect();
        text_of(self.aws(service, "application/x-www-form-urlencoded", form.join("&"))).await
    }

    /// Calls SQS.
    pub(crate) async fn sqs(&self, action: &str, request: &Value) -> Result<Value, String> {
        self.aws_json("sqs", &format!("AmazonSQS.{action}"), request).await
    }

    /// Returns one of the outputs of the stack of the data.
    pub(crate) async fn output(&self, name: &str) -> String {
        let stack = [("StackName", "rowgate-data")];
        let text = self.aws_form("cloudformation", "2010-05-15", "DescribeStacks", &stack).await.unwrap();
        let output = text.split("<member>").find(|member| member.contains(&format!("<OutputKey>{name}<")));
        let value = output.map(|output| texts(output, "OutputValue").remove(0));
        value.unwrap_or_else(|| panic!("the stack has no output {name}: {text}"))
    }

    /// Builds a POST to a service. The local cloud reads the service's name from the credential's
    /// scope and does not check the signature.
    fn aws(&self, service: &str, content_type: &str, body: String) -> reqwest::RequestBuilder {
        let scope = format!("test/20260101/us-east-1/{service}/aws4_request");
        let signature = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
        reqwest::Client::new()
            .post(format!("{}/", self.endpoint))
            .header("authorization", signature)
            .header("content-type", content_type)
            .body(body)
    }
}

async fn text_of(request: reqwest::RequestBuilder) -> Result<String, String> {
    let answer = request.send().await.map_err(|error| error.to_string())?;
    let is_success = answer.status().is_success();
    let text = answer.text().await.map_err(|error| error.to_string())?;
    if is_success { Ok(text) } else { Err(text) }
}

/// Returns the texts of all XML elements of this name. No text here has an entity.
pub(super) fn texts(xml: &str, element: &str) -> Vec<String> {
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    let parts = xml.split(&open).skip(1);
    parts.map(|part| part.split(&close).next().unwrap().to_owned()).collect()
}

pub(super) fn form_encoded(key: &str) -> String {
    key.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' | b'/' => {
                char::from(byte).to_string()
            }
            b' ' => "+".to_owned(),
            other => format!("%{other:02X}"),
        })
        .collect()
}
