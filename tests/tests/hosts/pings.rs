//! Packets that flow while something happens.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tests::ping::ping;

use crate::host::Host;

/// Echo requests every few milliseconds, from one host to one address, until told to end.
pub(crate) struct Pings {
    to: IpAddr,
    ending: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    thread: JoinHandle<Vec<String>>,
}

impl Pings {
    /// Begins, once a first request has been answered.
    pub(crate) fn begin(from: &Host, to: &str) -> Self {
        let to = to.parse().expect("an address");
        from.until(&format!("an answer from {to}"), |host| {
            host.place.run(|| ping(to, LIMIT)).expect("inside")
        });
        let (ending, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (place, end, count) = (Arc::clone(&from.place), Arc::clone(&ending), Arc::clone(&answered));
        let thread = thread::spawn(move || {
            let mut lost = Vec::new();
            let mut work = || {
                loop {
                    match ping(to, LIMIT) {
                        Ok(_) => drop(count.fetch_add(1, Ordering::Relaxed)),
                        Err(failure) => lost.push(failure.to_string()),
                    }
                    if end.load(Ordering::Relaxed) {
                        return;
                    }
                    thread::sleep(PERIOD);
                }
            };
            place.run(&mut work).expect("inside");
            lost
        });
        Self { to, ending, answered, thread }
    }

    /// Ends, and fails if a single answer was missing.
    pub(crate) fn end_without_loss(self) {
        self.ending.store(true, Ordering::Relaxed);
        let lost = self.thread.join().expect("pings do not panic");
        let answered = self.answered.load(Ordering::Relaxed);
        assert!(
            lost.is_empty(),
            "{} lost to {} while {answered} were answered: {lost:?}",
            lost.len(),
            self.to
        );
        assert!(answered > 0, "nothing was sent to {}", self.to);
        println!("{answered} echo requests to {} answered, none lost", self.to);
    }
}

/// An answer later than this is none.
const LIMIT: Duration = Duration::from_secs(1);
/// The pause between an answer and the next request.
const PERIOD: Duration = Duration::from_millis(3);
