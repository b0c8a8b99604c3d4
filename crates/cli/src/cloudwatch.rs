//! CloudWatch, as far as the command asks it: its alarms and the data of metrics.
//!
//! Two signed calls, in CloudWatch's JSON protocol. Its SDK crate would bring a second version of
//! `http` and the binary protocol that it prefers, which the local cloud does not read.

use std::time::SystemTime;

use anyhow::{Context, Result, anyhow};
use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use http::Request;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::aws::Aws;
use crate::exit::user_error;
use crate::http::HttpClient;

/// The prefix of CloudWatch's operations, from the model of the service.
const TARGET: &str = "GraniteServiceVersion20100801";
const CONTENT_TYPE: &str = "application/x-amz-json-1.0";

/// CloudWatch of one account in one region, or of a local cloud.
#[derive(Clone, Debug)]
pub(crate) struct CloudWatch<'a> {
    aws: &'a Aws,
    http: HttpClient,
}

/// An alarm, as far as it is read.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Alarm {
    #[serde(rename = "AlarmName")]
    pub name: String,
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    #[serde(rename = "StateValue")]
    pub state: String,
    /// The namespace of its metric; none of an alarm over several.
    pub namespace: Option<String>,
    pub dimensions: Option<Vec<Dimension>>,
}

/// A dimension of a metric.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Dimension {
    pub name: String,
    pub value: String,
}

impl<'a> CloudWatch<'a> {
    pub(crate) fn new(aws: &'a Aws) -> Self {
        Self { aws, http: HttpClient::new() }
    }

    /// Returns the alarms whose names begin like this.
    pub(crate) async fn alarms(&self, prefix: &str) -> Result<Vec<Alarm>> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Page {
            #[serde(default)]
            metric_alarms: Vec<Alarm>,
            next_token: Option<String>,
        }
        let mut alarms = Vec::new();
        let mut request = json!({ "AlarmNamePrefix": prefix, "MaxRecords": 100 });
        loop {
            let page: Page = self.call("DescribeAlarms", &request).await?;
            alarms.extend(page.metric_alarms);
            match page.next_token.filter(|token| !token.is_empty()) {
                Some(token) => request["NextToken"] = json!(token),
                None => return Ok(alarms),
            }
        }
    }

    /// Returns the sum of each metric from `from`, in seconds since 1970, until now. They are
    /// beside the metric of `guide`, with its dimensions.
    pub(crate) async fn sums(&self, guide: &Alarm, names: &[&str], from: i64) -> Result<Vec<f64>> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Data {
            metric_data_results: Vec<Series>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Series {
            id: String,
            #[serde(default)]
            values: Vec<f64>,
        }
        let queries: Vec<Value> = names
            .iter()
            .enumerate()
            .map(|(number, name)| {
                let metric =
                    json!({"Namespace": guide.namespace, "MetricName": name, "Dimensions": guide.dimensions.as_deref().unwrap_or_default()});
                json!({"Id": format!("m{number}"), "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}})
            })
            .collect();
        let until = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs() + 60;
        let request = json!({"MetricDataQueries": queries, "StartTime": from - from % 60, "EndTime": until});
        let data: Data = self.call("GetMetricData", &request).await?;
        let sum = |number: usize| {
            let id = format!("m{number}");
            data.metric_data_results
                .iter()
                .filter(|series| series.id == id)
                .flat_map(|series| &series.values)
                .sum()
        };
        Ok((0..names.len()).map(sum).collect())
    }

    async fn call<T: DeserializeOwned>(&self, operation: &str, body: &Value) -> Result<T> {
        let answer = self.http.send(self.request(operation, body.to_string()).await?).await?;
        if !answer.status().is_success() {
            #[derive(Deserialize)]
            struct Refusal {
                #[serde(alias = "Message")]
                message: Option<String>,
                #[serde(rename = "__type")]
                kind: Option<String>,
            }
            let refusal: Option<Refusal> = serde_json::from_slice(answer.body()).ok();
            let reason = refusal.and_then(|refusal| refusal.message.or(refusal.kind));
            let reason = reason.unwrap_or_else(|| answer.status().to_string());
            return Err(user_error(format!(
                "CloudWatch refused cloudwatch:{operation}: {}.",
                reason.trim_end_matches('.')
            )));
        }
        serde_json::from_slice(answer.body())
            .with_context(|| format!("reading CloudWatch's answer to {operation}"))
    }

    async fn request(&self, operation: &str, body: String) -> Result<Request<Vec<u8>>> {
        let config = self.aws.config();
        let region = config.region().ok_or_else(|| user_error("There is no AWS region; set AWS_REGION."))?;
        let credentials = config.credentials_provider();
        let credentials = credentials.ok_or_else(|| user_error("There are no AWS credentials."))?;
        let identity = credentials.provide_credentials().await.context("reading the AWS credentials")?.into();
        let url = match config.endpoint_url() {
            Some(endpoint) => format!("{}/", endpoint.trim_end_matches('/')),
            None => format!("https://{}/", host(region.as_ref())),
        };
        let target = format!("{TARGET}.{operation}");
        let headers = [("content-type", CONTENT_TYPE), ("x-amz-target", &target)];
        let mut request = Request::post(&url);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let mut request = request.body(body).map_err(|error| anyhow!("{url} cannot be called: {error}"))?;
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(region.as_ref())
            .name("monitoring")
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()?
            .into();
        let body = SignableBody::Bytes(request.body().as_bytes());
        let signable = SignableRequest::new("POST", &url, headers.into_iter(), body)?;
        let (instructions, _) = sign(signable, &params)?.into_parts();
        instructions.apply_to_request_http1x(&mut request);
        Ok(request.map(String::into_bytes))
    }
}

fn host(region: &str) -> String {
    let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("monitoring.{region}.{domain}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_request_is_signed_for_the_service() {
        let aws = Aws::local("http://127.0.0.1:9", "eu-west-1", "key", "secret").await;
        let request = CloudWatch::new(&aws).request("DescribeAlarms", "{}".to_owned()).await.unwrap();
        assert_eq!(request.uri(), "http://127.0.0.1:9/");
        assert_eq!(request.headers()["x-amz-target"], "GraniteServiceVersion20100801.DescribeAlarms");
        let signature = request.headers()["authorization"].to_str().unwrap();
        assert!(signature.contains("/eu-west-1/monitoring/aws4_request"), "{signature}");
        assert!(signature.contains("x-amz-target"), "{signature}");
    }

    #[test]
    fn the_address_follows_the_region() {
        assert_eq!(host("eu-west-1"), "monitoring.eu-west-1.amazonaws.com");
        assert_eq!(host("cn-north-1"), "monitoring.cn-north-1.amazonaws.com.cn");
    }

    #[test]
    fn an_alarm_over_several_metrics_has_no_namespace() {
        let alarm: Alarm = serde_json::from_value(json!({"AlarmName": "a", "StateValue": "OK"})).unwrap();
        assert_eq!((alarm.namespace, alarm.dimensions), (None, None));
    }
}
