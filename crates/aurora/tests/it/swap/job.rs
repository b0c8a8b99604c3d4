//! A load that replaces its table, or a restore of two tables: what swaps are proved with.

use anyhow::Result;
use aurora::loads::{self, Run};
use aurora::{Database, Error, restores};
use testkit::TestDatabase;

use super::loader::{self, DIGEST, File};
use crate::restores::worker::{self, Rows, Work};
use crate::restores::{content, previous_content, status};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Replace,
    Restore,
}

impl Kind {
    pub(crate) const BOTH: [Self; 2] = [Self::Replace, Self::Restore];
}

#[derive(Debug, Clone)]
pub(crate) enum Job {
    Replace(File),
    Restore(Work),
}

/// A job that is filled.
#[derive(Debug, Clone)]
pub(crate) enum Filled {
    Replace(Run),
    Restore(Work),
}

impl Job {
    /// A job of several chunks, which brings rows of this name.
    pub(crate) fn new(kind: Kind, name: &str) -> Self {
        match kind {
            Kind::Replace => Self::Replace(File::replace(name, worker::named(1..=6, name))),
            Kind::Restore => Self::Restore(Work::of(&["collections", "tags"], name)),
        }
    }

    pub(crate) fn tables(&self) -> &'static [&'static str] {
        match self {
            Self::Replace(_) => &["collections"],
            Self::Restore(_) => &["collections", "tags"],
        }
    }

    /// The rows that it brings into each of its tables.
    pub(crate) fn rows(&self) -> Vec<Rows> {
        let rows = |table: &&str| match self {
            Self::Replace(file) => file.rows.clone(),
            Self::Restore(work) => work.rows(table).to_vec(),
        };
        self.tables().iter().map(rows).collect()
    }

    /// The rows that are in each of its tables.
    pub(crate) async fn content(&self, test: &TestDatabase) -> Result<Vec<Rows>> {
        let mut contents = Vec::new();
        for table in self.tables() {
            contents.push(content(test, table).await?);
        }
        Ok(contents)
    }

    /// Does everything up to the swap.
    pub(crate) async fn fill(&self, test: &TestDatabase) -> Result<Filled> {
        let db = &test.database();
        Ok(match self {
            Self::Replace(file) => {
                let (run, target) = loader::begin(db, file).await?.unwrap();
                loader::fill(db, file, &run, &target).await?;
                Filled::Replace(run)
            }
            Self::Restore(work) => {
                worker::begin(db, work).await?;
                worker::fill(db, work).await?;
                Filled::Restore(work.clone())
            }
        })
    }

    /// Does everything from the first delivery to the end.
    pub(crate) async fn run(self, db: Database) -> Result<(), Error> {
        match &self {
            Self::Replace(file) => loader::load(&db, file).await,
            Self::Restore(work) => worker::restore(&db, work).await,
        }
    }

    /// Its kind and id in the ledger.
    pub(crate) fn ledger(&self) -> (&'static str, &str) {
        match self {
            Self::Replace(file) => ("load", file.id.as_str()),
            Self::Restore(work) => ("restore", work.id.as_str()),
        }
    }

    pub(crate) async fn is_completed(&self, test: &TestDatabase) -> Result<bool> {
        Ok(match self {
            Self::Replace(file) => super::status(test, file).await? == "completed 6 = 6 + 0",
            Self::Restore(work) => status(test, work).await? == "completed",
        })
    }

    /// It is completed, its rows are in its tables, and a restore keeps what was there before.
    pub(crate) async fn assert_done(&self, test: &TestDatabase, before: &[Rows], when: &str) -> Result<()> {
        assert_eq!(self.content(test).await?, self.rows(), "{when}");
        assert!(self.is_completed(test).await?, "{when}");
        if let Self::Restore(work) = self {
            for (table, before) in self.tables().iter().zip(before) {
                assert_eq!(&previous_content(test, work, table).await?, before, "{when}");
            }
        }
        Ok(())
    }
}

impl Filled {
    pub(crate) async fn swap(self, db: Database) -> Result<(), Error> {
        match self {
            Self::Replace(run) => loads::swap(&db, &run, loader::table(), DIGEST).await,
            Self::Restore(work) => restores::swap(&db, &work.id).await,
        }
        .map(|_| ())
    }
}
