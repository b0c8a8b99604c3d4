//! The verbs of the command, a file each: the arguments and what is done with them.
//!
//! A verb is a struct of arguments that implements [`Verb`](crate::verb::Verb); its doc comment is
//! its line in the help. A new one needs its file, its `mod` line and its line in the list of
//! [`verbs!`]. (`verbs!` does not declare the modules: `cargo fmt` would not see their files.)

mod accounts;
mod backfill;
mod backup;
mod backups;
mod check;
mod console;
mod cost;
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
mod tables;
mod upload;
mod verify;

use clap::Parser;

use crate::verb::verbs;

const EXIT_CODES: &str = "Exit codes: 0 all went well; 1 something you can put right; 2 a fault of rowgate itself.\n\
Results go to stdout, progress to stderr. NO_COLOR turns colours off.";

/// Rowgate on one machine, and its files and reports from the command line.
#[derive(Debug, Parser)]
#[command(name = "rowgate", version, after_help = EXIT_CODES, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Verbs,
}

verbs! {
    Verbs {
        /// Runs the whole service on this machine.
        #[command(subcommand)]
        Local(local::Verbs),
        Demo(demo::Demo),
        Docs(docs::Docs),
        /// Checks folders of tables, and drafts tables from files.
        #[command(subcommand)]
        Tables(tables::Verbs),
        Sample(sample::Sample),
        Check(check::Check),
        Upload(upload::Upload),
        Rejects(rejects::Rejects),
        Backfill(backfill::Backfill),
        Report(report::Report),
        Backup(backup::Backup),
        Backups(backups::Backups),
        Restore(restore::Restore),
        PutBack(put_back::PutBack),
        Verify(verify::Verify),
        Serve(serve::Serve),
        Accounts(accounts::Accounts),
        Console(console::Console),
        Cost(cost::Cost),
        /// Runs and queries the lake: every table in Delta, for analysts.
        #[command(subcommand)]
        Lake(lake::Verbs),
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
    fn the_help_has_every_verb_and_the_exit_codes() {
        let help = Arguments::try_parse_from(["rowgate", "--help"]).unwrap_err().to_string();
        insta::assert_snapshot!(help);
    }
}
