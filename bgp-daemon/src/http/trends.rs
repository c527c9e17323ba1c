//! What each peer told lately: ten minutes of every session, for whoever opens the page only now.
//!
//! Every ten seconds a picture of the speaker adds one sample of eight octets for each peer, and sixty are kept: with
//! the name and the tables around them about 600 octets for a peer, 600 KiB for a thousand. Nothing is kept of peers
//! that have gone, and nothing at all where there is no web server.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bgp_core::speaker::PeerView;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::gallery::Gallery;
use crate::api;

/// Between two samples.
const PACE: Duration = Duration::from_secs(10);

/// Samples kept.
const LENGTH: usize = 60;

/// The past of every peer.
#[derive(Clone, Debug)]
pub(super) struct Trends {
    past: watch::Receiver<Past>,
}

impl Trends {
    /// Keeps it from now on, for as long as somebody may ask.
    pub(super) fn keep(gallery: Gallery) -> Self {
        let (keeper, past) = watch::channel(Past::default());
        tokio::spawn(async move {
            let mut pace = interval(PACE);
            pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
            while !keeper.is_closed() {
                pace.tick().await;
                // A sample may be late; what was seen before would be one of another time.
                let Some(picture) = gallery.anew().await else { return };
                if let Some(speaker) = &picture.speaker {
                    let seen = speaker.peers.iter().map(|peer| (Arc::clone(&peer.name), Seen::of(peer)));
                    keeper.send_modify(|past| past.add(seen));
                }
            }
        });
        Self { past }
    }

    /// All of it.
    pub(super) fn tell(&self) -> api::Trends {
        let peers = self.past.borrow().peers.iter().map(|(name, past)| past.tell(name)).collect();
        api::Trends { interval: PACE.as_secs(), peers }
    }
}

#[derive(Debug, Default)]
struct Past {
    peers: BTreeMap<Arc<str>, Course>,
}

impl Past {
    /// Adds a sample of every peer there is, and forgets those there are not.
    fn add(&mut self, peers: impl Iterator<Item = (Arc<str>, Seen)>) {
        let mut before = std::mem::take(&mut self.peers);
        for (name, seen) in peers {
            let mut course = before.remove(&name).unwrap_or_default();
            course.add(seen);
            self.peers.insert(name, course);
        }
    }
}

/// What a picture shows of one peer.
#[derive(Clone, Copy, Debug)]
struct Seen {
    /// Routes accepted now.
    routes: u64,
    /// UPDATEs received so far.
    received: u64,
}

impl Seen {
    fn of(peer: &PeerView) -> Self {
        let routes = peer.routes.iter().map(|(_, counts)| counts.accepted).sum();
        Self { routes, received: peer.received.updates }
    }
}

/// The past of one peer.
#[derive(Debug, Default)]
struct Course {
    samples: VecDeque<Sample>,
    /// UPDATEs received by the latest sample; `None` before the first.
    received: Option<u64>,
}

#[derive(Clone, Copy, Debug)]
struct Sample {
    routes: u32,
    updates: u32,
}

impl Course {
    fn add(&mut self, Seen { routes, received }: Seen) {
        // What came before the first sample came at times unknown.
        let updates = received.saturating_sub(self.received.replace(received).unwrap_or(received));
        if self.samples.len() == LENGTH {
            self.samples.pop_front();
        }
        self.samples.push_back(Sample { routes: clamped(routes), updates: clamped(updates) });
    }

    fn tell(&self, name: &str) -> api::Trend {
        let routes = self.samples.iter().map(|sample| sample.routes).collect();
        let updates = self.samples.iter().map(|sample| sample.updates).collect();
        api::Trend { name: name.to_owned(), routes, updates }
    }
}

fn clamped(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn past(seen: &[&[(&str, u64, u64)]]) -> Past {
        let mut past = Past::default();
        for peers in seen {
            let seen = |&(name, routes, received): &_| (Arc::from(name), Seen { routes, received });
            past.add(peers.iter().map(seen));
        }
        past
    }

    fn of(past: &Past, name: &str) -> api::Trend {
        past.peers.get(name).map(|course| course.tell(name)).unwrap_or_default()
    }

    #[test]
    fn a_sample_is_what_there_is_and_what_came_since_the_one_before() {
        let past = past(&[&[("tor", 0, 7)], &[("tor", 5, 9)], &[("tor", 4, 9), ("new", 1, 3)]]);
        let tor = of(&past, "tor");
        assert_eq!((tor.routes, tor.updates), (vec![0, 5, 4], vec![0, 2, 0]));
        assert_eq!(of(&past, "new").updates, [0], "what came before is of another time");
    }

    #[test]
    fn the_past_is_short_and_who_is_gone_is_forgotten() {
        let many: Vec<[(&str, u64, u64); 1]> = (0..LENGTH as u64 + 5).map(|n| [("tor", n, n)]).collect();
        let mut past = past(&many.iter().map(<[_; 1]>::as_slice).collect::<Vec<_>>());
        let tor = of(&past, "tor");
        assert_eq!((tor.routes.len(), tor.routes.first()), (LENGTH, Some(&5)));
        past.add(std::iter::empty());
        assert!(past.peers.is_empty());
    }
}
