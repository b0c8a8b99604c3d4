//! The process, from its start to its end.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use aurora::Target;
use aws_config::{BehaviorVersion, SdkConfig};
use axum::routing::get;
use axum::{Router, middleware};
use lambda_kit::aws::https_client;
use lambda_kit::caller;
use lambda_kit::http::with_service_layers;
use lambda_kit::tables;
use prometheus::IntGauge;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use crate::admission::{self, Admission, Rate};
use crate::arguments::ServeArguments;
use crate::error::user_error;
use crate::keys::Keys;
use crate::metrics::{self, Metrics, Work};
use crate::routes::{self, Api, Parts};
use crate::server::{self, Limits};
use crate::work::{self, BackupWork, RestoreWork, Waiting};

/// Concurrent connections of scrapers.
const METRICS_CONNECTIONS: usize = 8;

/// Serves until SIGTERM or SIGINT, then ends the work under way.
pub(crate) async fn serve(arguments: ServeArguments) -> Result<()> {
    lambda_kit::init_tracing();
    let config = sdk_config().await;
    let target = target(&arguments)?;
    let bucket = given(arguments.bucket.clone(), "ROWGATE_BUCKET", "--bucket")?;
    if config.region().is_none() {
        return Err(user_error("AWS_REGION is not set"));
    }
    let folder = tables::read_at(arguments.sql.clone()).map_err(|error| user_error(error.to_string()))?;
    let keys = keys(&arguments, &config).await?;
    let rights = keys.rights();
    let (listener, address) = listen(arguments.listen, "ROWGATE_LISTEN").await?;
    let url = arguments.url.clone().unwrap_or_else(|| format!("http://{address}"));
    let url = url.trim_end_matches('/').to_owned();
    let people_url = arguments.people_url.clone().unwrap_or_else(|| url.clone());

    let metrics = Metrics::new()?;
    let (stop, stopped) = watch::channel(false);
    let mut tasks = JoinSet::new();
    let (backups_work, restores_work) = (metrics.work("backup"), metrics.work("restore"));
    let (backup_queue, backups_waiting) = work::queue(&backups_work);
    let (restore_queue, restores_waiting) = work::queue(&restores_work);
    let parts =
        Parts { config: &config, target, bucket, url, people_url, folder, backup_queue, restore_queue };
    let api = routes::api(parts)?;
    start_work(&mut tasks, &api, backups_waiting, restores_waiting, &stopped);

    let usual = Rate { rate: arguments.rate, burst: arguments.burst };
    let number_of_keys = keys.iter().count();
    let admission = Arc::new(Admission::new(keys, usual, arguments.requests, metrics.clone()));
    let routes = with_layers(api.routes, rights, &admission, &metrics);
    let limits = limits(&arguments)?;
    if let Some(address) = arguments.metrics_address.0 {
        serve_metrics(&mut tasks, address, &metrics, limits, &stopped).await?;
    }
    // The process handles signals from now on.
    let stopping = stopping()?;
    tracing::info!(address = %address, keys = number_of_keys, "requests are served");
    let serving = tokio::spawn(server::serve(listener, routes, limits, metrics.connections.clone(), stopped));

    let signal = stopping.await;
    tracing::info!(signal, "the process stops");
    let until = Instant::now() + Duration::from_secs(arguments.stop_seconds.into());
    // The tasks listen as long as there is a sender.
    let _ = stop.send(true);
    let connections = serving.await?;
    let ended = async {
        connections.shutdown().await;
        // Requests whose clients have disconnected run to their end as well.
        admission.finished().await;
        while tasks.join_next().await.is_some() {}
    };
    let is_ended = timeout_at(until, ended).await.is_ok();
    log_end(is_ended, &metrics, &backups_work, &restores_work);
    Ok(())
}

/// Starts the tasks that make the backups and restores that requests ask for.
fn start_work(
    tasks: &mut JoinSet<()>,
    api: &Api,
    backups: Waiting<BackupWork>,
    restores: Waiting<RestoreWork>,
    stopped: &watch::Receiver<bool>,
) {
    let maker = api.backups.clone();
    let back_up = move |asked| work::back_up(maker.clone(), asked);
    tasks.spawn(work::work(backups, stopped.clone(), back_up, work::abandon_backup));
    let restorer = api.restorer.clone();
    let restore = move |asked| work::restore(restorer.clone(), asked);
    tasks.spawn(work::work(restores, stopped.clone(), restore, work::abandon_restore));
}

fn limits(arguments: &ServeArguments) -> Result<Limits> {
    let seconds = |seconds: NonZeroU32| Duration::from_secs(seconds.get().into());
    Ok(Limits {
        connections: usize::try_from(arguments.connections.get())?,
        head: seconds(arguments.head_seconds),
        idle: seconds(arguments.idle_seconds),
    })
}

/// Starts the task that answers `GET /metrics`. Its requests under way are dropped when the process
/// stops.
async fn serve_metrics(
    tasks: &mut JoinSet<()>,
    address: SocketAddr,
    metrics: &Metrics,
    limits: Limits,
    stopped: &watch::Receiver<bool>,
) -> Result<()> {
    let (listener, address) = listen(address, "ROWGATE_METRICS_ADDRESS").await?;
    let limits = Limits { connections: METRICS_CONNECTIONS, ..limits };
    // Scrapers are not counted among the connections of the API.
    let uncounted = IntGauge::new("unused", "unused")?;
    let serving =
        server::serve(listener, metrics::routes(metrics.clone()), limits, uncounted, stopped.clone());
    tasks.spawn(async move { drop(serving.await) });
    tracing::info!(address = %address, "metrics are served");
    Ok(())
}

/// Logs what the process leaves behind at its end.
fn log_end(is_ended: bool, metrics: &Metrics, backups: &Work, restores: &Work) {
    let (backups_not_begun, restores_not_begun) = (backups.waiting.get(), restores.waiting.get());
    match (is_ended, backups_not_begun + restores_not_begun) {
        (true, 0) => tracing::info!("the process has ended all that was under way"),
        (true, _) => tracing::warn!(
            backups_not_begun,
            restores_not_begun,
            "the process has ended all that was under way, but for what was not begun"
        ),
        (false, _) => tracing::warn!(
            requests = metrics.in_flight.get(),
            backups = backups.begun.get(),
            restores = restores.begun.get(),
            backups_not_begun,
            restores_not_begun,
            "the process ends before all that was under way has ended"
        ),
    }
}

/// Wraps the routes in layers. `/health` needs no key and makes no log line.
fn with_layers(
    routes: Router,
    rights: caller::Keys,
    admission: &Arc<Admission>,
    metrics: &Metrics,
) -> Router {
    with_service_layers(routes, rights)
        .layer(middleware::from_fn_with_state(Arc::clone(admission), admission::check))
        .layer(middleware::from_fn_with_state(metrics.clone(), metrics::track))
        .route("/health", get(admission::health).layer(middleware::map_response(admission::close)))
}

async fn sdk_config() -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest()).http_client(https_client()).load().await
}

fn target(arguments: &ServeArguments) -> Result<Target> {
    Ok(Target {
        cluster_arn: given(arguments.cluster_arn.clone(), "ROWGATE_CLUSTER_ARN", "--cluster-arn")?,
        secret_arn: given(arguments.secret_arn.clone(), "ROWGATE_SECRET_ARN", "--secret-arn")?,
        database: given(arguments.database.clone(), "ROWGATE_DATABASE", "--database")?,
    })
}

fn given(value: Option<String>, variable: &str, flag: &str) -> Result<String> {
    value
        .filter(|value| !value.is_empty())
        .ok_or_else(|| user_error(format!("{variable} is not set; set it, or give {flag}")))
}

async fn keys(arguments: &ServeArguments, config: &SdkConfig) -> Result<Keys> {
    match (&arguments.keys, &arguments.keys_secret) {
        (Some(path), _) => Keys::read(path)
            .map_err(|error| user_error(format!("the keys of ROWGATE_KEYS ({}): {error}", path.display()))),
        (None, Some(arn)) => {
            let secrets = aws_sdk_secretsmanager::Client::new(config);
            let secret = secrets.get_secret_value().secret_id(arn).send().await;
            let secret = secret.map_err(|error| {
                let why = lambda_kit::causes(&error);
                user_error(format!("the keys of ROWGATE_KEYS_SECRET ({arn}) cannot be read: {why}"))
            })?;
            let text = secret.secret_string().unwrap_or_default();
            Keys::of_secret(text)
                .map_err(|error| user_error(format!("the keys of ROWGATE_KEYS_SECRET ({arn}): {error}")))
        }
        (None, None) => Err(user_error(
            "there are no keys: name a file in ROWGATE_KEYS (--keys) or a secret in ROWGATE_KEYS_SECRET (--keys-secret)",
        )),
    }
}

async fn listen(address: SocketAddr, variable: &str) -> Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await;
    let listener =
        listener.map_err(|error| user_error(format!("{variable}: listening on {address}: {error}")))?;
    let address = listener.local_addr().context("the address that is listened on")?;
    Ok((listener, address))
}

/// Waits for a signal to stop, and returns its name.
fn stopping() -> Result<impl Future<Output = &'static str>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        }
    })
}
