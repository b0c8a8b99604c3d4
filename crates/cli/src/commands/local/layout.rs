//! The files and folders of the local cloud.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::exit::user_error;

/// The longest socket path that is used as it is. Linux limits a Unix socket's path to 107 bytes;
/// the database also needs room for the name of its lock file beside it.
const LONGEST_SOCKET_PATH: usize = 100;

/// The paths of one local cloud.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub root: PathBuf,
    /// The database's socket.
    pub socket: PathBuf,
    pub mysql: PathBuf,
    /// The data directory while it is being created.
    pub mysql_unfinished: PathBuf,
    /// MiniStack's state and the S3 objects.
    pub ministack: PathBuf,
    /// The temporary folders of the services and of the functions.
    pub temporary: PathBuf,
    pub logs: PathBuf,
    pub run: PathBuf,
    /// The deployment.
    pub deployed: Deployed,
    /// The deployments of environments, one folder each.
    pub environments: PathBuf,
    pub ports: PathBuf,
    pub lock: PathBuf,
}

/// The paths of one deployment in a local cloud.
#[derive(Clone, Debug)]
pub(super) struct Deployed {
    pub cdk_out: PathBuf,
    pub outputs: PathBuf,
    /// The last deployment: the digest of everything that went into it, and the stacks' outputs.
    pub deployment: PathBuf,
    /// Present if the lake is on.
    pub lake: PathBuf,
    /// The path of the folder of tables.
    pub tables: PathBuf,
    /// The first operator's password.
    pub operator: PathBuf,
    pub env: PathBuf,
}

impl Deployed {
    fn of(folder: &Path) -> Self {
        let path = |name: &str| folder.join(name);
        Self {
            cdk_out: path("cdk.out"),
            outputs: path("outputs.json"),
            deployment: path("deployment.json"),
            lake: path("lake"),
            tables: path("tables"),
            operator: path("operator"),
            env: path("env"),
        }
    }
}

impl Layout {
    /// Returns the local cloud in `folder`, which is created if it is missing.
    pub(super) fn create(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).map_err(|error| {
            user_error(format!("The folder {} cannot be created: {error}.", folder.display()))
        })?;
        let layout = Self::of(folder)?;
        for part in [&layout.logs, &layout.run, &layout.temporary, &layout.ministack] {
            fs::create_dir_all(part).with_context(|| format!("creating {}", part.display()))?;
        }
        // The data, the keys and the socket without a password are this user's alone.
        for part in [&layout.run, &layout.temporary, &layout.ministack] {
            fs::set_permissions(part, fs::Permissions::from_mode(0o700))?;
        }
        if let Some(parent) = layout.socket.parent().filter(|parent| *parent != layout.root) {
            private_folder(parent)?;
        }
        Ok(layout)
    }

    /// Returns the local cloud in `folder`, or none if there is no such folder.
    pub(super) fn existing(folder: &Path) -> Result<Option<Self>> {
        if folder.is_dir() { Self::of(folder).map(Some) } else { Ok(None) }
    }

    fn of(folder: &Path) -> Result<Self> {
        let root = fs::canonicalize(folder).with_context(|| format!("resolving {}", folder.display()))?;
        let path = |name: &str| root.join(name);
        Ok(Self {
            socket: socket_path(&root, &std::env::temp_dir()),
            mysql: path("mysql"),
            mysql_unfinished: path("mysql.unfinished"),
            ministack: path("ministack"),
            temporary: path("tmp"),
            logs: path("logs"),
            run: path("run"),
            deployed: Deployed::of(&root),
            environments: path("environments"),
            ports: path("ports.json"),
            lock: path("lock"),
            root,
        })
    }

    /// Returns the same cloud, with the files of another deployment in it: that of an environment.
    pub(super) fn of_environment(self, environment: Option<&str>) -> Result<Self> {
        let Some(environment) = environment else { return Ok(self) };
        let folder = self.environments.join(environment);
        fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
        Ok(Self { deployed: Deployed::of(&folder), ..self })
    }

    /// Returns the log of a service.
    pub(super) fn log(&self, name: &str) -> PathBuf {
        self.logs.join(format!("{name}.log"))
    }

    /// Returns everything that `clean` removes: what this command made, and nothing else in the
    /// folder.
    pub(super) fn data(&self) -> Vec<PathBuf> {
        let Self { root, socket, mysql, mysql_unfinished, ministack, temporary, logs, run, .. } = self;
        let Deployed { cdk_out, outputs, deployment, lake, tables, operator, env } = &self.deployed;
        let mut paths = vec![mysql, mysql_unfinished, ministack, temporary, logs, run, cdk_out];
        paths.extend([outputs, deployment, lake, tables, operator, env, &self.environments, &self.ports]);
        let mut paths: Vec<_> = paths.into_iter().cloned().collect();
        match socket.parent() {
            Some(parent) if parent != root => paths.push(parent.to_owned()),
            // MySQL keeps a lock file beside it.
            _ => paths.extend([socket.clone(), socket.with_extension("sock.lock")]),
        }
        paths.retain(|path| path.symlink_metadata().is_ok());
        paths
    }
}

/// Returns the socket's path: in the folder itself, or in a private folder with a short name if the
/// path would be too long for a Unix socket.
fn socket_path(root: &Path, temporary: &Path) -> PathBuf {
    let inside = root.join("mysql.sock");
    if inside.as_os_str().len() <= LONGEST_SOCKET_PATH {
        return inside;
    }
    let digest = hex::encode(Sha256::digest(root.as_os_str().as_encoded_bytes()));
    let user = rustix::process::getuid().as_raw();
    temporary.join(format!("rowgate-{user}-{}", &digest[..16])).join("mysql.sock")
}

/// Creates a folder below the shared temporary folder that only this user may enter, or accepts an
/// existing one. The socket must not go into another user's folder, or through another user's link,
/// of that name.
fn private_folder(path: &Path) -> Result<()> {
    let created = fs::DirBuilder::new().mode(0o700).create(path);
    if let Err(error) = created
        && error.kind() != std::io::ErrorKind::AlreadyExists
    {
        return Err(error).with_context(|| format!("creating {}", path.display()));
    }
    let metadata = fs::symlink_metadata(path)?;
    let ours = metadata.uid() == rustix::process::getuid().as_raw();
    if !metadata.is_dir() || !ours || metadata.mode() & 0o077 != 0 {
        return Err(user_error(format!(
            "{} is not a private folder of yours; remove it, or put the local cloud in a folder with a shorter \
             path.",
            path.display()
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_path_keeps_the_socket_inside() {
        let socket = socket_path(Path::new("/home/me/rowgate/.local"), Path::new("/tmp"));
        assert_eq!(socket, Path::new("/home/me/rowgate/.local/mysql.sock"));
    }

    #[test]
    fn a_long_path_moves_the_socket_to_a_short_one_that_depends_on_the_folder_alone() {
        let deep = PathBuf::from(format!("/home/{}", "d".repeat(100)));
        let socket = socket_path(&deep, Path::new("/tmp"));
        assert!(socket.starts_with("/tmp") && socket.as_os_str().len() < 60, "{}", socket.display());
        assert_eq!(socket, socket_path(&deep, Path::new("/tmp")));
        assert_ne!(socket, socket_path(&deep.join("e"), Path::new("/tmp")));
    }

    #[test]
    fn a_private_folder_is_not_taken_over_from_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(folder.path(), &link).unwrap();
        assert!(private_folder(&link).is_err());
        let fresh = folder.path().join("fresh");
        private_folder(&fresh).unwrap();
        private_folder(&fresh).unwrap();
    }

    #[test]
    fn clean_lists_only_what_exists_and_was_made_here() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::create(folder.path()).unwrap();
        fs::create_dir(layout.root.join("venv")).unwrap();
        let names: Vec<_> =
            layout.data().iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect();
        assert_eq!(names, ["ministack", "tmp", "logs", "run"]);
    }
}
