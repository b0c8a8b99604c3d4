//! Logins come from the secret. A tiny responder plays Secrets Manager; the conformance run uses a
//! real emulator.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use local_data_api::{Config, Credentials, MemorySecrets, Upstream};
use mysql_async::prelude::Queryable as _;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{Harness, SECRET, send, text};

/// Answers GetSecretValue from a map, and counts.
#[derive(Clone, Default)]
struct Secrets {
    values: Arc<Mutex<HashMap<String, String>>>,
    reads: Arc<Mutex<u32>>,
}

impl Secrets {
    fn put(&self, arn: &str, value: &impl ToString) {
        self.values.lock().unwrap().insert(arn.to_owned(), value.to_string());
    }

    fn reads(&self) -> u32 {
        *self.reads.lock().unwrap()
    }

    async fn start(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let secrets = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(secrets.clone().answer(stream));
            }
        });
        format!("http://{address}")
    }

    async fn answer(self, mut stream: TcpStream) -> Option<()> {
        let mut request = Vec::new();
        let body = loop {
            let mut chunk = [0; 4096];
            let read = stream.read(&mut chunk).await.ok().filter(|read| *read > 0)?;
            request.extend_from_slice(&chunk[..read]);
            let text = String::from_utf8_lossy(&request);
            if let Some((_, body)) = text.split_once("\r\n\r\n")
                && let Ok(body) = serde_json::from_str::<serde_json::Value>(body)
            {
                break body;
            }
        };
        *self.reads.lock().unwrap() += 1;
        let arn = body["SecretId"].as_str().unwrap_or_default();
        let value = self.values.lock().unwrap().get(arn).cloned();
        let (status, answer) = match value {
            _ if arn.contains("forbidden") => {
                (400, json!({"__type": "AccessDeniedException", "Message": "not authorized to read it"}))
            }
            None => (
                400,
                json!({"__type": "ResourceNotFoundException", "Message": "Secrets Manager can't find the specified secret."}),
            ),
            Some(value) => (200, json!({"ARN": arn, "Name": "s", "SecretString": value})),
        };
        let answer = answer.to_string();
        let head = format!(
            "HTTP/1.1 {status} x\r\ncontent-type: application/x-amz-json-1.1\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            answer.len()
        );
        stream.write_all((head + &answer).as_bytes()).await.ok()
    }
}

fn arn(name: &str) -> String {
    format!("arn:aws:secretsmanager:eu-central-1:000000000000:secret:{name}")
}

async fn harness(secrets: &Secrets, ttl: Duration) -> Harness {
    let endpoint = secrets.start().await;
    Harness::with(|config| {
        config.credentials = Credentials::SecretsManager { endpoint: Some(endpoint), ttl };
    })
    .await
}

#[tokio::test]
async fn the_secret_decides_who_logs_in() {
    let secrets = Secrets::default();
    let h = harness(&secrets, Duration::from_secs(60)).await;
    let (one, two) = (format!("one_{}", h.database), format!("two_{}", h.database));
    for (user, password) in [(&one, "it's one"), (&two, "zwölf")] {
        h.sql(&format!("CREATE USER {user}@localhost IDENTIFIED BY \"{password}\"")).await;
        secrets.put(
            &arn(user),
            &json!({"username": user, "password": password, "engine": "mysql", "port": 3306}),
        );
    }
    h.sql(&format!("GRANT ALL ON {}.* TO {one}@localhost", h.database)).await;
    let who = |user: &str| h.statement("SELECT CURRENT_USER()").secret_arn(arn(user));
    for _ in 0..3 {
        let result = send(who(&one)).await.unwrap();
        assert_eq!(result.records()[0], [text(&format!("{one}@localhost"))]);
    }
    assert_eq!(secrets.reads(), 1, "a secret is remembered for a while");
    let (a, b, c) = tokio::join!(send(who(&two)), send(who(&two)), send(who(&two)));
    assert!(a.is_err() && b.is_err() && c.is_err());
    assert_eq!(secrets.reads(), 2, "calls that come together read a secret once");
    // The other user exists but may not use this database.
    let failed = send(who(&two)).await.unwrap_err();
    assert_eq!(failed.code, "DatabaseErrorException");
    assert!(failed.message.contains("Error code: 1044; SQLState: 42000"), "{}", failed.message);
}

#[tokio::test]
async fn a_rotated_password_is_read_again() {
    let secrets = Secrets::default();
    let h = harness(&secrets, Duration::from_secs(60)).await;
    let user = format!("r_{}", h.database);
    h.sql(&format!("CREATE USER {user}@localhost IDENTIFIED BY 'old'")).await;
    h.sql(&format!("GRANT ALL ON *.* TO {user}@localhost")).await;
    secrets.put(&arn(&user), &json!({"username": user, "password": "old"}));
    let select = |database: &str| send(h.statement("SELECT 1").database(database).secret_arn(arn(&user)));
    select(&h.database).await.unwrap();
    h.sql(&format!("ALTER USER {user}@localhost IDENTIFIED BY 'new'")).await;
    // Another database needs another session, and so the new password.
    let failed = select("mysql").await.unwrap_err();
    assert_eq!(failed.code, "DatabaseErrorException");
    assert!(failed.message.contains("Access denied for user"), "{}", failed.message);
    assert!(failed.message.contains("Error code: 1045; SQLState: 28000"), "{}", failed.message);
    secrets.put(&arn(&user), &json!({"username": user, "password": "new"}));
    select("mysql").await.unwrap();
}

#[tokio::test]
async fn a_transaction_outlives_the_password_that_it_began_with() {
    let secrets = MemorySecrets::default();
    let memory = Credentials::Memory(secrets.clone());
    let h = Harness::with(|config| (config.credentials, config.idle_sessions) = (memory, 0)).await;
    let user = format!("m_{}", h.database);
    let mut root = h.direct().await;
    for sql in [
        format!("CREATE USER {user}@localhost IDENTIFIED BY 'old'"),
        format!("GRANT ALL ON {}.* TO {user}@localhost", h.database),
    ] {
        root.query_drop(sql).await.unwrap();
    }
    let failed = h.execute("SELECT 1").await.unwrap_err();
    assert_eq!(failed.code, "SecretsErrorException");
    secrets.put(SECRET, &user, "old");
    let transaction = h.begin().await;
    root.query_drop(format!("ALTER USER {user}@localhost IDENTIFIED BY 'new'")).await.unwrap();
    let failed = h.execute("SELECT 1").await.unwrap_err();
    assert!(failed.message.contains("Error code: 1045; SQLState: 28000"), "{}", failed.message);
    h.execute_in(&transaction, "SELECT 1").await.unwrap();
    secrets.put(SECRET, &user, "new");
    h.execute("SELECT 1").await.unwrap();
    h.execute_in(&transaction, "SELECT 1").await.unwrap();
    h.commit(&transaction).await.unwrap();
    root.query_drop(format!("DROP USER {user}@localhost")).await.unwrap();
}

#[tokio::test]
async fn a_secret_that_is_gone_is_noticed_after_its_time() {
    let secrets = Secrets::default();
    let h = harness(&secrets, Duration::from_secs(1)).await;
    secrets.put(&arn("root"), &json!({"username": "root", "password": ""}));
    let select = || send(h.statement("SELECT 1").secret_arn(arn("root")));
    select().await.unwrap();
    secrets.values.lock().unwrap().clear();
    select().await.unwrap();
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert_eq!(select().await.unwrap_err().code, "SecretsErrorException");
}

#[tokio::test]
async fn secrets_that_do_not_help_have_their_own_errors() {
    let secrets = Secrets::default();
    let h = harness(&secrets, Duration::from_secs(60)).await;
    secrets.put(&arn("text"), &"hunter2");
    secrets.put(&arn("half"), &json!({"username": "root"}));
    for (name, code, status, message) in [
        ("missing", "SecretsErrorException", 400, "can't find the specified secret"),
        ("forbidden", "AccessDeniedException", 403, "not authorized"),
        ("text", "InvalidSecretException", 400, "must be a JSON object"),
        ("half", "InvalidSecretException", 400, "must be a JSON object"),
    ] {
        let failed = send(h.statement("SELECT 1").secret_arn(arn(name))).await.unwrap_err();
        assert_eq!((failed.code.as_str(), failed.status), (code, status), "{name}");
        assert!(failed.message.contains(message), "{}", failed.message);
    }
}

/// MySQL alone has the method, and takes no clear password for it over a socket.
#[tokio::test]
async fn an_account_with_sha256_password_logs_in_over_the_socket() {
    let h = Harness::start().await;
    let plugin = "SELECT PLUGIN_NAME FROM information_schema.PLUGINS WHERE PLUGIN_NAME = 'sha256_password'";
    if h.sql(plugin).await.is_empty() {
        return;
    }
    for password in ["zwölf", ""] {
        let user = format!("s{}_{}", password.len(), h.database);
        h.sql(&format!("CREATE USER {user}@localhost IDENTIFIED WITH sha256_password BY '{password}'")).await;
        let socket = h.database_server.socket().to_owned();
        let other = Harness::with(|config| {
            *config = Config::new(Upstream::Socket(socket), Credentials::fixed(&user, password));
        })
        .await;
        let result = send(other.statement("SELECT CURRENT_USER()").database("")).await.unwrap();
        assert_eq!(result.records()[0], [text(&format!("{user}@localhost"))]);
    }
}
