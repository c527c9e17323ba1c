//! A terminal, as programs see one: what is typed into it, and what comes out.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use nix::pty::{Winsize, openpty};
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{LocalFlags, tcgetattr};
use nix::unistd::{Pid, ttyname};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks.
const GLANCE: Duration = Duration::from_millis(20);

/// A program in a terminal of its own.
pub(crate) struct Terminal {
    keyboard: File,
    /// Keeps the terminal when the program has ended.
    line: OwnedFd,
    shown: Arc<Mutex<Vec<u8>>>,
    process: Child,
}

impl Terminal {
    /// Starts `command` in a terminal of 120 columns and 30 rows, which is its controlling one.
    pub(crate) fn run(command: &Command) -> Self {
        let size = Winsize { ws_row: 30, ws_col: 120, ws_xpixel: 0, ws_ypixel: 0 };
        let pair = openpty(Some(&size), None).expect("a terminal");
        let stream = || Stdio::from(pair.slave.try_clone().expect("another descriptor"));
        let mut leader = Command::new("setsid");
        leader.arg("--ctty").arg(command.get_program()).args(command.get_args());
        leader.env("TERM", "xterm-256color");
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => drop(leader.env(name, value)),
                None => drop(leader.env_remove(name)),
            }
        }
        leader.stdin(stream()).stdout(stream()).stderr(stream());
        let process = leader.spawn().expect("setsid of Debian's util-linux");
        let mut screen = File::from(pair.master.try_clone().expect("another descriptor"));
        let shown = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&shown);
        spawn(move || {
            let mut octets = [0; 4096];
            while let Ok(count @ 1..) = screen.read(&mut octets) {
                seen.lock().expect("nobody panics with it").extend_from_slice(&octets[..count]);
            }
        });
        Self { keyboard: pair.master.into(), line: pair.slave, shown, process }
    }

    /// Types.
    pub(crate) fn write(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).expect("the terminal takes everything");
    }

    /// Everything that was shown so far.
    pub(crate) fn shown(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().expect("nobody panics with it")).into_owned()
    }

    /// Forgets what was shown.
    pub(crate) fn clear(&self) {
        self.shown.lock().expect("nobody panics with it").clear();
    }

    /// Waits until something was shown.
    pub(crate) fn until(&self, what: &str) {
        self.until_holds(what, |shown| shown.contains(what));
    }

    /// Waits until `holds` of what was shown.
    pub(crate) fn until_holds(&self, what: &str, holds: impl Fn(&str) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !holds(&self.shown()) {
            assert!(Instant::now() < deadline, "{what:?} was never shown, but {:?}", self.shown());
            sleep(GLANCE);
        }
    }

    /// Makes the window another size, as dragging its corner does.
    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        let (columns, rows) = (columns.to_string(), rows.to_string());
        let stty = Command::new("stty")
            .args(["-F", &self.path().display().to_string(), "cols", &columns, "rows", &rows])
            .status();
        assert!(stty.expect("stty of Debian's coreutils").success());
    }

    /// Lines are edited and characters shown by the terminal itself, as a shell wants to find it.
    pub(crate) fn is_ordinary(&self) -> bool {
        let flags = tcgetattr(self.line.as_fd()).expect("a terminal").local_flags;
        flags.contains(LocalFlags::ICANON | LocalFlags::ECHO)
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.process.id().cast_signed()), signal).expect("it can be signalled");
    }

    /// Waits for the end of the program, and until all of its words were read.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.process.try_wait().expect("it is our child") {
                return status;
            }
            assert!(Instant::now() < deadline, "it does not end: {:?}", self.shown());
            sleep(GLANCE);
        }
    }

    fn path(&self) -> PathBuf {
        ttyname(self.line.as_fd()).map_err(io::Error::from).expect("a terminal has a name")
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
