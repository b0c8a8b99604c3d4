//! `rowgate local up|status|down|clean`: the processes that stand for AWS on one machine, and the
//! stack that is deployed to them.

mod calls;
mod clean;
mod data_api;
mod database;
mod deploy;
mod down;
mod env_file;
mod layout;
mod lock;
mod ministack;
mod operator;
mod ports;
mod process;
mod service;
mod status;
mod up;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};

use self::layout::Layout;
use self::process::Service;
use super::{Verb, verbs};
use crate::exit::ExitStatus;
use crate::http::HttpClient;
use crate::printer::Printer;

/// The region of the local cloud.
const REGION: &str = "us-east-1";
const ACCESS_KEY: &str = "test";
const SECRET_KEY: &str = "test";
/// The database of the functions.
const DATABASE: &str = "rowgate";

/// The services in the order in which they are stopped: MiniStack first, because its functions use
/// the others.
const SERVICES: [Service; 3] = [ministack::SERVICE, data_api::SERVICE, database::SERVICE];

/// Runs the whole service on this machine.
#[derive(Debug, Args)]
pub(crate) struct Local {
    #[command(subcommand)]
    verb: Verbs,
}

impl Verb for Local {
    async fn run(&self, printer: Printer) -> Result<ExitStatus> {
        self.verb.run(printer).await
    }
}

verbs! {
    Verbs {
        up::Up,
        status::Status,
        down::Down,
        clean::Clean,
    }
}

// Flattened, so without a doc comment, which would stand in place of the verb's.
#[derive(Debug, Args)]
struct Folder {
    /// The local cloud's folder.
    #[arg(long, value_name = "DIR", env = "ROWGATE_LOCAL_DIR", default_value = ".local")]
    dir: PathBuf,
}

impl Folder {
    /// Returns the local cloud in the folder, or says that there is none.
    fn existing(&self, printer: Printer) -> Result<Option<Layout>> {
        let layout = Layout::existing(&self.dir)?;
        if layout.is_none() {
            printer.note(&format!("There is no local cloud in {}.", self.dir.display()));
        }
        Ok(layout)
    }
}

/// A local cloud that is being started.
struct Cloud {
    layout: Layout,
    http: HttpClient,
    printer: Printer,
}
