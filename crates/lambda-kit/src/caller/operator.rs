//! The API keys of operators.

use std::sync::Arc;

use crate::env::{self, EnvError};

/// The variable that holds the id of the operator's key.
const KEY_ID_VARIABLE: &str = "ROWGATE_OPERATOR_KEY_ID";

/// The operators' API keys, known by their ids.
///
/// API Gateway checks the key before it calls a function, and passes its id in
/// `requestContext.identity.apiKeyId`
/// (docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html#api-gateway-simple-proxy-for-lambda-input-format).
/// So functions need no secret, and no header decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    key_ids: Arc<[String]>,
}

impl Operator {
    /// Returns the operator whose key has this id.
    pub fn new(key_id: impl Into<String>) -> Self {
        Self::of_keys([key_id.into()])
    }

    /// Returns the operators whose keys have these ids: the API in a container may have several.
    pub fn of_keys(key_ids: impl IntoIterator<Item = String>) -> Self {
        // An empty id matches no key.
        Self { key_ids: key_ids.into_iter().filter(|id| !id.is_empty()).collect() }
    }

    /// Returns the operator whose key's id is in `ROWGATE_OPERATOR_KEY_ID`.
    ///
    /// # Errors
    /// [`EnvError`] when it is not set: without it the operator could not be recognised.
    pub fn from_env() -> Result<Self, EnvError> {
        env::required(KEY_ID_VARIABLE).map(Self::new)
    }

    /// Returns true if the key with this id is an operator's. An operator without a key holds none.
    pub(super) fn holds(&self, key_id: &str) -> bool {
        self.key_ids.iter().any(|id| id == key_id)
    }
}
