//! The login behind a `secretArn`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_sdk_secretsmanager::config::Region;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata as _;

use super::aws;
use crate::config::{Credentials, Login, MemorySecrets};
use crate::error::{ApiError, ErrorKind};

/// Finds the login of a secret.
#[derive(Debug)]
pub(crate) enum Logins {
    Fixed(Arc<Login>),
    Memory(MemorySecrets),
    Secrets(Box<Secrets>),
}

impl Logins {
    pub(crate) async fn new(credentials: &Credentials) -> Self {
        match credentials {
            Credentials::Fixed { user, password } => {
                Self::Fixed(Arc::new(Login { username: user.clone(), password: password.clone() }))
            }
            Credentials::Memory(secrets) => Self::Memory(secrets.clone()),
            Credentials::SecretsManager { endpoint, ttl } => {
                Self::Secrets(Box::new(Secrets::new(endpoint.as_deref(), *ttl).await))
            }
        }
    }

    /// The login of a secret, as fresh as the cache's time to live.
    pub(crate) async fn get(&self, secret_arn: &str) -> Result<Arc<Login>, ApiError> {
        match self {
            Self::Fixed(login) => Ok(login.clone()),
            Self::Memory(secrets) => in_memory(secrets, secret_arn),
            Self::Secrets(secrets) => match secrets.cached(secret_arn, secrets.ttl) {
                Some(login) => Ok(login),
                None => secrets.read(secret_arn, secrets.ttl).await,
            },
        }
    }

    /// The login of a secret as Secrets Manager has it now: a rotation may have changed it.
    pub(crate) async fn refreshed(&self, secret_arn: &str) -> Result<Arc<Login>, ApiError> {
        match self {
            Self::Fixed(login) => Ok(login.clone()),
            Self::Memory(secrets) => in_memory(secrets, secret_arn),
            Self::Secrets(secrets) => secrets.read(secret_arn, Duration::ZERO).await,
        }
    }
}

fn in_memory(secrets: &MemorySecrets, secret_arn: &str) -> Result<Arc<Login>, ApiError> {
    let not_found = || ApiError::new(ErrorKind::SecretsErrorException, "The secret was not found.");
    secrets.get(secret_arn).ok_or_else(not_found)
}

/// Secrets Manager, with a short memory.
#[derive(Debug)]
pub(crate) struct Secrets {
    client: aws_sdk_secretsmanager::Client,
    ttl: Duration,
    cache: Mutex<HashMap<String, (Arc<Login>, Instant)>>,
    /// Held while a secret is read: calls that come together read it once.
    reading: tokio::sync::Mutex<()>,
}

impl Secrets {
    async fn new(endpoint: Option<&str>, ttl: Duration) -> Self {
        let client = aws_sdk_secretsmanager::Client::new(&aws::config(endpoint).await);
        Self { client, ttl, cache: Mutex::default(), reading: tokio::sync::Mutex::default() }
    }

    fn cached(&self, secret_arn: &str, age: Duration) -> Option<Arc<Login>> {
        let cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.get(secret_arn).filter(|(_, read)| read.elapsed() < age).map(|(login, _)| login.clone())
    }

    /// Reads a secret, unless another call did so while this one waited for its turn.
    async fn read(&self, secret_arn: &str, age: Duration) -> Result<Arc<Login>, ApiError> {
        let came = Instant::now();
        let _turn = self.reading.lock().await;
        if let Some(login) = self.cached(secret_arn, age.max(came.elapsed())) {
            return Ok(login);
        }
        let mut call = self.client.get_secret_value().secret_id(secret_arn).customize();
        // arn:aws:secretsmanager:<region>:...: a secret is asked for where it lives.
        if let Some(region) = secret_arn.split(':').nth(3).filter(|region| !region.is_empty()) {
            let region = Region::new(region.to_owned());
            call = call.config_override(aws_sdk_secretsmanager::config::Builder::new().region(region));
        }
        let secret = call.send().await.map_err(|error| {
            let reason = error.message().map_or_else(|| error.to_string(), ToOwned::to_owned);
            match error.code() {
                Some("AccessDeniedException") => ApiError::new(ErrorKind::AccessDeniedException, reason),
                code => {
                    tracing::warn!(
                        secret.arn = secret_arn,
                        error.code = code,
                        "could not read the secret: {reason}"
                    );
                    ApiError::new(ErrorKind::SecretsErrorException, reason)
                }
            }
        })?;
        let login = secret
            .secret_string()
            .and_then(|text| serde_json::from_str::<Login>(text).ok())
            .map(Arc::new)
            .ok_or_else(|| {
                ApiError::new(
                    ErrorKind::InvalidSecretException,
                    "The secret must be a JSON object with a username and a password.",
                )
            })?;
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.insert(secret_arn.to_owned(), (login.clone(), Instant::now()));
        Ok(login)
    }
}
