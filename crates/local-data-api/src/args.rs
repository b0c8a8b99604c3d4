//! The command line; every flag can also be set in the environment.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use local_data_api::{
    Config, Credentials, Effect, ErrorKind, ErrorStyle, Faults, Loss, Objects, OnError, Operation, Rule,
    Upstream,
};

/// A local RDS Data API in front of any MySQL-protocol database.
#[derive(Debug, Parser)]
#[command(version, about)]
pub(crate) struct Args {
    /// Where to listen; port 0 takes a free one
    #[arg(long, env = "LOCAL_DATA_API_LISTEN", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,

    /// Unix socket of the database
    #[arg(long, env = "LOCAL_DATA_API_MYSQL_SOCKET", required_unless_present = "mysql_host")]
    mysql_socket: Option<PathBuf>,

    /// Host of the database, instead of a socket
    #[arg(long, env = "LOCAL_DATA_API_MYSQL_HOST", conflicts_with = "mysql_socket")]
    mysql_host: Option<String>,

    /// Port of the database
    #[arg(long, env = "LOCAL_DATA_API_MYSQL_PORT", default_value_t = 3306)]
    mysql_port: u16,

    /// Where Secrets Manager answers; without it, the SDK's own settings decide
    #[arg(long, env = "LOCAL_DATA_API_SECRETS_ENDPOINT")]
    secrets_endpoint: Option<String>,

    /// Seconds for which a secret that was read may be used
    #[arg(long, env = "LOCAL_DATA_API_SECRETS_TTL", default_value_t = 60)]
    secrets_ttl: u64,

    /// Where S3 answers, for LOAD DATA FROM S3; without it, the cluster has no role that may read
    /// objects
    #[arg(long, env = "LOCAL_DATA_API_S3_ENDPOINT")]
    s3_endpoint: Option<String>,

    /// Log in as this user whatever the secret says, and never ask Secrets Manager
    #[arg(long, env = "LOCAL_DATA_API_USER", conflicts_with = "secrets_endpoint")]
    user: Option<String>,

    /// Password of --user
    #[arg(long, env = "LOCAL_DATA_API_PASSWORD", requires = "user", default_value = "")]
    password: String,

    /// Where it is asked whether callers may make their calls, host:port: an emulator of IAM that
    /// is sent each call of a caller, operation, cluster and secret once a minute and answers 204
    /// or an error; without it, everybody may make every call
    #[arg(long, env = "LOCAL_DATA_API_AUTHORITY")]
    authority: Option<String>,

    /// The only cluster ARN that has the Data API enabled; any, without it
    #[arg(long, env = "LOCAL_DATA_API_RESOURCE_ARN")]
    resource_arn: Option<String>,

    /// Statement that every database session starts with, instead of the strict-mode, UTC and
    /// utf8mb4 default; may be repeated
    #[arg(long, env = "LOCAL_DATA_API_SESSION_INIT")]
    session_init: Vec<String>,

    /// What becomes of a transaction when one of its statements fails
    #[arg(long, env = "LOCAL_DATA_API_ON_ERROR", value_enum, default_value_t)]
    on_error: OnError,

    /// How the database's errors are worded
    #[arg(long, env = "LOCAL_DATA_API_ERROR_STYLE", value_enum, default_value_t)]
    error_style: ErrorStyle,

    /// Log filter, as of tracing's EnvFilter
    #[arg(long, env = "LOCAL_DATA_API_LOG", default_value = "info")]
    pub(crate) log: String,

    /// Longest call, in milliseconds
    #[arg(long, env = "LOCAL_DATA_API_CALL_TIMEOUT_MS", default_value_t = 45_000)]
    call_timeout_ms: u64,

    /// How long a transaction may lie idle, in milliseconds
    #[arg(long, env = "LOCAL_DATA_API_TRANSACTION_IDLE_MS", default_value_t = 180_000)]
    transaction_idle_ms: u64,

    /// Faults as JSON, as PUT /_/faults takes them; the other fault flags add to them
    #[arg(long, env = "LOCAL_DATA_API_FAULTS")]
    faults: Option<String>,

    /// Seed of the dice behind the rates
    #[arg(long, env = "LOCAL_DATA_API_FAULT_SEED")]
    fault_seed: Option<u64>,

    /// Milliseconds added to every call
    #[arg(long, env = "LOCAL_DATA_API_FAULT_LATENCY_MS")]
    fault_latency_ms: Option<u64>,

    /// Milliseconds for which the cluster "resumes" from the first call on
    #[arg(long, env = "LOCAL_DATA_API_FAULT_RESUME_MS")]
    fault_resume_ms: Option<u64>,

    /// Probability, 0 to 1, that a call fails with --fault-error
    #[arg(long, env = "LOCAL_DATA_API_FAULT_ERROR_RATE")]
    fault_error_rate: Option<f64>,

    /// Name of the error of --fault-error-rate
    #[arg(long, env = "LOCAL_DATA_API_FAULT_ERROR", default_value = "ServiceUnavailableError")]
    fault_error: ErrorKind,

    /// Probability, 0 to 1, that a statement or COMMIT is carried out but its answer is lost
    #[arg(long, env = "LOCAL_DATA_API_FAULT_LOSE_RATE")]
    fault_lose_rate: Option<f64>,
}

impl Args {
    /// The configuration that the flags ask for.
    pub(crate) fn config(self) -> Result<Config, Box<dyn std::error::Error>> {
        let faults = self.faults()?;
        let upstream = match (self.mysql_socket, self.mysql_host) {
            (Some(socket), _) => Upstream::Socket(socket),
            (None, host) => {
                Upstream::Tcp { host: host.unwrap_or_else(|| "127.0.0.1".into()), port: self.mysql_port }
            }
        };
        let credentials = match self.user {
            Some(user) => Credentials::Fixed { user, password: self.password },
            None => Credentials::SecretsManager {
                endpoint: self.secrets_endpoint,
                ttl: Duration::from_secs(self.secrets_ttl),
            },
        };
        let mut config = Config::new(upstream, credentials);
        if let Some(endpoint) = self.s3_endpoint {
            config.objects = Objects::S3 { endpoint };
        }
        config.listen = self.listen;
        config.resource_arn = self.resource_arn;
        config.authority = self.authority;
        config.on_error = self.on_error;
        config.error_style = self.error_style;
        config.limits.call = Duration::from_millis(self.call_timeout_ms);
        config.limits.transaction_idle = Duration::from_millis(self.transaction_idle_ms);
        config.faults = faults;
        if !self.session_init.is_empty() {
            config.session_init = self.session_init;
        }
        Ok(config)
    }

    fn faults(&self) -> Result<Faults, serde_json::Error> {
        let mut faults = match &self.faults {
            Some(json) => serde_json::from_str(json)?,
            None => Faults::default(),
        };
        faults.seed = self.fault_seed.unwrap_or(faults.seed);
        faults.latency_ms = self.fault_latency_ms.unwrap_or(faults.latency_ms);
        faults.resume_ms = self.fault_resume_ms.unwrap_or(faults.resume_ms);
        if let Some(rate) = self.fault_error_rate {
            faults.rules.push(Rule::error(self.fault_error).rate(rate));
        }
        if let Some(rate) = self.fault_lose_rate {
            let rule = Rule::new(Effect::LoseAnswer(Loss::Drop));
            let rule = rule.on(Operation::ExecuteStatement).on(Operation::BatchExecuteStatement);
            faults.rules.push(rule.on(Operation::CommitTransaction).rate(rate));
        }
        Ok(faults)
    }
}
