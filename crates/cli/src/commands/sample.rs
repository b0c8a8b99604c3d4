//! `rowgate sample`

use anyhow::Result;

use crate::arguments::SampleArguments;
use crate::printer::Printer;
use crate::sample;

pub(crate) fn run(arguments: &SampleArguments, printer: Printer) -> Result<()> {
    for path in sample::write(&arguments.out)? {
        printer.result(&format!("{}\n", path.display()))?;
    }
    Ok(())
}
