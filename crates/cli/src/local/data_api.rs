//! The local Data API server, which stands for the RDS Data API.

use std::path::Path;
use std::time::Duration;

use super::layout::Layout;
use super::ports::Ports;
use super::process::Spec;
use super::service::Probe;
use super::{ACCESS_KEY, REGION, SECRET_KEY, ministack};

pub(crate) const NAME: &str = "local-data-api";
pub(crate) const START_LIMIT: Duration = Duration::from_secs(30);
const GRACE: Duration = Duration::from_secs(5);

pub(crate) fn endpoint(ports: Ports) -> String {
    format!("http://127.0.0.1:{}", ports.data_api)
}

pub(crate) fn spec(program: &Path, ports: Ports, layout: &Layout) -> Spec {
    let arguments = vec![
        "--listen".into(),
        format!("127.0.0.1:{}", ports.data_api).into(),
        "--mysql-socket".into(),
        layout.socket().into(),
        "--secrets-endpoint".into(),
        ministack::endpoint(ports).into(),
        "--authority".into(),
        ministack::address(ports).into(),
        // AWS does not say which errors end a transaction; what works where all do works in an account as well.
        "--on-error".into(),
        "abort".into(),
    ];
    let environment = [
        ("AWS_REGION", REGION),
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
        ("NO_COLOR", "1"),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.into()))
    .collect();
    Spec {
        name: NAME,
        program: program.to_owned(),
        arguments,
        files: Vec::new(),
        environment,
        grace: GRACE,
        state: None,
    }
}

pub(crate) fn probe(ports: Ports) -> Probe {
    Probe::Http(format!("{}/_/health", endpoint(ports)))
}
