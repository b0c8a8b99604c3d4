//! The verbs of the command, a file each: the arguments and what is done with them.
//!
//! A verb is a struct of arguments that implements [`Verb`]; its doc comment is its line in the
//! help. A new one needs its file, its `mod` line and its line in the list of [`verbs!`].

mod accounts;
mod arguments;
mod backfill;
mod backup;
mod backups;
mod check;
mod console;
mod demo;
mod docs;
mod lake;
mod local;
mod put_back;
mod rejects;
mod report;
mod restore;
mod sample;
mod serve;
mod upload;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::exit::ExitStatus;
use crate::printer::Printer;

const EXIT_CODES: &str = "Exit codes: 0 all went well; 1 something you can put right; 2 a fault of rowgate itself.\n\
Results go to stdout, progress to stderr. NO_COLOR turns colours off.";

/// Rowgate on one machine, and its files and reports from the command line.
#[derive(Debug, Parser)]
#[command(name = "rowgate", version, after_help = EXIT_CODES, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Verbs,
}

/// The arguments of one verb, and what the verb does with them.
pub(crate) trait Verb {
    /// Does the work, and returns the status that the command ends with.
    ///
    /// # Errors
    /// Whatever kept the work from being done.
    async fn run(&self, printer: Printer) -> Result<ExitStatus>;
}

/// Defines an enum of verbs, in the order of the help, and runs the one that was given.
macro_rules! verbs {
    ($name:ident { $($module:ident::$verb:ident,)* }) => {
        #[derive(Debug, Subcommand)]
        pub(crate) enum $name {
            $($verb($module::$verb),)*
        }

        impl $crate::commands::Verb for $name {
            async fn run(&self, printer: Printer) -> Result<ExitStatus> {
                match self {
                    $(Self::$verb(verb) => verb.run(printer).await,)*
                }
            }
        }
    };
}
use verbs;

verbs! {
    Verbs {
        local::Local,
        demo::Demo,
        docs::Docs,
        sample::Sample,
        check::Check,
        upload::Upload,
        rejects::Rejects,
        backfill::Backfill,
        report::Report,
        backup::Backup,
        backups::Backups,
        restore::Restore,
        put_back::PutBack,
        serve::Serve,
        accounts::Accounts,
        console::Console,
        lake::Lake,
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_help_names_every_verb_and_the_exit_codes() {
        let help = Arguments::command().render_long_help().to_string();
        for word in [
            "local",
            "demo",
            "sample",
            "upload",
            "rejects",
            "backfill",
            "report",
            "backup",
            "backups",
            "restore",
            "put-back",
            "accounts",
            "console",
            "lake",
            "Exit codes: 0",
        ] {
            assert!(help.contains(word), "{word}");
        }
    }
}
