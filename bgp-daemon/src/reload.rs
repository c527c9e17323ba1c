//! Putting another configuration in force: only what changed is disturbed, and a file with an error
//! changes nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use bgp_core::rib::{LocalSource, Route};
use bgp_core::speaker::{Admin, Input, PeerId, PeerView};
use ipnet::IpNet;
use tracing::{error, info, warn};

use crate::api::{Refusal, RefusalCode, Reloaded};
use crate::config::{self, Kernel, PeerSocket, Settings};
use crate::daemon::Daemon;
use crate::transport::SocketTable;
use crate::{fib, log};

impl Daemon {
    /// Reads the file again and puts it in force.
    pub(crate) async fn reload(&mut self) -> Result<Reloaded, Refusal> {
        match self.try_reload().await {
            Ok(reloaded) => Ok(reloaded),
            Err(refusal) => {
                error!(event = "config.rejected", reason = %refusal, "the configuration in force stays");
                self.facts.send_modify(|facts| facts.config_error = Some(refusal.message.clone()));
                Err(refusal)
            }
        }
    }

    async fn try_reload(&mut self) -> Result<Reloaded, Refusal> {
        let loaded = config::load(&self.path).map_err(|diagnostics| Refusal {
            code: RefusalCode::Config,
            message: config::render(&diagnostics),
        })?;
        let mut settings = loaded.settings.forced(self.program);
        let mut warnings: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
        self.listeners
            .bind(&settings.listen.socket_addresses())
            .map_err(|error| Refusal::refused(error.to_string()))?;
        warnings.extend(unchangeable(&self.settings, &settings));
        keep_unchangeable(&self.settings, &mut settings);
        let old = std::mem::replace(&mut self.settings, settings);
        self.apply(&old).await?;
        for warning in &warnings {
            warn!(event = "config.warning", reason = warning);
        }
        let listening = self.listeners.addresses().map(|address| address.to_string()).collect();
        self.facts.send_modify(|facts| {
            facts.generation += 1;
            facts.configured = SystemTime::now();
            facts.config_error = None;
            facts.listening = listening;
        });
        let generation = self.facts.borrow().generation;
        info!(event = "config.reloaded", generation);
        Ok(Reloaded { generation, warnings })
    }

    async fn apply(&mut self, old: &Settings) -> Result<(), Refusal> {
        let before = SocketTable::new(old.sockets.clone());
        let after = Arc::new(SocketTable::new(self.settings.sockets.clone()));
        self.listeners.replace(Arc::clone(&after));
        for input in origins(&old.originate, &self.settings.originate) {
            self.inbox.tell(input).await;
        }
        self.inbox.tell(Input::Reconfigure(Box::new(self.settings.core.clone()))).await;
        let reset =
            self.inbox.ask(move |speaker, _| stranded(&speaker.view().peers(), &before, &after)).await;
        for peer in reset.map_err(|stopped| Refusal::refused(stopped.to_string()))? {
            self.inbox.tell(Input::Admin { peer, action: Admin::Reset }).await;
        }
        if let (Some(kernel), Some(config)) = (&self.kernel, fib::config(&self.settings)) {
            kernel.reconfigure(config).await.map_err(|error| Refusal::refused(error.to_string()))?;
        }
        if old.log.level != self.settings.log.level {
            log::change(&self.level, self.settings.log.level.as_str())
                .map_err(|error| Refusal::refused(error.to_string()))?;
        }
        Ok(())
    }
}

/// What has to be originated and retracted to get from one list to the other.
pub(crate) fn origins(old: &[(IpNet, Route)], new: &[(IpNet, Route)]) -> Vec<Input> {
    let source = LocalSource::Static;
    let old: BTreeMap<&IpNet, &Route> = old.iter().map(|(prefix, route)| (prefix, route)).collect();
    let new: BTreeMap<&IpNet, &Route> = new.iter().map(|(prefix, route)| (prefix, route)).collect();
    let gone = old.keys().filter(|prefix| !new.contains_key(*prefix));
    let gone = gone.map(|prefix| Input::Retract { prefix: **prefix, source });
    let come = new.iter().filter(|(prefix, route)| old.get(*prefix) != Some(*route));
    let come =
        come.map(|(prefix, route)| Input::Originate { prefix: **prefix, source, route: (*route).clone() });
    gone.chain(come).collect()
}

/// Peers whose socket options changed under their sessions: only a new connection has the new ones.
fn stranded(peers: &[PeerView], before: &SocketTable, after: &SocketTable) -> Vec<PeerId> {
    fn options<'a>(peer: &PeerView, table: &'a SocketTable) -> Option<&'a PeerSocket> {
        table.named(&peer.name).or_else(|| table.covering(peer.address))
    }
    let changed = peers.iter().filter(|peer| match (options(peer, before), options(peer, after)) {
        (Some(before), Some(after)) => before != after,
        // It came, or it is going.
        (None, _) | (_, None) => false,
    });
    changed.map(|peer| peer.id).collect()
}

/// What a running daemon cannot change.
pub(crate) fn unchangeable(old: &Settings, new: &Settings) -> Vec<String> {
    let (was, is) = (&old.kernel, &new.kernel);
    let checks = [
        (was.enabled != is.enabled, "[kernel] enabled"),
        (was.table != is.table, "[kernel] table"),
        (was.protocol != is.protocol, "[kernel] protocol"),
        (was.next_hop_objects != is.next_hop_objects, "[kernel] next_hop_objects"),
        (old.control != new.control, "[control]"),
        (old.log.format != new.log.format, "[log] format"),
    ];
    let changed = checks.iter().filter(|(changed, _)| *changed);
    changed.map(|(_, what)| format!("{what} changed: a restart is needed for that")).collect()
}

/// What is in force stays in the settings, so that every reload says what a restart would change.
fn keep_unchangeable(old: &Settings, new: &mut Settings) {
    if new.kernel.enabled != old.kernel.enabled {
        new.kernel.enabled = old.kernel.enabled;
        new.core.kernel_export.clone_from(&old.core.kernel_export);
    }
    new.kernel.table = old.kernel.table;
    new.kernel.protocol = old.kernel.protocol;
    new.kernel.next_hop_objects = old.kernel.next_hop_objects;
    new.core.kernel_sets = old.core.kernel_sets;
    new.control = old.control.clone();
    new.log.format = old.log.format;
}

/// What changes about the kernel's table in a running daemon.
pub(crate) fn kernel_changes(old: &Settings, new: &Settings) -> Vec<&'static str> {
    let (was, is) = (&old.kernel, &new.kernel);
    let learns = |kernel: &Kernel| {
        let excluded = (kernel.learn_exclude_interfaces.clone(), kernel.direct_exclude_interfaces.clone());
        (kernel.learn, kernel.direct, excluded)
    };
    let checks = [
        (was.metric != is.metric, "[kernel] metric: our routes move to another one"),
        (old.core.multipath != new.core.multipath, "[kernel] multipath"),
        (old.core.kernel_export != new.core.kernel_export, "[kernel] export"),
        (learns(was) != learns(is), "[kernel] what is learned"),
        (was.on_exit != is.on_exit, "[kernel] on_exit"),
        (was.sweep_limit.to_bits() != is.sweep_limit.to_bits(), "[kernel] sweep_limit"),
    ];
    let changed = checks.iter().filter(|(changed, _)| *changed);
    changed.map(|(_, what)| *what).collect()
}

#[cfg(test)]
mod tests {
    use bgp_core::rib::{Forwarding, KernelHint};
    use bgp_core::wire::Attributes;

    use super::*;

    fn route(forwarding: Forwarding) -> Route {
        Route {
            attributes: Attributes::default(),
            forwarding,
            interface: None,
            kernel: KernelHint::default(),
        }
    }

    fn settings(kernel: &str) -> Settings {
        let text = format!("asn = 64512\nrouter_id = \"192.0.2.1\"\n[kernel]\n{kernel}\n");
        let path = std::path::Path::new("test.toml");
        config::load_text(path, &text, &config::ThisHost).expect("a valid text").settings
    }

    #[test]
    fn what_needs_a_restart_stays_in_force_until_there_is_one() {
        let old = settings("metric = 1");
        let asked = settings("enabled = false\ntable = 100\nprotocol = 186\nmetric = 2");
        let mut new = asked.clone();
        keep_unchangeable(&old, &mut new);
        let expected = Settings { kernel: Kernel { metric: 2, ..old.kernel.clone() }, ..old.clone() };
        assert_eq!(new, expected, "and the speaker goes on exporting to the kernel");
        assert_eq!(unchangeable(&new, &asked).len(), 3, "so that the next reload says it again");
    }

    #[test]
    fn only_differences_of_our_routes_are_told() {
        let net = |text: &str| text.parse::<IpNet>().expect("a prefix");
        let old = [
            (net("10.0.0.0/24"), route(Forwarding::Blackhole)),
            (net("10.0.1.0/24"), route(Forwarding::Blackhole)),
            (net("10.0.2.0/24"), route(Forwarding::Blackhole)),
        ];
        let new = [
            (net("10.0.0.0/24"), route(Forwarding::Blackhole)),
            (net("10.0.2.0/24"), route(Forwarding::Nowhere)),
            (net("10.0.3.0/24"), route(Forwarding::Blackhole)),
        ];
        let told: Vec<(bool, IpNet)> = origins(&old, &new)
            .into_iter()
            .filter_map(|input| match input {
                Input::Retract { prefix, .. } => Some((false, prefix)),
                Input::Originate { prefix, .. } => Some((true, prefix)),
                _ => None,
            })
            .collect();
        let expected = [(false, net("10.0.1.0/24")), (true, net("10.0.2.0/24")), (true, net("10.0.3.0/24"))];
        assert_eq!(told, expected);
    }
}
