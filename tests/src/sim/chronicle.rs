//! What daemons told their logs, all of them in one order, for whoever has to find out why.

use bgp_core::Instant;

use super::World;

/// Lines that are shown.
const LINES: usize = 60;

impl World {
    /// The last lines until some time.
    pub(super) fn chronicle(&self, until: Instant) -> Vec<String> {
        let mut lines: Vec<_> = (0..)
            .zip(&self.nodes)
            .flat_map(|(id, node)| {
                node.told_at.iter().zip(&node.events).map(move |(at, event)| (at, id, event))
            })
            .filter(|(at, ..)| **at <= until)
            .collect();
        lines.sort_by_key(|(at, id, _)| (*at, *id));
        let skipped = lines.len().saturating_sub(LINES);
        lines[skipped..]
            .iter()
            .map(|(at, id, event): &(_, usize, _)| format!("{at} {id}: {event:?}"))
            .collect()
    }
}
