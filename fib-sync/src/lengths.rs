//! Which prefix lengths occur, so that a longest match asks for those and no others.

use std::net::IpAddr;

use ipnet::IpNet;

/// How many prefixes there are of each length.
#[derive(Debug, Default)]
pub(crate) struct Lengths {
    v4: Vec<usize>,
    v6: Vec<usize>,
}

impl Lengths {
    /// A prefix came.
    pub(crate) fn add(&mut self, prefix: &IpNet) {
        let length = usize::from(prefix.prefix_len());
        let counts = self.counts_mut(prefix);
        if counts.len() <= length {
            counts.resize(length + 1, 0);
        }
        if let Some(count) = counts.get_mut(length) {
            *count += 1;
        }
    }

    /// A prefix went.
    pub(crate) fn remove(&mut self, prefix: &IpNet) {
        let length = usize::from(prefix.prefix_len());
        if let Some(count) = self.counts_mut(prefix).get_mut(length) {
            *count -= 1;
        }
    }

    /// The prefixes of these lengths that contain `prefix` or are it, the longest first.
    pub(crate) fn around(&self, prefix: IpNet) -> impl Iterator<Item = IpNet> {
        let counts = match prefix {
            IpNet::V4(_) => &self.v4,
            IpNet::V6(_) => &self.v6,
        };
        let occurring = (0..=prefix.prefix_len()).zip(counts).rev().filter(|(_, count)| **count > 0);
        occurring.filter_map(move |(length, _)| Some(IpNet::new(prefix.addr(), length).ok()?.trunc()))
    }

    /// The prefixes of these lengths that contain `address`, the longest first.
    pub(crate) fn covering(&self, address: IpAddr) -> impl Iterator<Item = IpNet> {
        self.around(IpNet::from(address))
    }

    fn counts_mut(&mut self, prefix: &IpNet) -> &mut Vec<usize> {
        match prefix {
            IpNet::V4(_) => &mut self.v4,
            IpNet::V6(_) => &mut self.v6,
        }
    }
}
