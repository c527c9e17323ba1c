//! What is to be told about wishes and the view itself. Bounded: the last state counts.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;

use super::row::Trouble;
use crate::{Event, Sweep};

/// Told and to be told.
#[derive(Debug, Default)]
pub(super) struct News {
    synced: Option<usize>,
    swept: Option<Sweep>,
    overrun: bool,
    drift: usize,
    /// A few prefixes of them.
    drifted: Vec<IpNet>,
    /// Prefixes whose trouble may have changed.
    verdicts: BTreeSet<IpNet>,
    /// The kind of refusal that was told last.
    told: BTreeMap<IpNet, &'static str>,
}

impl News {
    pub(super) fn synced(&mut self, adopted: usize) {
        self.synced = Some(adopted);
    }

    pub(super) fn swept(&mut self, sweep: Sweep) {
        self.swept = Some(sweep);
    }

    pub(super) fn overrun(&mut self) {
        self.overrun = true;
    }

    pub(super) fn drift(&mut self, prefix: IpNet) {
        self.drift += 1;
        if self.drifted.len() < EXAMPLES {
            self.drifted.push(prefix);
        }
    }

    pub(super) fn verdict(&mut self, prefix: IpNet) {
        self.verdicts.insert(prefix);
    }

    pub(super) fn has_news(&self) -> bool {
        self.synced.is_some()
            || self.swept.is_some()
            || self.overrun
            || self.drift > 0
            || !self.verdicts.is_empty()
    }

    pub(super) fn poll(&mut self, troubles: &BTreeMap<IpNet, Trouble>) -> Option<Event> {
        if let Some(adopted) = self.synced.take() {
            return Some(Event::Synced { adopted });
        }
        if let Some(sweep) = self.swept.take() {
            return Some(Event::Swept(sweep));
        }
        if std::mem::take(&mut self.overrun) {
            return Some(Event::Overrun);
        }
        match std::mem::take(&mut self.drift) {
            0 => self.poll_verdict(troubles),
            routes => Some(Event::Drift { routes, examples: std::mem::take(&mut self.drifted) }),
        }
    }

    fn poll_verdict(&mut self, troubles: &BTreeMap<IpNet, Trouble>) -> Option<Event> {
        while let Some(prefix) = self.verdicts.pop_first() {
            let Some(trouble) = troubles.get(&prefix) else {
                if self.told.remove(&prefix).is_some() {
                    return Some(Event::Healed { prefix });
                }
                continue;
            };
            let kind = trouble.refused.kind();
            if self.told.insert(prefix, kind) != Some(kind) {
                return Some(Event::Diverged { prefix, refused: trouble.refused.clone() });
            }
        }
        None
    }
}

/// Prefixes told of a drift.
const EXAMPLES: usize = 3;
