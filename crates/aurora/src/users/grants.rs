//! What each user may do.

use std::fmt;

use super::login::Login;

/// What a user is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Reads: the function of the reports.
    Reader,
    /// Reads and writes, makes the tables of loads and restores and swaps them in: all functions
    /// but those of the reports and of the migrations.
    Writer,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 2] = [Self::Reader, Self::Writer];

    /// Returns the privileges on the database. There are none on others, and none that are global.
    ///
    /// Of the writer's, `CREATE` and `ALTER` are for the tables that loads and restores fill beside
    /// a table (`CREATE TABLE … LIKE`, its numbers), `DROP` for those that are left over; and
    /// `RENAME TABLE`, which swaps them in, needs all three and `INSERT`.
    pub fn privileges(self) -> &'static [&'static str] {
        match self {
            Self::Reader => &["SELECT"],
            Self::Writer => &["SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "ALTER"],
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reader => "reader",
            Self::Writer => "writer",
        })
    }
}

/// Returns the statements that make a user, set its password and grant the rights of its role on
/// `database`, on MySQL and MariaDB. The user may log in from any host: where the Data API's
/// connections come from is not documented. The password is set each time, as it is when the user
/// is new: a changed secret needs nothing else, and sessions that are open do not notice.
pub fn statements(database: &str, role: Role, login: &Login) -> [String; 3] {
    let (user, password) = (login.user(), login.password());
    let privileges = role.privileges().join(", ");
    let database = pattern(database);
    [
        format!("CREATE USER IF NOT EXISTS '{user}'@'%' IDENTIFIED BY '{password}'"),
        format!("ALTER USER '{user}'@'%' IDENTIFIED BY '{password}'"),
        format!("GRANT {privileges} ON `{database}`.* TO '{user}'@'%'"),
    ]
}

/// Returns the statement that lets a user load files from S3, on Aurora MySQL.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Integrating.LoadFromS3.html>
pub fn load_from_s3(login: &Login) -> String {
    format!("GRANT AWS_LOAD_S3_ACCESS TO '{}'@'%'", login.user())
}

/// Returns the pattern that matches this database alone: in a GRANT, `_` stands for any character
/// and `%` for any text.
fn pattern(database: &str) -> String {
    database.replace('`', "``").replace('_', "\\_").replace('%', "\\%")
}
