//! Makes the page that shows the document and sends requests: Swagger UI, with everything it needs
//! inside, because its own requests for more could not carry an API key. `utoipa-swagger-ui` would
//! serve separate files, so `build.rs` takes the two that are needed from its `vendored` crate.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!(concat!(env!("OUT_DIR"), "/swagger-ui.css"));
const LIBRARY: &str = include_str!(concat!(env!("OUT_DIR"), "/swagger-ui.js"));
const START: &str = include_str!("docs.js");

/// The page, and the policy to send with it as a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The HTML.
    pub html: String,
    /// The value of `Content-Security-Policy`: the page's own scripts run and no other, calls go to
    /// its own host, and nothing is fetched from elsewhere.
    pub policy: String,
}

/// Makes the page of a document in JSON.
pub fn page(document: &str) -> Page {
    // In the script element that holds it, nothing of the document can look like markup.
    let document = document.replace('<', "\\u003c");
    let html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Rowgate: the HTTP API</title>\n\
         <link rel=\"icon\" href=\"data:,\">\n<style>{STYLE}</style>\n</head>\n<body>\n<div id=\"docs\"></div>\n\
         <script type=\"application/json\" id=\"document\">{document}</script>\n\
         <script>{LIBRARY}</script>\n<script>{START}</script>\n</body>\n</html>\n"
    );
    let scripts =
        [LIBRARY, START].map(|script| format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(script))));
    let policy = format!(
        "default-src 'none'; script-src {}; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
        scripts.join(" ")
    );
    Page { html, policy }
}
