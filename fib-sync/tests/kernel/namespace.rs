//! A network namespace of its own for each test, with `ip` as the independent witness.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fib_sync::{Config, Event, Events, Handle, Snapshot, Standing};
use ipnet::IpNet;
use nix::sched::{CloneFlags, unshare};
use nix::unistd::geteuid;

/// Runs `test` in a fresh namespace with `lo`, a link `up0` (10.0.0.1/24, fd00::1/64) and `spare0` without an
/// address; their other ends are `far0` and `away0` in the same namespace.
///
/// Without root the test binary runs itself again in a user namespace. Never skips: what cannot be made fails.
pub(crate) fn in_namespace<F, T>(test: T)
where
    F: Future<Output = ()>,
    T: FnOnce() -> F + Send + 'static,
{
    if !geteuid().is_root() {
        return run_again_as_root_of_a_user_namespace(test_around(std::any::type_name::<T>()));
    }
    let outcome = std::thread::spawn(move || {
        unshare(CloneFlags::CLONE_NEWNET)
            .expect("needs the right to make network namespaces (CAP_SYS_ADMIN)");
        prepare();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async { tokio::time::timeout(LONGEST, test()).await.expect("the test hangs") });
    });
    if let Err(panic) = outcome.join() {
        std::panic::resume_unwind(panic);
    }
}

/// The test in which a closure of this type stands, in the words of the test harness.
fn test_around(closure: &str) -> &str {
    let path = closure.split_once("::").map_or(closure, |(_, path)| path);
    path.split("::{{closure}}").next().unwrap_or(path)
}

fn run_again_as_root_of_a_user_namespace(test: &str) {
    let binary = std::env::current_exe().expect("the path of the test binary");
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--net"])
        .arg(binary)
        .args(["--exact", test, "--nocapture"])
        .output()
        .expect("needs root, or util-linux's unshare and unprivileged user namespaces");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{test} failed in a user namespace; is the kernel allowed to make one?\n{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn prepare() {
    ip("link set lo up");
    ip("link add up0 type veth peer name far0");
    ip("link add spare0 type veth peer name away0");
    // Without duplicate address detection an IPv6 address counts at once.
    ip("addr add 10.0.0.1/24 dev up0");
    ip("addr add fd00::1/64 dev up0 nodad");
    for link in ["up0", "far0", "spare0", "away0"] {
        ip(&format!("link set {link} up"));
    }
    // The carrier arrives a moment later, by the kernel's own clock.
    while ["up0", "far0", "spare0"].iter().any(|link| !ip(&format!("link show {link}")).contains("state UP"))
    {
        std::thread::yield_now();
    }
}

/// Runs `ip` with these words and gives what it prints.
pub(crate) fn ip(words: &str) -> String {
    let output = Command::new("ip").args(words.split_whitespace()).output().expect("needs iproute2");
    assert!(output.status.success(), "ip {words}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Runs many `ip` commands in one process; those the kernel refuses are passed over.
pub(crate) fn ip_batch(commands: &str) {
    let mut child = Command::new("ip")
        .args(["-force", "-batch", "-"])
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("needs iproute2");
    child.stdin.take().expect("piped").write_all(commands.as_bytes()).expect("reads its input");
    child.wait().expect("ends");
}

/// The routes `ip route show` prints, one a line, without trailing blanks.
pub(crate) fn routes(words: &str) -> Vec<String> {
    ip(words).lines().map(|line| line.trim_end().to_owned()).collect()
}

/// `ip monitor` over route changes, from now on.
pub(crate) struct Monitor {
    child: Child,
}

impl Monitor {
    /// Starts it and returns once it is listening.
    pub(crate) fn start() -> Self {
        Self::of(&["route"])
    }

    /// The same over changes of these kinds; `route` has to be among them.
    pub(crate) fn of(kinds: &[&str]) -> Self {
        let child = Command::new("ip")
            .args(["-o", "monitor"])
            .args(kinds)
            .stdout(Stdio::piped())
            .spawn()
            .expect("needs iproute2");
        let mut monitor = Self { child };
        monitor.settle("192.0.2.254");
        monitor
    }

    /// Writes a marker until the monitor prints it. The last of an earlier marker may come yet.
    fn settle(&mut self, marker: &str) -> Vec<String> {
        let stdout = self.child.stdout.as_mut().expect("piped");
        let mut reader = BufReader::new(stdout);
        let mut seen = Vec::new();
        std::thread::scope(|scope| {
            let (stop, stopped) = std::sync::mpsc::channel::<()>();
            // The writer runs in this namespace: a scoped thread inherits it.
            scope.spawn(move || {
                while stopped.recv_timeout(Duration::from_millis(20)).is_err() {
                    ip(&format!("route replace blackhole {marker} table 99"));
                    ip(&format!("route del blackhole {marker} table 99"));
                }
            });
            let mut line = String::new();
            while reader.read_line(&mut line).is_ok_and(|length| length > 0) {
                let is_marker = line.contains("table 99");
                if is_marker && line.contains(marker) && line.contains("Deleted") {
                    break;
                }
                if !is_marker {
                    seen.push(line.trim_end().to_owned());
                }
                line.clear();
            }
            let _ = stop.send(());
        });
        seen
    }

    /// Every line so far that is not about the marker.
    pub(crate) fn lines(mut self) -> Vec<String> {
        self.settle("192.0.2.255")
    }

    /// Those about what is ours: the kernel makes addresses and routes of its own while the links are new.
    pub(crate) fn ours(self) -> Vec<String> {
        let mut lines = self.lines();
        lines.retain(|line| line.contains("proto bird"));
        lines
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Table 254, protocol 12 (`bird`), metric 50.
pub(crate) fn config() -> Config {
    Config::new(254, 12, 50)
}

/// Starts and waits for the first whole view; gives what was learned with it.
pub(crate) async fn started(config: Config) -> (Handle, Events, Vec<Event>) {
    let (handle, mut events) = fib_sync::start(config).expect("a netlink socket");
    let mut before = Vec::new();
    loop {
        match events.next().await.expect("runs") {
            Event::Synced { .. } => return (handle, events, before),
            event => before.push(event),
        }
    }
}

/// The next event that fits.
pub(crate) async fn event(events: &mut Events, what: &str, mut fits: impl FnMut(&Event) -> bool) -> Event {
    let wait = async {
        loop {
            let event = events.next().await.expect("runs");
            if fits(&event) {
                return event;
            }
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("no such event: {what}"))
}

/// Waits until no wish is on its way.
pub(crate) async fn quiet(handle: &Handle) -> Snapshot {
    loop {
        let snapshot = handle.snapshot().await.expect("runs");
        if snapshot.routes.iter().all(|route| route.standing != Standing::Pending) {
            return snapshot;
        }
        tokio::task::yield_now().await;
    }
}

/// A prefix from its text.
pub(crate) fn net(text: &str) -> IpNet {
    text.parse().expect("a prefix")
}

/// An address from its text.
pub(crate) fn addr(text: &str) -> std::net::IpAddr {
    text.parse().expect("an address")
}

const LONGEST: Duration = Duration::from_secs(120);
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
