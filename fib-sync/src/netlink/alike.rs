//! Routes of a list that differ from the one before them in nothing but the prefix, known without reading what they
//! have in common. Most routes of a large table are: they leave by the same few next hops.

use std::ops::Range;

use ipnet::IpNet;

use super::bytes::{address, aligned, u8_at, u16_at};
use super::route::{FIXED, RTA_DST};

/// The message of the route that was listed last.
#[derive(Debug, Default)]
pub(super) struct Alike {
    payload: Vec<u8>,
    /// Where its destination lies; empty where it has none.
    destination: Range<usize>,
}

impl Alike {
    /// The prefix of a route that is like the last one in everything else.
    pub(super) fn prefix(&self, payload: &[u8]) -> Option<IpNet> {
        let Range { start, end } = self.destination;
        let same = |part: Range<usize>| payload.get(part.clone()) == self.payload.get(part);
        let is_alike = payload.len() == self.payload.len()
            && same(0..LENGTH_AT)
            && same(LENGTH_AT + 1..start)
            && same(end..payload.len());
        let destination = is_alike.then(|| payload.get(start..end)).flatten()?;
        IpNet::new(address(destination)?, u8_at(payload, LENGTH_AT)?).ok()
    }

    /// This one was listed last.
    pub(super) fn remember(&mut self, payload: &[u8]) {
        self.payload.clear();
        self.payload.extend_from_slice(payload);
        self.destination = destination(payload).unwrap_or_default();
    }
}

/// Where the destination of a route's message lies.
fn destination(payload: &[u8]) -> Option<Range<usize>> {
    let mut at = FIXED;
    loop {
        let (length, kind) = (usize::from(u16_at(payload, at)?), u16_at(payload, at + 2)?);
        if kind == RTA_DST {
            return Some(at + HEADER..at + length);
        }
        // Too short a length would not lead on.
        at += aligned(length.max(HEADER));
    }
}

/// The length of the prefix in `struct rtmsg`.
const LENGTH_AT: usize = 1;
/// Of an attribute.
const HEADER: usize = 4;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::netlink::encode::{self, tests::route as any_route};
    use crate::netlink::{decode, route::route};
    use crate::{KernelRoute, Operation};

    /// The payload of the message that writes a route.
    fn payload(route: &KernelRoute) -> Vec<u8> {
        let mut octets = Vec::new();
        encode::operation(&mut octets, &Operation::Create(route.clone()), TABLE, 7);
        decode::messages(&octets).next().expect("a message").1.to_vec()
    }

    proptest! {
        #[test]
        fn what_differs_in_nothing_but_the_prefix_is_alike(before in any_route(), other in any_route()) {
            let mut alike = Alike::default();
            alike.remember(&payload(&before));
            let next = KernelRoute { prefix: other.prefix, ..before.clone() };
            let same_family = next.prefix.addr().is_ipv4() == before.prefix.addr().is_ipv4();
            prop_assert_eq!(alike.prefix(&payload(&next)), same_family.then_some(next.prefix));
        }

        #[test]
        fn what_is_alike_reads_the_same_but_for_the_prefix(
            before in any_route(),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
        ) {
            let mut alike = Alike::default();
            let mut octets = payload(&before);
            alike.remember(&octets);
            for (at, octet) in changes {
                let at = at.index(octets.len());
                octets[at] = octet;
            }
            if let Some(prefix) = alike.prefix(&octets) {
                let expected = route(&payload(&before), TABLE).map(|before| KernelRoute { prefix, ..before });
                prop_assert_eq!(route(&octets, TABLE), expected);
            }
        }

        #[test]
        fn octets_that_are_no_message_are_no_panic(
            before in prop::collection::vec(any::<u8>(), 0..60),
            next in prop::collection::vec(any::<u8>(), 0..60),
        ) {
            let mut alike = Alike::default();
            alike.remember(&before);
            let _ = (alike.prefix(&before), alike.prefix(&next));
        }
    }

    const TABLE: u32 = 254;
}
