//! `rowgate local up|status|down|clean`

use anyhow::Result;

use crate::arguments::{LocalCommand, UpArguments};
use crate::exit::{ExitStatus, user_error};
use crate::http::HttpClient;
use crate::local::{self, Parts, Programs, Sources, UpOptions};
use crate::printer::Printer;

pub(crate) async fn run(command: &LocalCommand, printer: Printer) -> Result<ExitStatus> {
    match command {
        LocalCommand::Up(arguments) => {
            local::up(&options(arguments)?, &HttpClient::new(), printer).await?;
        }
        LocalCommand::Status(arguments) => {
            let (text, all) = local::status(&arguments.dir, &HttpClient::new()).await?;
            printer.result(&text)?;
            if !all {
                return Ok(ExitStatus::User);
            }
        }
        LocalCommand::Down(arguments) => local::down(&arguments.dir, printer)?,
        LocalCommand::Clean(arguments) => local::clean(&arguments.folder.dir, arguments.yes, printer)?,
    }
    Ok(ExitStatus::Success)
}

fn options(arguments: &UpArguments) -> Result<UpOptions> {
    // Relative paths are meant from here; the services are started elsewhere.
    let absolute = |path: &std::path::Path| {
        std::path::absolute(path).map_err(|error| user_error(format!("{}: {error}.", path.display())))
    };
    let local_data_api = match &arguments.local_data_api {
        Some(path) => absolute(path)?,
        None => std::env::current_exe()?.with_file_name("local-data-api"),
    };
    Ok(UpOptions {
        folder: arguments.folder.dir.clone(),
        sources: Sources { infra: absolute(&arguments.infra)?, artifacts: absolute(&arguments.artifacts)? },
        programs: Programs {
            ministack: absolute(&arguments.ministack)?,
            local_data_api,
            lake_python: absolute(&arguments.lake_python)?,
        },
        parts: if arguments.database_only { Parts::Database } else { Parts::All },
        database: arguments.database,
        lake: arguments.lake,
        gateway_port: arguments.gateway_port,
        data_api_port: arguments.data_api_port,
    })
}
