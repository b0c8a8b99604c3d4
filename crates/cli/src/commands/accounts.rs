//! `rowgate accounts add|list|approve|disable`

use anyhow::Result;

use crate::accounts::{Account, add, approve, disable, list, render};
use crate::arguments::{AccountsCommand, ListFormat};
use crate::aws::Aws;
use crate::http::HttpClient;
use crate::password;
use crate::printer::Printer;

pub(crate) async fn run(command: &AccountsCommand, printer: Printer) -> Result<()> {
    let aws = async || Aws::from_environment(HttpClient::new()).await;
    match command {
        AccountsCommand::Add(arguments) => {
            let password = password::read(arguments.password_stdin, printer)?;
            let groups = &arguments.groups.groups;
            tell(&add(&aws().await, &arguments.username, &password, groups).await?, printer);
        }
        AccountsCommand::List(arguments) => {
            let accounts = list(&aws().await).await?;
            let text = match arguments.format {
                ListFormat::Table => render(&accounts),
                ListFormat::Json => format!("{}\n", serde_json::to_string(&accounts)?),
            };
            printer.result(&text)?;
        }
        AccountsCommand::Approve(arguments) => {
            tell(&approve(&aws().await, &arguments.username, &arguments.groups.groups).await?, printer);
        }
        AccountsCommand::Disable(arguments) => {
            tell(&disable(&aws().await, &arguments.username).await?, printer);
        }
    }
    Ok(())
}

fn tell(account: &Account, printer: Printer) {
    let Account { username, status, groups, .. } = account;
    printer.note(&format!("The account {username} is {status}; its groups: {}.", groups.join(", ")));
}
