//! An UPDATE as routes by number: cut and looked up, never decoded into values.

use bgp_core::Family;

use super::mark::{self, Found, Passage};
use super::register::Register;

/// What came to a listener, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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

/// A route that an UPDATE speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spoken {
    /// The number of its prefix.
    pub(super) number: u32,
    /// 0 where paths have none.
    pub(super) path_id: u32,
    /// 0 where it is withdrawn.
    pub(super) mark: u32,
}

/// How UPDATEs are read on a session.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    pub(super) passage: Passage,
    /// Routes carry path identifiers.
    pub(super) path_ids: bool,
}

impl Reading {
    /// Reads the body of an UPDATE and tells each route with a number; `None` where it makes no sense.
    pub(super) fn update(
        self,
        body: &[u8],
        register: &Register,
        tally: &mut Tally,
        mut tell: impl FnMut(Spoken),
    ) -> Option<()> {
        tally.updates += 1;
        let (withdrawn, rest) = field(body)?;
        let (attributes, announced) = field(rest)?;
        let mut routes = Routes { path_ids: self.path_ids, register, next: 0 };
        let mut withdraw = |nlri, family| {
            routes.each(nlri, family, 0, |route| {
                tally.withdrawn += 1;
                route.map_or_else(|| tally.strange += 1, &mut tell);
            })
        };
        withdraw(withdrawn, Family::IPV4)?;
        if attributes.is_empty() {
            return Some(());
        }
        let found = mark::find(attributes, self.passage)?;
        if let Some(value) = found.unreach {
            let (family, nlri) = family(value)?;
            withdraw(nlri, family)?;
        }
        let mut announce = |nlri: &[u8], family| {
            tally.unstamped += u64::from(!nlri.is_empty() && self.misses_a_stamp(&found));
            routes.each(nlri, family, found.mark, |route| {
                tally.announced += 1;
                route.map_or_else(|| tally.strange += 1, &mut tell);
            })
        };
        if let Some(value) = found.reach {
            let (family, rest) = family(value)?;
            let (hop, rest) = rest.split_first()?;
            announce(rest.get(usize::from(*hop) + 1..)?, family)?;
        }
        announce(announced, Family::IPV4)
    }

    fn misses_a_stamp(self, found: &Found<'_>) -> bool {
        self.passage == Passage::Reflected && !found.originator
    }
}

/// Cuts NLRI into routes.
struct Routes<'a> {
    path_ids: bool,
    register: &'a Register,
    /// The number after the last one: who shares attributes stands side by side.
    next: u32,
}

impl Routes<'_> {
    /// Tells each route of a field; `None` for those whose prefix nobody announced.
    fn each(
        &mut self,
        mut nlri: &[u8],
        family: Family,
        mark: u32,
        mut tell: impl FnMut(Option<Spoken>),
    ) -> Option<()> {
        while !nlri.is_empty() {
            let path_id = self.path_id(&mut nlri)?;
            let number = self.register.read(family, &mut nlri, self.next)?;
            self.next = number.map_or(self.next, |number| number + 1);
            tell(number.map(|number| Spoken { number, path_id, mark }));
        }
        Some(())
    }

    fn path_id(&self, nlri: &mut &[u8]) -> Option<u32> {
        if !self.path_ids {
            return Some(0);
        }
        let (id, rest) = nlri.split_first_chunk()?;
        *nlri = rest;
        Some(u32::from_be_bytes(*id))
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
