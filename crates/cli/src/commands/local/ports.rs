//! Chooses the ports of the local cloud: the defaults, or free ones near them, and the same ones
//! the next time.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener};

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::layout::Layout;
use crate::exit::user_error;
use crate::stored;

/// The number of ports above a taken one that are tried before the system chooses any.
const SEARCHED: u16 = 50;

/// The ports of one local cloud, on 127.0.0.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ports {
    /// MiniStack: every AWS interface but the Data API.
    pub gateway: u16,
    /// The local Data API server.
    pub data_api: u16,
}

impl Ports {
    /// Returns the ports of an earlier `up`.
    pub(super) fn remembered(layout: &Layout) -> Option<Self> {
        stored::read(&layout.ports)
    }

    pub(super) fn remember(self, layout: &Layout) -> Result<()> {
        stored::write(&layout.ports, &self)
    }

    /// Returns the base URL of every AWS interface but the Data API.
    pub(super) fn gateway_url(self) -> String {
        format!("http://{}", self.gateway_address())
    }

    /// Returns the address that MiniStack listens on.
    pub(super) fn gateway_address(self) -> String {
        format!("127.0.0.1:{}", self.gateway)
    }

    /// Returns the base URL of an API, the scripts' or the people's, with its stage; `{id}` in it
    /// stands for the API's id, which only the stack knows.
    pub(super) fn api_url(self) -> String {
        format!("{}/restapis/{{id}}/v1/_user_request_", self.gateway_url())
    }

    /// Returns the base URL of the Data API.
    pub(super) fn data_api_url(self) -> String {
        format!("http://127.0.0.1:{}", self.data_api)
    }
}

/// Returns an address on this machine only.
pub(super) fn loopback(port: u16) -> SocketAddr {
    SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port))
}

/// Returns `wanted` if it is free, else the next free port above it that is not in `taken`, else
/// any. 0 asks for any.
pub(super) fn free_port(wanted: u16, taken: &[u16]) -> Result<u16> {
    if wanted != 0 {
        let nearby = (wanted..=wanted.saturating_add(SEARCHED))
            .find(|port| !taken.contains(port) && TcpListener::bind(loopback(*port)).is_ok());
        if let Some(port) = nearby {
            return Ok(port);
        }
    }
    for _ in 0..SEARCHED {
        let listener = TcpListener::bind(loopback(0))
            .map_err(|error| user_error(format!("No port on 127.0.0.1 can be opened: {error}.")))?;
        let port = listener.local_addr()?.port();
        if !taken.contains(&port) {
            return Ok(port);
        }
    }
    Err(user_error("No free port was found on 127.0.0.1."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_passed_over() {
        let listener = TcpListener::bind(loopback(0)).unwrap();
        let taken = listener.local_addr().unwrap().port();
        assert_ne!(free_port(taken, &[]).unwrap(), taken);
    }

    #[test]
    fn a_free_port_is_kept_unless_another_service_has_it() {
        let port = free_port(0, &[]).unwrap();
        assert_eq!(free_port(port, &[]).unwrap(), port);
        assert_ne!(free_port(port, &[port]).unwrap(), port);
    }

    #[test]
    fn ports_are_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::create(folder.path()).unwrap();
        assert_eq!(Ports::remembered(&layout), None);
        let ports = Ports { gateway: 4566, data_api: 4567 };
        ports.remember(&layout).unwrap();
        assert_eq!(Ports::remembered(&layout), Some(ports));
    }
}
