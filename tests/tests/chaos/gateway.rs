//! Requests as API Gateway hands them to a function, and answers.

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

/// The id of the operator's key.
pub(crate) const OPERATOR: &str = "operator";
/// The number of writers' keys.
const WRITERS: u64 = 7;

/// Returns the id of a writer's key, of which there are a few.
pub(crate) fn writer(number: u64) -> String {
    format!("writer-{}", number % WRITERS)
}

/// Returns the variable that gives the keys their rights.
pub(crate) fn keys() -> (&'static str, String) {
    let writers = (0..WRITERS).map(|number| (writer(number), "write"));
    let keys = writers.chain([(OPERATOR.to_owned(), "operate")]);
    let keys: Vec<Value> = keys.map(|(id, right)| json!({"id": id, "name": id, "right": right})).collect();
    ("ROWGATE_KEYS", json!(keys).to_string())
}

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) caller: String,
    pub(crate) body: Option<String>,
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Map<String, Value>,
    pub(crate) text: String,
}

impl Request {
    pub(crate) fn new(method: &'static str, path: impl Into<String>, caller: &str) -> Self {
        Self {
            method,
            path: path.into(),
            query: Vec::new(),
            headers: Vec::new(),
            caller: caller.to_owned(),
            body: None,
        }
    }

    pub(crate) fn json(mut self, body: &Value) -> Self {
        self.headers.push(("content-type", "application/json".to_owned()));
        self.body = Some(body.to_string());
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Returns the event of a proxy integration.
    /// <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html>
    pub(crate) fn event(&self) -> Value {
        let headers: Map<_, _> =
            self.headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let lists: Map<_, _> = headers.iter().map(|(name, value)| (name.clone(), json!([value]))).collect();
        let query: Map<_, _> =
            self.query.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let queries: Map<_, _> = query.iter().map(|(name, value)| (name.clone(), json!([value]))).collect();
        json!({
            "resource": "/{path+}", "path": self.path, "httpMethod": self.method,
            "headers": headers, "multiValueHeaders": lists,
            "queryStringParameters": query, "multiValueQueryStringParameters": queries,
            "pathParameters": null, "stageVariables": null,
            "requestContext": {
                "accountId": "000000000000", "apiId": "a1", "httpMethod": self.method,
                "path": format!("/v1{}", self.path), "requestId": format!("{:032x}", fastrand::u128(..)),
                "resourceId": "x", "resourcePath": "/{path+}", "stage": "v1",
                "identity": {"apiKeyId": self.caller, "sourceIp": "127.0.0.1", "userAgent": "test"},
            },
            "body": self.body, "isBase64Encoded": false,
        })
    }
}

impl Reply {
    pub(crate) fn read(answer: &Value) -> Result<Self> {
        let status = answer["statusCode"].as_u64().context("a status")?;
        let mut headers = answer["headers"].as_object().cloned().unwrap_or_default();
        for (name, values) in answer["multiValueHeaders"].as_object().into_iter().flatten() {
            headers.insert(name.clone(), values[0].clone());
        }
        let text = answer["body"].as_str().unwrap_or_default().to_owned();
        Ok(Self { status: u16::try_from(status)?, headers, text })
    }

    pub(crate) fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.text).with_context(|| format!("no JSON: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// Returns the type of the problem; empty if the answer is none.
    pub(crate) fn problem(&self) -> String {
        let kind = self.json().ok().and_then(|body| body["type"].as_str().map(str::to_owned));
        kind.and_then(|kind| kind.strip_prefix("urn:rowgate:problem:").map(str::to_owned)).unwrap_or_default()
    }
}
