use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use anyhow::{Context, Result};
use aurora::users::{Login, Role, load_from_s3, statements};
use aurora::{Database, Deadline, Target};
use aws_credential_types::Credentials as AwsCredentials;
use aws_sdk_rdsdata::Client;
use aws_sdk_rdsdata::config::{BehaviorVersion, Region};
use domain::folder::TableFolder;
use local_data_api::{Config, Credentials, FaultHandle, MemorySecrets, Server, Upstream};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, OptsBuilder, Row, Value};

use crate::server::DatabaseServer;

/// The time of a test's calls; machines that build at the same time are slow.
const BUDGET: Duration = Duration::from_secs(60);

/// A database of its own, behind a Data API of its own.
///
/// What is done through it has the rights of a deployment: [`database`](Self::database) and
/// [`target`](Self::target) are those of the functions that write, [`reader`](Self::reader) those
/// of the function of the reports, [`admin`](Self::admin) those of the function of the migrations.
/// So a test fails where a function does what its user may not.
///
/// A statement that fails ends its transaction there, as it may on AWS
/// ([`OnError::Abort`](local_data_api::OnError)). A test of the other way sets [`Config::on_error`]
/// in [`start_with`](Self::start_with).
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
    secrets: MemorySecrets,
    server: Server,
    mysql: Arc<DatabaseServer>,
}

impl TestDatabase {
    /// An empty database.
    ///
    /// # Errors
    /// When the database or the Data API cannot be started.
    pub async fn start() -> Result<Self> {
        Self::start_with(|_| {}).await
    }

    /// An empty database behind a Data API that is set up otherwise: other limits, faults from the
    /// start, session settings.
    ///
    /// # Errors
    /// When the database or the Data API cannot be started.
    pub async fn start_with(configure: impl FnOnce(&mut Config)) -> Result<Self> {
        Self::start_on(mysql()?, configure).await
    }

    /// Starts an empty database on a server of the caller's own, which may be killed, for example.
    ///
    /// # Errors
    /// When the server does not answer or the Data API cannot be started.
    pub async fn start_on(mysql: Arc<DatabaseServer>, configure: impl FnOnce(&mut Config)) -> Result<Self> {
        let name = format!("test_{}_{:08x}", std::process::id(), fastrand::u32(..));
        let mut conn = connect(mysql.socket(), None).await?;
        conn.query_drop(format!("CREATE DATABASE {name}")).await?;
        for sql in local_database::load_from_s3_role("'root'@'localhost'") {
            conn.query_drop(sql).await?;
        }
        let secrets = MemorySecrets::default();
        secrets.put(admin_target(&name).secret_arn, "root", "");
        for role in Role::ALL {
            let user = user(&name, role);
            for sql in statements(&name, role, &Login::new(&user, PASSWORD)?) {
                conn.query_drop(sql).await?;
            }
            secrets.put(role_target(&name, role).secret_arn, user, PASSWORD);
        }
        conn.disconnect().await?;
        let upstream = Upstream::Socket(mysql.socket().to_owned());
        let mut config = Config::new(upstream, Credentials::Memory(secrets.clone()));
        configure(&mut config);
        let server = Server::bind(config).await?;
        Ok(Self { name, secrets, server, mysql })
    }

    /// A database with every migration of the [tests' own folder](crate::folder) applied.
    ///
    /// # Errors
    /// When it cannot be started or migrated.
    pub async fn migrated() -> Result<Self> {
        let test = Self::start().await?;
        test.migrate().await?;
        Ok(test)
    }

    /// A database with every migration of a folder of tables applied, and Rowgate's own.
    ///
    /// # Errors
    /// When it cannot be started or migrated.
    pub async fn migrated_with(folder: &TableFolder) -> Result<Self> {
        let test = Self::start().await?;
        test.migrate_with(folder).await?;
        Ok(test)
    }

    /// Applies every migration of the [tests' own folder](crate::folder).
    ///
    /// # Errors
    /// When one fails.
    pub async fn migrate(&self) -> Result<()> {
        self.migrate_with(crate::folder()).await
    }

    /// Applies those migrations of a folder of tables, and of Rowgate's own, that the database does
    /// not have.
    ///
    /// # Errors
    /// When one fails.
    pub async fn migrate_with(&self, folder: &TableFolder) -> Result<()> {
        aurora::migrations::migrate(&self.admin(), &folder.migrations, "testkit").await?;
        Ok(())
    }

    /// Lets the user of the functions that write load from S3, as a deployment with
    /// `loaderPath=s3` does.
    ///
    /// # Errors
    /// When the database refuses it.
    pub async fn let_load_from_s3(&self) -> Result<()> {
        let login = Login::new(user(&self.name, Role::Writer), PASSWORD)?;
        self.sql(&load_from_s3(&login)).await.map(drop)
    }

    /// The database as the functions that write see it, with a minute for everything that is done
    /// through this handle.
    pub fn database(&self) -> Database {
        self.open(self.target())
    }

    /// The database as the function of the reports sees it, like [`database`](Self::database).
    pub fn reader(&self) -> Database {
        self.open(self.reader_target())
    }

    /// The database as the function of the migrations sees it, like [`database`](Self::database).
    /// This user may do anything.
    pub fn admin(&self) -> Database {
        self.open(admin_target(&self.name))
    }

    fn open(&self, target: Target) -> Database {
        Database::new(self.client(), target).with_deadline(Deadline::after(BUDGET))
    }

    /// An SDK client for the Data API in front of it.
    pub fn client(&self) -> Client {
        client(&self.server.url())
    }

    /// Returns the database's names at the Data API, for functions that write.
    pub fn target(&self) -> Target {
        target(&self.name)
    }

    /// Returns the database's names at the Data API, for the function of the reports.
    pub fn reader_target(&self) -> Target {
        role_target(&self.name, Role::Reader)
    }

    /// Returns the database's names at the Data API, for the function of the migrations.
    pub fn admin_target(&self) -> Target {
        admin_target(&self.name)
    }

    /// Returns the name of the database's user with this role.
    pub fn user(&self, role: Role) -> String {
        user(&self.name, role)
    }

    /// The secrets of its Data API.
    pub fn secrets(&self) -> &MemorySecrets {
        &self.secrets
    }

    /// The faults of the Data API in front of it.
    pub fn data_api(&self) -> &FaultHandle {
        self.server.faults()
    }

    /// The Data API's endpoint, for `AWS_ENDPOINT_URL_RDS_DATA`.
    pub fn data_api_url(&self) -> String {
        self.server.url()
    }

    /// Returns the number of open transactions of the Data API.
    pub fn open_transactions(&self) -> usize {
        self.server.open_transactions()
    }

    /// The name of the database.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The socket of its server.
    pub fn mysql_socket(&self) -> &Path {
        self.mysql.socket()
    }

    /// Runs SQL directly, past the Data API, as root: rows of values as text.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn sql(&self, sql: &str) -> Result<Vec<Vec<Option<String>>>> {
        let mut conn = self.connect().await?;
        let rows: Vec<Row> = conn.query(sql).await.with_context(|| sql.to_owned())?;
        conn.disconnect().await?;
        rows.into_iter().map(|row| row.unwrap().into_iter().map(text).collect()).collect()
    }

    /// Runs a statement like [`sql`](Self::sql), but without the database's strict mode, for a row
    /// that it would refuse.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn sql_unchecked(&self, sql: &str) -> Result<()> {
        let mut conn = self.connect().await?;
        conn.query_drop("SET SESSION sql_mode = ''").await?;
        conn.query_drop(sql).await.with_context(|| sql.to_owned())?;
        Ok(conn.disconnect().await?)
    }

    /// The first value of the first row as text: for counts.
    ///
    /// # Errors
    /// Those of the database; also if there is no row or NULL.
    pub async fn value(&self, sql: &str) -> Result<String> {
        let first = self.sql(sql).await?.into_iter().next().and_then(|row| row.into_iter().next());
        first.flatten().with_context(|| format!("no value: {sql}"))
    }

    /// A connection past the Data API, as root.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn connect(&self) -> Result<Conn> {
        connect(self.mysql.socket(), Some(&self.name)).await
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // A server of this process goes with all its databases, unless others have it as well.
        if self.mysql.is_shared() || Arc::strong_count(&self.mysql) > 1 {
            let (socket, name) = (self.mysql.socket().to_owned(), self.name.clone());
            // On a runtime of its own: the test's may be ending.
            let _ = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                runtime.block_on(remove(&socket, &name))
            })
            .join();
        }
    }
}

/// Returns an SDK client for the Data API at this address.
pub fn client(data_api_url: &str) -> Client {
    let config = aws_sdk_rdsdata::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(AwsCredentials::for_tests())
        .endpoint_url(data_api_url)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    Client::from_conf(config)
}

/// The password of every [`TestDatabase`]'s users.
const PASSWORD: &str = "PasswordOfTheTests1";

fn role_target(database: &str, role: Role) -> Target {
    match role {
        Role::Writer => target(database),
        Role::Reader => named("reader", database),
    }
}

fn admin_target(database: &str) -> Target {
    named("admin", database)
}

fn named(secret: &str, database: &str) -> Target {
    let target = target(database);
    Target { secret_arn: format!("{}-{secret}", target.secret_arn), ..target }
}

fn user(database: &str, role: Role) -> String {
    format!("{database}_{role}")
}

/// Returns the names of a database at a local Data API, which takes any cluster and secret.
pub fn target(database: &str) -> Target {
    Target {
        cluster_arn: "arn:aws:rds:us-east-1:000000000000:cluster:rowgate".to_owned(),
        secret_arn: "arn:aws:secretsmanager:us-east-1:000000000000:secret:rowgate".to_owned(),
        database: database.to_owned(),
    }
}

/// One server for all tests that run in this process at the same time.
fn mysql() -> Result<Arc<DatabaseServer>> {
    static CURRENT: Mutex<Weak<DatabaseServer>> = Mutex::new(Weak::new());
    let mut current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(mysql) = current.upgrade() {
        return Ok(mysql);
    }
    let mysql = Arc::new(DatabaseServer::shared_or_new()?);
    *current = Arc::downgrade(&mysql);
    Ok(mysql)
}

/// Removes a database.
async fn remove(socket: &Path, name: &str) -> Result<()> {
    let mut conn = connect(socket, None).await?;
    // A transaction that a test left open would hold its tables.
    let sessions = format!("SELECT ID FROM information_schema.PROCESSLIST WHERE DB = '{name}'");
    for session in conn.query::<u64, _>(sessions).await? {
        // It may have ended meanwhile.
        let _ = conn.query_drop(format!("KILL {session}")).await;
    }
    conn.query_drop("SET lock_wait_timeout = 5").await?;
    conn.query_drop(format!("DROP DATABASE IF EXISTS {name}")).await?;
    for role in Role::ALL {
        conn.query_drop(format!("DROP USER IF EXISTS '{}'@'%'", user(name, role))).await?;
    }
    Ok(conn.disconnect().await?)
}

/// Connects to a server past the Data API, as root.
///
/// # Errors
/// When the server does not answer.
pub async fn connect(socket: &Path, database: Option<&str>) -> Result<Conn> {
    let options = OptsBuilder::default()
        .socket(Some(socket.display().to_string()))
        .user(Some("root"))
        .db_name(database)
        .init(vec!["SET NAMES utf8mb4, time_zone = '+00:00'"]);
    Ok(Conn::new(options).await?)
}

/// The text protocol gives everything but NULL as bytes.
fn text(value: Value) -> Result<Option<String>> {
    Ok(match value {
        Value::NULL => None,
        Value::Bytes(bytes) => Some(String::from_utf8(bytes)?),
        other => Some(other.as_sql(true)),
    })
}
