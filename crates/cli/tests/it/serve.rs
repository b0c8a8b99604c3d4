//! `rowgate serve`: the program beside the command.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use crate::{stderr, stdout};

/// Runs a copy of the command in a folder of its own.
fn serve(folder: &Path, arguments: &[&str]) -> Output {
    let program = folder.join("rowgate");
    if !program.exists() {
        fs::copy(env!("CARGO_BIN_EXE_rowgate"), &program).unwrap();
    }
    Command::new(program).arg("serve").args(arguments).output().unwrap()
}

#[test]
fn becomes_the_program_beside_it_or_says_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let missing = serve(folder.path(), &[]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(stderr(&missing).contains("rowgate-serve is missing. Put"), "{}", stderr(&missing));

    let program = folder.path().join("rowgate-serve");
    fs::write(&program, "#!/bin/sh\necho \"$@\"\nexit 7\n").unwrap();
    fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
    for arguments in [&["--listen", "[::]:80", "--help"][..], &["health"], &["-V"], &[]] {
        let output = serve(folder.path(), arguments);
        assert_eq!((output.status.code(), stdout(&output).trim()), (Some(7), &*arguments.join(" ")));
    }
}
