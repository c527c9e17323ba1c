//! Which of two connections to the same peer stays ([RFC 4271 §6.8]).
//!
//! The RFC's version: when an OPEN arrives, connections in OpenConfirm are compared by BGP Identifier, and
//! an Established one always stays. Two speakers that see the same messages in a different order can then
//! judge differently, and close both.
//! Ours: a connection on which we have answered the peer's OPEN is final, and a later one is turned away
//! before our OPEN was sent on it, so that the peer cannot prefer it. While two connections exist without
//! such an answer none is given, and the first OPEN on either tells the identifiers that decide.
//! Only where graceful restart was agreed may a peer that dials again end an Established session: by its
//! OPEN, not by the mere connection, which may have been under way before the session came up.
//!
//! [RFC 4271 §6.8]: https://www.rfc-editor.org/rfc/rfc4271#section-6.8

use crate::session::StateName;
use crate::{Asn, RouterId};

/// Who opened a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialer {
    We,
    They,
}

/// What to do with a connection that comes up beside another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// The old one is final: turn the new one away.
    Refuse,
    /// One side never dials twice at once, so the old one is dead: replace it.
    Replace,
    /// Let both send OPEN.
    Contend,
    /// The peer may have restarted without our noticing: its OPEN on the new one ends the old one
    /// silently ([RFC 4724 §4.2](https://www.rfc-editor.org/rfc/rfc4724#section-4.2)).
    Supersede,
}

/// Judges a connection that comes up beside one in state `existing`.
pub(super) fn arrive(existing: StateName, existing_dialer: Dialer, new_dialer: Dialer) -> Arrival {
    match existing {
        StateName::OpenConfirm | StateName::Established => Arrival::Refuse,
        StateName::Idle | StateName::Connect | StateName::Active | StateName::OpenSent => {
            if existing_dialer == new_dialer { Arrival::Replace } else { Arrival::Contend }
        }
    }
}

/// Whose connection stays: the one of the higher BGP Identifier, and between equals the one of the higher
/// AS ([RFC 6286 §2.3]).
///
/// [RFC 6286 §2.3]: https://www.rfc-editor.org/rfc/rfc6286#section-2.3
pub(super) fn winner(ours: (RouterId, Asn), theirs: (RouterId, Asn)) -> Dialer {
    if (ours.0.bits(), ours.1) > (theirs.0.bits(), theirs.1) { Dialer::We } else { Dialer::They }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn speaker(id: u32, asn: u32) -> (RouterId, Asn) {
        (RouterId::from(id), Asn(asn))
    }

    #[test]
    fn the_higher_identifier_keeps_its_connection() {
        let table = [
            (speaker(2, 65001), speaker(1, 65001), Dialer::We),
            (speaker(1, 65001), speaker(2, 65001), Dialer::They),
            (speaker(2, 65001), speaker(1, 65002), Dialer::We),
            (speaker(1, 65002), speaker(2, 65001), Dialer::They),
            (speaker(7, 65002), speaker(7, 65001), Dialer::We),
            (speaker(7, 65001), speaker(7, 65002), Dialer::They),
            (speaker(0xffff_ffff, 1), speaker(0x7fff_ffff, 2), Dialer::We),
        ];
        for (ours, theirs, stays) in table {
            assert_eq!(winner(ours, theirs), stays, "{ours:?} against {theirs:?}");
        }
    }

    #[test]
    fn both_ends_agree_who_stays() {
        for id in 1..4 {
            for asn in 1..4 {
                let (one, other) = (speaker(id, asn), speaker(2, 2));
                if one != other {
                    assert_ne!(winner(one, other), winner(other, one));
                }
            }
        }
    }

    #[test]
    fn a_connection_that_was_answered_is_final() {
        for state in [StateName::OpenConfirm, StateName::Established] {
            for existing in [Dialer::We, Dialer::They] {
                for new in [Dialer::We, Dialer::They] {
                    assert_eq!(arrive(state, existing, new), Arrival::Refuse);
                }
            }
        }
    }

    #[test]
    fn before_an_answer_opposite_dials_contend_and_a_redial_replaces() {
        for state in [StateName::Active, StateName::OpenSent] {
            assert_eq!(arrive(state, Dialer::We, Dialer::They), Arrival::Contend);
            assert_eq!(arrive(state, Dialer::They, Dialer::We), Arrival::Contend);
            assert_eq!(arrive(state, Dialer::They, Dialer::They), Arrival::Replace);
            assert_eq!(arrive(state, Dialer::We, Dialer::We), Arrival::Replace);
        }
    }
}
