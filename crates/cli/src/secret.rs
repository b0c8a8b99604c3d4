//! Secrets that are made on this machine.

use std::fs::File;
use std::io::Read;

use anyhow::{Context, Result};

/// Returns 16 random bytes as hexadecimal digits.
///
/// # Errors
/// If the system gives no random bytes.
pub(crate) fn random_hex() -> Result<String> {
    let mut bytes = [0; 16];
    let read = File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes));
    read.context("reading /dev/urandom")?;
    Ok(hex::encode(bytes))
}
