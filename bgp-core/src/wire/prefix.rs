//! NLRI of the unicast families: a prefix, with a path identifier where add-path is in use.

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
