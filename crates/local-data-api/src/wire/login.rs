//! Connects and authenticates.

use std::path::Path;

use mysql_common::constants::CapabilityFlags;
use mysql_common::crypto;
use mysql_common::io::ParseBuf;
use mysql_common::packets::{AuthPlugin, AuthSwitchRequest, HandshakePacket, HandshakeResponse};
use mysql_common::proto::MySerialize as _;
use tokio::net::{TcpStream, UnixStream};

use super::error::Error;
use super::packets::Packets;
use super::parse::server_error;

/// The largest packet that the database may send.
const MAX_PACKET: u32 = 64 * 1024 * 1024;

/// The features of the protocol that this client uses. JDBC, and so the service, counts the rows
/// found rather than those changed. Without `CLIENT_DEPRECATE_EOF`, the end of rows has only one
/// form.
const CAPABILITIES: CapabilityFlags = CapabilityFlags::CLIENT_PROTOCOL_41
    .union(CapabilityFlags::CLIENT_LONG_PASSWORD)
    .union(CapabilityFlags::CLIENT_TRANSACTIONS)
    .union(CapabilityFlags::CLIENT_SECURE_CONNECTION)
    .union(CapabilityFlags::CLIENT_LOCAL_FILES)
    .union(CapabilityFlags::CLIENT_MULTI_RESULTS)
    .union(CapabilityFlags::CLIENT_PS_MULTI_RESULTS)
    .union(CapabilityFlags::CLIENT_PLUGIN_AUTH)
    .union(CapabilityFlags::CLIENT_FOUND_ROWS);

/// The address of the database.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Address<'a> {
    Socket(&'a Path),
    Tcp(&'a str, u16),
}

/// A session to be opened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options<'a> {
    pub(crate) address: Address<'a>,
    pub(crate) user: &'a str,
    pub(crate) password: &'a str,
    pub(crate) database: Option<&'a str>,
    /// Statements that the session begins with.
    pub(crate) init: &'a [String],
}

/// The requests for the key that encrypts a password, by the method.
const KEY_FOR_SHA256: u8 = 0x01;
const KEY_FOR_CACHING_SHA2: u8 = 0x02;

/// An answer of the database during authentication.
enum Step {
    Welcome,
    /// Another method, with its challenge.
    Switch(AuthPlugin<'static>, Vec<u8>),
    /// `caching_sha2_password`: the password's hash is known, or the password itself is asked for.
    HashIsKnown,
    SendPassword,
}

/// Opens a connection; returns it with the session's number.
pub(super) async fn login(options: &Options<'_>) -> Result<(Packets, u32), Error> {
    let mut packets = connect(options.address).await?;
    let (id, mut nonce) = shake_hands(&mut packets, options).await?;
    loop {
        match step(packets.next().await?)? {
            Step::Welcome => return Ok((packets, id)),
            Step::HashIsKnown => {}
            Step::Switch(plugin, challenge) => {
                nonce = challenge;
                authenticate(&mut packets, options.password, &plugin, &nonce).await?;
            }
            // A socket of this machine counts as secure for this method.
            Step::SendPassword if matches!(options.address, Address::Socket(_)) => {
                packets.send(&zero_terminated(options.password)).await?;
            }
            Step::SendPassword => {
                send_encrypted(&mut packets, options.password, &nonce, KEY_FOR_CACHING_SHA2).await?;
            }
        }
    }
}

async fn connect(address: Address<'_>) -> Result<Packets, Error> {
    Ok(match address {
        Address::Socket(path) => Packets::new(Box::new(UnixStream::connect(path).await?)),
        Address::Tcp(host, port) => {
            let stream = TcpStream::connect((host, port)).await?;
            stream.set_nodelay(true)?;
            Packets::new(Box::new(stream))
        }
    })
}

/// Answers the database's first packet; returns the session's number and the first challenge.
async fn shake_hands(packets: &mut Packets, options: &Options<'_>) -> Result<(u32, Vec<u8>), Error> {
    let first = packets.next().await?;
    if first.first() == Some(&0xff) {
        return Err(Error::Server(server_error(first)));
    }
    let handshake: HandshakePacket<'_> = ParseBuf(first).parse(())?;
    let id = handshake.connection_id();
    let nonce = handshake.nonce();
    let plugin = match handshake.auth_plugin() {
        Some(AuthPlugin::CachingSha2Password) => AuthPlugin::CachingSha2Password,
        _ => AuthPlugin::MysqlNativePassword,
    };
    let proof = plugin.gen_data(Some(options.password), &nonce);
    let mut payload = Vec::new();
    HandshakeResponse::new(
        proof.as_deref(),
        handshake
            .maria_db_server_version_parsed()
            .or_else(|| handshake.server_version_parsed())
            .unwrap_or_default(),
        Some(options.user.as_bytes()),
        options.database.map(str::as_bytes),
        Some(plugin.borrow()),
        handshake.capabilities() & CAPABILITIES,
        None,
        MAX_PACKET,
    )
    .serialize(&mut payload);
    packets.send(&payload).await?;
    Ok((id, nonce))
}

/// Proves the password by the method that the database has switched to.
async fn authenticate(
    packets: &mut Packets,
    password: &str,
    plugin: &AuthPlugin<'_>,
    nonce: &[u8],
) -> Result<(), Error> {
    match plugin {
        AuthPlugin::MysqlNativePassword | AuthPlugin::CachingSha2Password => {
            let proof = plugin.gen_data(Some(password), nonce);
            packets.send(proof.as_deref().unwrap_or_default()).await
        }
        // MySQL may ask unknown users for it, too. It takes a plain password over TLS alone, not
        // over a socket.
        _ if plugin.as_bytes() == b"sha256_password" => {
            if password.is_empty() {
                packets.send(&[0]).await
            } else {
                send_encrypted(packets, password, nonce, KEY_FOR_SHA256).await
            }
        }
        _ => Err(Error::Protocol("the database asks for an unknown authentication method")),
    }
}

fn step(packet: &[u8]) -> Result<Step, Error> {
    match packet {
        [0x00, ..] => Ok(Step::Welcome),
        [0xff, ..] => Err(Error::Server(server_error(packet))),
        [0x01, 0x03, ..] => Ok(Step::HashIsKnown),
        [0x01, 0x04, ..] => Ok(Step::SendPassword),
        [0xfe, _, ..] => {
            let request: AuthSwitchRequest<'_> = ParseBuf(packet).parse(())?;
            Ok(Step::Switch(request.auth_plugin().into_owned(), request.plugin_data().to_vec()))
        }
        _ => Err(Error::Protocol("the database sent something else than an answer to the login")),
    }
}

/// Sends the password encrypted with the database's key, which `key_request` asks for.
async fn send_encrypted(
    packets: &mut Packets,
    password: &str,
    nonce: &[u8],
    key_request: u8,
) -> Result<(), Error> {
    packets.send(&[key_request]).await?;
    let key = packets.next().await?.get(1..).unwrap_or_default().to_vec();
    if !key.starts_with(b"-----BEGIN PUBLIC KEY-----") || nonce.is_empty() {
        return Err(Error::Protocol("the database has no public key"));
    }
    let mut password = zero_terminated(password);
    for (byte, mask) in password.iter_mut().zip(nonce.iter().cycle()) {
        *byte ^= mask;
    }
    packets.send(&crypto::encrypt(&password, &key)).await
}

fn zero_terminated(password: &str) -> Vec<u8> {
    let mut password = password.as_bytes().to_vec();
    password.push(0);
    password
}
