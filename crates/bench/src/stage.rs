//! What the measures run on: a private database that is set up like the local cloud's, and the local Data API in front of it as
//! a process of its own.

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

/// What the Data API's requests name; any will do.
pub(crate) const CLUSTER_ARN: &str = "arn:aws:rds:us-east-1:000000000000:cluster:rowgate";
/// See [`CLUSTER_ARN`].
pub(crate) const SECRET_ARN: &str = "arn:aws:secretsmanager:us-east-1:000000000000:secret:rowgate";

/// The durability and memory of the local cloud's database (`crates/cli/src/commands/local/database.rs`); the tests' own settings would
/// flatter whoever commits more often.
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

/// The options of the database, beside those of every test's.
pub(crate) fn settings() -> Result<Vec<String>> {
    let redo_log = Kind::from_env()?.redo_log(REDO_LOG_MIB);
    Ok(SETTINGS.into_iter().map(str::to_owned).chain([redo_log]).collect())
}

/// The database and the Data API, with the schema and the departments and jobs that employees refer to. Both end with it.
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

    /// The socket of the database.
    pub(crate) fn socket(&self) -> &Path {
        self.database_server.socket()
    }

    /// The process of the Data API.
    pub(crate) fn data_api_pid(&self) -> u32 {
        self.data_api.id()
    }

    /// The process of the database.
    pub(crate) async fn database_pid(&self) -> Result<u32> {
        let mut conn = self.connect(None).await?;
        let file: Option<String> = conn.query_first("SELECT @@pid_file").await?;
        conn.disconnect().await?;
        let text = std::fs::read_to_string(file.context("the database has no pid file")?)?;
        Ok(text.trim().parse()?)
    }

    /// The Data API, for `AWS_ENDPOINT_URL_RDS_DATA`.
    pub(crate) fn data_api_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The database as the functions see it.
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

    /// A connection past the Data API.
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

fn start_data_api(program: &Path, socket: &Path) -> Result<(Child, SocketAddr)> {
    // Free now, and this machine does little else; a clash ends the run, it does not falsify it.
    let address = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?;
    let child = Command::new("setpriv")
        // It ends with this process, however that ends.
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
