//! The state of the table for people.

use ipnet::IpNet;

use super::Reconciler;
use super::row::{Row, Trouble};
use super::wish::in_words;
use crate::view::{Held, NetId};
use crate::{
    Counters, Foreign, Gauges, Inspection, Leftover, Listing, Metrics, Owner, Page, Retry, Snapshot,
    SnapshotRoute, Standing,
};

impl Reconciler {
    /// The state of the table in numbers.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        Metrics {
            synced: self.synced,
            settled: self.settling,
            held: self.adoption.held(),
            gauges: self.gauges(),
            counters: self.counters.clone(),
        }
    }

    /// Every row waits for its turn, flies, waits for its retry or for the object of its set, or rests because it is
    /// as wished.
    fn gauges(&self) -> Gauges {
        let busy = self.ready.len() + self.flights.len() + self.doubts.len();
        let retried = self.troubles.len().saturating_sub(self.retries.len());
        let (hopeless, hopeful) = self.sets.waiting();
        let unmet = busy + self.retries.len() + hopeless + hopeful;
        Gauges {
            installed: self.rows.len().saturating_sub(unmet),
            adopted: self.adoption.stale(),
            pending: busy.saturating_sub(retried) + hopeful,
            diverged: self.troubles.len() + hopeless,
            backlog: self.ready.len(),
            in_flight: self.flights.len(),
            in_flight_limit: self.config.in_flight,
            learned: self.learner.told(),
            foreign: self.view.count(|route| !self.config.owns(route)),
        }
    }

    /// Prefixes of ours behind `after`, of which at most `most` are looked at.
    #[must_use]
    pub fn page(&self, which: Listing, after: Option<IpNet>, most: usize) -> Page {
        let mut page = Page::default();
        for (count, net) in self.ours_after(after).enumerate() {
            if count == most.max(1) {
                return page;
            }
            let route = self.standing_of(net);
            page.next = Some(route.prefix);
            if which == Listing::All || route.standing != Standing::Installed {
                page.routes.push(route);
            }
        }
        page.next = None;
        page
    }

    /// Everything there is at one prefix.
    #[must_use]
    pub fn inspect(&self, prefix: &IpNet) -> Inspection {
        let sweep_held = self.adoption.held().is_some();
        let Some(net) = self.view.find(prefix) else {
            return Inspection { sweep_held, ..Inspection::default() };
        };
        let is_ours = self.rows.get(net).is_some() || self.holds_ours(net);
        let others = self.view.routes_at(net).iter().filter(|route| !self.config.owns(route));
        let foreign = others.map(|route| Foreign {
            owner: Owner { protocol: route.protocol, metric: route.metric },
            route: in_words(route, &self.view),
        });
        Inspection { ours: is_ours.then(|| self.standing_of(net)), foreign: foreign.collect(), sweep_held }
    }

    /// Everything wished and everything of ours in the kernel, side by side.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            synced: self.synced,
            settled: self.settling,
            routes: self.ours_after(None).map(|net| self.standing_of(net)).collect(),
            foreign: self.view.count(|route| !self.config.owns(route)),
            counters: self.counters.clone(),
        }
    }

    /// Running totals.
    #[must_use]
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// What the kernel holds of ours, where it should hold nothing.
    #[must_use]
    pub fn leftover(&self) -> Leftover {
        let examples = self.held().take(EXAMPLES).map(|net| self.standing_of(net));
        Leftover { routes: self.installed(), examples: examples.collect() }
    }

    /// Whether nothing of ours is left in the kernel, and nothing on its way. What was refused may only wait for its
    /// retry, so to be quiet is not enough.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.is_quiet() && !self.sets.has_leftover() && self.held().next().is_none()
    }

    /// How many prefixes hold a route of ours in the kernel.
    #[must_use]
    pub fn installed(&self) -> usize {
        self.held().count()
    }

    /// What is wished or holds a route of ours.
    fn ours_after(&self, after: Option<IpNet>) -> impl Iterator<Item = NetId> {
        self.view.nets_after(after).filter(|net| self.rows.get(*net).is_some() || self.holds_ours(*net))
    }

    fn held(&self) -> impl Iterator<Item = NetId> {
        self.view.nets().filter(|net| self.holds_ours(*net))
    }

    /// Whether the kernel holds a route of ours there.
    pub(super) fn holds_ours(&self, net: NetId) -> bool {
        self.view.routes_at(net).iter().any(|route| self.config.owns(route))
    }

    fn standing_of(&self, net: NetId) -> SnapshotRoute {
        let (prefix, row) = (self.view.prefix(net), self.rows.get(net));
        let held = self.view.routes_at(net);
        let ours = held.iter().position(|route| self.config.owns(route));
        let (before, behind) = held.split_at(ours.unwrap_or(held.len()));
        let foreign = |routes: &[Held]| {
            let route = routes.iter().find(|route| !self.config.owns(route))?;
            ours.map(|_| Owner { protocol: route.protocol, metric: route.metric })
        };
        SnapshotRoute {
            prefix,
            wished: row.and_then(|row| self.rows.wish(row)).map(|wish| self.in_words(&prefix, wish)),
            installed: behind.first().and_then(|route| in_words(route, &self.view)),
            set: self.set_of(net),
            object: behind.first().and_then(|route| route.object),
            standing: self.standing(net, row),
            retry: self.troubles.get(&prefix).map(|trouble| self.retry(trouble, row)),
            hidden_by: foreign(before),
            hides: foreign(behind),
        }
    }

    fn standing(&self, net: NetId, row: Option<&Row>) -> Standing {
        let prefix = self.view.prefix(net);
        if let Some(trouble) = self.troubles.get(&prefix) {
            return Standing::Diverged(trouble.refused.clone());
        }
        match row {
            Some(row) if row.queued || row.flight.is_some() => Standing::Pending,
            Some(_) if self.waits(net) => {
                let trouble = self.set_of(net).and_then(|set| self.sets.trouble(set));
                trouble.map_or(Standing::Pending, |refused| Standing::Diverged(refused.clone()))
            }
            Some(_) => Standing::Installed,
            None if self.adoption.is_stale(net) => Standing::Adopted,
            None => Standing::Pending,
        }
    }

    fn retry(&self, trouble: &Trouble, row: Option<&Row>) -> Retry {
        let waits = row.is_some_and(|row| !row.queued && row.flight.is_none());
        Retry {
            since: self.now.since(trouble.since),
            times: trouble.times,
            next: waits.then(|| trouble.retry.since(self.now)),
        }
    }
}

/// Prefixes named among many.
const EXAMPLES: usize = 3;
