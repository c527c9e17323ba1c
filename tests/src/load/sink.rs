//! What a receiver holds: a mark for each route, and an order-free hash of all of them.

use std::collections::HashMap;
use std::ops::Range;

use bgp_core::Family;

use super::mark::{self, Found, Passage, mix};
use super::register::Register;

/// A set of routes, small enough to compare at every turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holding {
    /// How many routes.
    pub count: u64,
    sum: u64,
}

impl Holding {
    /// Adds a route.
    pub const fn add(&mut self, number: u32, mark: u32) {
        self.count += 1;
        self.sum = self.sum.wrapping_add(one(number, mark));
    }

    /// Takes a route away.
    pub const fn remove(&mut self, number: u32, mark: u32) {
        self.count -= 1;
        self.sum = self.sum.wrapping_sub(one(number, mark));
    }
}

const fn one(number: u32, mark: u32) -> u64 {
    mix(0, (number as u64) << 32 | mark as u64)
}

/// A receiver's routes and what was counted of them.
#[derive(Debug)]
pub struct Sink {
    passage: Passage,
    /// A mark for each number; 0 for no route.
    marks: Vec<u32>,
    /// Marks by number and path identifier, where paths have those.
    paths: Option<HashMap<(u32, u32), u32>>,
    /// Routes of its own, which some daemons send back to it.
    own: Range<u32>,
    held: Holding,
    wanted: Holding,
    watched: Option<(u32, u32)>,
    /// What came, in numbers.
    pub tally: Tally,
}

/// What came to a receiver.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// UPDATE messages.
    pub updates: u64,
    /// Routes announced, replacements included.
    pub announced: u64,
    /// Routes withdrawn.
    pub withdrawn: u64,
    /// Prefixes that nobody announced.
    pub strange: u64,
    /// Messages of a reflector without ORIGINATOR_ID.
    pub unstamped: u64,
}

impl Sink {
    /// Holds nothing yet; of `count` prefixes there are.
    #[must_use]
    pub fn new(passage: Passage, count: usize, own: Range<u32>) -> Self {
        Self {
            passage,
            marks: vec![0; count],
            paths: None,
            own,
            held: Holding::default(),
            wanted: Holding::default(),
            watched: None,
            tally: Tally::default(),
        }
    }

    /// From now on routes carry path identifiers.
    pub(super) fn expect_path_ids(&mut self) {
        self.marks = Vec::new();
        self.paths = Some(HashMap::new());
    }

    /// Sets what it shall hold in the end.
    pub const fn want(&mut self, wanted: Holding) {
        self.wanted = wanted;
    }

    /// Whether it holds exactly that.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.held == self.wanted
    }

    /// What it holds.
    #[must_use]
    pub const fn held(&self) -> Holding {
        self.held
    }

    /// Watches for one route to come with a mark.
    pub const fn watch(&mut self, number: u32, mark: u32) {
        self.watched = Some((number, mark));
    }

    /// Whether what is watched for has not come yet.
    #[must_use]
    pub const fn is_watching(&self) -> bool {
        self.watched.is_some()
    }

    /// Takes the body of an UPDATE; `None` where it makes no sense.
    pub(super) fn take(&mut self, body: &[u8], register: &Register) -> Option<()> {
        self.tally.updates += 1;
        let (withdrawn, rest) = field(body)?;
        let (attributes, announced) = field(rest)?;
        self.withdraw(withdrawn, Family::IPV4, register)?;
        if attributes.is_empty() {
            return Some(());
        }
        let found = mark::find(attributes, self.passage)?;
        if let Some(value) = found.unreach {
            let (family, routes) = family(value)?;
            self.withdraw(routes, family, register)?;
        }
        if let Some(value) = found.reach {
            let (family, rest) = family(value)?;
            let (hop, rest) = rest.split_first()?;
            let routes = rest.get(usize::from(*hop) + 1..)?;
            self.announce(routes, family, &found, register)?;
        }
        self.announce(announced, Family::IPV4, &found, register)
    }

    fn announce(
        &mut self,
        mut nlri: &[u8],
        family: Family,
        found: &Found<'_>,
        register: &Register,
    ) -> Option<()> {
        if !nlri.is_empty() && self.passage == Passage::Reflected && !found.originator {
            self.tally.unstamped += 1;
        }
        while !nlri.is_empty() {
            let path_id = self.path_id(&mut nlri)?;
            self.tally.announced += 1;
            match register.read(family, &mut nlri)? {
                Some(number) if self.own.contains(&number) => {}
                Some(number) => self.put(number, path_id, found.mark),
                None => self.tally.strange += 1,
            }
        }
        Some(())
    }

    fn withdraw(&mut self, mut nlri: &[u8], family: Family, register: &Register) -> Option<()> {
        while !nlri.is_empty() {
            let path_id = self.path_id(&mut nlri)?;
            self.tally.withdrawn += 1;
            match register.read(family, &mut nlri)? {
                Some(number) => self.put(number, path_id, 0),
                None => self.tally.strange += 1,
            }
        }
        Some(())
    }

    fn path_id(&self, nlri: &mut &[u8]) -> Option<u32> {
        if self.paths.is_none() {
            return Some(0);
        }
        let (id, rest) = nlri.split_first_chunk()?;
        *nlri = rest;
        Some(u32::from_be_bytes(*id))
    }

    #[inline]
    fn put(&mut self, number: u32, path_id: u32, mark: u32) {
        let before = match (&mut self.paths, self.marks.get_mut(number as usize)) {
            (None, Some(place)) => std::mem::replace(place, mark),
            (None, None) => return,
            (Some(paths), _) if mark == 0 => paths.remove(&(number, path_id)).unwrap_or(0),
            (Some(paths), _) => paths.insert((number, path_id), mark).unwrap_or(0),
        };
        if before != 0 {
            self.held.remove(number, before);
        }
        if mark != 0 {
            self.held.add(number, mark);
        }
        if self.watched == Some((number, mark)) {
            self.watched = None;
        }
    }
}

/// A field with its length in two octets before it, and what follows.
fn field(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = octets.split_first_chunk()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

fn family(octets: &[u8]) -> Option<(Family, &[u8])> {
    let [high, low, safi, rest @ ..] = octets else { return None };
    Some((Family { afi: u16::from_be_bytes([*high, *low]), safi: *safi }, rest))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use bgp_core::wire::AsPath;
    use bgp_core::{Asn, Family};
    use bytes::Bytes;

    use super::*;
    use crate::load::feed::{Voice, holding};
    use crate::load::table::{Table, View};

    const DAEMON: Asn = Asn(64512);

    fn voice(passage: Passage) -> Voice {
        Voice { asn: Asn(65001), address: Ipv4Addr::new(192, 0, 2, 1), passage }
    }

    fn table() -> Table {
        Table::generate(Family::IPV4, 500, 7, View::ONLY)
    }

    /// A sink that wants what `said` is before the daemon, and hears `heard`.
    fn hear(passage: Passage, said: &Table, heard: &[Bytes]) -> Sink {
        let mut marks = vec![0; said.prefixes.len()];
        voice(passage).apply(said, &mut marks);
        let mut sink = Sink::new(passage, marks.len(), 0..0);
        sink.want(holding(&marks));
        let register = Register::new(&said.prefixes);
        for mut octets in heard.iter().map(|buffer| &buffer[..]) {
            while let Some(length) = bgp_core::wire::frame(octets, 4096).expect("messages") {
                sink.take(&octets[19..length], &register).expect("an UPDATE");
                octets = &octets[length..];
            }
        }
        sink
    }

    #[test]
    fn what_was_said_is_what_is_wanted() {
        let table = table();
        let said = voice(Passage::Reflected).announcing(&table, 3);
        assert!(hear(Passage::Reflected, &table, &said).is_complete());
        assert!(!hear(Passage::Reflected, &table, &[]).is_complete());
    }

    #[test]
    fn a_daemon_in_the_path_is_no_difference_and_anybody_else_is_one() {
        let passage = Passage::Through(DAEMON);
        let table = table();
        for (number, complete) in [(DAEMON, true), (Asn(65003), false)] {
            let mut passed_on = table.clone();
            for set in &mut passed_on.sets {
                let path: Vec<Asn> = set.attributes.as_path.asns().collect();
                let path = [&[voice(passage).asn], path.as_slice()].concat();
                set.attributes.as_path = AsPath::from_sequence(&path);
            }
            let said = Voice { asn: number, ..voice(passage) }.announcing(&passed_on, 0);
            assert_eq!(hear(passage, &table, &said).is_complete(), complete, "{number}");
        }
    }

    #[test]
    fn one_route_too_few_or_changed_is_noticed() {
        let (table, voice) = (table(), voice(Passage::Reflected));
        let mut said = voice.announcing(&table, 0);
        said.push(voice.withdrawing(&table, &table.sets[5]));
        assert!(!hear(Passage::Reflected, &table, &said).is_complete());
        said.push(voice.announcing_set(&table, &table.sets[5]));
        assert!(hear(Passage::Reflected, &table, &said).is_complete());
        let mut other = table.clone();
        other.sets[5].attributes.communities = [bgp_core::wire::Community(1)].into();
        said.push(voice.announcing_set(&other, &other.sets[5]));
        assert!(!hear(Passage::Reflected, &table, &said).is_complete());
    }
}
