//! Packets over a socket.

use std::fmt;
use std::ops::Range;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::error::Error;

/// A packet of this length is followed by another that continues it.
const FULL: usize = 0xff_ffff;

/// The length and the number before each packet.
const HEAD: usize = 4;

/// The size of the buffer; the database sends a result in pieces of 16 KiB.
const ROOM: usize = 128 * 1024;

/// A socket.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send + Sync {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send + Sync> Stream for T {}

/// The packets of a session.
pub(super) struct Packets {
    stream: Box<dyn Stream>,
    /// From `start` to `end`, the bytes that have arrived and were not read.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// The payload of a packet that came in parts.
    joined: Vec<u8>,
    number: u8,
}

impl fmt::Debug for Packets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Packets").field("unread", &(self.end - self.start)).finish_non_exhaustive()
    }
}

impl Packets {
    pub(super) fn new(stream: Box<dyn Stream>) -> Self {
        Self { stream, buffer: vec![0; ROOM], start: 0, end: 0, joined: Vec::new(), number: 0 }
    }

    /// Begins a new command, whose packets are numbered from 0.
    pub(super) fn begin(&mut self) {
        self.number = 0;
    }

    pub(super) async fn send(&mut self, payload: &[u8]) -> Result<(), Error> {
        let mut out = Vec::with_capacity(payload.len() + HEAD);
        let mut parts = payload.chunks(FULL);
        loop {
            let part = parts.next().unwrap_or_default();
            let [a, b, c, _] = u32::try_from(part.len()).unwrap_or(0).to_le_bytes();
            out.extend_from_slice(&[a, b, c, self.number]);
            out.extend_from_slice(part);
            self.number = self.number.wrapping_add(1);
            if part.len() < FULL {
                break;
            }
        }
        self.stream.write_all(&out).await?;
        self.stream.flush().await?;
        Ok(())
    }

    /// Returns the payload of the next packet.
    pub(super) async fn next(&mut self) -> Result<&[u8], Error> {
        let part = self.part().await?;
        if part.len() < FULL {
            return Ok(&self.buffer[part]);
        }
        self.joined.clear();
        self.joined.extend_from_slice(&self.buffer[part]);
        loop {
            let part = self.part().await?;
            let last = part.len() < FULL;
            self.joined.extend_from_slice(&self.buffer[part]);
            if last {
                return Ok(&self.joined);
            }
        }
    }

    /// Reads the next packet; returns where its payload is in the buffer.
    async fn part(&mut self) -> Result<Range<usize>, Error> {
        if self.end - self.start < HEAD {
            self.fill(HEAD).await?;
        }
        let head = &self.buffer[self.start..self.start + HEAD];
        let length = usize::from(head[0]) | usize::from(head[1]) << 8 | usize::from(head[2]) << 16;
        self.number = head[3].wrapping_add(1);
        if self.end - self.start < HEAD + length {
            self.fill(HEAD + length).await?;
        }
        let payload = self.start + HEAD..self.start + HEAD + length;
        self.start = payload.end;
        Ok(payload)
    }

    /// Reads until `wanted` bytes are there.
    async fn fill(&mut self, wanted: usize) -> Result<(), Error> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        // A large packet has grown the buffer; it need not stay.
        let room = ROOM.max(wanted);
        if self.buffer.len() != room && self.end <= room {
            self.buffer.resize(room, 0);
            self.buffer.shrink_to_fit();
        }
        while self.end < wanted {
            let read = self.stream.read(&mut self.buffer[self.end..]).await?;
            if read == 0 {
                return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
            }
            self.end += read;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn packets_come_as_they_went_whatever_their_size() {
        let (near, far) = tokio::io::duplex(70_000);
        let (mut near, mut far) = (Packets::new(Box::new(near)), Packets::new(Box::new(far)));
        for length in [0, 1, 5, ROOM - HEAD, ROOM, 3 * ROOM, FULL - 1, FULL, FULL + 1, 2 * FULL, 7] {
            let payload: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            near.begin();
            let (sent, read) = tokio::join!(near.send(&payload), far.next());
            sent.unwrap();
            assert!(read.unwrap() == payload, "{length}");
        }
        drop(near);
        assert!(matches!(far.next().await, Err(Error::Io(_))));
    }
}
