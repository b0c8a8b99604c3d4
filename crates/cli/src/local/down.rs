//! Ends the local cloud, and removes it.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::SERVICES;
use super::layout::Layout;
use super::lock::Lock;
use super::process;
use crate::confirm::confirm;
use crate::printer::Printer;

/// Ends every process that `up` started in this folder.
pub(crate) fn down(folder: &Path, printer: Printer) -> Result<()> {
    let Some(layout) = Layout::existing(folder)? else {
        printer.note(&format!("There is no local cloud in {}.", folder.display()));
        return Ok(());
    };
    let _lock = Lock::take(&layout, printer)?;
    stop_all(&layout, printer)
}

/// `down`, then removes the local cloud's data after asking.
pub(crate) fn clean(folder: &Path, yes: bool, printer: Printer) -> Result<()> {
    let Some(layout) = Layout::existing(folder)? else {
        printer.note(&format!("There is no local cloud in {}.", folder.display()));
        return Ok(());
    };
    let _lock = Lock::take(&layout, printer)?;
    let targets: String = layout.data().iter().map(|target| format!("\n  {}", target.display())).collect();
    if !targets.is_empty() {
        let targets = format!("This ends the local cloud and removes:{targets}");
        confirm(&targets, "Nothing was removed.", yes, printer)?;
    }
    stop_all(&layout, printer)?;
    // A log or socket may have come or gone while the processes ended.
    for target in layout.data() {
        let removed = if target.is_dir() { fs::remove_dir_all(&target) } else { fs::remove_file(&target) };
        removed.with_context(|| format!("removing {}", target.display()))?;
    }
    printer.note(&format!("The local cloud's data in {} is removed.", layout.root().display()));
    Ok(())
}

fn stop_all(layout: &Layout, printer: Printer) -> Result<()> {
    let mut stopped = false;
    for (name, grace) in SERVICES {
        let step = printer.step(&format!("stopping {name}"));
        let ran = process::stop(name, grace, layout)?;
        stopped |= ran;
        step.done(&if ran { format!("{name} stopped") } else { format!("{name} was not running") });
    }
    if !stopped {
        printer.note(&format!("Nothing was running in {}.", layout.root().display()));
    }
    Ok(())
}
