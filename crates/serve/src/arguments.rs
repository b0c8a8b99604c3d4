//! The command line and the environment.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Parser, Subcommand};

const ENVIRONMENT: &str = "\
AWS_REGION, credentials and AWS_ENDPOINT_URL[_<SERVICE>] are those of every AWS program. The other variables are those of the
functions: ROWGATE_LOG, ROWGATE_LOG_VALUES, ROWGATE_BACKUP_CODEC, ROWGATE_BACKUP_PART_BYTES, ROWGATE_LANES, ROWGATE_MAX_REJECTS,
ROWGATE_EVENT_BUS.

Exit codes: 0 it ended as it was told to; 1 something you can put right; 2 a fault of its own.";

/// The whole HTTP API of Rowgate in one process, over a Data API.
#[derive(Debug, Parser)]
#[command(name = "rowgate-serve", version, after_help = ENVIRONMENT)]
pub struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Subcommands>,
    #[command(flatten)]
    pub(crate) serve: ServeArguments,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Subcommands {
    /// Asks the process on the address of --listen whether it serves: exit code 0 where it does.
    Health,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// Where to answer requests.
    #[arg(
        long,
        value_name = "ADDRESS",
        env = "ROWGATE_LISTEN",
        default_value = "127.0.0.1:8080",
        global = true
    )]
    pub(crate) listen: SocketAddr,
    /// Where to answer GET /metrics; `off` for nowhere.
    #[arg(
        long,
        value_name = "ADDRESS",
        env = "ROWGATE_METRICS_ADDRESS",
        default_value = "127.0.0.1:9464",
        value_parser = metrics_address
    )]
    pub(crate) metrics_address: MetricsAddress,
    /// Where callers reach the API, without a slash at the end [default: http:// and the address of
    /// --listen].
    #[arg(long, value_name = "URL", env = "ROWGATE_URL", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) url: Option<String>,
    /// Where people reach the API of the deployed stack, for the API's document [default: as
    /// --url].
    #[arg(long, value_name = "URL", env = "ROWGATE_PEOPLE_URL", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) people_url: Option<String>,
    /// The folder of tables [default: `sql` beside this program].
    #[arg(long, value_name = "FOLDER", env = "ROWGATE_SQL")]
    pub(crate) sql: Option<PathBuf>,
    /// The file with the keys of callers.
    #[arg(long, value_name = "FILE", env = "ROWGATE_KEYS", conflicts_with = "keys_secret")]
    pub(crate) keys: Option<PathBuf>,
    /// The secret of Secrets Manager that has the content of such a file.
    #[arg(long, value_name = "ARN", env = "ROWGATE_KEYS_SECRET")]
    pub(crate) keys_secret: Option<String>,
    /// The Aurora cluster.
    #[arg(long, value_name = "ARN", env = "ROWGATE_CLUSTER_ARN")]
    pub(crate) cluster_arn: Option<String>,
    /// The secret with the database's user.
    #[arg(long, value_name = "ARN", env = "ROWGATE_SECRET_ARN")]
    pub(crate) secret_arn: Option<String>,
    /// The database.
    #[arg(long, value_name = "NAME", env = "ROWGATE_DATABASE")]
    pub(crate) database: Option<String>,
    /// The data bucket.
    #[arg(long, value_name = "NAME", env = "ROWGATE_BUCKET")]
    pub(crate) bucket: Option<String>,
    /// Requests that are answered at once; others get 503.
    #[arg(long, value_name = "COUNT", env = "ROWGATE_REQUESTS", default_value = "64")]
    pub(crate) requests: NonZeroU32,
    /// Connections at once; others wait.
    #[arg(long, value_name = "COUNT", env = "ROWGATE_CONNECTIONS", default_value = "512")]
    pub(crate) connections: NonZeroU32,
    /// Requests per second of each key, where the file of keys says nothing else; beyond them it
    /// gets 429.
    #[arg(long, value_name = "COUNT", env = "ROWGATE_RATE", default_value = "100")]
    pub(crate) rate: NonZeroU32,
    /// Requests of each key at once, above the rate.
    #[arg(long, value_name = "COUNT", env = "ROWGATE_BURST", default_value = "200")]
    pub(crate) burst: NonZeroU32,
    /// Seconds that the head of a connection's first request may take.
    #[arg(long, value_name = "SECONDS", env = "ROWGATE_HEAD_SECONDS", default_value = "5")]
    pub(crate) head_seconds: NonZeroU32,
    /// Seconds between requests of a connection: more than a load balancer keeps idle connections.
    #[arg(long, value_name = "SECONDS", env = "ROWGATE_IDLE_SECONDS", default_value = "75")]
    pub(crate) idle_seconds: NonZeroU32,
    /// Seconds that requests under way have to end after SIGTERM or SIGINT.
    #[arg(long, value_name = "SECONDS", env = "ROWGATE_STOP_SECONDS", default_value = "25")]
    pub(crate) stop_seconds: u32,
}

/// An address, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MetricsAddress(pub(crate) Option<SocketAddr>);

fn metrics_address(text: &str) -> Result<MetricsAddress, String> {
    match text {
        "off" => Ok(MetricsAddress(None)),
        text => text
            .parse()
            .map(|address| MetricsAddress(Some(address)))
            .map_err(|_| "it is neither an address like 127.0.0.1:9464 nor `off`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn metrics_can_be_turned_off() {
        assert_eq!(metrics_address("off"), Ok(MetricsAddress(None)));
        assert_eq!(metrics_address("[::1]:9"), Ok(MetricsAddress(Some("[::1]:9".parse().unwrap()))));
        assert!(metrics_address("9464").is_err());
    }
}
