//! The beginning of an Avro object container file, and the bytes of it one after the other.
//!
//! <https://avro.apache.org/docs/1.12.0/specification/#object-container-files>

use std::io::Read;

use domain::avro::read_long;

use super::fault::Fault;

const MAGIC: [u8; 4] = *b"Obj\x01";

/// Bytes of a header at most: the schema of a table with thousands of columns.
const MAX_HEADER: u64 = 4 * 1024 * 1024;

/// The bytes between two blocks.
pub(super) type SyncMarker = [u8; 16];

/// The header of a file.
#[derive(Debug)]
pub(super) struct Header {
    /// The schema as JSON.
    pub(super) schema: Vec<u8>,
    /// The name of the codec; a file that names none has `null`.
    pub(super) codec: String,
    pub(super) sync: SyncMarker,
}

impl Header {
    /// Reads the header, and leaves `input` where the first block begins.
    pub(super) fn read(input: &mut Input<impl Read>) -> Result<Self, Fault> {
        let mut magic = [0; MAGIC.len()];
        if !input.try_fill(&mut magic)? || magic != MAGIC {
            return Err(Fault::content("it is no Avro file"));
        }
        let (mut schema, mut codec) = (None, None);
        loop {
            let mut entries = input.long()?;
            if entries == 0 {
                break;
            }
            if entries < 0 {
                // The size of the entries, for those who skip them.
                input.long()?;
                entries = entries.checked_neg().unwrap_or(i64::MAX);
            }
            for _ in 0..entries {
                let key = input.bytes()?;
                let value = input.bytes()?;
                match key.as_slice() {
                    b"avro.schema" => schema = Some(value),
                    b"avro.codec" => codec = Some(value),
                    _ => {}
                }
            }
        }
        let mut sync = SyncMarker::default();
        input.fill(&mut sync)?;
        let codec = codec.unwrap_or_else(|| b"null".to_vec());
        Ok(Self {
            schema: schema.ok_or_else(|| Fault::content("its header has no schema"))?,
            codec: String::from_utf8_lossy(&codec).into_owned(),
            sync,
        })
    }
}

/// Reads a file's bytes, and distinguishes their end from a failure to read them.
#[derive(Debug)]
pub(super) struct Input<R> {
    reader: R,
    /// Bytes taken so far.
    taken: u64,
}

impl<R: Read> Input<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, taken: 0 }
    }

    /// Takes as many bytes as `into` has.
    pub(super) fn fill(&mut self, into: &mut [u8]) -> Result<(), Fault> {
        if self.take_up_to(into)? == into.len() { Ok(()) } else { Err(Fault::cut_off()) }
    }

    /// Fills `into`; returns false if the file ends before it is full.
    fn try_fill(&mut self, into: &mut [u8]) -> Result<bool, Fault> {
        Ok(self.take_up_to(into)? == into.len())
    }

    fn take_up_to(&mut self, into: &mut [u8]) -> Result<usize, Fault> {
        let mut filled = 0;
        while filled < into.len() {
            match self.reader.read(&mut into[filled..]) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Fault::Read(error)),
            }
        }
        self.taken += filled as u64;
        Ok(filled)
    }

    /// A number of variable length.
    pub(super) fn long(&mut self) -> Result<i64, Fault> {
        self.long_or_end()?.ok_or_else(Fault::cut_off)
    }

    /// Reads a number; `None` if the file ends just before it.
    pub(super) fn long_or_end(&mut self) -> Result<Option<i64>, Fault> {
        let mut first = [0];
        if !self.try_fill(&mut first)? {
            return Ok(None);
        }
        let mut first = Some(first[0]);
        let number = read_long(|| match first.take() {
            Some(byte) => Ok(byte),
            None => {
                let mut byte = [0];
                self.fill(&mut byte).map(|()| byte[0])
            }
        })?;
        number.map(Some).ok_or_else(|| Fault::content(TOO_LONG))
    }

    /// Bytes of the header, with their length before them.
    fn bytes(&mut self) -> Result<Vec<u8>, Fault> {
        let length =
            u64::try_from(self.long()?).map_err(|_| Fault::content("its header has a negative length"))?;
        if self.taken.saturating_add(length) > MAX_HEADER {
            return Err(Fault::content("its header is larger than 4 MiB"));
        }
        let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }
}

/// The problem of a number that does not fit.
pub(super) const TOO_LONG: &str = "it has a number of more than 64 bits";
