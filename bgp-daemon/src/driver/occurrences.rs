//! How often something happened that no picture of the speaker shows.

use std::sync::atomic::{AtomicU64, Ordering};

use bgp_core::speaker::Event;
use bgp_core::wire::Treatment;

use super::convergence::Convergence;

/// Counts since the start, written by the speaker's thread and read by any other.
#[derive(Debug, Default)]
pub struct Occurrences {
    discarded: AtomicU64,
    withdrawn: AtomicU64,
    reset: AtomicU64,
    unknown_connects: AtomicU64,
    prefix_limits: AtomicU64,
    /// How long news take.
    pub(crate) convergence: Convergence,
}

impl Occurrences {
    /// Counts an event.
    pub(super) fn note(&self, event: &Event) {
        let count = match event {
            Event::Fault { treatment: Treatment::Discard, .. } => &self.discarded,
            Event::Fault { treatment: Treatment::Withdraw, .. } => &self.withdrawn,
            Event::Fault { treatment: Treatment::Reset, .. } => &self.reset,
            Event::Refused { .. } => &self.unknown_connects,
            Event::PrefixLimit { .. } => &self.prefix_limits,
            _ => return,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// Errors in UPDATEs by what they cost.
    pub(crate) fn update_errors(&self) -> [(&'static str, u64); 3] {
        let counts = [("discard", &self.discarded), ("withdraw", &self.withdrawn), ("reset", &self.reset)];
        counts.map(|(action, count)| (action, count.load(Ordering::Relaxed)))
    }

    /// Connections refused before they became a session.
    pub(crate) fn unknown_connects(&self) -> u64 {
        self.unknown_connects.load(Ordering::Relaxed)
    }

    /// Prefix limits passed.
    pub(crate) fn prefix_limits(&self) -> u64 {
        self.prefix_limits.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn each_kind_is_counted_by_itself() {
        let occurrences = Occurrences::default();
        let peer: Arc<str> = Arc::from("tor");
        let fault = |treatment| {
            let (reason, octets) = (String::new(), String::new());
            Event::Fault { peer: Arc::clone(&peer), attribute: None, offset: 0, treatment, reason, octets }
        };
        occurrences.note(&fault(Treatment::Withdraw));
        occurrences.note(&fault(Treatment::Withdraw));
        occurrences.note(&fault(Treatment::Discard));
        let remote = "192.0.2.1:179".parse().expect("an address");
        occurrences.note(&Event::Refused { remote, reason: String::new() });
        occurrences.note(&Event::State { peer, from: "Idle", to: "Connect", reason: None });
        assert_eq!(occurrences.update_errors(), [("discard", 1), ("withdraw", 2), ("reset", 0)]);
        assert_eq!((occurrences.unknown_connects(), occurrences.prefix_limits()), (1, 0));
    }
}
