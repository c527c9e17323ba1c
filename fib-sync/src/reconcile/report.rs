//! The state of the table for people.

use std::collections::BTreeSet;

use ipnet::IpNet;

use super::Reconciler;
use super::row::Row;
use super::wish::in_words;
use crate::{Snapshot, SnapshotRoute, Standing};

impl Reconciler {
    /// Everything wished and everything of ours in the kernel, side by side.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let held = self.view.all_routes().filter(|(_, routes)| routes.iter().any(|r| self.config.owns(r)));
        let prefixes: BTreeSet<IpNet> =
            held.map(|(prefix, _)| prefix).chain(self.rows.keys().copied()).collect();
        let foreign =
            self.view.all_routes().flat_map(|(_, routes)| routes).filter(|r| !self.config.owns(r)).count();
        Snapshot {
            synced: self.synced,
            settled: self.settling,
            routes: prefixes.into_iter().map(|prefix| self.standing_of(prefix)).collect(),
            foreign,
            counters: self.counters,
        }
    }

    /// How many prefixes hold a route of ours in the kernel.
    #[must_use]
    pub fn installed(&self) -> usize {
        self.view.all_routes().filter(|(_, routes)| routes.iter().any(|r| self.config.owns(r))).count()
    }

    fn standing_of(&self, prefix: IpNet) -> SnapshotRoute {
        let row = self.rows.get(&prefix);
        let held = self.view.routes(&prefix).iter().find(|route| self.config.owns(route));
        SnapshotRoute {
            prefix,
            wished: row.and_then(|row| row.wish.clone()),
            installed: held.and_then(|route| in_words(route, &self.view)),
            standing: self.standing(&prefix, row),
        }
    }

    fn standing(&self, prefix: &IpNet, row: Option<&Row>) -> Standing {
        match row {
            Some(Row { trouble: Some(trouble), .. }) => Standing::Diverged(trouble.refused.clone()),
            Some(row) if row.fulfilled => Standing::Installed,
            None if self.adoption.is_stale(prefix) => Standing::Adopted,
            Some(_) | None => Standing::Pending,
        }
    }
}
