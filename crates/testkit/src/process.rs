//! Processes that end with this one.

use std::ffi::OsStr;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};

/// A running process. It is killed when this is dropped.
#[derive(Debug)]
pub struct Process {
    child: Arc<Mutex<Child>>,
    /// Dropped with the handle, which ends the thread that started the process.
    _release: mpsc::Sender<()>,
}

impl Process {
    /// Returns a command that runs `program`, and that the kernel kills when this process ends,
    /// however it ends (`setpriv --pdeathsig`).
    pub fn command(program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]).arg(program);
        command
    }

    /// Starts a command from a thread that lives as long as the handle: the kernel's parent-death
    /// signal comes when the *thread* that started a child ends, and the threads of tests and of
    /// runtimes end early.
    ///
    /// # Errors
    /// If it cannot be run: `setpriv` is part of util-linux.
    pub fn start(mut command: Command) -> Result<Self> {
        let (release, released) = mpsc::channel::<()>();
        let (sender, receiver) = mpsc::channel();
        let program = command.get_program().display().to_string();
        thread::Builder::new().name("process-keeper".to_owned()).spawn(move || {
            let child = command.spawn().map(|child| Arc::new(Mutex::new(child)));
            let started = child.is_ok();
            let _ = sender.send(child);
            if started {
                // Until the handle is gone.
                let _ = released.recv();
            }
        })?;
        let child = receiver.recv().context("the thread that starts a process ended")?;
        let child = child.with_context(|| format!("cannot run {program}: is it installed?"))?;
        Ok(Self { child, _release: release })
    }

    /// Returns the process as the standard library has it.
    pub fn child(&self) -> MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the id of the process.
    pub fn id(&self) -> u32 {
        self.child().id()
    }

    /// Returns true if the process exists.
    pub fn is_alive(&self) -> bool {
        matches!(self.child().try_wait(), Ok(None))
    }

    /// Kills the process, whatever it is doing, and waits for its end.
    pub fn kill(&self) {
        let mut child = self.child();
        let _ = child.kill();
        let _ = child.wait();
    }

    /// Stops the process where it is: it keeps its connections and does nothing.
    pub fn stop(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets a stopped process continue.
    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        // Held, so that nothing waits for the process meanwhile and its id is not used again.
        let mut child = self.child();
        if matches!(child.try_wait(), Ok(None))
            && let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw)
        {
            let _ = kill_process(pid, signal);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
