//! A plain MySQL client: text statements over the socket, every row of their results read.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Row};

use crate::stage::{DATABASE, Stage};

/// A connection past the Data API.
#[derive(Debug)]
pub(super) struct Plain(Conn);

impl Plain {
    pub(super) async fn connect(stage: &Stage) -> Result<Self> {
        Ok(Self(stage.connect(Some(DATABASE)).await?))
    }

    /// The time of all of them, one after the other.
    pub(super) async fn execute(&mut self, statements: &[String]) -> Result<Duration> {
        let started = Instant::now();
        let mut rows: Vec<Row> = Vec::new();
        for statement in statements {
            rows = self.0.query(statement).await?;
        }
        let time = started.elapsed();
        // What is asked for in one statement is there.
        let is_question = matches!(statements, [only] if !only.starts_with("INSERT"));
        ensure!(!is_question || !rows.is_empty(), "no rows came");
        Ok(time)
    }

    pub(super) async fn disconnect(self) -> Result<()> {
        Ok(self.0.disconnect().await?)
    }
}
