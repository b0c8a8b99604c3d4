//! `rowgate sample`

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use sample::Sample as Generated;

use crate::arguments::FolderArguments;
use crate::exit::{ExitStatus, cannot};
use crate::printer::Printer;
use crate::verb::Verb;

/// Writes generated rows, a file for each table: the same ones on every machine.
#[derive(Debug, Args)]
pub(crate) struct Sample {
    #[command(flatten)]
    folder: FolderArguments,
    /// Rows of the largest table; tables that others refer to have fewer.
    #[arg(long, value_name = "COUNT", default_value_t = 3200)]
    rows: u64,
    /// Records of a thousand to be flawed as those of other systems are, so that a load rejects
    /// them. Tables that others refer to, or that limit their rejects, have none.
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    flawed: u64,
    /// Where the files are written.
    #[arg(long, value_name = "DIR", default_value = "sample")]
    out: PathBuf,
}

impl Verb for Sample {
    async fn run(&self, printer: Printer) -> Result<ExitStatus> {
        let Self { folder, rows, flawed, out } = self;
        let folder = folder.read()?;
        fs::create_dir_all(out).map_err(cannot(out, "be written"))?;
        for table in Generated::new(&folder, *rows).tables() {
            let path = out.join(format!("{}.{}", table.table().name(), table.extension()));
            let write = || {
                let mut file = BufWriter::new(File::create(&path)?);
                table.write_file(*flawed, &mut file)?;
                file.flush()
            };
            write().map_err(cannot(&path, "be written"))?;
            printer.line(path.display())?;
        }
        Ok(ExitStatus::Success)
    }
}
