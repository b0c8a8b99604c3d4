//! Prints what the server adds to a `SELECT 1` and to a 60 KB INSERT: medians of the same
//! statements sent directly and through the server, taken in turns in one run.
//!
//! `cargo run -p local-data-api --example latency -- --socket PATH [--user root] [--password ""] [--rounds 2000]`
#![allow(clippy::print_stdout, reason = "printing is what this example is for")]

use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Parser;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use local_data_api::{Config, Credentials, Server, Upstream};
use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, OptsBuilder};

#[derive(Parser)]
struct Args {
    /// Unix socket of the database.
    #[arg(long)]
    socket: PathBuf,
    /// Database user.
    #[arg(long, default_value = "root")]
    user: String,
    /// Its password.
    #[arg(long, default_value = "")]
    password: String,
    /// How often each statement is sent each way.
    #[arg(long, default_value_t = 2000)]
    rounds: usize,
}

/// A keep-alive connection to the server, as an SDK has one.
struct Client {
    sender: hyper::client::conn::http1::SendRequest<Full<Bytes>>,
}

impl Client {
    async fn connect(server: &Server) -> Result<Self, Box<dyn Error>> {
        let stream = tokio::net::TcpStream::connect(server.addr()).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender })
    }

    async fn execute(&mut self, sql: &str) -> Result<(), Box<dyn Error>> {
        let body = serde_json::json!({
            "resourceArn": "arn:aws:rds:us-east-1:000000000000:cluster:local",
            "secretArn": "arn:aws:secretsmanager:us-east-1:000000000000:secret:local",
            "sql": sql,
        });
        let request = http::Request::post("/Execute")
            .header("host", "localhost")
            .header("content-type", "application/json")
            .body(Full::from(body.to_string()))?;
        // The connection takes the next request only once its task has seen the end of the answer
        // before.
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        if !status.is_success() {
            return Err(String::from_utf8_lossy(&body).into_owned().into());
        }
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let config = Config::new(
        Upstream::Socket(args.socket.clone()),
        Credentials::fixed(args.user.clone(), args.password.clone()),
    );
    let server = Server::bind(config).await?;
    let mut client = Client::connect(&server).await?;
    let opts = OptsBuilder::default()
        .socket(Some(args.socket.to_string_lossy()))
        .user(Some(args.user))
        .pass(Some(args.password));
    let mut conn = Conn::new(opts).await?;
    conn.query_drop("CREATE DATABASE IF NOT EXISTS local_data_api_latency").await?;
    conn.query_drop("DROP TABLE IF EXISTS local_data_api_latency.t").await?;
    conn.query_drop("CREATE TABLE local_data_api_latency.t (a INT, b VARCHAR(64)) ENGINE=MEMORY").await?;
    let insert = {
        let rows = vec!["(20210727,X'44656e6e6973204d61726b73')"; 1600].join(",");
        format!("INSERT INTO local_data_api_latency.t VALUES {rows}")
    };
    println!("{:<22}{:>12}{:>12}{:>12}", "median of one call", "direct", "server", "added");
    for (name, sql, rounds) in
        [("SELECT 1", "SELECT 1", args.rounds), ("INSERT, 60 KB of SQL", insert.as_str(), args.rounds / 10)]
    {
        let (mut direct, mut through) = (Vec::new(), Vec::new());
        for _ in 0..rounds.max(10) {
            let start = Instant::now();
            conn.query_drop(sql).await?;
            direct.push(start.elapsed());
            let start = Instant::now();
            client.execute(sql).await?;
            through.push(start.elapsed());
            if sql.len() > 100 {
                conn.query_drop("TRUNCATE local_data_api_latency.t").await?;
            }
        }
        let (direct, through) = (median(direct), median(through));
        let ms = |time: Duration| format!("{:.3} ms", time.as_secs_f64() * 1000.0);
        println!("{name:<22}{:>12}{:>12}{:>12}", ms(direct), ms(through), ms(through.saturating_sub(direct)));
    }
    conn.query_drop("DROP DATABASE local_data_api_latency").await?;
    conn.disconnect().await?;
    server.shutdown().await;
    Ok(())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
