//! A client of MySQL's protocol that reads rows where they arrive.
//!
//! `mysql_async` makes a value of every field and a row of every row, which for a page of a table costs as much as all the
//! rest of the call. Here a row of the text protocol is a slice of the buffer that the socket was read into. What is
//! small and rare (columns, handshake, the binary protocol's values) is left to `mysql_common`.

mod login;
mod packets;
mod result;

use std::mem::{self, Discriminant};
use std::sync::Arc;

use mysql_async::{Column, ServerError, Value};
use mysql_common::packets::ComStmtExecuteRequestBuilder;
use mysql_common::proto::MySerialize as _;

pub(crate) use self::login::{Address, Options};
use self::packets::Packets;
pub(crate) use self::result::Row;
use self::result::{Pending, Prepared};

/// How many prepared statements a session keeps.
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

/// What a session ends a command with instead of an answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The connection broke, or was never there.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The database refuses.
    #[error("{0}")]
    Server(ServerError),
    /// The database asks for a file of the client's.
    #[error("the database asked for a local file")]
    LocalInfile,
    /// What came is not the protocol, or more than this client knows of it.
    #[error("{0}")]
    Protocol(&'static str),
}

/// A session of the database.
#[derive(Debug)]
pub(crate) struct Conn {
    packets: Packets,
    id: u32,
    /// Run at the start and after each reset.
    init: Vec<String>,
    /// The statement used last stands last.
    prepared: Vec<Prepared>,
    /// The result set whose rows are on their way.
    pending: Option<Pending>,
    /// Another result follows.
    more: bool,
    affected_rows: u64,
    last_insert_id: u64,
}

impl Conn {
    /// Opens a session.
    pub(crate) async fn open(options: Options<'_>) -> Result<Self, Error> {
        let (packets, id) = login::login(&options).await?;
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

    /// The database's number for the session.
    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    /// Rows that the last statement changed.
    pub(crate) fn affected_rows(&self) -> u64 {
        self.affected_rows
    }

    /// The first key that the last statement generated; 0 where it did not.
    pub(crate) fn last_insert_id(&self) -> u64 {
        self.last_insert_id
    }

    /// Runs a statement; of a result only its errors are looked at.
    pub(crate) async fn run(&mut self, sql: &str) -> Result<(), Error> {
        self.query(sql).await?;
        self.finish().await
    }

    /// Runs a statement as text: the columns of its result, if it has one.
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

    /// Whether the database answers.
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

    /// Says good-bye.
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

    /// A statement is prepared for values of these types: MySQL gives a parameter the type that its first value has, and
    /// turns those that follow into it (a text into the number 0).
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
            // Nothing is answered to this.
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

    /// A new command: packets are counted afresh, and nothing of the one before is left.
    fn begin(&mut self) {
        self.packets.begin();
        self.pending = None;
        self.more = false;
        self.affected_rows = 0;
        self.last_insert_id = 0;
    }
}
