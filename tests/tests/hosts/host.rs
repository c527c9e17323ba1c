//! A host: a network namespace and the daemon that runs in it.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::Value;
use tests::cluster::socket;
use tests::kernel::{Ip, Kernel};
use tests::netns::Netns;
use tests::process::Daemon;
use tests::sandbox::SCRATCH;
use tests::{failure, wait};

use tests::programs::program;

/// How long anything may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);

/// A host with a kernel and at most one daemon.
pub(crate) struct Host {
    pub(crate) place: Arc<Netns>,
    program: &'static str,
    daemon: Option<Daemon>,
}

impl Host {
    /// A host that forwards packets and does not run a daemon yet.
    pub(crate) fn new(name: &str) -> Self {
        let place = Netns::create(name).expect("a namespace");
        let settings = [
            ("ipv6/conf/all/accept_dad", "0"),
            ("ipv6/conf/default/accept_dad", "0"),
            ("ipv4/conf/all/rp_filter", "0"),
            ("ipv4/conf/default/rp_filter", "0"),
            ("ipv4/ip_forward", "1"),
            ("ipv6/conf/all/forwarding", "1"),
        ];
        for (key, value) in settings {
            place.set(key, value).expect("a setting");
        }
        Self { place: Arc::new(place), program: "caracal", daemon: None }
    }

    /// A host whose daemon is the dedicated reflector.
    pub(crate) fn reflector(name: &str) -> Self {
        Self { program: "caracal-rr", ..Self::new(name) }
    }

    /// Writes the daemon's configuration: `text` and where it is to be asked.
    pub(crate) fn configure(&self, text: &str) {
        let socket = socket(self.place.name());
        let text = format!("{text}\n[control]\nsocket = \"{}\"\n", socket.display());
        fs::write(self.file(), text).expect("a writable file");
    }

    /// Writes the configuration and starts the daemon.
    pub(crate) fn run(&mut self, text: &str) {
        self.configure(text);
        self.start();
    }

    /// Starts the daemon and waits until it answers.
    pub(crate) fn start(&mut self) {
        let name = self.place.name();
        let log = PathBuf::from(format!("{SCRATCH}/{name}.log"));
        let mut command = Command::new(program(self.program));
        command.args(["run", "--config", &self.file()]).env_remove("RUST_LOG");
        self.daemon = Some(Daemon::start(name, &mut command, &self.place, &log).expect("a daemon"));
        self.until("the daemon to answer", |host| {
            host.ask(&["status"]).status.success().then_some(()).ok_or("it does not")
        });
    }

    /// Ends the daemon in good order.
    pub(crate) fn terminate(&mut self) {
        self.daemon.take().expect("it runs").terminate(PATIENCE).expect("an orderly end");
    }

    /// Waits until the daemon, told otherwise than by a signal, has ended in good order.
    pub(crate) fn see_off(&mut self) {
        let status = self.daemon.take().expect("it runs").end(PATIENCE).expect("an end");
        assert_eq!(status.code(), Some(0), "{}", self.log());
    }

    /// Ends the daemon without letting it say a word.
    pub(crate) fn kill(&mut self) {
        drop(self.daemon.take().expect("it runs"));
    }

    /// Tells the daemon to read its configuration again.
    pub(crate) fn hang_up(&self) {
        self.daemon.as_ref().expect("it runs").signal(Signal::SIGHUP).expect("a signal");
    }

    /// Runs a verb of the command line.
    pub(crate) fn ask(&self, words: &[&str]) -> Output {
        let mut command = Command::new(program(self.program));
        command.args(words).arg("--socket").arg(socket(self.place.name()));
        command.output().expect("the program starts")
    }

    /// The JSON that a verb answers with.
    pub(crate) fn json(&self, words: &[&str]) -> Value {
        let output = self.ask(&[words, &["-o", "json"]].concat());
        let text = String::from_utf8_lossy(&output.stdout);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{words:?}: {error} in {output:?}"))
    }

    /// One field of one peer; nothing where there is no such peer.
    pub(crate) fn peer(&self, name: &str, field: &str) -> Value {
        let output = self.ask(&["peer", name, "-o", "json"]);
        serde_json::from_slice::<Value>(&output.stdout).map_or(Value::Null, |peer| peer[field].clone())
    }

    /// Waits until the session with `name` is up.
    pub(crate) fn until_established(&self, name: &str) {
        self.until(&format!("the session with {name}"), |host| {
            let state = host.peer(name, "state");
            if state == "Established" { Ok(()) } else { Err(state) }
        });
    }

    /// How many sessions with `peer` have come up since the daemon's last start.
    pub(crate) fn sessions(&self, peer: &str) -> usize {
        self.log().matches(&format!(r#""session.up","peer":"{peer}""#)).count()
    }

    /// Waits until `look` finds what it looks for; fails with the end of the log.
    pub(crate) fn until<T, E: std::fmt::Display>(
        &self,
        what: &str,
        mut look: impl FnMut(&Self) -> Result<T, E>,
    ) -> T {
        let name = self.place.name();
        wait::until(&format!("{what} on {name}"), PATIENCE, || look(self)).unwrap_or_else(|failure| {
            let routes = String::from_utf8_lossy(&self.ask(&["routes"]).stdout).into_owned();
            let table = self.table().join("\n");
            panic!("{failure}\nits table:\n{table}\nits routes:\n{routes}\nits log:\n{}", self.log())
        })
    }

    /// Waits until a line of the kernel's table begins with `line`.
    pub(crate) fn until_route(&self, line: &str) {
        self.until(line, |host| host.has_route(line).then_some(()).ok_or("it is not in the table"));
    }

    /// Waits until no line of the kernel's table begins with `line`.
    pub(crate) fn until_no_route(&self, line: &str) {
        self.until(&format!("the end of {line}"), |host| {
            (!host.has_route(line)).then_some(()).ok_or("it is in the table")
        });
    }

    /// Whether a line of the kernel's table begins with `line`.
    pub(crate) fn has_route(&self, line: &str) -> bool {
        self.table().iter().any(|candidate| candidate.starts_with(line))
    }

    /// The kernel's main table, as `ip route` and `ip -6 route` write it.
    pub(crate) fn table(&self) -> Vec<String> {
        self.kernel(|kernel| Ok([kernel.routes(Ip::V4)?, kernel.routes(Ip::V6)?].concat()))
    }

    /// Does something with the host's kernel.
    pub(crate) fn kernel<T: Send>(
        &self,
        work: impl FnOnce(&Kernel) -> Result<T, failure::Failure> + Send,
    ) -> T {
        self.place.kernel(work).expect("the kernel obeys")
    }

    /// What the daemon has logged since its last start.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(format!("{SCRATCH}/{}.log", self.place.name())).unwrap_or_default()
    }

    /// The file of the configuration.
    pub(crate) fn file(&self) -> String {
        format!("{SCRATCH}/{}.toml", self.place.name())
    }
}
