//! Routes of ours that may be used to reach other next hops.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

/// Which prefixes carry, and the gateways they carry to.
///
/// A gateway of one is never reached over a gateway of another: two routes could hold each other otherwise, long
/// after what they stood on went.
#[derive(Debug, Default)]
pub(super) struct Carriers {
    gateways_of: BTreeMap<IpNet, Vec<IpAddr>>,
    /// How many prefixes have each gateway.
    gateways: BTreeMap<IpAddr, usize>,
}

impl Carriers {
    /// A prefix carries from now on, to these gateways. Gives the gateways that came or went, if anything changed.
    pub(super) fn set(&mut self, prefix: IpNet, gateways: Vec<IpAddr>) -> Option<Vec<IpAddr>> {
        if self.gateways_of.get(&prefix) == Some(&gateways) {
            return None;
        }
        let mut changed = self.remove(&prefix).unwrap_or_default();
        for gateway in &gateways {
            *self.gateways.entry(*gateway).or_default() += 1;
        }
        changed.extend_from_slice(&gateways);
        self.gateways_of.insert(prefix, gateways);
        Some(changed)
    }

    /// A prefix carries no more. Gives its gateways, if it did.
    pub(super) fn remove(&mut self, prefix: &IpNet) -> Option<Vec<IpAddr>> {
        let gateways = self.gateways_of.remove(prefix)?;
        for gateway in &gateways {
            if let Some(count) = self.gateways.get_mut(gateway) {
                *count -= 1;
                if *count == 0 {
                    self.gateways.remove(gateway);
                }
            }
        }
        Some(gateways)
    }

    /// Whether `address` may be reached through the route of ours of this prefix.
    pub(super) fn carry(&self, prefix: &IpNet, address: &IpAddr) -> bool {
        let gateways = self.gateways_of.get(prefix);
        gateways.is_some_and(|gateways| gateways.is_empty() || !self.gateways.contains_key(address))
    }

    /// Whether the route of ours of this prefix carries at all.
    pub(super) fn has(&self, prefix: &IpNet) -> bool {
        self.gateways_of.contains_key(prefix)
    }
}
