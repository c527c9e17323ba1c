//! The one door out.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use ipnet::IpNet;

use crate::session::Down;
use crate::speaker::{ConnId, Flaw, PeerId};
use crate::wire::Treatment;
use crate::{Family, Instant};

/// One hop of a kernel route.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FibHop {
    /// The neighbour to hand packets to; `None`: straight out of the interface.
    pub gateway: Option<IpAddr>,
    /// Outgoing interface, where known.
    pub interface: Option<Arc<str>>,
    /// The gateway is on the interface although no connected prefix says so.
    pub onlink: bool,
    /// Share of the traffic, at least 1.
    pub weight: u16,
}

/// What the kernel is to do with a prefix.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum FibRoute {
    /// Forward to one or more hops.
    Forward {
        /// The hops, in a canonical order.
        hops: Vec<FibHop>,
        /// Kernel metric where a policy set one.
        metric: Option<u32>,
        /// Preferred source address where a policy set one.
        source_address: Option<IpAddr>,
        /// It is configured with just these hops: next hops may be reached through it.
        carries: bool,
    },
    /// Forward to the hops of a set, whatever they are.
    Through {
        /// The set; told before by [`Output::FibSet`].
        set: FibSetId,
        /// Kernel metric where a policy set one.
        metric: Option<u32>,
        /// Preferred source address where a policy set one.
        source_address: Option<IpAddr>,
    },
    /// Drop silently.
    Blackhole,
    /// Drop with ICMP unreachable.
    Unreachable,
    /// Drop with ICMP prohibited.
    Prohibit,
}

/// Names a set of hops that kernel routes share. No number comes twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FibSetId(pub u32);

/// What a set of hops is from now on; `None`: no route goes through it any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FibSet {
    /// The set.
    pub id: FibSetId,
    /// Its hops, in a canonical order, never empty.
    pub hops: Option<Vec<FibHop>>,
}

/// A wish about one kernel route; `None` wishes it gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FibChange {
    /// The prefix.
    pub prefix: IpNet,
    /// What is wished.
    pub route: Option<FibRoute>,
}

/// Everything a speaker asks for or tells.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Output {
    /// Dial this peer; answer with `Connected` or `ConnectFailed`.
    Connect {
        /// The peer.
        peer: PeerId,
        /// Its configured name, under which the driver finds socket options.
        name: Arc<str>,
        /// Where.
        remote: SocketAddr,
        /// From which address.
        local: Option<IpAddr>,
    },
    /// Stop dialing this peer.
    AbandonConnect {
        /// The peer.
        peer: PeerId,
    },
    /// This connection has something to say: pull with `poll_transmit` until it is empty.
    Ready {
        /// The connection.
        conn: ConnId,
    },
    /// Write what was pulled, shut down the write side, drain for up to a second, close. Comes once.
    Close {
        /// The connection.
        conn: ConnId,
    },
    /// A set of hops that wishes go through, if [`Config::kernel_sets`](crate::speaker::Config::kernel_sets) asks
    /// for sets.
    FibSet(FibSet),
    /// A wish about the kernel's table.
    Fib(FibChange),
    /// Every route known before start is decided: what nobody wished for may be swept.
    FibSettled,
    /// After [`Input::Drain`](crate::speaker::Input::Drain) every Established peer has been told
    /// everything; what was pulled may still be on its way.
    Drained,
    /// Watch this address, or stop watching it.
    Track {
        /// The address.
        address: IpAddr,
        /// Start or stop.
        watch: bool,
    },
    /// Something worth a line in a log.
    Event {
        /// Its place among events and changes of best paths, in the order in which they came about; see
        /// [`Speaker::next_number`](crate::speaker::Speaker::next_number).
        number: u64,
        /// When it happened.
        at: Instant,
        /// What happened.
        event: Event,
    },
}

/// Something worth a line in a log. Text from a peer is escaped already.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A peer's state changed.
    State {
        /// Its name.
        peer: Arc<str>,
        /// The RFC's name of the old state.
        from: &'static str,
        /// The RFC's name of the new state.
        to: &'static str,
        /// What failed, where that is why.
        reason: Option<String>,
    },
    /// A session is Established.
    Established {
        /// The peer.
        peer: Arc<str>,
        /// Families in use.
        families: Vec<Family>,
        /// Hold time in use, seconds.
        hold_time: u16,
    },
    /// A session ended, or a connection before it was one.
    Down {
        /// The peer.
        peer: Arc<str>,
        /// Who ended it and why, in words.
        reason: String,
        /// It had been Established.
        established: bool,
        /// Who ended it.
        author: Author,
        /// Code and subcode of the NOTIFICATION that its author sent.
        notification: Option<(u8, u8)>,
    },
    /// The session ended, and routes of a family are kept until their source is back
    /// ([RFC 4724 §4.2](https://www.rfc-editor.org/rfc/rfc4724#section-4.2)).
    Kept {
        /// The peer.
        peer: Arc<str>,
        /// The family.
        family: Family,
        /// Until when at the latest, unless the peer is back by then.
        until: Instant,
        /// They are long-lived stale ([RFC 9494 §4.2](https://www.rfc-editor.org/rfc/rfc9494#section-4.2)).
        long_lived: bool,
    },
    /// What was kept and not told again is gone.
    Swept {
        /// The peer.
        peer: Arc<str>,
        /// The family.
        family: Family,
        /// What ended the wait.
        reason: &'static str,
    },
    /// A connection was refused before it became a session.
    Refused {
        /// Their end.
        remote: SocketAddr,
        /// Why.
        reason: String,
    },
    /// An error in an UPDATE was tolerated.
    Fault {
        /// The peer.
        peer: Arc<str>,
        /// Attribute type code, where one is to blame.
        attribute: Option<u8>,
        /// Offset in the message.
        offset: usize,
        /// What it cost.
        treatment: Treatment,
        /// What was wrong.
        reason: String,
        /// The offending octets in hex, shortened.
        octets: String,
    },
    /// The initial routes of a family are complete, by the peer's word.
    EndOfRib {
        /// The peer.
        peer: Arc<str>,
        /// The family.
        family: Family,
    },
    /// The last of its kind is gone: its routes are kept although nobody tells them any more.
    Headless {
        /// The peer.
        peer: Arc<str>,
        /// Until when, unless somebody of its kind comes back.
        until: Instant,
    },
    /// Somebody of its kind is back and has told what there is: what only it had told is gone.
    Thawed {
        /// The peer whose routes had been kept.
        peer: Arc<str>,
        /// The family.
        family: Family,
    },
    /// A prefix limit was passed.
    PrefixLimit {
        /// The peer.
        peer: Arc<str>,
        /// The family.
        family: Family,
        /// How many there are.
        count: u32,
        /// How many there may be.
        maximum: u32,
    },
    /// Something is wrong between reflectors, or is no longer.
    Flaw {
        /// What.
        flaw: Flaw,
        /// It was.
        is_over: bool,
    },
    /// A new configuration is in force.
    Reconfigured {
        /// Peers that appeared.
        added: usize,
        /// Peers that went.
        removed: usize,
        /// Sessions that had to be reset.
        reset: usize,
    },
}

/// Who ended a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Author {
    /// We did.
    Us,
    /// The peer did.
    Peer,
    /// The connection went without a word of either.
    Nobody,
}

impl Author {
    /// By whose word a session ended.
    pub(super) const fn of(down: &Down) -> Self {
        match down {
            Down::Sent(_) | Down::Malformed(_) => Self::Us,
            Down::Received(_) => Self::Peer,
            Down::Lost => Self::Nobody,
        }
    }
}

impl fmt::Display for FibRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blackhole => f.write_str("blackhole"),
            Self::Unreachable => f.write_str("unreachable"),
            Self::Prohibit => f.write_str("prohibit"),
            Self::Through { set, .. } => write!(f, "through set {}", set.0),
            Self::Forward { hops, metric, source_address, carries: _ } => {
                for (index, hop) in hops.iter().enumerate() {
                    write!(f, "{}{hop}", if index == 0 { "" } else { ", " })?;
                }
                if let Some(metric) = metric {
                    write!(f, " metric {metric}")?;
                }
                source_address.map_or(Ok(()), |source| write!(f, " src {source}"))
            }
        }
    }
}

impl fmt::Display for FibHop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.gateway, &self.interface) {
            (Some(gateway), Some(interface)) => write!(f, "via {gateway} dev {interface}")?,
            (Some(gateway), None) => write!(f, "via {gateway}")?,
            (None, Some(interface)) => write!(f, "dev {interface}")?,
            (None, None) => f.write_str("nowhere")?,
        }
        f.write_str(if self.onlink { " onlink" } else { "" })
    }
}
