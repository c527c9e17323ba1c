//! A table out of an MRT file: what one peer of a collector had announced.

use std::collections::HashMap;

use bgp_core::Family;
use bgp_core::mrt::{Body, Records, Rib};
use bgp_core::wire::{Attributes, Community};
use ipnet::IpNet;

use super::table::{Set, Table};
use crate::failure::{Doing, Failure};

impl Table {
    /// The IPv4 routes of that peer which has the most, without what a speaker puts there for its own AS. Paths that a
    /// peer could not announce are left out, and those that whoever hears them may not pass on: a listener behind a
    /// daemon would wait for them in vain.
    ///
    /// # Errors
    /// Where the file cannot be read, or has no IPv4 routes.
    pub fn from_mrt(file: &[u8]) -> Result<Self, Failure> {
        let mut ribs = Vec::new();
        for record in Records::new(file) {
            if let Body::Rib(rib) = record.doing("read a record")?.body
                && rib.family == Family::IPV4
            {
                ribs.push(rib);
            }
        }
        let peer = busiest(&ribs).ok_or_else(|| Failure::new("find a peer's table", "no IPv4 routes"))?;
        let (mut places, mut groups) = (HashMap::new(), Vec::<(Attributes, Vec<IpNet>)>::new());
        for rib in &ribs {
            let Some(entry) = rib.entries.iter().find(|entry| entry.peer == peer) else { continue };
            let update = entry.update(rib).doing_with(|| format!("read a path of {}", rib.prefix))?;
            let is_of_use = |attributes: &Attributes| !update.announced.is_empty() && may_pass_on(attributes);
            let Some(attributes) = update.attributes.filter(is_of_use).map(foreign) else { continue };
            let place = *places.entry(attributes).or_insert_with_key(|attributes| {
                groups.push((attributes.clone(), Vec::new()));
                groups.len() - 1
            });
            groups[place].1.push(rib.prefix);
        }
        Ok(Self::of(groups))
    }

    fn of(groups: Vec<(Attributes, Vec<IpNet>)>) -> Self {
        let mut table = Self::default();
        for (attributes, prefixes) in groups {
            let first = table.prefixes.len();
            table.prefixes.extend(prefixes);
            table.sets.push(Set { attributes, members: first..table.prefixes.len() });
        }
        table
    }
}

fn busiest(ribs: &[Rib<'_>]) -> Option<u16> {
    let mut counts = HashMap::<u16, usize>::new();
    for entry in ribs.iter().flat_map(|rib| &rib.entries) {
        *counts.entry(entry.peer).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(peer, count)| (*count, *peer)).map(|(peer, _)| peer)
}

/// Whether the well-known communities ([RFC 1997](https://www.rfc-editor.org/rfc/rfc1997)) let a route pass through an AS.
fn may_pass_on(attributes: &Attributes) -> bool {
    let stops = [Community::NO_EXPORT, Community::NO_ADVERTISE, Community::NO_EXPORT_SUBCONFED];
    !attributes.communities.iter().any(|community| stops.contains(community))
}

fn foreign(attributes: Attributes) -> Attributes {
    Attributes { local_preference: None, originator_id: None, cluster_list: Box::default(), ..attributes }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collectors_table_is_as_large_as_that_of_its_largest_peer() {
        let file = include_bytes!("../../tests/corpus/mrt/openbgpd_rib_table-v2.mrt");
        let table = Table::from_mrt(file).expect("a table");
        assert_eq!(table.prefixes.len(), 11);
        assert_eq!(table.sets.last().map(|set| set.members.end), Some(11));
    }
    #[test]
    fn what_may_not_be_passed_on_is_left_out() {
        let whole = include_bytes!("../../tests/corpus/mrt/quagga_rib.mrt");
        let at = whole.windows(4).position(|four| four == [0xfd, 0xe8, 0x01, 0x2c]).expect("a community");
        let kept_with = |community: Community| {
            let mut file = whole.to_vec();
            file[at..at + 4].copy_from_slice(&community.0.to_be_bytes());
            Table::from_mrt(&file).expect("a table").prefixes.len()
        };
        assert_eq!(kept_with(Community::new(65000, 300)), 3);
        for stop in [Community::NO_EXPORT, Community::NO_ADVERTISE, Community::NO_EXPORT_SUBCONFED] {
            assert_eq!(kept_with(stop), 2, "{stop}");
        }
    }
}
