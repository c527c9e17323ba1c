//! Which prefix lengths occur, so that a longest match asks for those and no others.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

/// How many prefixes there are of each length, IPv4 and IPv6 apart.
#[derive(Debug, Default)]
pub(crate) struct Lengths {
    counts: BTreeMap<(bool, u8), usize>,
}

impl Lengths {
    /// A prefix came.
    pub(crate) fn add(&mut self, prefix: &IpNet) {
        *self.counts.entry(key(prefix)).or_default() += 1;
    }

    /// A prefix went.
    pub(crate) fn remove(&mut self, prefix: &IpNet) {
        if let Some(count) = self.counts.get_mut(&key(prefix)) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&key(prefix));
            }
        }
    }

    /// The prefixes of these lengths that contain `prefix` or are it, the longest first.
    pub(crate) fn around(&self, prefix: IpNet) -> impl Iterator<Item = IpNet> {
        let (family, longest) = key(&prefix);
        let lengths = self.counts.range((family, 0)..=(family, longest)).rev();
        lengths.filter_map(move |((_, length), _)| Some(IpNet::new(prefix.addr(), *length).ok()?.trunc()))
    }

    /// The prefixes of these lengths that contain `address`, the longest first.
    pub(crate) fn covering(&self, address: IpAddr) -> impl Iterator<Item = IpNet> {
        self.around(IpNet::from(address))
    }
}

fn key(prefix: &IpNet) -> (bool, u8) {
    (matches!(prefix, IpNet::V6(_)), prefix.prefix_len())
}
