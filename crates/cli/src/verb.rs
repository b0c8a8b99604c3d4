//! The verbs of the command: structs of arguments that know what to do.

use anyhow::Result;

use crate::exit::ExitStatus;
use crate::printer::Printer;

/// The arguments of one verb, and what the verb does with them.
pub(crate) trait Verb {
    /// Does the work, and returns the status that the command ends with.
    ///
    /// # Errors
    /// Whatever stopped the work.
    async fn run(&self, printer: Printer) -> Result<ExitStatus>;
}

/// Defines an enum of verbs, in the order of the help, and runs the one that was given.
macro_rules! verbs {
    ($name:ident { $($(#[$attribute:meta])* $verb:ident($arguments:ty),)* }) => {
        #[derive(Debug, clap::Subcommand)]
        pub(crate) enum $name {
            $($(#[$attribute])* $verb($arguments),)*
        }

        impl $crate::verb::Verb for $name {
            async fn run(
                &self,
                printer: $crate::printer::Printer,
            ) -> anyhow::Result<$crate::exit::ExitStatus> {
                match self {
                    $(Self::$verb(verb) => verb.run(printer).await,)*
                }
            }
        }
    };
}
pub(crate) use verbs;
