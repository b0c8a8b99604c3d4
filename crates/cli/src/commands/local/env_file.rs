//! `<dir>/env`: the variables by which users and scripts reach the local cloud.

use std::borrow::Cow;
use std::path::Path;

use anyhow::Result;

use crate::stored;

/// The variables in the order they are written.
#[derive(Clone, Debug)]
pub(super) struct EnvFile {
    pub variables: Vec<(Cow<'static, str>, String)>,
}

impl EnvFile {
    /// Returns lines of `export NAME='value'`, which sh and bash read alike.
    fn text(&self) -> String {
        self.variables
            .iter()
            .map(|(name, value)| format!("export {name}='{}'\n", value.replace('\'', r"'\''")))
            .collect()
    }

    /// Writes the file, readable by this user only: it holds the keys.
    pub(super) fn write(&self, path: &Path) -> Result<()> {
        stored::write_private(path, &self.text())
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
            variables: vec![
                ("ROWGATE_MYSQL_SOCKET".into(), odd.into()),
                ("ROWGATE_BUCKET".into(), "data".into()),
            ],
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
}
