//! Prepares measurements: a private database that is set up like that of the local cloud, and the
//! local Data API in front of it, as a process of its own.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use aurora::{Database, Deadline, Target};
use aws_credential_types::Credentials;
use aws_sdk_rdsdata::Client;
use aws_sdk_rdsdata::config::{BehaviorVersion, Region};
use local_database::Kind;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, OptsBuilder};
use testkit::DatabaseServer;

use crate::people;

/// The database of all measures.
pub(crate) const DATABASE: &str = "rowgate";
pub(crate) const BUCKET: &str = "bench";

/// The cluster that the Data API's requests name; any will do.
pub(crate) const CLUSTER_ARN: &str = "arn:aws:rds:us-east-1:000000000000:cluster:rowgate";
/// See [`CLUSTER_ARN`].
pub(crate) const SECRET_ARN: &str = "arn:aws:secretsmanager:us-east-1:000000000000:secret:rowgate";

/// The durability and memory of the local cloud's database
/// (`crates/cli/src/commands/local/database.rs`); with the settings of the tests, frequent commits
/// would cost too little.
const SETTINGS: [&str; 6] = [
    "--innodb-flush-log-at-trx-commit=1",
    "--innodb-doublewrite=ON",
    "--innodb-flush-method=O_DIRECT",
    "--innodb-use-native-aio=ON",
    "--innodb-buffer-pool-size=512M",
    "--local-infile=1",
];

const REDO_LOG_MIB: u32 = 256;

const START_LIMIT: Duration = Duration::from_secs(20);

/// Returns the options of the database, beyond those that tests use.
pub(crate) fn settings() -> Result<Vec<String>> {
    let redo_log = Kind::from_env()?.redo_log(REDO_LOG_MIB);
    Ok(SETTINGS.into_iter().map(str::to_owned).chain([redo_log]).collect())
}

/// The database and the Data API, with the schema and the departments and jobs that employees refer
/// to. Both end when it is dropped.
#[derive(Debug)]
pub(crate) struct Stage {
    data_api: Child,
    address: SocketAddr,
    database_server: DatabaseServer,
}

impl Stage {
    pub(crate) async fn start(binaries: &Path) -> Result<Self> {
        let database_server = DatabaseServer::start_with(&settings()?)?;
        let (data_api, address) = start_data_api(&binaries.join("local-data-api"), database_server.socket())?;
        let stage = Self { data_api, address, database_server };
        stage.wait_for_data_api()?;
        let mut conn = stage.connect(None).await?;
        conn.query_drop(format!("CREATE DATABASE {DATABASE}")).await?;
        let migrations = domain::migration::shipped()?;
        aurora::migrations::migrate(&stage.database(), &migrations, "bench").await?;
        conn.query_drop(format!("USE {DATABASE}")).await?;
        for statement in people::references() {
            conn.query_drop(statement).await?;
        }
        conn.disconnect().await?;
        Ok(stage)
    }

    /// Returns the socket of the database.
    pub(crate) fn socket(&self) -> &Path {
        self.database_server.socket()
    }

    /// Returns the process id of the Data API.
    pub(crate) fn data_api_pid(&self) -> u32 {
        self.data_api.id()
    }

    /// Returns the process id of the database.
    pub(crate) async fn database_pid(&self) -> Result<u32> {
        let mut conn = self.connect(None).await?;
        let file: Option<String> = conn.query_first("SELECT @@pid_file").await?;
        conn.disconnect().await?;
        let text = std::fs::read_to_string(file.context("the database has no pid file")?)?;
        Ok(text.trim().parse()?)
    }

    /// Returns the URL of the Data API.
    pub(crate) fn data_api_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the environment of the functions on this stage.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        let mut environment = environment();
        environment.push(("AWS_ENDPOINT_URL_RDS_DATA", self.data_api_url()));
        environment
    }

    /// Returns the database as the functions see it.
    pub(crate) fn database(&self) -> Database {
        let config = aws_sdk_rdsdata::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("bench", "bench", None, None, "bench"))
            .endpoint_url(self.data_api_url())
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build();
        let target = Target {
            cluster_arn: CLUSTER_ARN.to_owned(),
            secret_arn: SECRET_ARN.to_owned(),
            database: DATABASE.to_owned(),
        };
        Database::new(Client::from_conf(config), target)
            .with_deadline(Deadline::after(Duration::from_secs(3600)))
    }

    /// Connects past the Data API.
    pub(crate) async fn connect(&self, database: Option<&str>) -> Result<Conn> {
        let options = OptsBuilder::default()
            .socket(Some(self.socket().display().to_string()))
            .user(Some("root"))
            .db_name(database);
        Ok(Conn::new(options).await?)
    }

    fn wait_for_data_api(&self) -> Result<()> {
        let started = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            if started.elapsed() > START_LIMIT {
                bail!("local-data-api does not listen on {}", self.address);
            }
            sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = self.data_api.kill();
        let _ = self.data_api.wait();
    }
}

/// Returns the environment that every function needs to start.
pub(crate) fn environment() -> Vec<(&'static str, String)> {
    [
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "bench"),
        ("AWS_SECRET_ACCESS_KEY", "bench"),
        ("AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH", "true"),
        ("ROWGATE_CLUSTER_ARN", CLUSTER_ARN),
        ("ROWGATE_SECRET_ARN", SECRET_ARN),
        ("ROWGATE_DATABASE", DATABASE),
        ("ROWGATE_BUCKET", BUCKET),
        ("ROWGATE_URL", "http://127.0.0.1"),
        ("ROWGATE_PEOPLE_URL", "http://127.0.0.1"),
        ("ROWGATE_OPERATOR_KEY_ID", "operator"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into()
}

fn start_data_api(program: &Path, socket: &Path) -> Result<(Child, SocketAddr)> {
    // The port is free now; if another process takes it first the run fails.
    let address = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?;
    let child = Command::new("setpriv")
        // It ends with this process in any case.
        .args(["--pdeathsig", "KILL"])
        .arg(program)
        .arg(format!("--listen={address}"))
        .arg(format!("--mysql-socket={}", socket.display()))
        .args(["--user=root", "--log=warn"])
        .stdin(Stdio::null())
        .spawn()
        .context("cannot run setpriv (util-linux)")?;
    Ok((child, address))
}
