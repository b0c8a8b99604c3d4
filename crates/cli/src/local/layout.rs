//! Where the local cloud keeps its things.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::exit::user_error;

/// The longest socket path that is used as it is. Linux ends a Unix socket's path at 107 bytes; the database also
/// needs a little room for the names of its lock file beside it.
const LONGEST_SOCKET_PATH: usize = 100;

/// The paths of one local cloud.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    root: PathBuf,
    socket: PathBuf,
}

impl Layout {
    /// The local cloud in `folder`, which is created where it is missing.
    pub(crate) fn create(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).map_err(|error| {
            user_error(format!("The folder {} cannot be created: {error}.", folder.display()))
        })?;
        let layout = Self::of(folder)?;
        for part in [layout.logs(), layout.run(), layout.temporary(), layout.ministack()] {
            fs::create_dir_all(&part).with_context(|| format!("creating {}", part.display()))?;
        }
        // The data, the keys and the socket without a password are this user's alone.
        for part in [layout.run(), layout.temporary(), layout.ministack()] {
            fs::set_permissions(&part, fs::Permissions::from_mode(0o700))?;
        }
        if let Some(parent) = layout.socket.parent().filter(|parent| *parent != layout.root) {
            private_folder(parent)?;
        }
        Ok(layout)
    }

    /// The local cloud in `folder`, or none where there is no such folder.
    pub(crate) fn existing(folder: &Path) -> Result<Option<Self>> {
        if folder.is_dir() { Self::of(folder).map(Some) } else { Ok(None) }
    }

    fn of(folder: &Path) -> Result<Self> {
        let root = fs::canonicalize(folder).with_context(|| format!("resolving {}", folder.display()))?;
        let socket = socket_path(&root, &std::env::temp_dir());
        Ok(Self { root, socket })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The database's socket.
    pub(crate) fn socket(&self) -> &Path {
        &self.socket
    }

    pub(crate) fn mysql(&self) -> PathBuf {
        self.root.join("mysql")
    }

    /// The data directory while it is being installed.
    pub(crate) fn mysql_unfinished(&self) -> PathBuf {
        self.root.join("mysql.unfinished")
    }

    /// Where MiniStack keeps its state and the S3 objects.
    pub(crate) fn ministack(&self) -> PathBuf {
        self.root.join("ministack")
    }

    /// The temporary folders of the services and of the functions.
    pub(crate) fn temporary(&self) -> PathBuf {
        self.root.join("tmp")
    }

    pub(crate) fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.logs().join(format!("{name}.log"))
    }

    pub(crate) fn run(&self) -> PathBuf {
        self.root.join("run")
    }

    pub(crate) fn ports(&self) -> PathBuf {
        self.root.join("ports.json")
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    pub(crate) fn env(&self) -> PathBuf {
        self.root.join("env")
    }

    /// Present where the lake is on.
    pub(crate) fn lake(&self) -> PathBuf {
        self.root.join("lake")
    }

    /// The first operator's password.
    pub(crate) fn operator(&self) -> PathBuf {
        self.root.join("operator")
    }

    /// What was deployed last: the digest of everything that went into it, and the stack's outputs.
    pub(crate) fn deployment(&self) -> PathBuf {
        self.root.join("deployment.json")
    }

    pub(crate) fn cdk_out(&self) -> PathBuf {
        self.root.join("cdk.out")
    }

    pub(crate) fn outputs(&self) -> PathBuf {
        self.root.join("outputs.json")
    }

    /// Everything that `clean` removes: what this command made, and nothing else that lies in the folder.
    pub(crate) fn data(&self) -> Vec<PathBuf> {
        let mut paths = vec![
            self.mysql(),
            self.mysql_unfinished(),
            self.ministack(),
            self.temporary(),
            self.logs(),
            self.run(),
            self.cdk_out(),
            self.outputs(),
            self.deployment(),
            self.lake(),
            self.operator(),
            self.env(),
            self.ports(),
        ];
        match self.socket.parent() {
            Some(parent) if parent != self.root => paths.push(parent.to_owned()),
            // MySQL keeps a lock file beside it.
            _ => paths.extend([self.socket.clone(), self.socket.with_extension("sock.lock")]),
        }
        paths.retain(|path| path.symlink_metadata().is_ok());
        paths
    }
}

/// The socket's path: in the folder itself, or in a private folder with a short name where the path would be
/// longer than a Unix socket's can be.
fn socket_path(root: &Path, temporary: &Path) -> PathBuf {
    let inside = root.join("mysql.sock");
    if inside.as_os_str().len() <= LONGEST_SOCKET_PATH {
        return inside;
    }
    let digest = hex::encode(Sha256::digest(root.as_os_str().as_encoded_bytes()));
    let user = rustix::process::getuid().as_raw();
    temporary.join(format!("rowgate-{user}-{}", &digest[..16])).join("mysql.sock")
}

/// Creates a folder below the shared temporary folder that only this user may enter, or accepts one that is
/// exactly that: somebody else's folder or link by that name must not get the socket.
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
        fs::create_dir(layout.root().join("venv")).unwrap();
        let names: Vec<_> =
            layout.data().iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect();
        assert_eq!(names, ["ministack", "tmp", "logs", "run"]);
    }
}
