//! A session of the database and its commands.

use std::mem::{self, Discriminant};
use std::sync::Arc;

use mysql_async::{Column, Value};
use mysql_common::packets::ComStmtExecuteRequestBuilder;
use mysql_common::proto::MySerialize as _;

use super::error::Error;
use super::login::{Options, login};
use super::packets::Packets;

/// The number of prepared statements that a session keeps.
const PREPARED: usize = 32;

/// The commands of the protocol that are used.
/// <https://dev.mysql.com/doc/dev/mysql-server/latest/my__command_8h.html>
mod command {
    pub(super) const QUIT: u8 = 1;
    pub(super) const QUERY: u8 = 3;
    pub(super) const PING: u8 = 14;
    pub(super) const STMT_PREPARE: u8 = 22;
    pub(super) const STMT_CLOSE: u8 = 25;
    pub(super) const RESET_CONNECTION: u8 = 31;
}

/// A session of the database.
#[derive(Debug)]
pub(crate) struct Conn {
    pub(super) packets: Packets,
    id: u32,
    /// Statements run at the start and after each reset.
    init: Vec<String>,
    /// The least recently used statement first.
    prepared: Vec<Prepared>,
    /// The result set whose rows have not been read.
    pub(super) pending: Option<Pending>,
    /// Another result follows.
    pub(super) more: bool,
    pub(super) affected_rows: u64,
    pub(super) last_insert_id: u64,
}

/// A result set whose rows have not been read.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) columns: Arc<[Column]>,
    pub(super) binary: bool,
}

/// A statement that the database has prepared.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) sql: String,
    /// The types of its values.
    pub(super) types: Vec<Discriminant<Value>>,
    pub(super) id: u32,
    pub(super) parameters: u16,
}

impl Conn {
    /// Opens a session.
    pub(crate) async fn open(options: Options<'_>) -> Result<Self, Error> {
        let (packets, id) = login(&options).await?;
        let mut conn = Self {
            packets,
            id,
            init: options.init.to_vec(),
            prepared: Vec::new(),
            pending: None,
            more: false,
            affected_rows: 0,
            last_insert_id: 0,
        };
        conn.initialise().await?;
        Ok(conn)
    }

    /// Returns the database's number for the session.
    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    /// Returns how many rows the last statement changed.
    pub(crate) fn affected_rows(&self) -> u64 {
        self.affected_rows
    }

    /// Returns the first key that the last statement generated, or 0.
    pub(crate) fn last_insert_id(&self) -> u64 {
        self.last_insert_id
    }

    /// Runs a statement and discards its rows.
    pub(crate) async fn run(&mut self, sql: &str) -> Result<(), Error> {
        self.query(sql).await?;
        self.finish().await
    }

    /// Runs a statement as text; returns the columns of its result, if it has one.
    pub(crate) async fn query(&mut self, sql: &str) -> Result<Option<Arc<[Column]>>, Error> {
        self.send(command::QUERY, sql.as_bytes()).await?;
        self.read_head(false).await
    }

    /// Prepares a statement, or finds it prepared, and runs it with these values.
    pub(crate) async fn execute(
        &mut self,
        sql: &str,
        values: &[Value],
    ) -> Result<Option<Arc<[Column]>>, Error> {
        let (id, parameters) = self.prepare(sql, values.iter().map(mem::discriminant).collect()).await?;
        if usize::from(parameters) != values.len() {
            return Err(Error::Protocol("the statement has another number of parameters than values"));
        }
        let (request, too_long) = ComStmtExecuteRequestBuilder::new(id).build(values);
        if too_long {
            return Err(Error::Protocol("values of more than 16 MiB"));
        }
        let mut payload = Vec::new();
        request.serialize(&mut payload);
        self.begin();
        self.packets.send(&payload).await?;
        self.read_head(true).await
    }

    /// Checks that the database answers.
    pub(crate) async fn ping(&mut self) -> Result<(), Error> {
        self.send(command::PING, &[]).await?;
        self.read_ok().await
    }

    /// Ends transactions, locks, temporary tables and variables.
    pub(crate) async fn reset(&mut self) -> Result<(), Error> {
        self.send(command::RESET_CONNECTION, &[]).await?;
        self.read_ok().await?;
        self.prepared.clear();
        self.initialise().await
    }

    /// Closes the session.
    pub(crate) async fn quit(mut self) {
        // The connection closes either way.
        let _ = self.send(command::QUIT, &[]).await;
    }

    async fn initialise(&mut self) -> Result<(), Error> {
        for sql in mem::take(&mut self.init) {
            let done = self.run(&sql).await;
            self.init.push(sql);
            done?;
        }
        Ok(())
    }

    /// Prepares a statement for values of these types, or finds it prepared: MySQL gives a
    /// parameter the type of its first value, and converts later ones to it (a text to the number
    /// 0).
    async fn prepare(&mut self, sql: &str, types: Vec<Discriminant<Value>>) -> Result<(u32, u16), Error> {
        let is_this = |prepared: &Prepared| prepared.sql == sql && prepared.types == types;
        if let Some(index) = self.prepared.iter().position(is_this) {
            let prepared = self.prepared.remove(index);
            let found = (prepared.id, prepared.parameters);
            self.prepared.push(prepared);
            return Ok(found);
        }
        self.send(command::STMT_PREPARE, sql.as_bytes()).await?;
        let prepared = self.read_prepared(sql, types).await?;
        let made = (prepared.id, prepared.parameters);
        self.prepared.push(prepared);
        if self.prepared.len() > PREPARED {
            let oldest = self.prepared.remove(0);
            // The server does not answer this.
            self.send(command::STMT_CLOSE, &oldest.id.to_le_bytes()).await?;
        }
        Ok(made)
    }

    async fn send(&mut self, command: u8, argument: &[u8]) -> Result<(), Error> {
        self.begin();
        let mut payload = Vec::with_capacity(argument.len() + 1);
        payload.push(command);
        payload.extend_from_slice(argument);
        self.packets.send(&payload).await
    }

    /// Begins a new command: resets the packet number and the state of the last one.
    fn begin(&mut self) {
        self.packets.begin();
        self.pending = None;
        self.more = false;
        self.affected_rows = 0;
        self.last_insert_id = 0;
    }
}
