//! ROUTE-REFRESH and its demarcation subtypes.

use crate::Family;

/// What a ROUTE-REFRESH asks or says ([RFC 7313 §3.2](https://www.rfc-editor.org/rfc/rfc7313#section-3.2)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RefreshKind {
    /// 0: send everything again.
    Request,
    /// 1: BoRR, the re-advertisement begins.
    Begin,
    /// 2: EoRR, it is complete.
    End,
    /// Any other subtype, to be ignored.
    Unknown(u8),
}

/// A ROUTE-REFRESH message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteRefresh {
    /// The family meant.
    pub family: Family,
    /// The subtype.
    pub kind: RefreshKind,
}
