//! `rowgate local up`: starts the local cloud, or what is missing of it.

use std::borrow::Cow;
use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use clap::Args;
use domain::load::LoadPath;
use local_database::{KIND_VARIABLE, Kind};
use serde::Deserialize;
use serde_json::{Value, json};

use super::cloud::{ACCESS_KEY, Cloud, Folder, REGION, SECRET_KEY};
use super::database::{self, Database};
use super::deploy::{Deployment, Sources, deploy, text};
use super::env_file::EnvFile;
use super::layout::Layout;
use super::lock::Lock;
use super::ports::{Ports, free_port, loopback};
use super::process::{Record, Service};
use super::tables::Tables;
use super::{data_api, ministack, operator};
use crate::arguments::{database_kind, json_line, load_path};
use crate::aws::Aws;
use crate::environment::EnvironmentArguments;
use crate::exit::{ExitStatus, user_error};
use crate::http::HttpClient;
use crate::invoke::{call, read};
use crate::printer::Printer;
use crate::verb::Verb;

const DEFAULT_GATEWAY_PORT: u16 = 4566;
const DEFAULT_DATA_API_PORT: u16 = 4570;
/// Another program may take a port between the search for a free one and the start of the server.
const PORT_ATTEMPTS: usize = 3;
const PORT_TAKEN_PROBE: Duration = Duration::from_millis(300);

/// Starts what does not run, deploys what has changed, migrates, writes <dir>/env.
#[derive(Debug, Args)]
pub(crate) struct Up {
    #[command(flatten)]
    folder: Folder,
    #[command(flatten)]
    environment: EnvironmentArguments,
    /// The functions' binaries, one <package>/bootstrap each.
    #[arg(long, value_name = "DIR", default_value = ".local/lambda")]
    artifacts: PathBuf,
    /// The folder of tables: dictionary, migrations, reports and gold [default: that of the last
    /// time, else sql].
    #[arg(long, value_name = "DIR", conflicts_with = "database_only")]
    sql: Option<PathBuf>,
    /// The folder of the CDK app.
    #[arg(long, value_name = "DIR", default_value = "infra")]
    infra: PathBuf,
    /// The ministack program.
    #[arg(long, value_name = "FILE", env = "ROWGATE_MINISTACK", default_value = ".local/venv/bin/ministack")]
    ministack: PathBuf,
    /// The local-data-api program [default: beside rowgate].
    #[arg(long, value_name = "FILE", env = "ROWGATE_LOCAL_DATA_API")]
    local_data_api: Option<PathBuf>,
    /// The port of the AWS interfaces, 0 for any [default: that of the last time, else 4566 or the
    /// next free one].
    #[arg(long, value_name = "PORT")]
    gateway_port: Option<u16>,
    /// The port of the Data API, 0 for any [default: that of the last time, else 4570 or the next
    /// free one].
    #[arg(long, value_name = "PORT")]
    data_api_port: Option<u16>,
    /// The database that stands for Aurora: mariadb, or mysql, whose mysqld is on the PATH or named
    /// in ROWGATE_MYSQLD [default: the one that is there, else mariadb].
    #[arg(long, value_name = "KIND", env = KIND_VARIABLE, value_parser = database_kind())]
    database: Option<Kind>,
    /// The API keys, as the setting `keys` of the stack has them; <dir>/env gets ROWGATE_TEAM_A_KEY
    /// of `team-a`, and ROWGATE_API_KEY of `writer` [default: writer and operator].
    // The CDK's command takes a setting up to the end of its first line.
    #[arg(long, value_name = "JSON", value_parser = json_line, conflicts_with = "database_only")]
    keys: Option<String>,
    /// How rows of files get into the database, as the setting `loaderPath` of the stack has it:
    /// statements or s3 [default: statements].
    #[arg(long, value_name = "PATH", value_parser = load_path(), conflicts_with = "database_only")]
    loader_path: Option<LoadPath>,
    /// Deploy the lake as well. It stays on afterwards; `rowgate local clean` turns it off.
    #[arg(long, conflicts_with = "database_only")]
    lake: bool,
    /// The Python that runs the jobs of the lake; `make lake` installs it.
    #[arg(
        long,
        value_name = "FILE",
        env = "ROWGATE_LAKE_PYTHON",
        default_value = ".local/lake-venv/bin/python"
    )]
    lake_python: PathBuf,
    /// Start the database and nothing else.
    #[arg(long)]
    database_only: bool,
}

impl Verb for Up {
    async fn run(&self, printer: Printer) -> Result<ExitStatus> {
        let environment = self.environment.environment.clone();
        let layout = Layout::create(&self.folder.dir)?.of_environment(environment.name())?;
        let schema = environment.schema_name();
        let cloud = Cloud { layout, http: HttpClient::new(), printer, environment };
        let layout = &cloud.layout;
        let _lock = Lock::take(layout, printer)?;
        let tables = (!self.database_only).then(|| Tables::read(self.sql.as_deref(), layout)).transpose()?;

        let database = Database::find(layout, self.database)?;
        database.install(printer)?;
        cloud.ensure(&database.spec()).await?;
        let mut variables = vec![("ROWGATE_MYSQL_SOCKET".into(), layout.socket.display().to_string())];
        if let Some(tables) = tables {
            tables.check_database(&database, &schema, layout).await?;
            tables.remember(layout)?;
            let ports = self.start_servers(&cloud).await?;
            let aws = Aws::local(&ports.gateway_url(), REGION, ACCESS_KEY, SECRET_KEY)
                .await
                .in_environment(&cloud.environment);
            let lake = is_lake_on(self.lake, layout)?;
            let sources = Sources {
                infra: absolute(&self.infra)?,
                artifacts: absolute(&self.artifacts)?,
                sql: tables.folder,
                keys: self.keys.clone(),
                loader_path: self.loader_path,
            };
            let deployment = deploy(&sources, lake, ports, &cloud).await?;
            create_user(&database, &schema, &deployment, &aws).await?;
            migrate(&aws, layout, printer).await?;
            let password = operator::ensure(&aws, layout, printer).await?;
            variables.extend(stack_variables(&deployment, lake, password, ports, &cloud).await?);
            variables.push(("ROWGATE_SQL".into(), text(&sources.sql)?.to_owned()));
            variables
                .extend(ministack::variables(ports).into_iter().map(|(name, value)| (name.into(), value)));
        }
        EnvFile { variables }.write(&layout.deployed.env)?;
        printer.note(&format!("  settings for a shell: source {}", layout.deployed.env.display()));
        Ok(ExitStatus::Success)
    }
}

impl Up {
    async fn start_servers(&self, cloud: &Cloud) -> Result<Ports> {
        let ministack = absolute(&self.ministack)?;
        require(&ministack, "`pip install -r local/requirements.txt` into a venv brings it")?;
        let local_data_api = match &self.local_data_api {
            Some(path) => absolute(path)?,
            None => std::env::current_exe()?.with_file_name("local-data-api"),
        };
        require(&local_data_api, "`cargo build -p local-data-api` brings it")?;
        let python = ministack::python(&ministack)?;
        let lake_python = absolute(&self.lake_python)?;
        let mut attempt = 1;
        loop {
            let ports = self.choose_ports(&cloud.layout)?;
            ports.remember(&cloud.layout)?;
            let start = async {
                cloud.ensure(&ministack::spec(&python, &lake_python, ports, &cloud.layout)?).await?;
                cloud.ensure(&data_api::spec(&local_data_api, ports, &cloud.layout)).await
            };
            match start.await {
                Ok(()) => return Ok(ports),
                Err(error) if attempt < PORT_ATTEMPTS && lost_a_port(ports, &cloud.layout) => {
                    cloud.printer.note(&format!("  a port was taken meanwhile ({error}); trying others"));
                    attempt += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Returns the previous ports if our own servers hold them or they are free, else free ones.
    fn choose_ports(&self, layout: &Layout) -> Result<Ports> {
        let last = Ports::remembered(layout);
        let choose = |service, asked, last, default, taken: &[u16]| {
            choose_port(service, asked, last, default, taken, layout)
        };
        let last_gateway = last.map(|ports| ports.gateway);
        let gateway = choose(ministack::SERVICE, self.gateway_port, last_gateway, DEFAULT_GATEWAY_PORT, &[])?;
        let last_data_api = last.map(|ports| ports.data_api);
        let data_api =
            choose(data_api::SERVICE, self.data_api_port, last_data_api, DEFAULT_DATA_API_PORT, &[gateway])?;
        Ok(Ports { gateway, data_api })
    }
}

/// Returns an absolute path: the services are started in another folder.
fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).map_err(|error| user_error(format!("{}: {error}.", path.display())))
}

/// Returns true if the lake is on: asked for now, or at an earlier `up`.
fn is_lake_on(asked: bool, layout: &Layout) -> Result<bool> {
    let path = &layout.deployed.lake;
    if asked {
        fs::write(path, "on\n").with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(path.exists())
}

fn require(program: &Path, remedy: &str) -> Result<()> {
    if program.is_file() {
        Ok(())
    } else {
        Err(user_error(format!("{} is missing; {remedy}, and `make run` does that.", program.display())))
    }
}

fn choose_port(
    service: Service,
    asked: Option<u16>,
    last: Option<u16>,
    default: u16,
    taken: &[u16],
    layout: &Layout,
) -> Result<u16> {
    let wanted = asked.filter(|port| *port != 0).or(last).or(asked).unwrap_or(default);
    if last == Some(wanted) && is_alive(service, layout) { Ok(wanted) } else { free_port(wanted, taken) }
}

fn is_alive(service: Service, layout: &Layout) -> bool {
    Record::read(service.name, layout).is_some_and(|record| record.is_alive())
}

/// Returns true if a server that is not ours answers on one of the ports.
fn lost_a_port(ports: Ports, layout: &Layout) -> bool {
    let pairs = [(ministack::SERVICE, ports.gateway), (data_api::SERVICE, ports.data_api)];
    pairs.into_iter().any(|(service, port)| {
        !is_alive(service, layout) && TcpStream::connect_timeout(&loopback(port), PORT_TAKEN_PROBE).is_ok()
    })
}

/// Creates the schema and the administrator that the stack's secret names, with the secret's
/// password.
async fn create_user(
    database: &Database<'_>,
    schema: &str,
    deployment: &Deployment,
    aws: &Aws,
) -> Result<()> {
    #[derive(Deserialize)]
    struct Secret {
        username: String,
        password: String,
    }
    let arn = deployment.output("AdminSecretArn")?;
    let answer = aws
        .secrets()
        .get_secret_value()
        .secret_id(arn)
        .send()
        .await
        .with_context(|| format!("reading the secret {arn}"))?;
    let text = answer.secret_string().ok_or_else(|| anyhow!("the secret {arn} holds no text"))?;
    let secret: Secret = serde_json::from_str(text).with_context(|| format!("the secret {arn}"))?;
    database.run(&database::setup(schema, &secret.username, &secret.password)).await
}

async fn migrate(aws: &Aws, layout: &Layout, printer: Printer) -> Result<()> {
    #[derive(Deserialize)]
    struct Migrated {
        applied: Vec<Value>,
    }
    let step = printer.step("migrating the database");
    let function = aws.environment().function_name("migrate");
    let answer = call(aws, &function, &json!({})).await.with_context(|| format!("invoking {function}"))?;
    let answer = answer.map_err(|words| {
        let log = layout.log(ministack::SERVICE.name);
        user_error(format!(
            "The migration failed: {}. The function's log is in {}.",
            String::from_utf8_lossy(&words),
            log.display()
        ))
    })?;
    let Migrated { applied } = read(&function, &answer)?;
    if applied.is_empty() {
        step.done("database schema is current");
    } else {
        step.done(&format!("database migrated, {} applied", applied.len()));
    }
    Ok(())
}

/// Returns the variables for scripts, and those by which people reach the service and the first of
/// them signs in.
async fn stack_variables(
    deployment: &Deployment,
    lake: bool,
    password: String,
    ports: Ports,
    cloud: &Cloud,
) -> Result<Vec<(Cow<'static, str>, String)>> {
    let mut variables = vec![
        ("ROWGATE_MYSQL_DATABASE".into(), cloud.environment.schema_name()),
        ("ROWGATE_CONSOLE_USER".into(), operator::USERNAME.to_owned()),
        ("ROWGATE_CONSOLE_PASSWORD".into(), password),
    ];
    variables.extend(cloud.environment.name().map(|name| ("ROWGATE_ENVIRONMENT".into(), name.to_owned())));
    for (key, id) in deployment.key_ids() {
        variables.push((key_variable(key).into(), cloud.api_key(ports, id).await?));
    }
    let outputs = [
        ("ROWGATE_URL", "ApiUrl"),
        ("ROWGATE_BUCKET", "DataBucketName"),
        ("ROWGATE_PEOPLE_URL", "PeopleUrl"),
        ("ROWGATE_CONSOLE_URL", "ConsoleUrl"),
        ("ROWGATE_LAKE_BUCKET", "LakeBucketName"),
    ];
    for (variable, output) in outputs.into_iter().filter(|(_, output)| lake || *output != "LakeBucketName") {
        variables.push((variable.into(), deployment.output(output)?.to_owned()));
    }
    Ok(variables)
}

/// Returns the variable that holds a key, from the key's name in the outputs: `TeamA`.
fn key_variable(key: &str) -> String {
    if key == "Writer" {
        return "ROWGATE_API_KEY".to_owned();
    }
    let mut variable = "ROWGATE".to_owned();
    for letter in key.chars() {
        if letter.is_ascii_uppercase() {
            variable.push('_');
        }
        variable.push(letter.to_ascii_uppercase());
    }
    variable + "_KEY"
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use testkit::replay::{Exchange, Replay, answer, cut};

    use super::*;

    #[test]
    fn the_remembered_port_is_used_again_and_a_taken_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::create(folder.path()).unwrap();
        let free = free_port(0, &[]).unwrap();
        let choose = |asked, last| choose_port(ministack::SERVICE, asked, last, 4566, &[], &layout).unwrap();
        assert_eq!(choose(None, Some(free)), free);
        assert_eq!(choose(Some(0), Some(free)), free);
        let listener = TcpListener::bind(loopback(free)).unwrap();
        assert_ne!(choose(None, Some(free)), free);
        drop(listener);
    }

    #[test]
    fn each_key_has_a_variable() {
        for (key, variable) in [
            ("Writer", "ROWGATE_API_KEY"),
            ("Operator", "ROWGATE_OPERATOR_KEY"),
            ("TeamA2", "ROWGATE_TEAM_A2_KEY"),
        ] {
            assert_eq!(key_variable(key), variable);
        }
    }

    #[test]
    fn the_lake_stays_on_once_it_was_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::create(folder.path()).unwrap();
        assert!(!is_lake_on(false, &layout).unwrap());
        assert!(is_lake_on(true, &layout).unwrap());
        assert!(is_lake_on(false, &layout).unwrap());
        assert!(layout.data().contains(&layout.deployed.lake), "`clean` turns it off");
    }

    #[tokio::test]
    async fn a_migration_whose_answer_cannot_be_read_is_a_fault_of_rowgate() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::create(folder.path()).unwrap();
        let migrated = async |exchange| {
            let aws = Aws::of(&Replay::always(exchange));
            migrate(&aws, &layout, Printer::for_terminal()).await.map_err(|error| ExitStatus::of(&error))
        };
        assert_eq!(migrated(answer("", r#"{"applied": []}"#)).await, Ok(()));
        assert_eq!(migrated(answer("", "migrated")).await, Err(ExitStatus::Unexpected));
        assert_eq!(migrated(cut()).await, Err(ExitStatus::Unexpected));
        let header = ("x-amz-function-error", "Unhandled");
        let failed = Exchange { header, ..answer("", r#"{"errorMessage": "a lock"}"#) };
        assert_eq!(migrated(failed).await, Err(ExitStatus::User));
    }

    #[test]
    fn an_asked_port_wins_over_the_remembered_one() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::create(folder.path()).unwrap();
        let (first, second) = (free_port(0, &[]).unwrap(), free_port(0, &[]).unwrap());
        assert_eq!(
            choose_port(ministack::SERVICE, Some(second), Some(first), 4566, &[], &layout).unwrap(),
            second
        );
    }
}
