//! NLRI of the unicast families: a prefix, with a path identifier where add-path is in use.

use std::net::{Ipv4Addr, Ipv6Addr};

use bytes::BytesMut;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::Family;
use crate::wire::parse::Cursor;
use crate::wire::{Dialect, Reason};

/// A path identifier ([RFC 7911 §3](https://www.rfc-editor.org/rfc/rfc7911#section-3)); 0 where none was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathId(pub u32);

/// One destination of an UPDATE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nlri {
    /// The path identifier.
    pub path_id: PathId,
    /// The prefix, host bits cleared.
    pub prefix: IpNet,
}

/// Whether NLRI carry a path identifier, for one family and one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::wire) enum PathIds {
    Absent,
    Present,
}

impl PathIds {
    pub(in crate::wire) const fn present_if(agreed: bool) -> Self {
        if agreed { Self::Present } else { Self::Absent }
    }
}

impl Nlri {
    /// Reads the next destination of a unicast family. Host bits are cleared: they mean nothing
    /// ([RFC 4271 §4.3](https://www.rfc-editor.org/rfc/rfc4271#section-4.3)).
    pub(in crate::wire) fn read(
        cursor: &mut Cursor<'_>,
        family: Family,
        path_ids: PathIds,
    ) -> Result<Self, Reason> {
        let path_id = match path_ids {
            PathIds::Absent => 0,
            PathIds::Present => cursor.u32().ok_or(Reason::PrefixOverrun(family))?,
        };
        let length = cursor.octet().ok_or(Reason::PrefixOverrun(family))?;
        let prefix = match family {
            Family::IPV4 => read_v4(cursor, length).map(IpNet::V4),
            _ => read_v6(cursor, length).map(IpNet::V6),
        };
        let bits = if family == Family::IPV4 { 32 } else { 128 };
        match prefix {
            Some(prefix) => Ok(Self { path_id: PathId(path_id), prefix }),
            None if length > bits => Err(Reason::PrefixLength { family, length }),
            None => Err(Reason::PrefixOverrun(family)),
        }
    }

    /// Whether packets can be routed to the destination: not a multicast, loopback, link-local or
    /// reserved one, which [RFC 4271 §6.3](https://www.rfc-editor.org/rfc/rfc4271#section-6.3) wants ignored.
    pub(in crate::wire) const fn is_unicast(&self) -> bool {
        match self.prefix {
            IpNet::V4(prefix) => match prefix.addr().octets() {
                [0, ..] => prefix.prefix_len() < 8,
                [127 | 224..=255, ..] => prefix.prefix_len() < 4,
                [..] => true,
            },
            IpNet::V6(prefix) => match prefix.addr().segments() {
                [0xff00..=0xffff, ..] => prefix.prefix_len() < 8,
                [0xfe80..=0xfebf, ..] => prefix.prefix_len() < 10,
                [0, 0, 0, 0, 0, 0, 0, 0 | 1] => prefix.prefix_len() < 128,
                [..] => true,
            },
        }
    }

    /// Octets on the wire.
    pub(in crate::wire) fn encoded_length(&self, path_ids: PathIds) -> usize {
        let path_id = match path_ids {
            PathIds::Absent => 0,
            PathIds::Present => 4_usize,
        };
        path_id.saturating_add(1).saturating_add(usize::from(self.prefix.prefix_len().div_ceil(8)))
    }

    /// Writes the destination where `room` begins, if it fits; how much it took.
    fn write(&self, path_ids: PathIds, room: &mut [u8]) -> Option<usize> {
        let (id, room) = match path_ids {
            PathIds::Absent => (0, room),
            PathIds::Present => {
                let (id, room) = room.split_first_chunk_mut()?;
                *id = self.path_id.0.to_be_bytes();
                (id.len(), room)
            }
        };
        let length = self.prefix.prefix_len();
        match self.prefix {
            IpNet::V4(prefix) => {
                let [a, b, c, d] = prefix.network().octets();
                *room.first_chunk_mut()? = [length, a, b, c, d];
            }
            IpNet::V6(prefix) => {
                let (first, room) = room.split_first_mut()?;
                *first = length;
                *room.first_chunk_mut()? = prefix.network().octets();
            }
        }
        Some(usize::from(length.div_ceil(8)).saturating_add(1).saturating_add(id))
    }
}

/// Octets on the wire of the longest destination of a family.
pub(in crate::wire) fn longest(family: Family, path_ids: PathIds) -> usize {
    let address = if family == Family::IPV4 { 4_usize } else { 16 };
    let path_id = if path_ids == PathIds::Present { 4_usize } else { 0 };
    address.saturating_add(path_id).saturating_add(1)
}

/// Appends destinations. Room for all is made first, as long as each can be, and cut to what they took.
pub(in crate::wire) fn put_all(nlri: &[Nlri], path_ids: PathIds, out: &mut BytesMut) {
    let Some(first) = nlri.first() else { return };
    let start = out.len();
    // All are of one family, or those of the other would be cut short.
    let longest = longest(Family::of(&first.prefix), path_ids);
    out.resize(start.saturating_add(nlri.len().saturating_mul(longest)), 0);
    let mut end = start;
    for nlri in nlri {
        let room = out.get_mut(end..).unwrap_or_default();
        end = end.saturating_add(nlri.write(path_ids, room).unwrap_or_default());
    }
    out.truncate(end);
}

/// Reads a prefix in the form of NLRI, without a path identifier.
pub(crate) fn read_prefix(cursor: &mut Cursor<'_>, family: Family) -> Option<IpNet> {
    Nlri::read(cursor, family, PathIds::Absent).ok().map(|nlri| nlri.prefix)
}

/// Writes a prefix in the form of NLRI, without a path identifier.
pub(crate) fn put_prefix(prefix: &IpNet, out: &mut BytesMut) {
    put_all(&[Nlri { path_id: PathId(0), prefix: *prefix }], PathIds::Absent, out);
}

/// A prefix that nobody can be reached at, and where it stands in the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::wire) struct Unroutable {
    pub(in crate::wire) prefix: IpNet,
    pub(in crate::wire) offset: usize,
    pub(in crate::wire) length: usize,
}

/// What is wrong in a field of NLRI, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::wire) struct Misplaced {
    pub(in crate::wire) reason: Reason,
    pub(in crate::wire) offset: usize,
}

/// Reads a whole field of withdrawn destinations.
pub(in crate::wire) fn withdrawn(
    field: Cursor<'_>,
    family: Family,
    dialect: &Dialect,
) -> Result<Vec<Nlri>, Misplaced> {
    read_field(field, family, dialect, |_, _, _| true)
}

/// Reads a whole field of announced destinations, and sets aside those that are not unicast.
pub(in crate::wire) fn announced(
    field: Cursor<'_>,
    family: Family,
    dialect: &Dialect,
) -> Result<(Vec<Nlri>, Vec<Unroutable>), Misplaced> {
    let mut unroutable = Vec::new();
    let nlri = read_field(field, family, dialect, |nlri, offset, length| {
        if !nlri.is_unicast() {
            unroutable.push(Unroutable { prefix: nlri.prefix, offset, length });
        }
        nlri.is_unicast()
    })?;
    Ok((nlri, unroutable))
}

fn read_field(
    mut field: Cursor<'_>,
    family: Family,
    dialect: &Dialect,
    mut keep: impl FnMut(&Nlri, usize, usize) -> bool,
) -> Result<Vec<Nlri>, Misplaced> {
    let path_ids = dialect.path_ids_received(family);
    let mut all = Vec::with_capacity(field.len() / 4);
    while !field.is_empty() {
        let offset = field.offset();
        let nlri = Nlri::read(&mut field, family, path_ids).map_err(|reason| Misplaced { reason, offset })?;
        if keep(&nlri, offset, field.offset().saturating_sub(offset)) {
            all.push(nlri);
        }
    }
    Ok(all)
}

/// Reads the address of a prefix of `length` bits, of which only the octets needed are there.
fn read_v4(cursor: &mut Cursor<'_>, length: u8) -> Option<Ipv4Net> {
    let mask = u32::MAX.checked_shl(32_u32.checked_sub(length.into())?).unwrap_or(0);
    let octets = match *cursor.take(usize::from(length.div_ceil(8)))? {
        [] => [0, 0, 0, 0],
        [a] => [a, 0, 0, 0],
        [a, b] => [a, b, 0, 0],
        [a, b, c] => [a, b, c, 0],
        [a, b, c, d, ..] => [a, b, c, d],
    };
    Ipv4Net::new(Ipv4Addr::from_bits(u32::from_be_bytes(octets) & mask), length).ok()
}

/// The same of the other family.
fn read_v6(cursor: &mut Cursor<'_>, length: u8) -> Option<Ipv6Net> {
    let mut address = [0; 16];
    let octets = address.get_mut(..usize::from(length.div_ceil(8)))?;
    octets.copy_from_slice(cursor.take(octets.len())?);
    Ipv6Net::new(Ipv6Addr::from(address), length).ok().map(|prefix| prefix.trunc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(octets: &[u8], family: Family, path_ids: PathIds) -> Result<(u32, String), Reason> {
        let mut cursor = Cursor::new(octets, 0);
        let nlri = Nlri::read(&mut cursor, family, path_ids)?;
        assert!(cursor.is_empty());
        Ok((nlri.path_id.0, nlri.prefix.to_string()))
    }

    #[test]
    fn host_bits_are_cleared() {
        assert_eq!(read(&[20, 10, 1, 0xff], Family::IPV4, PathIds::Absent), Ok((0, "10.1.240.0/20".into())));
        assert_eq!(read(&[1, 0xff], Family::IPV6, PathIds::Absent), Ok((0, "8000::/1".into())));
        assert_eq!(read(&[0], Family::IPV4, PathIds::Absent), Ok((0, "0.0.0.0/0".into())));
    }

    #[test]
    fn a_path_identifier_is_any_number() {
        assert_eq!(read(&[0, 0, 0, 0, 8, 10], Family::IPV4, PathIds::Present), Ok((0, "10.0.0.0/8".into())));
        assert_eq!(
            read(&[255, 255, 255, 255, 0], Family::IPV6, PathIds::Present),
            Ok((u32::MAX, "::/0".into()))
        );
    }

    #[test]
    fn what_does_not_fit_says_how() {
        let too_long = Reason::PrefixLength { family: Family::IPV4, length: 33 };
        assert_eq!(read(&[33, 1, 2, 3, 4, 5], Family::IPV4, PathIds::Absent), Err(too_long));
        let too_long = Reason::PrefixLength { family: Family::IPV6, length: 129 };
        assert_eq!(read(&[129], Family::IPV6, PathIds::Absent), Err(too_long));
        let overrun = Err(Reason::PrefixOverrun(Family::IPV4));
        assert_eq!(read(&[24, 1, 2], Family::IPV4, PathIds::Absent), overrun);
        assert_eq!(read(&[0, 0, 0, 1], Family::IPV4, PathIds::Present), overrun);
    }

    #[test]
    fn prefixes_nobody_can_be_reached_at_are_told_apart() {
        let unicast = |text: &str| Nlri { path_id: PathId(0), prefix: text.parse().unwrap() }.is_unicast();
        for text in
            ["0.0.0.0/0", "10.0.0.0/8", "128.0.0.0/1", "223.255.255.255/32", "2000::/3", "::/0", "fc00::/7"]
        {
            assert!(unicast(text), "{text}");
        }
        for text in
            ["0.1.0.0/16", "127.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4", "ff00::/8", "fe80::/64", "::1/128"]
        {
            assert!(!unicast(text), "{text}");
        }
    }
}
