//! The two doors of the API.

use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};

/// Through which door callers come: one document describes one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Programs, with an API key.
    Scripts,
    /// People, with an account.
    People,
}

impl Door {
    /// What the document says of the whole.
    pub(crate) fn description(self) -> &'static str {
        match self {
            Self::Scripts => {
                "Rows in over HTTP and S3, reports out. Every call needs an API key in `x-api-key`; the operator's key may \
                 also start backups and restores and delete rows. Errors are problems (RFC 9457). Every answer carries \
                 `x-request-id`."
            }
            Self::People => {
                "Rows in over HTTP and S3, reports out. Every call but registration, login and refresh needs an access token \
                 in `Authorization: Bearer`; it is good for five minutes. Accounts of the group `reader` read, those of \
                 `writer` send rows and files as well, and those of `operator` may do everything. An account with groups \
                 `table:<name>` sees these tables alone. Errors are problems (RFC 9457). Every answer carries `x-request-id`."
            }
        }
    }

    /// Who may call what is the operator's.
    pub(crate) fn operators(self) -> &'static str {
        match self {
            Self::Scripts => "Takes the operator's key.",
            Self::People => "For accounts of the group `operator`.",
        }
    }

    /// The name of the security scheme.
    pub(crate) fn scheme_name(self) -> &'static str {
        match self {
            Self::Scripts => "apiKey",
            Self::People => "accessToken",
        }
    }

    pub(crate) fn scheme(self) -> SecurityScheme {
        match self {
            Self::Scripts => SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(
                "x-api-key",
                "The writer's key or the operator's.",
            ))),
            Self::People => SecurityScheme::Http(
                HttpBuilder::new()
                    .scheme(HttpAuthScheme::Bearer)
                    .bearer_format("JWT")
                    .description(Some("The `access_token` of `POST /login` or `POST /refresh`."))
                    .build(),
            ),
        }
    }

    pub(crate) fn requirement(self) -> SecurityRequirement {
        SecurityRequirement::new::<_, _, String>(self.scheme_name(), [])
    }
}
