//! `<dir>/env`: what users and scripts need to reach the local cloud.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result};

/// The variables in the order they are written.
#[derive(Clone, Debug)]
pub(crate) struct EnvFile {
    pub variables: Vec<(&'static str, String)>,
}

impl EnvFile {
    /// Lines of `export NAME='value'`, which sh and bash read alike.
    pub(crate) fn text(&self) -> String {
        self.variables
            .iter()
            .map(|(name, value)| format!("export {name}='{}'\n", value.replace('\'', r"'\''")))
            .collect()
    }

    /// Writes the file whole or not at all, readable by this user only: it holds the keys.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let fresh = path.with_extension("new");
        let _ = fs::remove_file(&fresh);
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&fresh)
            .with_context(|| format!("writing {}", fresh.display()))?;
        file.write_all(self.text().as_bytes())?;
        fs::rename(&fresh, path).with_context(|| format!("writing {}", path.display()))
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_shell_reads_back_every_value() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("env");
        let odd = r#"/tmp/it's "a" $HOME `x` \ path"#;
        let file = EnvFile {
            variables: vec![("ROWGATE_MYSQL_SOCKET", odd.into()), ("ROWGATE_BUCKET", "data".into())],
        };
        file.write(&path).unwrap();
        file.write(&path).unwrap();
        let output = Command::new("sh")
            .arg("-c")
            .arg(". \"$0\"; env | grep ^ROWGATE_ | sort")
            .arg(&path)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text, format!("ROWGATE_BUCKET=data\nROWGATE_MYSQL_SOCKET={odd}\n"));
    }

    #[test]
    fn others_cannot_read_the_keys() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("env");
        EnvFile { variables: vec![] }.write(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
