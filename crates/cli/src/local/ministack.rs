//! MiniStack, which stands for every AWS service but the Data API, and runs the functions.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use super::layout::Layout;
use super::ports::Ports;
use super::process::Spec;
use super::service::Probe;
use super::{ACCESS_KEY, REGION, SECRET_KEY};

pub(crate) const NAME: &str = "ministack";
/// It imports some hundred Python modules, on a machine that may be busy compiling.
pub(crate) const START_LIMIT: Duration = Duration::from_secs(90);
const GRACE: Duration = Duration::from_secs(15);

/// The base of every AWS interface but the Data API.
pub(crate) fn endpoint(ports: Ports) -> String {
    format!("http://127.0.0.1:{}", ports.gateway)
}

/// How MiniStack is started. Functions inherit its environment: that is how they find the local cloud.
pub(crate) fn spec(program: &Path, ports: Ports, layout: &Layout) -> Spec {
    let mut environment: Vec<(String, OsString)> = [
        ("BIND_HOST", "127.0.0.1"),
        ("AWS_REGION", REGION),
        ("AWS_DEFAULT_REGION", REGION),
        ("MINISTACK_REGION", REGION),
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
        // Listeners on other ports, of services Rowgate does not use.
        ("SFTP_ENABLED", "0"),
        ("IOT_MTLS_ENABLED", "0"),
        // The stack and the objects outlive a `down`.
        ("PERSIST_STATE", "1"),
        ("S3_PERSIST", "1"),
        ("PYTHONDONTWRITEBYTECODE", "1"),
        ("PYTHONUNBUFFERED", "1"),
        ("NO_COLOR", "1"),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.into()))
    .collect();
    environment.push(("GATEWAY_PORT".to_owned(), ports.gateway.to_string().into()));
    environment.push(("AWS_ENDPOINT_URL".to_owned(), endpoint(ports).into()));
    environment.push(("AWS_ENDPOINT_URL_RDS_DATA".to_owned(), super::data_api::endpoint(ports).into()));
    environment.push(("STATE_DIR".to_owned(), layout.ministack().join("state").into()));
    environment.push(("S3_DATA_DIR".to_owned(), layout.ministack().join("s3").into()));
    Spec {
        name: NAME,
        program: program.to_owned(),
        arguments: Vec::new(),
        environment,
        grace: GRACE,
        state: Some(layout.ministack()),
    }
}

pub(crate) fn probe(ports: Ports) -> Probe {
    Probe::Http(format!("{}/_ministack/health", endpoint(ports)))
}
