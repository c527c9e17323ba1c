//! The receiving side: the set of prefixes held, as a count and an order-free fingerprint.

use std::collections::HashSet;
use std::io;
use std::time::{Duration, Instant as Wall};

use bgp_core::session::Signal;
use bgp_core::wire::{Routes, Update};
use ipnet::IpNet;

use super::link::{Heard, Link};

/// What a receiver holds.
#[derive(Debug, Default)]
pub struct Sink {
    held: HashSet<IpNet>,
    /// UPDATE messages received.
    pub updates: u64,
}

impl Sink {
    /// Listens until `count` prefixes are held; when the last one arrived.
    ///
    /// # Errors
    /// What the socket says, why the session ended, or that it took too long.
    pub fn collect(&mut self, link: &mut Link, count: usize, patience: Duration) -> io::Result<Wall> {
        let end = Wall::now() + patience;
        while self.held.len() < count {
            match link.hear(Duration::from_millis(100))? {
                Heard::Over(why) => return Err(io::Error::other(why)),
                Heard::Signals(signals) => signals.iter().for_each(|signal| self.take(signal)),
            }
            if Wall::now() > end {
                let words = format!("{} of {count} prefixes arrived", self.held.len());
                return Err(io::Error::new(io::ErrorKind::TimedOut, words));
            }
        }
        Ok(Wall::now())
    }

    /// Whether exactly these prefixes are held.
    #[must_use]
    pub fn holds(&self, prefixes: impl Iterator<Item = IpNet>) -> bool {
        let wanted: HashSet<IpNet> = prefixes.collect();
        wanted == self.held
    }

    fn take(&mut self, signal: &Signal) {
        let Signal::Update(update) = signal else { return };
        let Update { withdrawn, unreach, announced, reach, .. } = update;
        self.updates += 1;
        for nlri in withdrawn.iter().chain(unreach.iter().flat_map(|unreach| unicast(&unreach.routes))) {
            self.held.remove(&nlri.prefix);
        }
        self.held.extend(announced.iter().map(|nlri| nlri.prefix));
        if let Some(reach) = reach {
            self.held.extend(unicast(&reach.routes).iter().map(|nlri| nlri.prefix));
        }
    }
}

fn unicast(routes: &Routes) -> &[bgp_core::wire::Nlri] {
    match routes {
        Routes::Unicast(nlri) => nlri,
        Routes::Opaque { .. } => &[],
    }
}
