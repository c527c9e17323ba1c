//! What a sender says, encoded before the clock starts and shared by all who say it.

use std::net::Ipv4Addr;

use bgp_core::wire::{
    AsPath, AttributeBlock, Attributes, Dialect, NextHop, Nlri, PathId, PeerKind, announce, end_of_rib,
    withdraw,
};
use bgp_core::{Asn, Family};
use bytes::{Bytes, BytesMut};

use super::ledger::Holding;
use super::mark::{self, Passage};
use super::table::{Set, Table};

/// About how many octets go in one buffer.
const BUFFER: usize = 1 << 16;

/// Who speaks, and to what kind of daemon.
#[derive(Clone, Copy, Debug)]
pub struct Voice {
    /// The speaker's AS.
    pub asn: Asn,
    /// The speaker's address, which is the next hop of its routes.
    pub address: Ipv4Addr,
    /// What the daemon is to it.
    pub passage: Passage,
}

impl Voice {
    fn kind(&self) -> PeerKind {
        match self.passage {
            Passage::Through(_) => PeerKind::External,
            Passage::Reflected => PeerKind::Internal,
        }
    }

    fn dialect(&self) -> Dialect {
        Dialect {
            four_octet_as: true,
            families: Family::UNICAST.to_vec(),
            ..Dialect::unnegotiated(self.kind(), self.asn)
        }
    }

    /// Attributes as this speaker says them.
    fn said(&self, attributes: &Attributes) -> Attributes {
        let mut said = attributes.clone();
        match self.kind() {
            PeerKind::Internal => said.local_preference = Some(100),
            PeerKind::External | PeerKind::Confederation => {
                let path: Vec<Asn> = said.as_path.asns().collect();
                said.as_path = AsPath::from_sequence(&[&[self.asn], path.as_slice()].concat());
            }
        }
        said
    }

    /// The table as whole messages, in order of its sets from the `first` around; no End-of-RIB.
    ///
    /// # Panics
    /// When a set does not fit a message.
    #[must_use]
    pub fn announcing(&self, table: &Table, first: usize) -> Vec<Bytes> {
        let (dialect, mut buffers) = (self.dialect(), Buffers::default());
        let (before, after) = table.sets.split_at(first);
        for set in after.iter().chain(before) {
            self.put(table, set, &dialect, &mut buffers.open);
            buffers.turn();
        }
        buffers.close()
    }

    /// One set of a table.
    ///
    /// # Panics
    /// When it does not fit a message.
    #[must_use]
    pub fn announcing_set(&self, table: &Table, set: &Set) -> Bytes {
        let mut octets = BytesMut::new();
        self.put(table, set, &self.dialect(), &mut octets);
        octets.freeze()
    }

    fn put(&self, table: &Table, set: &Set, dialect: &Dialect, out: &mut BytesMut) {
        let block = AttributeBlock::encode(&self.said(&set.attributes), dialect);
        let family = table.family(set);
        announce(&nlri(table, set), family, &self.next_hop(family), &block, dialect, out)
            .expect("a set fits a message");
    }

    /// The withdrawal of a set.
    #[must_use]
    pub fn withdrawing(&self, table: &Table, set: &Set) -> Bytes {
        let mut octets = BytesMut::new();
        withdraw(&nlri(table, set), table.family(set), &self.dialect(), &mut octets);
        octets.freeze()
    }

    /// The mark of a set's routes, as whoever hears them through the daemon must find it.
    #[must_use]
    pub fn mark(&self, attributes: &Attributes, family: Family) -> u32 {
        let dialect = self.dialect();
        let block = AttributeBlock::encode(&self.said(attributes), &dialect);
        let mut octets = BytesMut::new();
        // Around no prefix nothing is built, and the next hop belongs to the mark: around any one then.
        let any = Nlri { path_id: PathId(0), prefix: any(family) };
        announce(&[any], family, &self.next_hop(family), &block, &dialect, &mut octets)
            .expect("attributes fit a message");
        let length = octets.get(21..23).map_or(0, |two| usize::from(u16::from_be_bytes([two[0], two[1]])));
        mark::before(octets.get(23..23 + length).unwrap_or(&[]), self.passage)
    }

    /// Puts a table's routes, as they come out of the daemon, in place of others.
    pub fn apply(&self, table: &Table, marks: &mut [u32]) {
        for set in &table.sets {
            let mark = self.mark(&set.attributes, table.family(set));
            marks[set.members.clone()].fill(mark);
        }
    }

    const fn next_hop(&self, family: Family) -> NextHop {
        if family.afi == Family::IPV4.afi {
            NextHop::V4(self.address)
        } else {
            NextHop::V6 { global: self.address.to_ipv6_mapped(), link_local: None }
        }
    }
}

/// The routes that stand behind marks; 0 is no route.
#[must_use]
pub fn holding(marks: &[u32]) -> Holding {
    let mut holding = Holding::default();
    for (number, mark) in (0..).zip(marks).filter(|(_, mark)| **mark != 0) {
        holding.add(number, *mark);
    }
    holding
}

/// The End-of-RIB of a family.
#[must_use]
pub fn end(family: Family) -> Bytes {
    let mut octets = BytesMut::new();
    end_of_rib(family, &mut octets);
    octets.freeze()
}

fn nlri(table: &Table, set: &Set) -> Vec<Nlri> {
    let prefixes = table.prefixes.get(set.members.clone()).unwrap_or(&[]);
    prefixes.iter().map(|prefix| Nlri { path_id: PathId(0), prefix: *prefix }).collect()
}

fn any(family: Family) -> ipnet::IpNet {
    let address = if family == Family::IPV4 {
        std::net::IpAddr::V4(Ipv4Addr::UNSPECIFIED)
    } else {
        std::net::IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED)
    };
    address.into()
}

/// Messages, so many in a buffer.
#[derive(Default)]
struct Buffers {
    full: Vec<Bytes>,
    open: BytesMut,
}

impl Buffers {
    fn turn(&mut self) {
        if self.open.len() >= BUFFER {
            self.full.push(std::mem::take(&mut self.open).freeze());
        }
    }

    fn close(mut self) -> Vec<Bytes> {
        if !self.open.is_empty() {
            self.full.push(self.open.freeze());
        }
        self.full
    }
}
