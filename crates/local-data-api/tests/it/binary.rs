//! The program: flags and environment reach the server, and SIGTERM ends it in order.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use testkit::DatabaseServer;

use crate::support::{CLUSTER, SECRET};

struct Program {
    child: Child,
    address: String,
}

impl Program {
    fn start(database_server: &DatabaseServer, flags: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_local-data-api"))
            .args(["--listen", "127.0.0.1:0", "--user", "root"])
            .args(flags)
            .env("LOCAL_DATA_API_MYSQL_SOCKET", database_server.socket())
            .envs(environment.iter().copied())
            .env("NO_COLOR", "1")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let ready = log.find_map(|line| Some(line.ok()?.split_once("url=\"http://")?.1.to_owned()));
        let address = ready.unwrap().trim_end_matches('"').to_owned();
        Self { child, address }
    }

    fn execute(&self, sql: &str) -> String {
        self.post("/Execute", &format!(r#""sql":"{sql}""#))
    }

    fn post(&self, path: &str, members: &str) -> String {
        let body = format!(r#"{{"resourceArn":"{CLUSTER}","secretArn":"{SECRET}",{members}}}"#);
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn runs_until_it_is_terminated() {
    let database_server = DatabaseServer::shared_or_new().unwrap();
    let mut program = Program::start(&database_server, &[], &[]);
    assert!(program.execute("SELECT 7").contains(r#"[[{"longValue":7}]]"#));
    let signalled = Command::new("kill").args(["-TERM", &program.child.id().to_string()]).status().unwrap();
    assert!(signalled.success());
    assert!(program.child.wait().unwrap().success());
}

#[test]
fn flags_and_environment_set_faults_limits_and_sessions() {
    let database_server = DatabaseServer::shared_or_new().unwrap();
    let flags = ["--fault-error", "ThrottlingException", "--fault-error-rate", "1"];
    let throttled = Program::start(&database_server, &flags, &[]);
    assert!(throttled.execute("SELECT 1").contains("x-amzn-errortype: ThrottlingException"));
    let lost = Program::start(&database_server, &[], &[("LOCAL_DATA_API_FAULT_LOSE_RATE", "1")]);
    assert_eq!(lost.execute("SELECT 1"), "");
    let resuming = Program::start(&database_server, &["--fault-resume-ms", "60000"], &[]);
    assert!(resuming.execute("SELECT 1").contains("DatabaseResumingException"));
    let json = r#"{"rules":[{"effect":{"error":"ForbiddenException"},"times":1}]}"#;
    let other = Program::start(
        &database_server,
        &["--session-init", "SET time_zone = '+02:00'", "--error-style", "v1", "--call-timeout-ms", "2000"],
        &[("LOCAL_DATA_API_FAULTS", json)],
    );
    assert!(other.execute("SELECT 1").contains("ForbiddenException"));
    assert!(other.execute("SELECT @@time_zone").contains("+02:00"));
    assert!(other.execute("SELEC").contains("Database error code: 1064. Message: "));
    assert!(other.execute("SELECT SLEEP(9)").contains("StatementTimeoutException"));
}

#[test]
fn a_flag_says_what_an_error_does_to_a_transaction() {
    let database_server = DatabaseServer::shared_or_new().unwrap();
    for (value, kept) in [(None, false), (Some("abort"), false), (Some("keep"), true)] {
        let flags = value.map_or_else(Vec::new, |value| vec!["--on-error", value]);
        let program = Program::start(&database_server, &flags, &[]);
        let begun = program.post("/BeginTransaction", r#""database":"mysql""#);
        let id = begun.split_once(r#""transactionId":"#).unwrap().1.trim_end_matches('}');
        let execute = |sql: &str| program.post("/Execute", &format!(r#""sql":"{sql}","transactionId":{id}"#));
        assert!(execute("SELEC").contains("DatabaseErrorException"));
        assert_eq!(execute("SELECT 1").starts_with("HTTP/1.1 200"), kept, "{flags:?}");
    }
}

#[test]
fn wrong_flags_are_explained() {
    let run =
        |flags: &[&str]| Command::new(env!("CARGO_BIN_EXE_local-data-api")).args(flags).output().unwrap();
    let nothing = run(&[]);
    assert!(!nothing.status.success());
    assert!(String::from_utf8_lossy(&nothing.stderr).contains("--mysql-socket"));
    let unknown = run(&["--mysql-host", "h", "--fault-error", "NoSuchError"]);
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("the service has no error named"));
    let rate = run(&["--mysql-host", "h", "--listen", "127.0.0.1:0", "--fault-error-rate", "2"]);
    assert!(!rate.status.success());
    assert!(String::from_utf8_lossy(&rate.stderr).contains("rate must be between 0 and 1"));
}
