//! Marks: what must come out of a daemon of a route's attributes, as a number.
//!
//! A mark is made from octets, of those attributes that the daemon has to leave alone, so that what was sent and
//! what arrives have the same one. The order of communities does not matter, as some daemons sort them.

use bgp_core::Asn;

/// What the daemon is to those who send and those who hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    /// A neighbour AS: it adds its number, and makes its own next hop and MED.
    Through(Asn),
    /// A reflector: it changes nothing, and adds ORIGINATOR_ID and CLUSTER_LIST.
    Reflected,
}

/// What was found among a message's attributes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Found<'a> {
    /// The mark, never 0.
    pub(super) mark: u32,
    /// ORIGINATOR_ID is there.
    pub(super) originator: bool,
    /// The value of MP_REACH_NLRI.
    pub(super) reach: Option<&'a [u8]>,
    /// The value of MP_UNREACH_NLRI.
    pub(super) unreach: Option<&'a [u8]>,
}

/// The mark that routes with these attributes in wire form have before they are sent.
///
/// # Panics
/// When the octets are not attributes.
#[must_use]
pub fn before(attributes: &[u8], passage: Passage) -> u32 {
    let no_one = Asn(0);
    let passage = if passage == Passage::Reflected { passage } else { Passage::Through(no_one) };
    find(attributes, passage).expect("attributes of our own making").mark
}

/// Reads attributes in wire form with AS numbers of four octets; `None` where they are none.
pub(super) fn find(mut attributes: &[u8], passage: Passage) -> Option<Found<'_>> {
    let mut found = Found::default();
    let mut hash: u64 = 0;
    while let [flags, code, rest @ ..] = attributes {
        let (length, rest) = match (flags & EXTENDED_LENGTH, rest) {
            (0, [length, rest @ ..]) => (usize::from(*length), rest),
            (_, [high, low, rest @ ..]) if flags & EXTENDED_LENGTH != 0 => {
                (usize::from(u16::from_be_bytes([*high, *low])), rest)
            }
            _ => return None,
        };
        let (value, rest) = rest.split_at_checked(length)?;
        attributes = rest;
        // Added up, because not everybody sends attributes in the order of their codes.
        hash = hash.wrapping_add(match (*code, passage) {
            // FRR says a MED of zero where there was none.
            (MED, _) if value == [0; 4] => 0,
            (ORIGIN, _) | (NEXT_HOP | MED | LOCAL_PREFERENCE, Passage::Reflected) => {
                hash_octets(u64::from(*code), value)
            }
            (AS_PATH, _) => path(value, passage),
            (COMMUNITIES, _) => sum::<4>(value),
            (LARGE_COMMUNITIES, _) => sum::<12>(value),
            _ => 0,
        });
        match *code {
            ORIGINATOR_ID => found.originator = true,
            MP_REACH => found.reach = Some(value),
            MP_UNREACH => found.unreach = Some(value),
            _ => {}
        }
    }
    found.mark = (hash >> 32) as u32 | 1;
    Some(found)
}

/// The path before the daemon put itself in front of it.
fn path(value: &[u8], passage: Passage) -> u64 {
    match (value, passage) {
        ([kind, count, first @ ..], Passage::Through(asn)) => match first.split_first_chunk() {
            Some((number, rest)) if u32::from_be_bytes(*number) == asn.0 => {
                hash_octets(mix(u64::from(*kind), u64::from(count.wrapping_sub(1))), rest)
            }
            _ => hash_octets(mix(u64::from(*kind), u64::from(*count)), first),
        },
        ([kind, count, rest @ ..], Passage::Reflected) => {
            hash_octets(mix(u64::from(*kind), u64::from(*count)), rest)
        }
        (_, _) => 1,
    }
}

/// The same for any order.
fn sum<const N: usize>(value: &[u8]) -> u64 {
    let each = value.chunks(N).map(|one| hash_octets(N as u64, one));
    each.fold(N as u64, u64::wrapping_add)
}

fn hash_octets(seed: u64, octets: &[u8]) -> u64 {
    let mut words = octets.chunks_exact(8);
    let mut hash = mix(seed, octets.len() as u64);
    for word in &mut words {
        hash = mix(hash, word.iter().fold(0, |number, octet| number << 8 | u64::from(*octet)));
    }
    let rest = words.remainder().iter().fold(0, |number, octet| number << 8 | u64::from(*octet));
    mix(hash, rest)
}

/// Folds a number into a hash; its upper bits are the better ones, which is why they come down.
#[inline]
pub(super) const fn mix(hash: u64, value: u64) -> u64 {
    let product = (hash.rotate_left(29) ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    product ^ product >> 32
}

const EXTENDED_LENGTH: u8 = 0x10;
const ORIGIN: u8 = 1;
const AS_PATH: u8 = 2;
const NEXT_HOP: u8 = 3;
const MED: u8 = 4;
const LOCAL_PREFERENCE: u8 = 5;
const COMMUNITIES: u8 = 8;
const ORIGINATOR_ID: u8 = 9;
const MP_REACH: u8 = 14;
const MP_UNREACH: u8 = 15;
const LARGE_COMMUNITIES: u8 = 32;
