//! A daemon in a process of its own, and the command line that talks to it.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

/// The port of every daemon; addresses differ.
pub(crate) const PORT: u16 = 11790;

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks.
const GLANCE: Duration = Duration::from_millis(20);

/// The program under test.
pub(crate) const CARACAL: &str = env!("CARGO_BIN_EXE_caracal");

/// A loopback address nobody else uses: not in this test, nor in another run at the same time.
pub(crate) fn address() -> Ipv4Addr {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let [.., high, low] = std::process::id().to_be_bytes();
    Ipv4Addr::new(127, high | 0x80, low, NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A daemon with a folder of its own.
pub(crate) struct Host {
    pub(crate) address: Ipv4Addr,
    folder: TempDir,
    process: Option<Child>,
}

impl Host {
    /// A host that is not running yet.
    pub(crate) fn new() -> Self {
        Self { address: address(), folder: tempfile::tempdir().expect("a folder"), process: None }
    }

    /// Writes its configuration: what every daemon here has, then `more`. Routes leave with a next hop
    /// outside of loopback, which nobody would accept.
    pub(crate) fn configure(&self, more: &str) {
        let Self { address, .. } = self;
        let mut text = format!("asn = 64512\nrouter_id = \"{address}\"\n");
        let socket = self.path("control.sock");
        let tables = format!(
            "[listen]\naddresses = [\"{address}\"]\nport = {PORT}\n\
             [kernel]\nenabled = false\n\
             [control]\nsocket = \"{}\"\n\
             [log]\nlevel = \"debug\"\n\
             [[policy]]\nname = \"elsewhere\"\ndefault = \"reject\"\n\
             rules = [{{ name = \"all\", action = \"accept\", set = {{ next_hop = \"192.0.2.1\" }} }}]\n",
            socket.display()
        );
        // Keys of the top level come before the first table.
        let (keys, sections) = more.split_at(more.find('[').unwrap_or(more.len()));
        write!(text, "{keys}{tables}{sections}").expect("a string takes everything");
        fs::write(self.path("caracal.toml"), text).expect("a writable file");
    }

    /// Writes its configuration and starts it.
    pub(crate) fn run(&mut self, more: &str) {
        self.configure(more);
        self.start();
    }

    /// Starts it and waits until it answers.
    pub(crate) fn start(&mut self) {
        self.start_in(&[]);
    }

    /// As [`Self::start`], with more variables in its environment.
    pub(crate) fn start_in(&mut self, environment: &[(&str, &str)]) {
        let log = File::create(self.path("log")).expect("a writable file");
        let mut command = Command::new(CARACAL);
        command.arg("run").arg("--config").arg(self.path("caracal.toml"));
        command
            .env_remove("RUST_LOG")
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        self.process = Some(command.spawn().expect("the program starts"));
        self.until("answers", || self.ask(&["status"]).status.success());
    }

    /// Runs a verb against it.
    pub(crate) fn ask(&self, words: &[&str]) -> Output {
        let mut command = Command::new(CARACAL);
        command.args(words).arg("--socket").arg(self.path("control.sock"));
        command.stdin(Stdio::null()).output().expect("the program starts")
    }

    /// The JSON a verb answers with.
    pub(crate) fn json(&self, words: &[&str]) -> Value {
        let output = self.ask(&[words, &["-o", "json"]].concat());
        let text = String::from_utf8_lossy(&output.stdout);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{words:?}: {error} in {output:?}"))
    }

    /// One field of one peer.
    pub(crate) fn peer(&self, name: &str, field: &str) -> Value {
        self.json(&["peer", name]).get(field).cloned().unwrap_or_default()
    }

    /// Waits until the session with `name` is up.
    pub(crate) fn until_established(&self, name: &str) {
        self.until(name, || self.peer(name, "state") == "Established");
    }

    /// Waits until there is a path to `prefix`, and returns it.
    pub(crate) fn until_route(&self, prefix: &str) -> Value {
        self.until(prefix, || self.route(prefix).is_some());
        self.route(prefix).expect("it is still there")
    }

    /// The first path to `prefix`.
    pub(crate) fn route(&self, prefix: &str) -> Option<Value> {
        self.json(&["routes", prefix]).get(0).cloned()
    }

    /// Waits until `holds`, and fails with the log if it never does.
    pub(crate) fn until(&self, what: &str, holds: impl Fn() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !holds() {
            assert!(Instant::now() < deadline, "{what} never came true; the log:\n{}", self.log());
            sleep(GLANCE);
        }
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let process = self.process.as_ref().expect("it runs");
        kill(Pid::from_raw(process.id().cast_signed()), signal).expect("it can be signalled");
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let mut process = self.process.take().expect("it runs");
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = process.try_wait().expect("it is our child") {
                return status;
            }
            assert!(Instant::now() < deadline, "it does not end; the log:\n{}", self.log());
            sleep(GLANCE);
        }
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// A path in its folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The `[[peer]]` that another daemon needs to reach this one.
    pub(crate) fn as_peer(&self, name: &str, from: &Self, more: &str) -> String {
        format!(
            "[[peer]]\nname = \"{name}\"\naddress = \"{}\"\nport = {PORT}\nasn = 64512\n\
             local_address = \"{}\"\nexport = \"elsewhere\"\nconnect_retry = \"1s\"\n{more}\n",
            self.address, from.address
        )
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            // It may have ended already.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}
