//! MiniStack, which stands for every AWS service but the Data API, and runs the functions.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use include_dir::{Dir, include_dir};

use super::cloud::{ACCESS_KEY, REGION, SECRET_KEY};
use super::layout::Layout;
use super::ports::Ports;
use super::probe::Probe;
use super::process::{Service, Spec};
use crate::exit::user_error;

pub(super) const SERVICE: Service = Service {
    name: "ministack",
    // It imports some hundred Python modules, on a machine that may be busy compiling.
    start_limit: Duration::from_secs(90),
    grace: Duration::from_secs(15),
};
/// The launcher, written for one version of MiniStack, and the modules that it imports.
static LOCAL: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../local");
const LAUNCHER: &str = "launch_ministack.py";

/// Returns the variables that lead AWS SDKs and tools to the local cloud.
pub(super) fn variables(ports: Ports) -> [(&'static str, String); 5] {
    [
        ("AWS_ENDPOINT_URL", ports.gateway_url()),
        ("AWS_REGION", REGION.to_owned()),
        // boto3 reads this one alone.
        ("AWS_DEFAULT_REGION", REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY.to_owned()),
    ]
}

/// Returns the Python of the virtual environment of the `ministack` program: the launcher imports
/// MiniStack's code.
pub(super) fn python(program: &Path) -> Result<PathBuf> {
    // A program may be a link into its environment; the Python there is a link itself, and must
    // stay one.
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

/// Says how MiniStack is started. Functions inherit its environment, by which they find the local
/// cloud. `lake_python` runs the jobs of the lake; it may not exist.
pub(super) fn spec(python: &Path, lake_python: &Path, ports: Ports, layout: &Layout) -> Result<Spec> {
    let files = write_launcher(layout)?;
    // Its name must not be `ministack.py`: Python would take the file for the module.
    let launcher = layout.run.join(LAUNCHER);
    let mut environment: Vec<(&'static str, OsString)> = [
        ("BIND_HOST", "127.0.0.1"),
        // Functions have the rights of their roles and no more, as on AWS; the keys below are
        // root's.
        ("AUTH", "true"),
        ("MINISTACK_REGION", REGION),
        // Listeners on other ports, of services that Rowgate does not use.
        ("SFTP_ENABLED", "0"),
        ("IOT_MTLS_ENABLED", "0"),
        // The stack and the objects outlive a `down`.
        ("PERSIST_STATE", "1"),
        ("S3_PERSIST", "1"),
        ("PYTHONDONTWRITEBYTECODE", "1"),
        ("PYTHONUNBUFFERED", "1"),
        ("NO_COLOR", "1"),
    ]
    .map(|(name, value)| (name, value.into()))
    .into();
    environment.extend(variables(ports).map(|(name, value)| (name, value.into())));
    environment.extend([
        ("GATEWAY_PORT", ports.gateway.to_string().into()),
        ("AWS_ENDPOINT_URL_RDS_DATA", ports.data_api_url().into()),
        ("ROWGATE_LAKE_PYTHON", lake_python.into()),
        ("STATE_DIR", layout.ministack.join("state").into()),
        ("S3_DATA_DIR", layout.ministack.join("s3").into()),
    ]);
    Ok(Spec {
        arguments: vec![launcher.into()],
        files,
        environment,
        state: Some(layout.ministack.clone()),
        ..Spec::new(SERVICE, python, probe(ports))
    })
}

/// Writes the launcher and its modules if they have changed, and returns their paths.
fn write_launcher(layout: &Layout) -> Result<Vec<PathBuf>> {
    let mut written = Vec::new();
    let mut folders = vec![&LOCAL];
    while let Some(folder) = folders.pop() {
        folders.extend(folder.dirs().filter(|inner| !is_test(inner.path())));
        for file in folder.files().filter(|file| !is_test(file.path())) {
            if file.path().extension().is_none_or(|extension| extension != "py") {
                continue;
            }
            let path = layout.run.join(file.path());
            // A file that has changed restarts the service.
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

/// Returns true if a file or folder is for tests alone.
fn is_test(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with("test"))
}

pub(super) fn probe(ports: Ports) -> Probe {
    Probe::Http(format!("{}/_ministack/health", ports.gateway_url()))
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
        // A file of an older rowgate.
        fs::write(layout.run.join(LAUNCHER), "old").unwrap();
        assert_ne!(fingerprint(), first);
    }

    #[test]
    fn every_module_of_the_launcher_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::create(folder.path()).unwrap();
        let files = write_launcher(&layout).unwrap();
        assert!(files.contains(&layout.run.join(LAUNCHER)));
        for file in &files {
            assert!(file.is_file() && !is_test(file), "{}", file.display());
        }
    }

    #[test]
    fn boto3_finds_the_region_as_well() {
        let variables = variables(Ports { gateway: 4566, data_api: 4570 });
        for name in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
            assert!(variables.contains(&(name, REGION.to_owned())), "{name}");
        }
    }
}
