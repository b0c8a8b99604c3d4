#![doc = include_str!("../README.md")]

mod find;
mod kind;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub use find::{Missing, PROGRAM_VARIABLE};
pub use kind::{KIND_VARIABLE, Kind, UnknownKind};

/// The paths of a server's files.
#[derive(Clone, Copy, Debug)]
pub struct Places<'a> {
    /// The data directory.
    pub data: &'a Path,
    /// The socket, of at most 107 bytes.
    pub socket: &'a Path,
    /// The file of its process id.
    pub pid_file: &'a Path,
}

/// A database server that is installed on this machine.
#[derive(Clone, Debug)]
pub struct Server {
    kind: Kind,
    program: PathBuf,
}

impl Server {
    /// Finds the server: MariaDB's `mariadbd` on the path, MySQL's `mysqld` there or where
    /// [`PROGRAM_VARIABLE`] says.
    ///
    /// # Errors
    ///
    /// [`Missing`] where it is not installed, or is another database's.
    pub fn find(kind: Kind) -> Result<Self, Missing> {
        Ok(Self { kind, program: find::server(kind)? })
    }

    /// Returns the kind of database.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The program that serves.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Its version, as `10.11.14-MariaDB-0+deb12u2` or `8.4.6`.
    ///
    /// # Errors
    ///
    /// The error of a program that cannot be run.
    pub fn version(&self) -> io::Result<String> {
        let text = find::version(&self.program)?;
        // `mysqld  Ver 8.4.6 for Linux on x86_64 (Source distribution)`
        let mut words = text.split_whitespace().skip_while(|word| *word != "Ver");
        Ok(words.nth(1).unwrap_or("unknown").to_owned())
    }

    /// The command that makes an empty data directory at `data`, which must not be there. Its
    /// `root` needs no password.
    ///
    /// # Errors
    ///
    /// [`Missing`] where MariaDB comes without the program for it.
    pub fn create(&self, data: &Path) -> Result<Command, Missing> {
        let mut command = match self.kind {
            Kind::MariaDb => {
                let mut command = Command::new(find::program("mariadb-install-db")?);
                command.args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]);
                command
            }
            Kind::MySql => {
                let mut command = Command::new(&self.program);
                command.args(["--no-defaults", "--initialize-insecure"]);
                command
            }
        };
        command.arg(option("--datadir", data)).args(root_needs_a_user());
        command.env("TMPDIR", beside(data)).stdin(Stdio::null());
        Ok(command)
    }

    /// The arguments of a server that is as strict as MySQL is by default, in UTC, and reachable
    /// through its socket alone. Others may follow; of two values of one option, the last counts.
    pub fn arguments(&self, places: Places<'_>) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = vec![
            "--no-defaults".into(),
            option("--datadir", places.data),
            option("--socket", places.socket),
            option("--pid-file", places.pid_file),
            // MariaDB removes what other servers have in the same folder when it starts.
            option("--tmpdir", beside(places.data)),
            // Where the local Data API leaves what is to be loaded from S3.
            option("--secure-file-priv", beside(places.data)),
        ];
        arguments.extend(root_needs_a_user().map(OsString::from));
        let common = [
            "--skip-networking",
            "--skip-name-resolve",
            "--default-time-zone=+00:00",
            "--character-set-server=utf8mb4",
            "--sql-mode=ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,\
             ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION",
            "--max-allowed-packet=64M",
            "--local-infile=1",
        ];
        arguments.extend(common.map(OsString::from));
        let own: &[&str] = match self.kind {
            // The nearest that it has to Aurora's defaults, utf8mb4_0900_ai_ci and 2 (MySQL 8's,
            // too): otherwise LOAD DATA lets no other statement insert into its table.
            Kind::MariaDb => &["--collation-server=utf8mb4_unicode_520_ci", "--innodb-autoinc-lock-mode=2"],
            Kind::MySql => &["--mysqlx=OFF", "--skip-log-bin"],
        };
        arguments.extend(own.iter().map(OsString::from));
        arguments
    }
}

/// Returns the statements, for root, that make the role whose holders may load from S3, which every
/// Aurora MySQL has, and let `user`, as `'name'@'host'`, hold it and grant it. They are idempotent.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Integrating.LoadFromS3.html>
pub fn load_from_s3_role(user: &str) -> [String; 3] {
    [
        "CREATE ROLE IF NOT EXISTS AWS_LOAD_S3_ACCESS".to_owned(),
        // The local Data API copies the object to a file, which the server reads.
        "GRANT FILE ON *.* TO AWS_LOAD_S3_ACCESS".to_owned(),
        format!("GRANT AWS_LOAD_S3_ACCESS TO {user} WITH ADMIN OPTION"),
    ]
}

/// The folder that a data directory is in, for temporary files.
fn beside(data: &Path) -> &Path {
    data.parent().unwrap_or(data)
}

/// Both servers refuse to run as root unless a user is named; other users must not name one.
fn root_needs_a_user() -> Option<&'static str> {
    rustix::process::geteuid().is_root().then_some("--user=root")
}

fn option(name: &str, path: &Path) -> OsString {
    let mut option = OsString::from(name);
    option.push("=");
    option.push(path);
    option
}
