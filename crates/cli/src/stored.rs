//! Files that the command keeps for itself.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Reads a JSON file; `None` if it is missing or unreadable.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// Writes a JSON file, and creates its folder if it is missing.
pub(crate) fn write(path: &Path, content: &impl Serialize) -> Result<()> {
    let json = serde_json::to_vec_pretty(content)?;
    let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
    folder.and_then(|()| fs::write(path, json)).with_context(|| format!("writing {}", path.display()))
}

/// Writes a file whole or not at all, readable by this user only.
pub(crate) fn write_private(path: &Path, text: &str) -> Result<()> {
    let fresh = path.with_extension("new");
    remove(&fresh)?;
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .and_then(|()| fs::rename(&fresh, path))
        .with_context(|| format!("writing {}", path.display()))
}

/// Removes a file, or a folder with its content, if it exists.
pub(crate) fn remove(path: &Path) -> Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing {}", path.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn others_cannot_read_a_private_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("env");
        for text in ["a", "b"] {
            write_private(&path, text).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn files_and_folders_are_removed_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b.json");
        write(&path, &7).unwrap();
        assert_eq!(read(&path), Some(7));
        for path in [path.as_path(), path.parent().unwrap()] {
            remove(path).unwrap();
            assert!(!path.exists());
            remove(path).unwrap();
        }
        assert_eq!(read::<i32>(&path), None);
    }
}
