//! The local cloud as its verbs see it.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::layout::Layout;
use crate::environment::Environment;
use crate::http::HttpClient;
use crate::printer::Printer;

/// The region of the local cloud.
pub(super) const REGION: &str = "us-east-1";
pub(super) const ACCESS_KEY: &str = "test";
pub(super) const SECRET_KEY: &str = "test";

// Flattened, so without a doc comment, which would stand in place of the verb's.
#[derive(Debug, Args)]
pub(super) struct Folder {
    /// The local cloud's folder.
    #[arg(long, value_name = "DIR", env = "ROWGATE_LOCAL_DIR", default_value = ".local")]
    pub dir: PathBuf,
}

impl Folder {
    /// Returns the local cloud in the folder, or says that there is none.
    pub(super) fn existing(&self, printer: Printer) -> Result<Option<Layout>> {
        let layout = Layout::existing(&self.dir)?;
        if layout.is_none() {
            printer.note(&format!("There is no local cloud in {}.", self.dir.display()));
        }
        Ok(layout)
    }
}

/// A local cloud that is being started.
pub(super) struct Cloud {
    pub layout: Layout,
    pub http: HttpClient,
    pub printer: Printer,
    /// The environment that is deployed to it; several share its services.
    pub environment: Environment,
}
