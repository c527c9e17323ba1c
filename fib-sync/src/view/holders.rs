//! Which prefixes hold what, by the id of what they hold.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::pool::Id;
use crate::runs::Runs;

/// Pairs of an id and a prefix. The id comes in octets, so that neither is padded.
#[derive(Debug, Default)]
pub(super) struct Holders {
    v4: Runs<([u8; 4], Ipv4Net), ()>,
    v6: Runs<([u8; 4], Ipv6Net), ()>,
}

impl Holders {
    pub(super) fn insert(&mut self, id: Id, prefix: &IpNet) {
        match prefix {
            IpNet::V4(prefix) => self.v4.insert((id.octets(), *prefix), ()),
            IpNet::V6(prefix) => self.v6.insert((id.octets(), *prefix), ()),
        };
    }

    pub(super) fn remove(&mut self, id: Id, prefix: &IpNet) {
        match prefix {
            IpNet::V4(prefix) => self.v4.remove(&(id.octets(), *prefix)),
            IpNet::V6(prefix) => self.v6.remove(&(id.octets(), *prefix)),
        };
    }

    /// The prefixes of one id, in order.
    pub(super) fn of(&self, id: Id) -> impl Iterator<Item = IpNet> {
        let octets = id.octets();
        let from = self.v6.iter_from((octets, Ipv6Net::default()));
        let v6 = from.map_while(move |((id, prefix), ())| (*id == octets).then_some(IpNet::V6(*prefix)));
        self.ipv4_of(id).chain(v6)
    }

    /// The IPv4 prefixes of one id, in order.
    pub(super) fn ipv4_of(&self, id: Id) -> impl Iterator<Item = IpNet> {
        let octets = id.octets();
        let from = self.v4.iter_from((octets, Ipv4Net::default()));
        from.map_while(move |((id, prefix), ())| (*id == octets).then_some(IpNet::V4(*prefix)))
    }
}
