//! Processes that outlive this command, and are found again by the next one.
//!
//! A process id alone proves nothing: it may be reused. A process is ours if its id, its start time
//! and the machine's boot are those recorded, or if its environment carries our mark. Child
//! processes inherit the mark, so the functions that MiniStack starts are found even after
//! MiniStack was killed.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::iter;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::layout::Layout;
use super::probe::Probe;
use crate::exit::{cannot, user_error};
use crate::stored;

/// The variable that marks our processes: the service's name and the folder of its local cloud.
const MARK: &str = "ROWGATE_LOCAL_PROCESS";
const POLL: Duration = Duration::from_millis(25);
/// The time that orphaned processes get between SIGTERM and SIGKILL.
const ORPHAN_GRACE: Duration = Duration::from_secs(3);

/// A service of the local cloud.
#[derive(Clone, Copy, Debug)]
pub(super) struct Service {
    /// The name of the service, of its log and of its record.
    pub name: &'static str,
    /// The time in which it must be ready.
    pub start_limit: Duration,
    /// The time that it gets to end in good order.
    pub grace: Duration,
}

/// The start of a service.
#[derive(Clone, Debug)]
pub(super) struct Spec {
    pub service: Service,
    pub program: PathBuf,
    pub arguments: Vec<OsString>,
    /// Files that it reads when it starts, beside its program and its arguments.
    pub files: Vec<PathBuf>,
    /// Its whole environment but for a few variables that every program expects.
    pub environment: Vec<(&'static str, OsString)>,
    pub probe: Probe,
    /// The folder of a state that is written only when the service ends in good order, if there is
    /// one. After any other end it is out of date, and removed before the next start.
    pub state: Option<PathBuf>,
}

/// A process as it was started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    pub pid: i32,
    /// Clock ticks from the boot to the start, as in `/proc/<pid>/stat`.
    start: u64,
    boot: String,
    /// The [fingerprint](Spec::fingerprint) of the spec.
    pub fingerprint: String,
}

impl Spec {
    /// Creates a spec without arguments, environment and state.
    pub(super) fn new(service: Service, program: &Path, probe: Probe) -> Self {
        Self {
            service,
            program: program.to_owned(),
            arguments: Vec::new(),
            files: Vec::new(),
            environment: Vec::new(),
            probe,
            state: None,
        }
    }

    /// Returns a digest that changes whenever a restart is needed to bring the process up to date.
    pub(super) fn fingerprint(&self) -> String {
        let mut digest = Sha256::new();
        let mut part = |bytes: &[u8]| {
            digest.update((bytes.len() as u64).to_le_bytes());
            digest.update(bytes);
        };
        // An argument may name the script that is run.
        let words = iter::once(self.program.as_os_str())
            .chain(self.arguments.iter().map(OsString::as_os_str))
            .chain(self.files.iter().map(|file| file.as_os_str()));
        for word in words {
            part(word.as_encoded_bytes());
            if let Ok(file) = fs::metadata(word)
                && file.is_file()
            {
                part(format!("{} {}.{}", file.len(), file.mtime(), file.mtime_nsec()).as_bytes());
            }
        }
        for (name, value) in &self.environment {
            part(name.as_bytes());
            part(value.as_encoded_bytes());
        }
        hex::encode(digest.finalize())
    }

    /// Removes the state of a service that did not end in good order.
    pub(super) fn remove_outdated_state(&self, layout: &Layout) -> Result<()> {
        match &self.state {
            Some(state) if Record::read(self.service.name, layout).is_some() => stored::remove(state),
            _ => Ok(()),
        }
    }

    /// Empties or creates the service's temporary folder.
    fn fresh_temporary(&self, layout: &Layout) -> Result<PathBuf> {
        let folder = layout.temporary.join(self.service.name);
        stored::remove(&folder)?;
        fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
        Ok(folder)
    }

    /// Starts the service in a session of its own, so that neither Ctrl-C nor the end of the
    /// terminal reaches it.
    pub(super) fn spawn(&self, layout: &Layout) -> Result<(Child, Record)> {
        let name = self.service.name;
        let log = layout.log(name);
        let output = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log)
            .with_context(|| format!("opening {}", log.display()))?;
        let mut command = Command::new("setsid");
        command.arg(&self.program).args(&self.arguments);
        command.env_clear().current_dir(&layout.root);
        for variable in ["PATH", "HOME", "USER", "LANG", "TZ"] {
            command.envs(std::env::var_os(variable).map(|value| (variable, value)));
        }
        command.env("TMPDIR", self.fresh_temporary(layout)?);
        command.envs(self.environment.iter().cloned());
        command.env(MARK, mark(name, layout));
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let child = command.spawn().map_err(cannot(&self.program, "be started"))?;
        let pid = i32::try_from(child.id())?;
        let start = stat(pid).context("reading the start time of a new process")?.start;
        let record = Record { pid, start, boot: boot_id()?, fingerprint: self.fingerprint() };
        stored::write(&record_path(name, layout), &record)?;
        Ok((child, record))
    }
}

impl Record {
    /// Reads the record of a service's last start, if there is one.
    pub(super) fn read(name: &str, layout: &Layout) -> Option<Self> {
        stored::read(&record_path(name, layout))
    }

    /// Returns true if that very process still runs.
    pub(super) fn is_alive(&self) -> bool {
        boot_id().is_ok_and(|boot| boot == self.boot)
            && stat(self.pid).is_some_and(|stat| stat.start == self.start && !stat.is_dead())
    }
}

impl Service {
    /// Ends the service and every process that it left behind; returns true if there were any.
    ///
    /// The record goes only if the service ended in good order: a record without a process shows a
    /// crash.
    pub(super) fn stop(&self, layout: &Layout) -> Result<bool> {
        let Self { name, grace, .. } = *self;
        let record = Record::read(name, layout);
        let alive = record.as_ref().filter(|record| record.is_alive());
        let mut orderly = record.is_none();
        if let Some(record) = alive {
            signal(record.pid, Signal::TERM);
            orderly = wait_until(grace, || !record.is_alive());
            if !orderly {
                signal(record.pid, Signal::KILL);
                wait_until(ORPHAN_GRACE, || !record.is_alive());
            }
        }
        let stopped = reap(name, layout) || alive.is_some();
        if orderly {
            stored::remove(&record_path(name, layout))?;
        }
        Ok(stopped)
    }
}

/// Ends every process that carries the service's mark; returns true if there were any.
fn reap(name: &str, layout: &Layout) -> bool {
    let mark = mark(name, layout);
    let signal_all = |with| marked(&mark).into_iter().map(|pid| signal(pid, with)).count();
    let found = signal_all(Signal::TERM);
    if !wait_until(ORPHAN_GRACE, || marked(&mark).is_empty()) {
        signal_all(Signal::KILL);
        wait_until(ORPHAN_GRACE, || marked(&mark).is_empty());
    }
    found > 0
}

fn signal(pid: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid) {
        // It may have ended just now.
        let _ = kill_process(pid, signal);
    }
}

fn wait_until(limit: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let started = Instant::now();
    while !condition() {
        if started.elapsed() > limit {
            return false;
        }
        std::thread::sleep(POLL);
    }
    true
}

fn record_path(name: &str, layout: &Layout) -> PathBuf {
    layout.run.join(format!("{name}.json"))
}

fn mark(name: &str, layout: &Layout) -> OsString {
    let mut mark = OsString::from(format!("{name}@"));
    mark.push(&layout.root);
    mark
}

/// Returns the processes whose environment carries this mark. Another user's environment cannot be
/// read, so another user's processes are never among them.
fn marked(mark: &OsString) -> Vec<i32> {
    let mut entry = format!("{MARK}=").into_bytes();
    entry.extend_from_slice(mark.as_encoded_bytes());
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    processes
        .filter_map(|process| process.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid: &i32| {
            fs::read(Path::new("/proc").join(pid.to_string()).join("environ"))
                .is_ok_and(|environment| environment.split(|byte| *byte == 0).any(|held| held == entry))
        })
        .filter(|pid| stat(*pid).is_some_and(|stat| !stat.is_dead()))
        .collect()
}

struct Stat {
    state: char,
    start: u64,
}

impl Stat {
    /// Returns true for a zombie, too: it has ended, and its parent has not asked yet.
    fn is_dead(&self) -> bool {
        matches!(self.state, 'Z' | 'X')
    }
}

fn stat(pid: i32) -> Option<Stat> {
    parse_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// Parses state and start time; the program's name before them may hold spaces and parentheses.
fn parse_stat(text: &str) -> Option<Stat> {
    let mut fields = text.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    let start = fields.nth(18)?.parse().ok()?;
    Some(Stat { state, start })
}

fn boot_id() -> Result<String> {
    let path = "/proc/sys/kernel/random/boot_id";
    let text = fs::read_to_string(path).map_err(|error| {
        user_error(format!("The local cloud needs Linux; {path} cannot be read: {error}."))
    })?;
    Ok(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(grace: u64) -> Service {
        let grace = Duration::from_millis(grace);
        Service { name: "shell", start_limit: grace, grace }
    }

    fn shell(script: &str) -> Spec {
        Spec {
            arguments: vec!["-c".into(), script.into()],
            environment: vec![("COLOUR", "blue".into())],
            ..Spec::new(service(2000), Path::new("/bin/sh"), Probe::Http(String::new()))
        }
    }

    fn cloud() -> (tempfile::TempDir, Layout) {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::create(folder.path()).unwrap();
        (folder, layout)
    }

    #[test]
    fn the_start_time_is_read_past_a_name_with_spaces_and_parentheses() {
        let text = "42 (a) b (c) S 1 42 42 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 987654 1 1";
        let stat = parse_stat(text).unwrap();
        assert_eq!((stat.state, stat.start), ('S', 987_654));
    }

    #[test]
    fn a_process_is_found_again_and_ended() {
        let (_folder, layout) = cloud();
        let spec = shell("exec sleep 600");
        let (mut child, record) = spec.spawn(&layout).unwrap();
        assert!(record.is_alive());
        assert_eq!(Record::read("shell", &layout), Some(record.clone()));
        assert!(spec.service.stop(&layout).unwrap());
        assert!(!record.is_alive());
        child.wait().unwrap();
        assert!(!spec.service.stop(&layout).unwrap());
    }

    #[test]
    fn another_process_with_the_same_id_is_not_ours() {
        let (_folder, layout) = cloud();
        let (mut child, record) = shell("exec sleep 600").spawn(&layout).unwrap();
        assert!(!Record { start: record.start + 1, ..record.clone() }.is_alive());
        assert!(!Record { boot: "another boot".into(), ..record }.is_alive());
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn children_of_a_killed_service_are_ended_and_others_are_not() {
        let (_folder, layout) = cloud();
        let (_other_folder, other_layout) = cloud();
        let (mut other, other_record) = shell("exec sleep 600").spawn(&other_layout).unwrap();
        let (mut child, record) = shell("sleep 600 & sleep 600").spawn(&layout).unwrap();
        assert!(wait_until(Duration::from_secs(5), || marked(&mark("shell", &layout)).len() == 3));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!record.is_alive());
        assert!(service(1000).stop(&layout).unwrap());
        assert!(marked(&mark("shell", &layout)).is_empty());
        assert!(other_record.is_alive());
        other.kill().unwrap();
        other.wait().unwrap();
    }

    #[test]
    fn a_process_that_ignores_sigterm_is_killed() {
        let (_folder, layout) = cloud();
        let spec = shell("trap '' TERM; while :; do sleep 0.05; done");
        let (mut child, record) = spec.spawn(&layout).unwrap();
        std::thread::sleep(Duration::from_millis(200));
        assert!(service(200).stop(&layout).unwrap());
        assert!(!record.is_alive());
        child.wait().unwrap();
    }

    #[test]
    fn state_outlives_an_orderly_end_and_no_other() {
        let (_folder, layout) = cloud();
        let spec = Spec { state: Some(layout.root.join("state")), ..shell("exec sleep 600") };
        let state = spec.state.clone().unwrap();
        fs::create_dir(&state).unwrap();
        let (mut child, _) = spec.spawn(&layout).unwrap();
        spec.service.stop(&layout).unwrap();
        child.wait().unwrap();
        spec.remove_outdated_state(&layout).unwrap();
        assert!(state.exists());
        let (mut child, _) = spec.spawn(&layout).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        spec.service.stop(&layout).unwrap();
        spec.remove_outdated_state(&layout).unwrap();
        assert!(!state.exists());
    }

    #[test]
    fn the_fingerprint_covers_arguments_and_environment() {
        let spec = shell("true");
        let mut other = spec.clone();
        other.environment[0].1 = "red".into();
        assert_eq!(spec.fingerprint(), shell("true").fingerprint());
        assert_ne!(spec.fingerprint(), other.fingerprint());
        assert_ne!(spec.fingerprint(), shell("false").fingerprint());
    }
}
