//! Reads answers: an error, a count, or columns and rows.

use std::mem::Discriminant;
use std::sync::Arc;

use mysql_async::{Column, Value};
use mysql_common::io::ParseBuf;
use mysql_common::proto::Binary;
use mysql_common::row::RowDeserializer;
use mysql_common::value::ServerSide;

use super::conn::{Conn, Pending, Prepared};
use super::error::Error;
use super::parse::{Fields, Row, SHORT, has_more, number, ok, server_error};

/// The longest packet that can be the end of rows; a row that begins with the same byte is longer.
const LONGEST_END: usize = 8;

impl Conn {
    /// Returns the next row of the result; `None` after the last one.
    pub(crate) async fn next_row(&mut self) -> Result<Option<Row<'_>>, Error> {
        let Some(Pending { columns, binary }) = &self.pending else { return Ok(None) };
        let packet = self.packets.next().await?;
        match packet {
            [0xff, ..] => {
                self.pending = None;
                self.more = false;
                Err(Error::Server(server_error(packet)))
            }
            [0xfe, ..] if packet.len() <= LONGEST_END => {
                self.more = has_more(packet.get(3..5));
                self.pending = None;
                Ok(None)
            }
            _ if *binary => {
                let row: RowDeserializer<ServerSide, Binary> = ParseBuf(packet).parse(Arc::clone(columns))?;
                Ok(Some(Row::Values(mysql_async::Row::from(row).unwrap())))
            }
            _ => Ok(Some(Row::Text(Fields { left: packet }))),
        }
    }

    /// Reads the rest of the answer: rows, and further results. Its errors are the statement's.
    pub(crate) async fn finish(&mut self) -> Result<(), Error> {
        // Counts and keys are those of the first result.
        let (affected_rows, last_insert_id) = (self.affected_rows, self.last_insert_id);
        loop {
            while self.next_row().await?.is_some() {}
            if !self.more {
                break;
            }
            self.read_head(false).await?;
        }
        (self.affected_rows, self.last_insert_id) = (affected_rows, last_insert_id);
        Ok(())
    }

    /// Reads the beginning of an answer; returns the columns of its result, if it has one.
    pub(super) async fn read_head(&mut self, binary: bool) -> Result<Option<Arc<[Column]>>, Error> {
        let packet = self.packets.next().await?;
        match packet {
            [0x00, ..] => {
                (self.affected_rows, self.last_insert_id, self.more) = ok(packet).ok_or(SHORT)?;
                Ok(None)
            }
            [0xff, ..] => Err(Error::Server(server_error(packet))),
            [0xfb, ..] => Err(Error::LocalInfile),
            mut count => {
                let count = number(&mut count).ok_or(SHORT)?;
                let columns: Arc<[Column]> = self.read_columns(count).await?.into();
                self.pending = Some(Pending { columns: Arc::clone(&columns), binary });
                Ok(Some(columns))
            }
        }
    }

    /// Reads the answer to a command without a result.
    pub(super) async fn read_ok(&mut self) -> Result<(), Error> {
        match self.packets.next().await? {
            [0x00, ..] => Ok(()),
            packet @ [0xff, ..] => Err(Error::Server(server_error(packet))),
            _ => Err(Error::Protocol("the database sent something else than OK")),
        }
    }

    /// Reads the answer to a PREPARE.
    pub(super) async fn read_prepared(
        &mut self,
        sql: &str,
        types: Vec<Discriminant<Value>>,
    ) -> Result<Prepared, Error> {
        let packet = self.packets.next().await?;
        let (id, columns, parameters) = match *packet {
            [0x00, a, b, c, d, e, f, g, h, ..] => {
                (u32::from_le_bytes([a, b, c, d]), u16::from_le_bytes([e, f]), u16::from_le_bytes([g, h]))
            }
            [0xff, ..] => return Err(Error::Server(server_error(packet))),
            _ => return Err(SHORT),
        };
        // Both come again with each result.
        for count in [parameters, columns] {
            if count > 0 {
                self.read_columns(count.into()).await?;
            }
        }
        Ok(Prepared { sql: sql.to_owned(), types, id, parameters })
    }

    /// Reads the definitions of columns.
    async fn read_columns(&mut self, count: u64) -> Result<Vec<Column>, Error> {
        let mut columns = Vec::new();
        for _ in 0..count {
            columns.push(ParseBuf(self.packets.next().await?).parse(())?);
        }
        match self.packets.next().await? {
            [0xfe, ..] => Ok(columns),
            _ => Err(Error::Protocol("columns without an end")),
        }
    }
}
