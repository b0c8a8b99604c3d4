//! The users that the function makes: by an admin with no more rights than it needs, on a real
//! database.

use std::time::Duration;

use anyhow::Result;
use aurora::users::{Login, Role, UsersError};
use aurora::{Database, Deadline, Statement, Target};
use domain::load::LoadPath;
use lambda_runtime::Diagnostic;
use migrate::{Failure, Secrets};
use mysql_async::prelude::Queryable;
use serde_json::json;
use testkit::TestDatabase;
use testkit::replay::{Replay, answer, refusal};

const FIRST: &str = "TheFirstPassword1";
const SECOND: &str = "TheSecondPassword2";

/// A database with an admin that may do what a deployment's admin may on it, and users of names of
/// their own.
struct Deployment {
    test: TestDatabase,
    admin: Database,
    mark: u32,
}

impl Deployment {
    /// An admin from `host`.
    async fn with_admin_from(host: &str) -> Result<Self> {
        let (test, mark) = (TestDatabase::start().await?, fastrand::u32(..));
        let deployment = Self { admin: test.admin(), test, mark };
        let (admin, database) = (deployment.name("admin"), deployment.test.name());
        for sql in [
            format!("CREATE USER '{admin}'@'{host}' IDENTIFIED BY '{FIRST}'"),
            format!("GRANT CREATE USER ON *.* TO '{admin}'@'{host}'"),
            format!(
                "GRANT ALL PRIVILEGES ON `{}`.* TO '{admin}'@'{host}' WITH GRANT OPTION",
                database.replace('_', "\\_")
            ),
            format!("GRANT AWS_LOAD_S3_ACCESS TO '{admin}'@'{host}' WITH ADMIN OPTION"),
        ] {
            deployment.test.sql(&sql).await?;
        }
        Ok(Self { admin: deployment.log_in("admin", FIRST), ..deployment })
    }

    async fn start() -> Result<Self> {
        Self::with_admin_from("%").await
    }

    fn name(&self, user: &str) -> String {
        format!("t{:08x}_{user}", self.mark)
    }

    /// The database as a user sees it who logs in with this password.
    fn log_in(&self, user: &str, password: &str) -> Database {
        let arn =
            format!("arn:aws:secretsmanager:us-east-1:000000000000:secret:{user}-{}", fastrand::u64(..));
        self.test.secrets().put(&arn, self.name(user), password);
        let target = Target { secret_arn: arn, ..self.test.target() };
        Database::new(self.test.client(), target).with_deadline(Deadline::after(Duration::from_secs(60)))
    }

    fn users(&self, password: &str) -> Result<[(Role, Login); 2]> {
        let login = |role: Role| Login::new(self.name(&role.to_string()), password);
        Ok([(Role::Reader, login(Role::Reader)?), (Role::Writer, login(Role::Writer)?)])
    }

    async fn migrate(&self, users: &[(Role, Login)]) -> Result<migrate::Response, Failure> {
        self.migrate_by(LoadPath::Statements, users).await
    }

    async fn migrate_by(
        &self,
        path: LoadPath,
        users: &[(Role, Login)],
    ) -> Result<migrate::Response, Failure> {
        migrate::run(&self.admin, users, path, &testkit::folder().migrations, "request").await
    }

    /// The rights of a user, without the line about its password.
    async fn grants(&self, user: &str) -> Result<Vec<String>> {
        let rows = self.test.sql(&format!("SHOW GRANTS FOR '{}'@'%'", self.name(user))).await?;
        let grants =
            rows.into_iter().flatten().flatten().filter(|grant| !grant.starts_with("GRANT USAGE ON *.*"));
        Ok(grants.map(|grant| grant.replace(&self.name(user), "USER").replace(['`', '\''], "")).collect())
    }

    async fn end(self) -> Result<()> {
        for user in ["admin", "reader", "writer"] {
            for host in ["%", "localhost"] {
                self.test.sql(&format!("DROP USER IF EXISTS '{}'@'{host}'", self.name(user))).await?;
            }
        }
        Ok(())
    }
}

/// Runs a statement and says how the database refused it: `denied`, `login`, or not at all.
async fn outcome(database: &Database, sql: &str) -> String {
    let database = database.with_deadline(Deadline::after(Duration::from_secs(2)));
    match database.execute(Statement::new(sql.to_owned())).await {
        Ok(_) => "done".to_owned(),
        Err(error) => error.class().to_owned(),
    }
}

#[tokio::test]
async fn users_have_the_rights_of_their_role_on_this_database_alone() -> Result<()> {
    // An admin as on Aurora, and one as MariaDB and MySQL make them for a socket.
    for host in ["%", "localhost"] {
        let deployment = Deployment::with_admin_from(host).await?;
        let other = TestDatabase::start().await?;
        other.sql("CREATE TABLE theirs (id INT PRIMARY KEY)").await?;
        deployment.migrate(&deployment.users(FIRST)?).await?;
        let database = deployment.test.name().replace('_', "\\_");
        assert_eq!(deployment.grants("reader").await?, [format!("GRANT SELECT ON {database}.* TO USER@%")]);
        assert_eq!(
            deployment.grants("writer").await?,
            [format!("GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER ON {database}.* TO USER@%")]
        );
        let (reader, writer) = (deployment.log_in("reader", FIRST), deployment.log_in("writer", FIRST));
        assert_eq!(outcome(&reader, "SELECT COUNT(*) FROM rowgate_loads").await, "done");
        assert_eq!(outcome(&writer, "CREATE TABLE mine (id INT PRIMARY KEY)").await, "done");
        assert_eq!(outcome(&writer, "INSERT INTO mine VALUES (1)").await, "done");
        let name = deployment.name("reader");
        for sql in [
            format!("SELECT * FROM {}.theirs", other.name()),
            format!("GRANT SELECT ON `{database}`.* TO '{name}'@'%'"),
            format!("ALTER USER '{name}'@'%' IDENTIFIED BY '{SECOND}'"),
            format!("DROP USER '{name}'@'%'"),
            "CREATE USER somebody IDENTIFIED BY 'SomePassword12345'".to_owned(),
            "CREATE DATABASE somewhere".to_owned(),
            "SELECT user FROM mysql.user".to_owned(),
        ] {
            for (user, database) in [("reader", &reader), ("writer", &writer)] {
                assert_eq!(outcome(database, &sql).await, "access_denied", "{user}: {sql}");
            }
        }
        for sql in [
            "INSERT INTO mine VALUES (2)",
            "UPDATE mine SET id = 3",
            "DELETE FROM mine",
            "DROP TABLE mine",
            "CREATE TABLE theirs (id INT)",
            "ALTER TABLE mine ADD a INT",
            "RENAME TABLE mine TO yours",
            "TRUNCATE TABLE mine",
        ] {
            assert_eq!(outcome(&reader, sql).await, "access_denied", "{sql}");
        }
        deployment.end().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_changed_secret_sets_the_password_and_open_sessions_go_on() -> Result<()> {
    let deployment = Deployment::start().await?;
    let applied = deployment.migrate(&deployment.users(FIRST)?).await?.applied;
    assert_eq!(applied.len(), testkit::folder().migrations.len());
    let before = deployment.log_in("writer", FIRST);
    let open = before.begin().await?;
    open.execute(Statement::new(
        "INSERT INTO rowgate_leases (name, owner, expires_at) VALUES ('a', '', NOW())",
    ))
    .await?;

    let again = deployment.migrate(&deployment.users(SECOND)?).await?;
    assert_eq!(again.applied, [""; 0]);
    open.commit().await?;
    let after = deployment.log_in("writer", SECOND);
    assert_eq!(outcome(&after, "DELETE FROM rowgate_leases WHERE name = 'a'").await, "done");
    let stale = deployment.log_in("reader", FIRST);
    assert_eq!(outcome(&stale, "SELECT 1").await, "login_refused");

    deployment.migrate(&deployment.users(SECOND)?).await?;
    assert_eq!(outcome(&after, "SELECT COUNT(*) FROM rowgate_leases").await, "done");
    deployment.end().await
}

#[tokio::test]
async fn only_a_writer_that_loads_by_s3_may_load_from_there() -> Result<()> {
    let deployment = Deployment::start().await?;
    for (path, may) in [(LoadPath::Statements, false), (LoadPath::S3, true)] {
        deployment.migrate_by(path, &deployment.users(FIRST)?).await?;
        for (user, may) in [("reader", false), ("writer", may)] {
            let grants = deployment.grants(user).await?;
            let has = grants.iter().any(|grant| grant.starts_with("GRANT AWS_LOAD_S3_ACCESS"));
            assert_eq!(has, may, "{user}, {path:?}: {grants:?}");
        }
    }
    deployment.end().await
}

#[tokio::test]
async fn users_are_made_though_a_migration_fails() -> Result<()> {
    let deployment = Deployment::start().await?;
    let wrong = domain::migration::Migration::parse("20261121_create_a", "CREATE TABEL a (id INT);")?;
    let failure =
        migrate::run(&deployment.admin, &deployment.users(FIRST)?, LoadPath::Statements, &[wrong], "request")
            .await;
    assert!(matches!(failure, Err(Failure::Migrations(_))), "{failure:?}");
    assert_eq!(outcome(&deployment.log_in("reader", FIRST), "SELECT 1").await, "done");
    deployment.end().await
}

#[tokio::test]
async fn a_user_that_is_another_is_refused_before_anything_is_changed() -> Result<()> {
    let deployment = Deployment::start().await?;
    let login = |name: &str| Login::new(deployment.name(name), SECOND);
    let failure = deployment.migrate(&[(Role::Reader, login("one")?), (Role::Writer, login("one")?)]).await;
    assert!(matches!(failure, Err(Failure::Users(UsersError::Shared { .. }))), "{failure:?}");
    let failure = deployment.migrate(&[(Role::Writer, login("admin")?)]).await;
    assert!(matches!(failure, Err(Failure::Users(UsersError::Admin { .. }))), "{failure:?}");
    assert_eq!(outcome(&deployment.admin, "SELECT 1").await, "done");
    let made = format!("SELECT COUNT(*) FROM mysql.user WHERE user = '{}'", deployment.name("one"));
    assert_eq!(deployment.test.value(&made).await?, "0");
    deployment.end().await
}

#[tokio::test]
async fn an_admin_without_the_right_is_told_so_without_the_password() -> Result<()> {
    let deployment = Deployment::start().await?;
    deployment
        .test
        .sql(&format!("REVOKE CREATE USER ON *.* FROM '{}'@'%'", deployment.name("admin")))
        .await?;
    let failure = deployment.migrate(&deployment.users(SECOND)?).await.unwrap_err();
    let Failure::Users(UsersError::Refused { role: Role::Reader, ref reason, .. }) = failure else {
        anyhow::bail!("{failure:?}");
    };
    assert!(reason.starts_with("access denied: ") && reason.contains("CREATE USER"), "{reason}");
    assert!(!format!("{failure:?} {failure}").contains(SECOND), "{failure:?}");
    assert_eq!(Diagnostic::from(failure).error_type, "UsersFailed");
    deployment.end().await
}

/// The users' sessions over a socket, with the client of a person and not the Data API's.
#[tokio::test]
async fn users_log_in_over_a_socket() -> Result<()> {
    let deployment = Deployment::start().await?;
    deployment.migrate(&deployment.users(FIRST)?).await?;
    let options = mysql_async::OptsBuilder::default()
        .socket(Some(deployment.test.mysql_socket().display().to_string()))
        .user(Some(deployment.name("reader")))
        .pass(Some(FIRST));
    let mut conn = mysql_async::Conn::new(options).await?;
    let who: Option<String> = conn.query_first("SELECT CURRENT_USER()").await?;
    assert_eq!(who, Some(format!("{}@%", deployment.name("reader"))));
    conn.disconnect().await?;
    deployment.end().await
}

fn secrets(replay: &Replay) -> Secrets {
    Secrets::from_variables(aws_sdk_secretsmanager::Client::new(&replay.config()), |name| {
        Some(name.to_lowercase())
    })
}

#[tokio::test]
async fn secrets_are_read_at_each_run() -> Result<()> {
    let secret = |user: &str, password: &str| {
        let text = json!({"username": user, "password": password, "engine": "mysql"}).to_string();
        answer("GetSecretValue", json!({"Name": "x", "SecretString": text}))
    };
    let replay =
        Replay::new([secret("r", FIRST), secret("w", FIRST), secret("r", SECOND), secret("w", SECOND)]);
    let secrets = secrets(&replay);
    for password in [FIRST, SECOND] {
        let expected =
            [(Role::Reader, Login::new("r", password)?), (Role::Writer, Login::new("w", password)?)];
        assert_eq!(secrets.read().await?, expected);
    }
    let none = Secrets::from_variables(aws_sdk_secretsmanager::Client::new(&replay.config()), |_| None);
    assert_eq!(none.read().await?, []);
    Ok(())
}

#[tokio::test]
async fn a_secret_that_cannot_be_used_is_named() {
    let text = json!({"username": "r", "password": "it's"}).to_string();
    for (exchange, message) in [
        (
            refusal("GetSecretValue", "AccessDeniedException", "User: x is not authorized"),
            "the secret of the reader (rowgate_reader_secret_arn) cannot be read: User: x is not authorized",
        ),
        (
            answer("GetSecretValue", json!({"SecretString": text})),
            "the secret of the reader (rowgate_reader_secret_arn) cannot be used: its `password` has to be 16 to 128 \
             letters (A to Z, a to z) and digits",
        ),
        (
            answer("GetSecretValue", json!({"SecretString": "hunter2"})),
            "the secret of the reader (rowgate_reader_secret_arn) cannot be used: it has to be a JSON object with the \
             texts `username` and `password`",
        ),
        (
            answer("GetSecretValue", json!({"SecretBinary": "aHVudGVyMg=="})),
            "the secret of the reader (rowgate_reader_secret_arn) cannot be used: it has to be a JSON object with the \
             texts `username` and `password`",
        ),
    ] {
        let error = secrets(&Replay::new([exchange])).read().await.unwrap_err();
        assert_eq!(error.to_string(), message);
        let diagnostic = Diagnostic::from(Failure::from(error));
        assert_eq!(
            (diagnostic.error_type.as_str(), diagnostic.error_message.as_str()),
            ("UsersFailed", message)
        );
    }
}
