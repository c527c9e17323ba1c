//! What a service manager hears of a daemon that it started (`sd_notify`).

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use crate::host::Host;
use nix::sys::signal::Signal;

/// A manager that is never silent for longer than this hears of a daemon in time, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(60);

/// A daemon under a manager that wants to hear from it every `microseconds`, and the manager's ear.
fn supervised(microseconds: &str) -> (Host, UnixDatagram) {
    let mut host = Host::new();
    let ear = host.path("notify");
    let manager = UnixDatagram::bind(&ear).expect("a new socket");
    manager.set_read_timeout(Some(PATIENCE)).expect("a limit that is not zero");
    host.configure("");
    let ear = ear.to_str().expect("a path in plain letters");
    host.start_in(&[("NOTIFY_SOCKET", ear), ("WATCHDOG_USEC", microseconds)]);
    (host, manager)
}

fn heard(manager: &UnixDatagram) -> String {
    let mut octets = [0; 256];
    let length = manager.recv(&mut octets).expect("the daemon says something");
    String::from_utf8_lossy(&octets[..length]).into_owned()
}

#[test]
fn a_manager_hears_that_we_are_ready_well_and_about_to_stop() {
    let (mut host, manager) = supervised("40000");
    let mut words: Vec<String> = (0..20).map(|_| heard(&manager)).collect();
    host.signal(Signal::SIGTERM);
    while words.last().is_some_and(|word| word != "STOPPING=1") {
        words.push(heard(&manager));
    }
    assert_eq!(host.wait().code(), Some(0));
    assert_eq!(words.iter().filter(|word| *word == "READY=1").count(), 1, "{words:?}");
    assert!(words.iter().filter(|word| *word == "WATCHDOG=1").count() >= 19, "{words:?}");
    assert_eq!(words.len(), 2 + words.iter().filter(|word| *word == "WATCHDOG=1").count(), "{words:?}");
}

#[test]
fn a_manager_without_a_watchdog_is_not_bothered() {
    let (mut host, manager) = supervised("0");
    assert_eq!(heard(&manager), "READY=1");
    host.signal(Signal::SIGTERM);
    assert_eq!(heard(&manager), "STOPPING=1");
    assert_eq!(host.wait().code(), Some(0));
}
