//! The secrets of the users that read and write.

use aurora::users::{InvalidSecret, Login, Role};
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::{DisplayErrorContext, ProvideErrorMetadata};

/// Why a user's secret cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// Secrets Manager did not hand it out.
    #[error("the secret of the {role} ({arn}) cannot be read: {reason}")]
    Unread {
        /// The user's role.
        role: Role,
        /// The secret.
        arn: String,
        /// The service's words.
        reason: String,
    },
    /// It does not hold a user name and password.
    #[error("the secret of the {role} ({arn}) cannot be used: {source}")]
    Invalid {
        /// The user's role.
        role: Role,
        /// The secret.
        arn: String,
        /// The rule that it breaks.
        source: InvalidSecret,
    },
}

/// The users to make: the secrets that name them.
#[derive(Debug)]
pub struct Secrets {
    client: Client,
    arns: Vec<(Role, String)>,
}

impl Secrets {
    /// Asks `variable` for `ROWGATE_READER_SECRET_ARN` and `ROWGATE_WRITER_SECRET_ARN`; a user
    /// whose variable is not set is not made.
    pub fn from_variables(client: Client, variable: impl Fn(&'static str) -> Option<String>) -> Self {
        let arn = |role| Some((role, variable(variable_of(role))?));
        Self { client, arns: Role::ALL.into_iter().filter_map(arn).collect() }
    }

    /// Reads all of them as they are now.
    ///
    /// # Errors
    ///
    /// A [`SecretError`] that names the secret, and never what it holds.
    pub async fn read(&self) -> Result<Vec<(Role, Login)>, SecretError> {
        let mut logins = Vec::new();
        for (role, arn) in &self.arns {
            let (role, arn) = (*role, arn.clone());
            let answer = match self.client.get_secret_value().secret_id(&arn).send().await {
                Ok(answer) => answer,
                Err(error) => {
                    let words = error.message().map(ToOwned::to_owned);
                    let reason = words.unwrap_or_else(|| DisplayErrorContext(&error).to_string());
                    return Err(SecretError::Unread { role, arn, reason });
                }
            };
            let login = Login::parse(answer.secret_string().unwrap_or_default());
            logins.push((role, login.map_err(|source| SecretError::Invalid { role, arn, source })?));
        }
        Ok(logins)
    }
}

fn variable_of(role: Role) -> &'static str {
    match role {
        Role::Reader => "ROWGATE_READER_SECRET_ARN",
        Role::Writer => "ROWGATE_WRITER_SECRET_ARN",
    }
}
