//! Log lines about the kernel's table, and what is remembered of it. Thousands of prefixes may meet one fate at once: the first is told at
//! once, those that follow are counted and told together, with a few of them as examples.

use std::collections::BTreeMap;
use std::time::Duration;

use fib_sync::{Event, Refused};
use ipnet::IpNet;
use tokio::time::Instant;
use tracing::{info, warn};

use crate::chronicle::{Fact, Note};

/// What has been told lately, and what is still to be told of it.
#[derive(Debug, Default)]
pub(super) struct Lines {
    gathered: BTreeMap<Fate, Gathered>,
}

/// What happens to prefixes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Refused { kind: &'static str, reason: String },
    Healed,
}

/// Prefixes that have had no line yet.
#[derive(Debug)]
struct Gathered {
    due: Instant,
    routes: usize,
    examples: Vec<IpNet>,
}

/// Some prefixes and their fate, worth a line.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    fate: Fate,
    routes: usize,
    examples: Vec<IpNet>,
}

impl Lines {
    /// Tells what an event means to people, and what is to be remembered of it.
    pub(super) fn tell(&mut self, event: Event, now: Instant) -> Option<Note> {
        let line = match event {
            Event::Diverged { prefix, refused } => self.admit(self.fate(&refused), prefix, now),
            Event::Healed { prefix } => self.admit(Fate::Healed, prefix, now),
            other => {
                once(&other);
                return remembered(other);
            }
        };
        line.map(Line::told)
    }

    /// Tells what has been gathered, whatever its age: nothing follows.
    pub(super) fn finish(&mut self) {
        // Nobody is left who could be asked what happened.
        drop(self.flush(Instant::now() + QUIET));
    }

    /// When [`flush`](Self::flush) has something to do.
    pub(super) fn due(&self) -> Option<Instant> {
        self.gathered.values().map(|gathered| gathered.due).min()
    }

    /// Tells what has been gathered for long enough, and what is to be remembered of it.
    pub(super) fn flush(&mut self, now: Instant) -> Vec<Note> {
        self.take(now).into_iter().map(Line::told).collect()
    }

    fn fate(&self, refused: &Refused) -> Fate {
        let fate = Fate::Refused { kind: refused.kind(), reason: refused.to_string() };
        if self.gathered.len() < FATES || self.gathered.contains_key(&fate) {
            return fate;
        }
        Fate::Refused { kind: refused.kind(), reason: "various reasons".to_owned() }
    }

    fn admit(&mut self, fate: Fate, prefix: IpNet, now: Instant) -> Option<Line> {
        if let Some(gathered) = self.gathered.get_mut(&fate) {
            gathered.routes += 1;
            if gathered.examples.len() < EXAMPLES {
                gathered.examples.push(prefix);
            }
            return None;
        }
        let gathered = Gathered { due: now + BURST, routes: 0, examples: Vec::new() };
        self.gathered.insert(fate.clone(), gathered);
        Some(Line { fate, routes: 1, examples: vec![prefix] })
    }

    fn take(&mut self, now: Instant) -> Vec<Line> {
        let mut lines = Vec::new();
        self.gathered.retain(|fate, gathered| {
            if now < gathered.due {
                return true;
            }
            let routes = std::mem::take(&mut gathered.routes);
            let examples = std::mem::take(&mut gathered.examples);
            gathered.due = now + QUIET;
            if routes > 0 {
                lines.push(Line { fate: fate.clone(), routes, examples });
            }
            routes > 0
        });
        lines
    }
}

impl Line {
    /// Writes it; what is to be remembered of it.
    fn told(self) -> Note {
        self.write();
        let event = self.fate.event();
        let reason = match self.fate {
            Fate::Refused { reason, .. } => reason,
            Fate::Healed => String::new(),
        };
        Note::new(Fact::Kernel { event, routes: self.routes, examples: self.examples }, reason)
    }

    fn write(&self) {
        let Self { fate, routes, examples } = self;
        let prefixes = words(examples);
        match fate {
            Fate::Refused { kind: kind @ "exists", reason } => {
                warn!(
                    event = "kernel.conflict",
                    routes, prefixes, kind, reason, "a foreign route is in the way"
                );
            }
            Fate::Refused { kind, reason } => {
                warn!(
                    event = "kernel.refused",
                    routes, prefixes, kind, reason, "the kernel does not take it"
                );
            }
            Fate::Healed => info!(event = "kernel.healed", routes, prefixes),
        }
    }
}

impl Fate {
    /// What the log calls it.
    fn event(&self) -> &'static str {
        match self {
            Self::Refused { kind: "exists", .. } => "kernel.conflict",
            Self::Refused { .. } => "kernel.refused",
            Self::Healed => "kernel.healed",
        }
    }
}

/// What is to be remembered of what does not come by the thousand.
fn remembered(event: Event) -> Option<Note> {
    let (event, routes, examples, reason) = match event {
        Event::Synced { adopted } => ("kernel.synced", adopted, Vec::new(), "routes were adopted".to_owned()),
        Event::Swept(sweep) if sweep.held => {
            let reason = format!("too many of {} routes to remove at once", sweep.adopted);
            ("kernel.sweep_held", sweep.stale, Vec::new(), reason)
        }
        Event::Swept(sweep) => {
            ("kernel.swept", sweep.stale, Vec::new(), "routes nobody wishes for".to_owned())
        }
        Event::Overrun => ("kernel.overrun", 0, Vec::new(), "events of the kernel were lost".to_owned()),
        Event::Drift { routes, examples } => {
            ("kernel.drift", routes, examples, "routes of ours were gone or changed".to_owned())
        }
        Event::SetDiverged { refused, .. } => ("kernel.hops_refused", 0, Vec::new(), refused.to_string()),
        Event::SetHealed { .. } => ("kernel.hops_healed", 0, Vec::new(), String::new()),
        Event::ObjectsUnsupported { refused } => ("kernel.no_objects", 0, Vec::new(), refused.to_string()),
        _ => return None,
    };
    Some(Note::new(Fact::Kernel { event, routes, examples }, reason))
}

/// What does not come by the thousand.
fn once(event: &Event) {
    match event {
        Event::Synced { adopted } => info!(event = "kernel.synced", adopted),
        Event::Swept(sweep) if sweep.held => warn!(
            event = "kernel.sweep_held",
            adopted = sweep.adopted,
            stale = sweep.stale,
            "too many routes to remove at once: they stay until `caracal kernel --sweep-anyway`"
        ),
        Event::Swept(sweep) => {
            info!(event = "kernel.swept", adopted = sweep.adopted, removed = sweep.stale);
        }
        Event::Overrun => warn!(event = "kernel.overrun", "events were lost, the table is read again"),
        Event::Drift { routes, examples } => {
            let prefixes = words(examples);
            warn!(event = "kernel.drift", routes, prefixes, "routes of ours were gone or changed");
        }
        Event::SetDiverged { set, refused } => {
            warn!(event = "kernel.hops_refused", set = set.0, reason = %refused, "the kernel does not take all next hops");
        }
        Event::SetHealed { set } => info!(event = "kernel.hops_healed", set = set.0),
        Event::ObjectsUnsupported { refused } => warn!(
            event = "kernel.no_objects",
            reason = %refused,
            "the kernel has no next-hop objects: every route carries its own next hops"
        ),
        unknown => warn!(event = "kernel.unknown", told = ?unknown),
    }
}

fn words(prefixes: &[IpNet]) -> String {
    prefixes.iter().map(IpNet::to_string).collect::<Vec<String>>().join(" ")
}

/// How long prefixes are gathered behind the first.
const BURST: Duration = Duration::from_secs(1);
/// How long one line stands for all that follow.
const QUIET: Duration = Duration::from_secs(60);
/// Prefixes named in a line.
const EXAMPLES: usize = 3;
/// Fates told apart.
const FATES: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(number: u32) -> IpNet {
        IpNet::new(std::net::Ipv4Addr::from_bits(number).into(), 32).expect("a prefix")
    }

    fn refused(interface: usize) -> Refused {
        Refused::NoDevice { text: format!("cali{interface}") }
    }

    #[test]
    fn ten_thousand_prefixes_of_one_fate_get_two_lines() {
        let (mut lines, now) = (Lines::default(), Instant::now());
        let fate = lines.fate(&refused(0));
        let told: Vec<Line> =
            (0..10_000).filter_map(|number| lines.admit(fate.clone(), prefix(number), now)).collect();
        assert_eq!(told, [Line { fate: fate.clone(), routes: 1, examples: vec![prefix(0)] }]);
        assert_eq!(lines.take(now), [], "the burst goes on");
        let examples = vec![prefix(1), prefix(2), prefix(3)];
        assert_eq!(lines.take(now + BURST), [Line { fate: fate.clone(), routes: 9_999, examples }]);
        assert_eq!(lines.admit(fate.clone(), prefix(7), now + BURST), None);
        assert_eq!(lines.due(), Some(now + BURST + QUIET));
        let later = now + BURST + QUIET;
        assert_eq!(lines.take(later), [Line { fate: fate.clone(), routes: 1, examples: vec![prefix(7)] }]);
        assert_eq!(lines.take(later + QUIET), []);
        assert_eq!(lines.due(), None, "and nothing is remembered for ever");
        assert!(lines.admit(fate, prefix(8), later + QUIET).is_some());
    }

    #[test]
    fn a_different_reason_for_each_prefix_does_not_fill_the_log() {
        let (mut lines, now) = (Lines::default(), Instant::now());
        let told = (0..1000_u32).filter_map(|number| {
            let fate = lines.fate(&refused(number as usize));
            lines.admit(fate, prefix(number), now)
        });
        assert_eq!(told.count(), FATES + 1);
    }
}
