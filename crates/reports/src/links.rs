//! Short-lived links to objects in the data bucket.
//!
//! A link is a presigned GET. Signing needs the function's credentials and no call to S3:
//! `aws-sigv4`, which the SDK signs with as well, is a small part of what the S3 client would add
//! to the binary.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{
    PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use http::Request;
use lambda_kit::links::{LINK_LIFETIME, validity};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The characters to encode: all but those that RFC 3986 leaves unreserved, as in signatures of
/// version 4.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The same in a path, where the slashes of a key stay.
const PATH: &AsciiSet = &QUERY.remove(b'/');

/// The error of a link that cannot be signed.
pub(crate) type LinkError = Box<dyn std::error::Error + Send + Sync>;

/// Makes links to the objects of a bucket.
#[derive(Debug, Clone)]
pub struct Links {
    /// The bucket's URL, with a slash at the end.
    base: String,
    region: String,
    credentials: SharedCredentialsProvider,
}

impl Links {
    /// Returns links to `bucket` in `region`, at `endpoint` or else at AWS.
    pub fn new(
        bucket: &str,
        region: &str,
        endpoint: Option<&str>,
        credentials: SharedCredentialsProvider,
    ) -> Self {
        Self { base: bucket_url(bucket, region, endpoint), region: region.to_owned(), credentials }
    }

    /// Returns a signer whose links all expire [`LINK_LIFETIME`] after `now`.
    pub(crate) async fn signer(&self, now: SystemTime) -> Result<Signer<'_>, LinkError> {
        let (from, expires_at) = validity(now);
        Ok(Signer {
            links: self,
            credentials: self.credentials.provide_credentials().await?,
            from,
            expires_at,
        })
    }
}

/// A signer of links that expire at the same time.
#[derive(Debug)]
pub(crate) struct Signer<'l> {
    links: &'l Links,
    credentials: Credentials,
    from: SystemTime,
    /// The expiry of its links, as text.
    pub(crate) expires_at: String,
}

impl Signer<'_> {
    /// Returns a link to an object, which a browser saves under the last part of its key.
    pub(crate) fn link(&self, key: &str) -> Result<String, LinkError> {
        let name: String = key.rsplit('/').next().unwrap_or(key).replace(['"', '\\'], "_");
        let disposition = format!("attachment; filename=\"{name}\"");
        let url = format!(
            "{}{}?response-content-disposition={}",
            self.links.base,
            utf8_percent_encode(key, PATH),
            utf8_percent_encode(&disposition, QUERY)
        );
        self.sign(&url, LINK_LIFETIME)
    }

    fn sign(&self, url: &str, lifetime: Duration) -> Result<String, LinkError> {
        let mut settings = SigningSettings::default();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(lifetime);
        // In S3 a key is encoded once, and `..` or `//` in it have no meaning.
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        let identity = self.credentials.clone().into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.links.region)
            .name("s3")
            .time(self.from)
            .settings(settings)
            .build()?
            .into();
        let signable = SignableRequest::new("GET", url, std::iter::empty(), SignableBody::UnsignedPayload)?;
        let (instructions, _) = sign(signable, &params)?.into_parts();
        let mut request = Request::get(url).body(())?;
        instructions.apply_to_request_http1x(&mut request);
        Ok(request.uri().to_string())
    }
}

/// Returns the URL of a bucket: a host of its own at AWS, and a path at another endpoint, because a
/// local address has no host name for each bucket.
fn bucket_url(bucket: &str, region: &str, endpoint: Option<&str>) -> String {
    if let Some(endpoint) = endpoint {
        return format!("{}/{bucket}/", endpoint.trim_end_matches('/'));
    }
    let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    // The certificate covers one label before the region, so a bucket with dots is a path as well.
    if bucket.contains('.') {
        format!("https://s3.{region}.{domain}/{bucket}/")
    } else {
        format!("https://{bucket}.s3.{region}.{domain}/")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

    async fn signer(links: &Links, seconds: u64) -> Signer<'_> {
        links.signer(SystemTime::UNIX_EPOCH + Duration::from_millis(seconds * 1000 + 999)).await.unwrap()
    }

    fn links(token: Option<&str>) -> Links {
        let credentials = Credentials::new(KEY_ID, SECRET, token.map(str::to_owned), None, "test");
        Links::new("examplebucket", "us-east-1", None, SharedCredentialsProvider::new(credentials))
    }

    /// The example of "Authenticating Requests: Using Query Parameters" in the documentation of
    /// Amazon S3.
    #[tokio::test]
    async fn signs_as_the_documentation_of_s3_does() {
        let links = links(None);
        let url = signer(&links, 1_369_353_600)
            .await
            .sign("https://examplebucket.s3.amazonaws.com/test.txt", Duration::from_secs(86_400))
            .unwrap();
        assert!(
            url.ends_with("X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"),
            "{url}"
        );
    }

    #[tokio::test]
    async fn a_link_names_its_file_its_end_and_the_session() {
        let links = links(Some("to+ken/=="));
        let signer = signer(&links, 1_369_353_600).await;
        assert_eq!(signer.expires_at, "2013-05-24T00:15:00.000Z");
        let url = signer.link("rejected/tags/l1/l1-00007.csv").unwrap();
        let (place, query) = url.split_once('?').unwrap();
        assert_eq!(place, "https://examplebucket.s3.us-east-1.amazonaws.com/rejected/tags/l1/l1-00007.csv");
        let pairs: Vec<&str> = query.split('&').collect();
        for expected in [
            "response-content-disposition=attachment%3B%20filename%3D%22l1-00007.csv%22",
            "X-Amz-Date=20130524T000000Z",
            "X-Amz-Expires=900",
            "X-Amz-Security-Token=to%2Bken%2F%3D%3D",
        ] {
            assert!(pairs.contains(&expected), "{expected} in {url}");
        }
        assert!(!url.contains(SECRET));
    }

    #[test]
    fn a_bucket_has_a_host_of_its_own_where_that_can_be() {
        for (bucket, region, endpoint, expected) in [
            ("data", "eu-west-1", None, "https://data.s3.eu-west-1.amazonaws.com/"),
            ("data", "cn-north-1", None, "https://data.s3.cn-north-1.amazonaws.com.cn/"),
            ("my.data", "eu-west-1", None, "https://s3.eu-west-1.amazonaws.com/my.data/"),
            ("data", "us-east-1", Some("http://127.0.0.1:4566/"), "http://127.0.0.1:4566/data/"),
        ] {
            assert_eq!(bucket_url(bucket, region, endpoint), expected);
        }
    }
}
