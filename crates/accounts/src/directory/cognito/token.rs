//! The claims of an access token.
//!
//! The signature is not verified, because the token comes from Cognito over TLS. API Gateway
//! verifies the tokens that callers send, and none of them is read here.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

/// The claims that sessions need.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Claims {
    pub(super) username: String,
    #[serde(default, rename = "cognito:groups")]
    pub(super) groups: Vec<String>,
}

/// Reads the claims of a JWT (RFC 7519, section 3): the second of its three parts.
pub(super) fn claims(token: &str) -> Option<Claims> {
    let mut parts = token.split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_name_and_groups() {
        let token = |claims: &str| format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims));
        let with = token(r#"{"username": "ann@x.example", "cognito:groups": ["reader"], "exp": 7}"#);
        let groups = vec!["reader".to_owned()];
        assert_eq!(claims(&with), Some(Claims { username: "ann@x.example".to_owned(), groups }));
        let without = token(r#"{"username": "ann@x.example"}"#);
        assert_eq!(claims(&without).unwrap().groups, [""; 0]);
        for other in ["", "a.b", "a.b.c", "e30.e30.x", &token("[]"), &token(r#"{"username": 7}"#)] {
            assert_eq!(claims(other), None, "{other}");
        }
    }
}
