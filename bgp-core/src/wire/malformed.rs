//! Every way a peer's octets can be wrong, and what the RFCs want done about it.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::wire::Notification;
use crate::{Asn, Family};

/// What an error costs, in order of severity; several errors cost the worst
/// ([RFC 7606 §2](https://www.rfc-editor.org/rfc/rfc7606#section-2)).
///
/// Unlike the RFC there is no disabling of a single family: where it may be chosen, the session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Treatment {
    /// The attribute, or the one prefix, is dropped; the other routes stand.
    Discard,
    /// The message's routes are treated as withdrawn.
    Withdraw,
    /// The session ends.
    Reset,
}

impl fmt::Display for Treatment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Discard => "discard",
            Self::Withdraw => "withdraw",
            Self::Reset => "reset",
        })
    }
}

/// One tolerated error inside an UPDATE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Attribute type code, where an attribute is to blame.
    pub attribute: Option<u8>,
    /// Offset of the offending octets from the start of the message.
    pub offset: usize,
    /// How many octets those are: the whole attribute, or the whole prefix.
    pub length: usize,
    /// What it costs.
    pub treatment: Treatment,
    /// What is wrong.
    pub reason: Reason,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at octet {}: ", self.treatment, self.offset)?;
        match self.attribute {
            Some(attribute) => write!(f, "attribute {attribute}: {}", self.reason),
            None => self.reason.fmt(f),
        }
    }
}

/// A message that ends the session.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason} (octet {offset})")]
pub struct Malformed {
    /// What to tell the peer; `None` where the RFCs forbid an answer.
    pub notification: Option<Notification>,
    /// Offset of the offending octets from the start of the message.
    pub offset: usize,
    /// What is wrong.
    pub reason: Reason,
}

/// What is wrong with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// [RFC 4271 §6.1](https://www.rfc-editor.org/rfc/rfc4271#section-6.1).
    #[error("the marker is not all ones")]
    Marker,
    /// The length in the header is out of bounds for the type, RFC 4271 §6.1.
    #[error("a message of type {kind} cannot have {length} octets")]
    MessageLength {
        /// The type octet.
        kind: u8,
        /// The length.
        length: u16,
    },
    /// RFC 4271 §6.1.
    #[error("message type {0} is unknown")]
    MessageType(u8),

    /// [RFC 4271 §6.2](https://www.rfc-editor.org/rfc/rfc4271#section-6.2).
    #[error("version {0} is not 4")]
    Version(u8),
    /// RFC 4271 §6.2.
    #[error("a hold time of {0} s is neither 0 nor at least 3 s")]
    HoldTime(u16),
    /// [RFC 6286 §2.2](https://www.rfc-editor.org/rfc/rfc6286#section-2.2).
    #[error("the BGP identifier is 0.0.0.0")]
    ZeroRouterId,
    /// AS_TRANS as AS number without the four-octet one beside it.
    #[error("AS 23456 without the four-octet AS capability")]
    AsTransAlone,
    /// Two four-octet AS capabilities disagree.
    #[error("four-octet AS capabilities name both {0} and {1}")]
    TwoAsns(Asn, Asn),
    /// RFC 4271 §6.2, [RFC 9072 §2](https://www.rfc-editor.org/rfc/rfc9072#section-2).
    #[error("optional parameters of {stated} octets, but {left} are left")]
    ParametersLength {
        /// The length stated.
        stated: u16,
        /// Octets left in the message.
        left: usize,
    },
    /// An optional parameter runs past its field.
    #[error("an optional parameter runs past its field")]
    ParameterOverrun,
    /// RFC 4271 §6.2.
    #[error("optional parameter type {0} is not supported")]
    ParameterType(u8),
    /// [RFC 5492 §4](https://www.rfc-editor.org/rfc/rfc5492#section-4).
    #[error("a capability runs past its parameter")]
    CapabilityOverrun,
    /// A capability that cannot be ignored has a wrong length.
    #[error("capability {code} cannot have {length} octets")]
    CapabilityLength {
        /// Capability code.
        code: u8,
        /// Length of the value.
        length: usize,
    },

    /// The two length fields of an UPDATE exceed the message ([RFC 4271 §6.3]).
    ///
    /// [RFC 4271 §6.3]: https://www.rfc-editor.org/rfc/rfc4271#section-6.3
    #[error("withdrawn routes and attributes run past the message")]
    UpdateLengths,
    /// A prefix is longer than an address of its family.
    #[error("an {family} prefix cannot have {length} bits")]
    PrefixLength {
        /// The family.
        family: Family,
        /// The prefix length.
        length: u8,
    },
    /// The last prefix runs past its field.
    #[error("the last {0} prefix runs past its field")]
    PrefixOverrun(Family),
    /// RFC 4271 §6.3: a prefix that cannot be a unicast route.
    #[error("{0} is not a unicast prefix")]
    NotUnicast(IpNet),

    /// [RFC 7606 §4](https://www.rfc-editor.org/rfc/rfc7606#section-4).
    #[error("an attribute of {length} octets runs past the {left} that are left")]
    AttributeOverrun {
        /// The length stated.
        length: u16,
        /// Octets left.
        left: usize,
    },
    /// RFC 7606 §4.
    #[error("{0} octets are too few for an attribute header")]
    AttributeHeader(usize),
    /// [RFC 7606 §3g](https://www.rfc-editor.org/rfc/rfc7606#section-3).
    #[error("the attribute was there before")]
    Repeated,
    /// RFC 7606 §3d.
    #[error("the attribute is missing")]
    Missing,
    /// RFC 7606 §3c.
    #[error("flags {0:#04x} contradict the definition")]
    Flags(u8),
    /// [RFC 7606 §7](https://www.rfc-editor.org/rfc/rfc7606#section-7).
    #[error("a length of {0} octets contradicts the definition")]
    AttributeLength(usize),
    /// RFC 4271 §6.3.
    #[error("a well-known attribute that is not known")]
    UnrecognizedWellKnown,
    /// RFC 7606 §7.1.
    #[error("origin {0} is undefined")]
    OriginValue(u8),
    /// RFC 7606 §7.2.
    #[error("segment type {0} is undefined")]
    SegmentType(u8),
    /// RFC 7606 §7.2.
    #[error("a segment is empty")]
    EmptySegment,
    /// RFC 7606 §7.2.
    #[error("the last segment runs past the attribute")]
    SegmentOverrun,
    /// [RFC 7607 §2](https://www.rfc-editor.org/rfc/rfc7607#section-2).
    #[error("AS 0")]
    ZeroAsn,
    /// [RFC 5065 §5](https://www.rfc-editor.org/rfc/rfc5065#section-5).
    #[error("confederation segments from outside the confederation")]
    ConfederationSegment,
    /// RFC 5065 §5.
    #[error("the path from another member AS does not begin with AS_CONFED_SEQUENCE")]
    NoConfederationSegment,
    /// RFC 4271 §6.3.
    #[error("the leftmost AS is {}, the peer is AS {expected}", Leftmost(*.found))]
    FirstAsn {
        /// The leftmost AS; `None` where the path is empty or begins with a set.
        found: Option<Asn>,
        /// The peer's.
        expected: Asn,
    },
    /// RFC 9774.
    #[error("the path has an AS_SET")]
    AsSet,
    /// RFC 4271 §6.3.
    #[error("{0} cannot be a next hop")]
    NextHopAddress(IpAddr),
    /// [RFC 7606 §7.11](https://www.rfc-editor.org/rfc/rfc7606#section-7.11).
    #[error("an {family} next hop cannot have {length} octets")]
    NextHopLength {
        /// The family.
        family: Family,
        /// Length of the next hop field.
        length: usize,
    },
    /// RFC 7606 §7.11.
    #[error("the next hop runs past the attribute")]
    NextHopOverrun,
    /// RFC 7606 §7.5, §7.9, §7.10.
    #[error("the attribute has no meaning from an external peer")]
    FromExternal,
    /// [RFC 6793 §6](https://www.rfc-editor.org/rfc/rfc6793#section-6).
    #[error("the attribute has no meaning where AS numbers have four octets")]
    FromNewSpeaker,
    /// [RFC 7311 §3.2](https://www.rfc-editor.org/rfc/rfc7311#section-3.2).
    #[error("an AIGP TLV contradicts the definition")]
    AigpTlv,
    /// RFC 7311 §3.2.
    #[error("the AIGP metric is the reserved maximum")]
    AigpMaximum,
    /// [RFC 7311 §3.3](https://www.rfc-editor.org/rfc/rfc7311#section-3.3).
    #[error("AIGP is not enabled on this session")]
    AigpNotEnabled,
    /// Routes of a family the OPENs did not agree on.
    #[error("{0} was not negotiated")]
    FamilyNotNegotiated(Family),

    /// [RFC 7313 §5](https://www.rfc-editor.org/rfc/rfc7313#section-5).
    #[error("a ROUTE-REFRESH of subtype {subtype} cannot have {length} octets of payload")]
    RefreshLength {
        /// The subtype.
        subtype: u8,
        /// Payload length.
        length: usize,
    },
}

impl Reason {
    /// The subcode [RFC 4271 §6.3] gives an error in an UPDATE, for when it ends the session after all.
    ///
    /// [RFC 4271 §6.3]: https://www.rfc-editor.org/rfc/rfc4271#section-6.3
    pub(in crate::wire) const fn update_subcode(&self) -> u8 {
        match self {
            Self::UnrecognizedWellKnown => 2,
            Self::Missing => 3,
            Self::Flags(_) => 4,
            Self::AttributeLength(_) => 5,
            Self::OriginValue(_) => 6,
            Self::NextHopAddress(_) => 8,
            Self::NextHopLength { .. }
            | Self::NextHopOverrun
            | Self::FromExternal
            | Self::FromNewSpeaker
            | Self::AigpTlv
            | Self::AigpMaximum
            | Self::AigpNotEnabled
            | Self::FamilyNotNegotiated(_) => 9,
            Self::PrefixLength { .. } | Self::PrefixOverrun(_) | Self::NotUnicast(_) => 10,
            Self::SegmentType(_)
            | Self::EmptySegment
            | Self::SegmentOverrun
            | Self::ZeroAsn
            | Self::ConfederationSegment
            | Self::NoConfederationSegment
            | Self::FirstAsn { .. }
            | Self::AsSet => 11,
            Self::UpdateLengths
            | Self::AttributeOverrun { .. }
            | Self::AttributeHeader(_)
            | Self::Repeated => 1,
            Self::Marker
            | Self::MessageLength { .. }
            | Self::MessageType(_)
            | Self::Version(_)
            | Self::HoldTime(_)
            | Self::ZeroRouterId
            | Self::AsTransAlone
            | Self::TwoAsns(..)
            | Self::ParametersLength { .. }
            | Self::ParameterOverrun
            | Self::ParameterType(_)
            | Self::CapabilityOverrun
            | Self::CapabilityLength { .. }
            | Self::RefreshLength { .. } => 0,
        }
    }
}

struct Leftmost(Option<Asn>);

impl fmt::Display for Leftmost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(asn) => asn.fmt(f),
            None => f.write_str("not given"),
        }
    }
}
