//! Other settings for a table that is being kept.

use ipnet::IpNet;

use super::Reconciler;
use crate::{Config, NotReconfigured};

impl Reconciler {
    /// Keeps the table by new rules. Where metrics or the limit of hops changed, every wish is written anew: at
    /// another metric beside what is there, which goes once the new route stands.
    ///
    /// # Errors
    /// Table and protocol are chosen at start: another one is refused, and nothing changes. Whether next-hop objects
    /// carry sets, and their numbers, are chosen at start too; other ones are passed over.
    pub fn reconfigure(&mut self, config: Config) -> Result<(), NotReconfigured> {
        if config.table != self.config.table {
            return Err(NotReconfigured::Table);
        }
        if config.protocol != self.config.protocol {
            return Err(NotReconfigured::Protocol);
        }
        let owned = self.config.metrics != config.metrics;
        let written =
            owned || (self.config.metric, self.config.multipath) != (config.metric, config.multipath);
        self.config = config;
        if self.synced {
            self.learner.mark_all(&self.view, &self.config);
        }
        if owned {
            let held: Vec<IpNet> = self.view.all_routes().map(|(prefix, _)| prefix).collect();
            held.into_iter().for_each(|prefix| self.prefix_changed(prefix, false));
        }
        if written {
            self.sets.limit(self.config.multipath);
            self.write_anew();
        }
        if let Some((sweep, released)) = self.adoption.reconsider(self.config.sweep_limit, &self.view) {
            self.sweep(sweep, released);
        }
        Ok(())
    }

    fn write_anew(&mut self) {
        for net in self.ours() {
            if let Some(row) = self.rows.get_mut(net) {
                row.outdate();
            }
            self.contests.lift(&self.view.prefix(net), self.now);
            self.look_at(net);
        }
    }
}
