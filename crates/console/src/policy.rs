//! The content security policy of the page.

use axum::http::HeaderValue;

/// The origin of the bucket's links: the only one, beside the page's own, that the page may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketOrigin(HeaderValue);

/// The error of a text that is not an origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "ROWGATE_BUCKET_ORIGIN={0:?} is no origin, like https://bucket.s3.us-east-1.amazonaws.com, without a path"
)]
pub struct OriginError(String);

impl BucketOrigin {
    /// Reads an origin: scheme, host and, if it is not the scheme's own, the port.
    ///
    /// # Errors
    /// [`OriginError`] where the text is anything else: it goes into the policy as it is.
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let of_host = |character: char| character.is_ascii_alphanumeric() || ".-:[]".contains(character);
        let policy = match host {
            Some(host) if !host.is_empty() && host.chars().all(of_host) => policy(text),
            _ => return Err(OriginError(text.to_owned())),
        };
        HeaderValue::from_str(&policy).map(Self).map_err(|_| OriginError(text.to_owned()))
    }

    /// Returns the value of `Content-Security-Policy`.
    pub(crate) fn policy(&self) -> HeaderValue {
        self.0.clone()
    }
}

fn policy(bucket: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; \
         connect-src 'self' {bucket}; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_adds_nothing_to_the_policy_but_itself() {
        for good in ["https://b.s3.us-east-1.amazonaws.com", "http://127.0.0.1:4566", "http://[::1]:80"] {
            let policy = BucketOrigin::parse(good).unwrap().policy();
            assert!(policy.to_str().unwrap().contains(&format!("connect-src 'self' {good}; frame")));
        }
        let bad = [
            "",
            "https://",
            "b.s3",
            "https://b/x",
            "https://b; script-src *",
            "https://b *",
            "https://b\n",
            "*",
        ];
        for bad in bad {
            assert_eq!(BucketOrigin::parse(bad), Err(OriginError(bad.to_owned())));
        }
    }
}
