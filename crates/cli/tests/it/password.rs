//! The password prompt, on a terminal of its own.

use std::fs::File;
use std::io::{Read, Write};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};

#[test]
fn ctrl_c_at_the_password_prompt_shows_typing_again() {
    let folder = tempfile::tempdir().unwrap();
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let terminal = File::from(rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap());
    let is_shown = || tcgetattr(&terminal).unwrap().local_modes.contains(LocalModes::ECHO);
    assert!(is_shown());

    // `setsid` makes the terminal the one that Ctrl-C is typed on.
    let mut child = Command::new("setsid")
        .args(["--ctty", env!("CARGO_BIN_EXE_rowgate"), "accounts", "add", "ann@x.example"])
        .args(["--groups", "reader"])
        .stdin(terminal.try_clone().unwrap())
        .stdout(terminal.try_clone().unwrap())
        .stderr(terminal.try_clone().unwrap())
        .current_dir(folder.path())
        .spawn()
        .unwrap();
    let mut master = File::from(master);
    let mut shown = String::new();
    while !shown.contains("Password (it is not shown):") {
        let mut bytes = [0; 100];
        let read = master.read(&mut bytes).unwrap();
        shown.push_str(&String::from_utf8_lossy(&bytes[..read]));
    }
    let asked = Instant::now();
    while is_shown() {
        assert!(asked.elapsed() < Duration::from_secs(10), "the password would be shown");
        sleep(Duration::from_millis(10));
    }
    master.write_all(b"Sesame\x03").unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert!(is_shown());
}
