//! The `rowgate-console` function: reads the console's files, and serves them.

use std::path::PathBuf;

use console::{BucketOrigin, Files, router};
use lambda_kit::{env, http};

/// The folder beside the program where the build puts the files.
const FOLDER: &str = "static";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    lambda_kit::init_tracing();
    let origin = BucketOrigin::parse(&env::required("ROWGATE_BUCKET_ORIGIN")?)?;
    let folder = match env::required("ROWGATE_CONSOLE_FILES") {
        Ok(folder) => PathBuf::from(folder),
        Err(_) => std::env::current_exe()?.with_file_name(FOLDER),
    };
    http::serve(http::with_open_service_layers(router(Files::read(&folder)?, &origin))).await
}
