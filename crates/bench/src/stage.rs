//! Prepares measurements: a private database that is set up like that of the local cloud, the local
//! Data API in front of it, as a process of its own, and a bucket in this process.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use aurora::{Database, Deadline};
use local_database::{Kind, load_from_s3_role};
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use testkit::{Bucket, DatabaseServer, Process};

use crate::people;

/// The database of all measures.
pub(crate) const DATABASE: &str = "rowgate";
pub(crate) const BUCKET: &str = "bench";

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

/// The database, the Data API and the bucket, with the schema and the departments and jobs that
/// employees refer to. All end when it is dropped.
#[derive(Debug)]
pub(crate) struct Stage {
    /// The bucket, in this process.
    pub(crate) bucket: Bucket,
    data_api: Process,
    address: SocketAddr,
    database_server: DatabaseServer,
}

impl Stage {
    pub(crate) async fn start(binaries: &Path) -> Result<Self> {
        Self::start_with(binaries, settings()?).await
    }

    /// Starts with a database that listens on 127.0.0.1 as well as on its socket, which not every
    /// program can use.
    pub(crate) async fn listening(binaries: &Path) -> Result<Self> {
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let port = format!("--port={port}");
        let tcp = ["--skip-networking=OFF", "--bind-address=127.0.0.1", "--skip-name-resolve=OFF", &port];
        Self::start_with(binaries, settings()?.into_iter().chain(tcp.map(str::to_owned)).collect()).await
    }

    async fn start_with(binaries: &Path, options: Vec<String>) -> Result<Self> {
        let database_server = DatabaseServer::start_with(&options)?;
        let bucket = Bucket::serve().await?;
        let program = binaries.join("local-data-api");
        let (data_api, address) = start_data_api(&program, database_server.socket(), &bucket.url())?;
        let stage = Self { bucket, data_api, address, database_server };
        stage.wait_for_data_api()?;
        let mut conn = stage.connect(None).await?;
        conn.query_drop(format!("CREATE DATABASE {DATABASE}")).await?;
        for statement in load_from_s3_role("'root'@'localhost'") {
            conn.query_drop(statement).await?;
        }
        let migrations = &testkit::hr::folder().migrations;
        aurora::migrations::migrate(&stage.database(), migrations, "bench").await?;
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
        Database::new(testkit::client(&self.data_api_url()), testkit::target(DATABASE))
            .with_deadline(Deadline::after(Duration::from_secs(3600)))
    }

    /// Connects past the Data API.
    pub(crate) async fn connect(&self, database: Option<&str>) -> Result<Conn> {
        testkit::connect(self.socket(), database).await
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

/// Returns the environment that every function needs to start.
pub(crate) fn environment() -> Vec<(&'static str, String)> {
    let target = testkit::target(DATABASE);
    [
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "bench"),
        ("AWS_SECRET_ACCESS_KEY", "bench"),
        ("AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH", "true"),
        ("ROWGATE_CLUSTER_ARN", &target.cluster_arn),
        ("ROWGATE_SECRET_ARN", &target.secret_arn),
        ("ROWGATE_DATABASE", &target.database),
        ("ROWGATE_BUCKET", BUCKET),
        ("ROWGATE_URL", "http://127.0.0.1"),
        ("ROWGATE_PEOPLE_URL", "http://127.0.0.1"),
        ("ROWGATE_KEYS", r#"[{"id": "writer", "name": "writer", "right": "write"}]"#),
        ("ROWGATE_SQL", testkit::hr::SQL),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into()
}

fn start_data_api(program: &Path, socket: &Path, bucket: &str) -> Result<(Process, SocketAddr)> {
    // The port is free now; if another process takes it first the run fails.
    let address = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?;
    let mut command = Process::command(program);
    command
        .arg(format!("--listen={address}"))
        .arg(format!("--mysql-socket={}", socket.display()))
        .arg(format!("--s3-endpoint={bucket}"))
        .args(["--user=root", "--log=warn"])
        .stdin(Stdio::null());
    Ok((Process::start(command)?, address))
}
