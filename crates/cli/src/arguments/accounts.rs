//! What the verbs of accounts and of the console take.

use clap::{Args, Subcommand};

use super::backups::ListFormat;

#[derive(Debug, Subcommand)]
pub(crate) enum AccountsCommand {
    /// Makes an account, or gives one that is there another password and other groups. Asks for the password.
    Add(AccountsAddArguments),
    /// Lists the accounts, those that wait for approval first.
    List(AccountsListArguments),
    /// Lets an account in, with exactly these groups.
    Approve(AccountsApproveArguments),
    /// Lets an account in no more, and ends its sessions.
    Disable(AccountsDisableArguments),
}

#[derive(Debug, Args)]
pub(crate) struct AccountsAddArguments {
    /// The account: an e-mail address.
    pub username: String,
    #[command(flatten)]
    pub groups: GroupsArguments,
    /// Read the password from standard input, to its end, rather than ask for it.
    #[arg(long)]
    pub password_stdin: bool,
}

#[derive(Debug, Args)]
pub(crate) struct AccountsListArguments {
    /// How they are printed.
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    pub format: ListFormat,
}

#[derive(Debug, Args)]
pub(crate) struct AccountsApproveArguments {
    /// The account.
    pub username: String,
    #[command(flatten)]
    pub groups: GroupsArguments,
}

#[derive(Debug, Args)]
pub(crate) struct AccountsDisableArguments {
    /// The account.
    pub username: String,
}

/// The groups of an account.
#[derive(Debug, Args)]
pub(crate) struct GroupsArguments {
    /// reader, writer or operator, and table:<name> for each table that the account is to see; without one it sees all.
    #[arg(long, value_name = "GROUP,…", value_delimiter = ',', required = true)]
    pub groups: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ConsoleArguments {
    /// The page's address: the stack's output ConsoleUrl.
    #[arg(long, env = "ROWGATE_CONSOLE_URL")]
    pub url: String,
    /// Print the address and open nothing.
    #[arg(long)]
    pub no_open: bool,
}
