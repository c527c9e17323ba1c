//! NLRI of the unicast families: a prefix, with a path identifier where add-path is in use.

use bytes::{BufMut, BytesMut};
use ipnet::IpNet;

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
    /// Octets on the wire.
    pub(in crate::wire) fn encoded_length(&self, path_ids: PathIds) -> usize {
        let path_id = match path_ids {
            PathIds::Absent => 0,
            PathIds::Present => 4_usize,
        };
        path_id.saturating_add(1).saturating_add(usize::from(self.prefix.prefix_len().div_ceil(8)))
    }

    pub(in crate::wire) fn put(&self, path_ids: PathIds, out: &mut BytesMut) {
        if path_ids == PathIds::Present {
            out.put_u32(self.path_id.0);
        }
        let length = self.prefix.prefix_len();
        out.put_u8(length);
        let octets = usize::from(length.div_ceil(8));
        match self.prefix {
            IpNet::V4(prefix) => out.extend(prefix.network().octets().iter().take(octets)),
            IpNet::V6(prefix) => out.extend(prefix.network().octets().iter().take(octets)),
        }
    }
}
