//! The status of the service.

use reqwest::Method;

use crate::support::{Cloud, assert_problem};

#[tokio::test]
async fn tells_its_version_its_schema_and_its_databases_latency() {
    let cloud = Cloud::connect().await;
    for api in [&cloud.api, &cloud.as_operator()] {
        let reply = api.get("/status").await;
        assert_eq!((reply.status, reply.header("content-type")), (200, "application/json"), "{}", reply.text);
        let status = reply.json();
        assert_eq!(status["status"], "ok");
        assert_eq!(status["version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(status["schema"]["version"], status["schema"]["expected"]);
        assert!(status["database"]["latency_ms"].is_u64(), "{status}");
    }
    assert_problem(&cloud.api.send(cloud.api.keyless(Method::GET, "/status")).await, 403, "forbidden");
}
