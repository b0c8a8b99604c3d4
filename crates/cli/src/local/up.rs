//! Starts the local cloud, or what is missing of it.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use aws_sdk_lambda::primitives::Blob;
use local_database::Kind;
use serde::Deserialize;

use super::database::{self, Database};
use super::deploy::{Deployment, Sources, deploy};
use super::env_file::EnvFile;
use super::layout::Layout;
use super::lock::Lock;
use super::ports::{Ports, free_port, loopback};
use super::process::Record;
use super::service::ensure;
use super::{ACCESS_KEY, DATABASE, REGION, SECRET_KEY, data_api, ministack, operator};
use crate::aws::Aws;
use crate::exit::user_error;
use crate::http::HttpClient;
use crate::printer::Printer;

const DEFAULT_GATEWAY_PORT: u16 = 4566;
const DEFAULT_DATA_API_PORT: u16 = 4570;
/// Another program may take a port between our look and our server's start.
const PORT_ATTEMPTS: usize = 3;
const PORT_TAKEN_PROBE: Duration = Duration::from_millis(300);
const MIGRATE: &str = "rowgate-migrate";

/// The programs of the local cloud that are not found in `PATH`.
#[derive(Clone, Debug)]
pub(crate) struct Programs {
    pub ministack: PathBuf,
    pub local_data_api: PathBuf,
    /// The Python that runs the jobs of the lake. It may not be there yet: `make lake` installs it.
    pub lake_python: PathBuf,
}

/// How much of the local cloud is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parts {
    All,
    /// The database alone, for tests that need nothing else.
    Database,
}

/// What `up` is told.
#[derive(Clone, Debug)]
pub(crate) struct UpOptions {
    pub folder: PathBuf,
    pub sources: Sources,
    pub programs: Programs,
    pub parts: Parts,
    /// None: the kind that is there, else MariaDB.
    pub database: Option<Kind>,
    /// Whether the lake is to be on; false: as it was.
    pub lake: bool,
    /// None: the remembered port, else the default; 0: any that is free.
    pub gateway_port: Option<u16>,
    pub data_api_port: Option<u16>,
}

/// Starts what does not run, deploys what has changed, migrates, makes the first operator, and writes the env file.
pub(crate) async fn up(options: &UpOptions, http: &HttpClient, printer: Printer) -> Result<()> {
    let layout = Layout::create(&options.folder)?;
    let _lock = Lock::take(&layout, printer)?;

    let database = Database::find(&layout, options.database)?;
    database.install(printer)?;
    ensure(&database.spec(), &database.probe(), database::START_LIMIT, &layout, http, printer).await?;
    let socket = ("ROWGATE_MYSQL_SOCKET", layout.socket().display().to_string());
    if options.parts == Parts::Database {
        return EnvFile { variables: vec![socket] }.write(&layout.env());
    }

    let ports = start_servers(options, &layout, http, printer).await?;
    let endpoint = ministack::endpoint(ports);
    let aws = Aws::local(&endpoint, REGION, ACCESS_KEY, SECRET_KEY, http.clone()).await;
    let lake = keep_lake(options.lake, &layout)?;
    let deployment = deploy(&options.sources, lake, ports, &layout, &aws, printer).await?;
    create_user(&database, &deployment, &aws).await?;
    migrate(&aws, &layout, printer).await?;
    let password = operator::ensure(&aws, &layout, printer).await?;
    let mut env = env_file(&deployment, &endpoint, &layout, &aws).await?;
    env.variables.extend(people_variables(&deployment, password)?);
    if lake {
        env.variables.push(("ROWGATE_LAKE_BUCKET", deployment.output("LakeBucketName")?.to_owned()));
    }
    env.write(&layout.env())
}

/// Whether the lake is on: asked for now, or at an earlier `up`.
fn keep_lake(asked: bool, layout: &Layout) -> Result<bool> {
    let path = layout.lake();
    if asked {
        fs::write(&path, "on\n").with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(path.exists())
}

async fn start_servers(
    options: &UpOptions,
    layout: &Layout,
    http: &HttpClient,
    printer: Printer,
) -> Result<Ports> {
    let programs = &options.programs;
    require(&programs.ministack, "`pip install -r local/requirements.txt` into a venv brings it")?;
    require(&programs.local_data_api, "`cargo build -p local-data-api` brings it")?;
    let mut attempt = 1;
    loop {
        let ports = choose_ports(options, layout)?;
        ports.remember(layout)?;
        match start_pair(programs, ports, layout, http, printer).await {
            Ok(()) => return Ok(ports),
            Err(error) if attempt < PORT_ATTEMPTS && lost_a_port(ports, layout) => {
                printer.note(&format!("  a port was taken meanwhile ({error}); trying others"));
                attempt += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

async fn start_pair(
    programs: &Programs,
    ports: Ports,
    layout: &Layout,
    http: &HttpClient,
    printer: Printer,
) -> Result<()> {
    let python = ministack::python(&programs.ministack)?;
    let gateway = ministack::spec(&python, &programs.lake_python, ports, layout)?;
    ensure(&gateway, &ministack::probe(ports), ministack::START_LIMIT, layout, http, printer).await?;
    let server = data_api::spec(&programs.local_data_api, ports, layout);
    ensure(&server, &data_api::probe(ports), data_api::START_LIMIT, layout, http, printer).await?;
    Ok(())
}

fn require(program: &Path, remedy: &str) -> Result<()> {
    if program.is_file() {
        Ok(())
    } else {
        Err(user_error(format!("{} is missing; {remedy}, and `make run` does that.", program.display())))
    }
}

/// The ports of the last time where our own servers hold them or nobody does, else free ones.
fn choose_ports(options: &UpOptions, layout: &Layout) -> Result<Ports> {
    let last = Ports::remembered(layout);
    let gateway = choose_port(
        ministack::NAME,
        options.gateway_port,
        last.map(|ports| ports.gateway),
        DEFAULT_GATEWAY_PORT,
        &[],
        layout,
    )?;
    let data_api = choose_port(
        data_api::NAME,
        options.data_api_port,
        last.map(|ports| ports.data_api),
        DEFAULT_DATA_API_PORT,
        &[gateway],
        layout,
    )?;
    Ok(Ports { gateway, data_api })
}

fn choose_port(
    service: &str,
    asked: Option<u16>,
    last: Option<u16>,
    default: u16,
    taken: &[u16],
    layout: &Layout,
) -> Result<u16> {
    let wanted = asked.filter(|port| *port != 0).or(last).or(asked).unwrap_or(default);
    let ours = last == Some(wanted) && Record::read(service, layout).is_some_and(|record| record.is_alive());
    if ours { Ok(wanted) } else { free_port(wanted, taken) }
}

/// Whether a server that is not ours answers on one of the ports.
fn lost_a_port(ports: Ports, layout: &Layout) -> bool {
    [(ministack::NAME, ports.gateway), (data_api::NAME, ports.data_api)].into_iter().any(|(service, port)| {
        let alive = Record::read(service, layout).is_some_and(|record| record.is_alive());
        !alive && TcpStream::connect_timeout(&loopback(port), PORT_TAKEN_PROBE).is_ok()
    })
}

/// Creates the database and the user that the stack's secret names, with the secret's password.
async fn create_user(database: &Database<'_>, deployment: &Deployment, aws: &Aws) -> Result<()> {
    #[derive(Deserialize)]
    struct Secret {
        username: String,
        password: String,
    }
    let arn = deployment.output("SecretArn")?;
    let answer = aws
        .secrets()
        .get_secret_value()
        .secret_id(arn)
        .send()
        .await
        .with_context(|| format!("reading the secret {arn}"))?;
    let text = answer.secret_string().ok_or_else(|| anyhow!("the secret {arn} holds no text"))?;
    let secret: Secret = serde_json::from_str(text).with_context(|| format!("the secret {arn}"))?;
    database.run(&database::setup(DATABASE, &secret.username, &secret.password)).await
}

async fn migrate(aws: &Aws, layout: &Layout, printer: Printer) -> Result<()> {
    let step = printer.step("migrating the database");
    let answer = aws
        .lambda()
        .invoke()
        .function_name(MIGRATE)
        .payload(Blob::new("{}"))
        .send()
        .await
        .with_context(|| format!("invoking {MIGRATE}"))?;
    let payload =
        answer.payload().map_or_else(String::new, |blob| String::from_utf8_lossy(blob.as_ref()).into_owned());
    if answer.function_error().is_some() {
        return Err(user_error(format!(
            "The migration failed: {payload}. The function's log is in {}.",
            layout.log(ministack::NAME).display()
        )));
    }
    step.done(&migrated(&payload));
    Ok(())
}

/// One line about what `rowgate-migrate` answered.
fn migrated(payload: &str) -> String {
    #[derive(Deserialize)]
    struct Answer {
        applied: Vec<serde_json::Value>,
    }
    match serde_json::from_str::<Answer>(payload) {
        Ok(answer) if answer.applied.is_empty() => "database schema is current".to_owned(),
        Ok(answer) => format!("database migrated, {} applied", answer.applied.len()),
        Err(_) => format!("database migrated: {payload}"),
    }
}

async fn env_file(deployment: &Deployment, endpoint: &str, layout: &Layout, aws: &Aws) -> Result<EnvFile> {
    let key = async |output| aws.api_key(deployment.output(output)?).await;
    let mut variables = vec![
        ("ROWGATE_URL", deployment.output("ApiUrl")?.to_owned()),
        ("ROWGATE_API_KEY", key("WriterKeyId").await?),
        ("ROWGATE_OPERATOR_KEY", key("OperatorKeyId").await?),
        ("ROWGATE_BUCKET", deployment.output("DataBucketName")?.to_owned()),
        ("ROWGATE_MYSQL_SOCKET", layout.socket().display().to_string()),
        ("ROWGATE_MYSQL_DATABASE", DATABASE.to_owned()),
    ];
    variables.extend(aws_variables(endpoint));
    Ok(EnvFile { variables })
}

/// Where people find the service, and how the first of them comes in.
fn people_variables(deployment: &Deployment, password: String) -> Result<[(&'static str, String); 4]> {
    Ok([
        ("ROWGATE_PEOPLE_URL", deployment.output("PeopleUrl")?.to_owned()),
        ("ROWGATE_CONSOLE_URL", deployment.output("ConsoleUrl")?.to_owned()),
        ("ROWGATE_CONSOLE_USER", operator::USERNAME.to_owned()),
        ("ROWGATE_CONSOLE_PASSWORD", password),
    ])
}

/// What leads the AWS SDKs and tools to the local cloud.
fn aws_variables(endpoint: &str) -> [(&'static str, String); 5] {
    [
        ("AWS_ENDPOINT_URL", endpoint.to_owned()),
        ("AWS_REGION", REGION.to_owned()),
        // boto3 reads this one alone.
        ("AWS_DEFAULT_REGION", REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY.to_owned()),
    ]
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn the_remembered_port_is_used_again_and_a_taken_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::create(folder.path()).unwrap();
        let free = free_port(0, &[]).unwrap();
        let choose = |asked, last| choose_port("ministack", asked, last, 4566, &[], &layout).unwrap();
        assert_eq!(choose(None, Some(free)), free);
        assert_eq!(choose(Some(0), Some(free)), free);
        let listener = TcpListener::bind(loopback(free)).unwrap();
        assert_ne!(choose(None, Some(free)), free);
        drop(listener);
    }

    #[test]
    fn the_env_file_names_the_region_for_boto3_as_well() {
        let variables = aws_variables("http://127.0.0.1:4566");
        for name in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
            assert!(variables.contains(&(name, REGION.to_owned())), "{name}");
        }
    }

    #[test]
    fn the_lake_stays_on_once_it_was_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::create(folder.path()).unwrap();
        assert!(!keep_lake(false, &layout).unwrap());
        assert!(keep_lake(true, &layout).unwrap());
        assert!(keep_lake(false, &layout).unwrap());
        assert!(layout.data().contains(&layout.lake()), "`clean` turns it off");
    }

    #[test]
    fn an_asked_port_wins_over_the_remembered_one() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::create(folder.path()).unwrap();
        let (first, second) = (free_port(0, &[]).unwrap(), free_port(0, &[]).unwrap());
        assert_eq!(choose_port("ministack", Some(second), Some(first), 4566, &[], &layout).unwrap(), second);
    }

    #[test]
    fn the_migration_is_told_in_one_line() {
        assert_eq!(migrated(r#"{"applied": []}"#), "database schema is current");
        assert_eq!(migrated(r#"{"applied": ["20260101_create_hr"]}"#), "database migrated, 1 applied");
    }
}
