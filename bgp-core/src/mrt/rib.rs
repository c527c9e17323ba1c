//! RIB subtypes of TABLE_DUMP_V2: all paths of one prefix
//! ([RFC 6396 §4.3.2](https://www.rfc-editor.org/rfc/rfc6396#section-4.3.2)).

use ipnet::IpNet;

use super::entry::Entry;
use super::{Body, Field, PeerIndex, Unreadable};
use crate::Family;
use crate::wire::parse::Cursor;
use crate::wire::read_prefix;

/// All paths of one prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rib<'a> {
    /// The place of the record in its table, from 0.
    pub sequence: u32,
    /// Unicast, or multicast (SAFI 2).
    pub family: Family,
    /// The prefix, host bits cleared.
    pub prefix: IpNet,
    /// The paths.
    pub entries: Vec<Entry<'a>>,
}

/// Reads the body of a TABLE_DUMP_V2 record; `None` for subtypes that are not read.
pub(super) fn read(subtype: u16, body: Cursor<'_>) -> Result<Option<Body<'_>>, Unreadable> {
    let (family, path_ids) = match subtype {
        1 => return PeerIndex::read(body).map(Body::PeerIndex).map(Some),
        2 => (Family::IPV4, false),
        3 => (Family { afi: 1, safi: 2 }, false),
        4 => (Family::IPV6, false),
        5 => (Family { afi: 2, safi: 2 }, false),
        // RFC 8050 §4.
        8 => (Family::IPV4, true),
        9 => (Family { afi: 1, safi: 2 }, true),
        10 => (Family::IPV6, true),
        11 => (Family { afi: 2, safi: 2 }, true),
        _ => return Ok(None),
    };
    Rib::read(body, family, path_ids).map(Body::Rib).map(Some)
}

impl<'a> Rib<'a> {
    fn read(mut body: Cursor<'a>, family: Family, path_ids: bool) -> Result<Self, Unreadable> {
        let prefix_error = Unreadable::new(body.offset(), Field::Prefix(family));
        let sequence = body.u32().ok_or(prefix_error)?;
        let address_family = if family.afi == Family::IPV4.afi { Family::IPV4 } else { Family::IPV6 };
        let prefix = read_prefix(&mut body, address_family).ok_or(prefix_error)?;
        let count_error = Unreadable::new(body.offset(), Field::Count);
        let count = body.u16().ok_or(count_error)?;
        let entries = (0..count).map(|number| {
            let offset = body.offset();
            let entry = Entry::read(&mut body, path_ids);
            entry.ok_or_else(|| Unreadable::new(offset, Field::Entry(number)))
        });
        let entries = entries.collect::<Result<_, _>>()?;
        nothing_left(body)?;
        Ok(Self { sequence, family, prefix, entries })
    }
}

/// A record whose parts do not fill it was not understood.
pub(super) const fn nothing_left(body: Cursor<'_>) -> Result<(), Unreadable> {
    if body.is_empty() {
        return Ok(());
    }
    Err(Unreadable::new(body.offset(), Field::Nothing(body.len())))
}
