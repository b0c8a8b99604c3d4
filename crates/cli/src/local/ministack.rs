//! MiniStack, which stands for every AWS service but the Data API, and runs the functions.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use include_dir::{Dir, include_dir};

use super::layout::Layout;
use super::ports::Ports;
use super::process::Spec;
use super::service::Probe;
use super::{ACCESS_KEY, REGION, SECRET_KEY};
use crate::exit::user_error;

pub(crate) const NAME: &str = "ministack";
/// It imports some hundred Python modules, on a machine that may be busy compiling.
pub(crate) const START_LIMIT: Duration = Duration::from_secs(90);
const GRACE: Duration = Duration::from_secs(15);
/// What starts it, written for one version of it, and the modules that this imports.
static LOCAL: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../local");
const LAUNCHER: &str = "launch_ministack.py";

/// The base of every AWS interface but the Data API.
pub(crate) fn endpoint(ports: Ports) -> String {
    format!("http://{}", address(ports))
}

/// Where it listens.
pub(crate) fn address(ports: Ports) -> String {
    format!("127.0.0.1:{}", ports.gateway)
}

/// The base of an API, the scripts' or the people's, with its stage; `{id}` in it stands for the API's id, which only the stack knows.
pub(crate) fn api_url(ports: Ports) -> String {
    format!("{}/restapis/{{id}}/v1/_user_request_", endpoint(ports))
}

/// The Python in whose virtual environment the `ministack` program lies: the launcher reaches into MiniStack's code.
pub(crate) fn python(program: &Path) -> Result<PathBuf> {
    // A program may be a link into its environment; the Python there is a link itself, and must stay one.
    let real = fs::canonicalize(program).with_context(|| format!("resolving {}", program.display()))?;
    let python = real.with_file_name("python3");
    if python.is_file() {
        Ok(python)
    } else {
        Err(user_error(format!(
            "{} is missing: MiniStack must be in a virtual environment, which `make run` makes.",
            python.display()
        )))
    }
}

/// How MiniStack is started. Functions inherit its environment: that is how they find the local cloud.
/// `lake_python` is what runs the jobs of the lake; it may not be there.
pub(crate) fn spec(python: &Path, lake_python: &Path, ports: Ports, layout: &Layout) -> Result<Spec> {
    let files = write_launcher(layout)?;
    // Its name must not be `ministack.py`: Python would take the file for the module.
    let launcher = layout.run().join(LAUNCHER);
    let mut environment: Vec<(String, OsString)> = [
        ("BIND_HOST", "127.0.0.1"),
        // Functions have the rights of their roles and no more, as on AWS; the keys below are root's.
        ("AUTH", "true"),
        ("AWS_REGION", REGION),
        ("AWS_DEFAULT_REGION", REGION),
        ("MINISTACK_REGION", REGION),
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
        // Listeners on other ports, of services Rowgate does not use.
        ("SFTP_ENABLED", "0"),
        ("IOT_MTLS_ENABLED", "0"),
        // The stack and the objects outlive a `down`.
        ("PERSIST_STATE", "1"),
        ("S3_PERSIST", "1"),
        ("PYTHONDONTWRITEBYTECODE", "1"),
        ("PYTHONUNBUFFERED", "1"),
        ("NO_COLOR", "1"),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.into()))
    .collect();
    environment.push(("GATEWAY_PORT".to_owned(), ports.gateway.to_string().into()));
    environment.push(("AWS_ENDPOINT_URL".to_owned(), endpoint(ports).into()));
    environment.push(("AWS_ENDPOINT_URL_RDS_DATA".to_owned(), super::data_api::endpoint(ports).into()));
    environment.push(("ROWGATE_LAKE_PYTHON".to_owned(), lake_python.into()));
    environment.push(("STATE_DIR".to_owned(), layout.ministack().join("state").into()));
    environment.push(("S3_DATA_DIR".to_owned(), layout.ministack().join("s3").into()));
    Ok(Spec {
        name: NAME,
        program: python.to_owned(),
        arguments: vec![launcher.into()],
        files,
        environment,
        grace: GRACE,
        state: Some(layout.ministack()),
    })
}

/// Writes the launcher and its modules where they are not there yet, and lists them.
fn write_launcher(layout: &Layout) -> Result<Vec<PathBuf>> {
    let mut written = Vec::new();
    let mut folders = vec![&LOCAL];
    while let Some(folder) = folders.pop() {
        folders.extend(folder.dirs().filter(|inner| !is_test(inner.path())));
        for file in folder.files().filter(|file| !is_test(file.path())) {
            if file.path().extension().is_none_or(|extension| extension != "py") {
                continue;
            }
            let path = layout.run().join(file.path());
            // Left alone where it is the same, since a program that has changed is started anew.
            if fs::read(&path).ok().as_deref() != Some(file.contents()) {
                let parent = path.parent().map_or(Ok(()), fs::create_dir_all);
                parent
                    .and_then(|()| fs::write(&path, file.contents()))
                    .with_context(|| format!("writing {}", path.display()))?;
            }
            written.push(path);
        }
    }
    written.sort();
    Ok(written)
}

/// Whether a file or folder is there for tests alone.
fn is_test(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with("test"))
}

pub(crate) fn probe(ports: Ports) -> Probe {
    Probe::Http(format!("{}/_ministack/health", endpoint(ports)))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn the_python_is_the_one_beside_the_program_itself() {
        let folder = tempfile::tempdir().unwrap();
        let folder = fs::canonicalize(folder.path()).unwrap();
        let (bin, link) = (folder.join("bin"), folder.join("ministack"));
        fs::create_dir(&bin).unwrap();
        fs::write(bin.join("ministack"), "").unwrap();
        symlink(bin.join("ministack"), &link).unwrap();
        let error = python(&link).unwrap_err().to_string();
        assert!(error.contains("must be in a virtual environment"), "{error}");
        fs::write(folder.join("real-python"), "").unwrap();
        symlink(folder.join("real-python"), bin.join("python3")).unwrap();
        assert_eq!(python(&link).unwrap(), bin.join("python3"), "a link that leads out of the environment");
    }

    #[test]
    fn another_launcher_starts_ministack_anew() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::create(folder.path()).unwrap();
        let ports = Ports { gateway: 1, data_api: 2 };
        let fingerprint =
            || spec(Path::new("python3"), Path::new("lake"), ports, &layout).unwrap().fingerprint();
        let first = fingerprint();
        assert_eq!(fingerprint(), first);
        // What an older rowgate wrote.
        fs::write(layout.run().join(LAUNCHER), "old").unwrap();
        assert_ne!(fingerprint(), first);
    }

    #[test]
    fn every_module_of_the_launcher_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::create(folder.path()).unwrap();
        let files = write_launcher(&layout).unwrap();
        assert!(files.contains(&layout.run().join(LAUNCHER)));
        for file in &files {
            assert!(file.is_file() && !is_test(file), "{}", file.display());
        }
    }
}
