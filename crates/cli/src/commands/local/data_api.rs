//! The local Data API server, which stands for the RDS Data API.

use std::path::Path;
use std::time::Duration;

use super::layout::Layout;
use super::ministack;
use super::ports::Ports;
use super::probe::Probe;
use super::process::{Service, Spec};

pub(super) const SERVICE: Service =
    Service { name: "local-data-api", start_limit: Duration::from_secs(30), grace: Duration::from_secs(5) };

pub(super) fn spec(program: &Path, ports: Ports, layout: &Layout) -> Spec {
    let arguments = vec![
        "--listen".into(),
        format!("127.0.0.1:{}", ports.data_api).into(),
        "--mysql-socket".into(),
        layout.socket.clone().into(),
        "--secrets-endpoint".into(),
        ports.gateway_url().into(),
        "--s3-endpoint".into(),
        ports.gateway_url().into(),
        "--authority".into(),
        ports.gateway_address().into(),
        // AWS does not document which errors end a transaction; what works where all do works in an
        // account too.
        "--on-error".into(),
        "abort".into(),
    ];
    let mut environment = vec![("NO_COLOR", "1".into())];
    environment.extend(ministack::variables(ports).map(|(name, value)| (name, value.into())));
    Spec { arguments, environment, ..Spec::new(SERVICE, program, probe(ports)) }
}

pub(super) fn probe(ports: Ports) -> Probe {
    Probe::Http(format!("{}/_/health", ports.data_api_url()))
}
