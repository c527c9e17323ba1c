//! What an operator may say about one kernel table.

use std::ops::RangeInclusive;
use std::time::Duration;

use thiserror::Error;

use crate::{Pattern, Protocol};

/// Which table to keep, which of its routes are ours, and what to learn from the rest.
///
/// Every field is public: start from [`Config::new`] and change what differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The table. 254 is `main`.
    pub table: u32,
    /// The route protocol that marks a route as ours, as in `/etc/iproute2/rt_protos`. 12 prints as `bird`. One
    /// that [is somebody else's](Protocol::is_reserved) is refused.
    pub protocol: u8,
    /// Metric of a wished route that names none. IPv6 stores 0 as 1024.
    pub metric: u32,
    /// Metrics at which a route of our protocol is ours. A route outside of them is foreign whatever its
    /// protocol says, and a wish outside of them is refused.
    pub metrics: RangeInclusive<u32>,
    /// Tell of foreign routes ([`Event::Learned`](crate::Event::Learned)).
    pub learn: bool,
    /// Routes over these interfaces are not told of.
    pub learn_exclude: Vec<Pattern>,
    /// Tell of connected prefixes, from the addresses of interfaces that are up. An address that came without its
    /// prefix (`noprefixroute`) counts where somebody wrote the route that the kernel would have written.
    pub direct: bool,
    /// Connected prefixes of these interfaces are not told of.
    pub direct_exclude: Vec<Pattern>,
    /// Tracked addresses may be reached over a default route. BIRD's can; FRR's only where it is told so
    /// (`ip nht resolve-via-default`).
    pub over_default: bool,
    /// Most hops of one installed route; further ones are left out. 1 turns multipath off.
    pub multipath: usize,
    /// The brake: after a start, refuse to sweep more than this share of the adopted routes at once.
    pub sweep_limit: Share,
    /// How often the whole view is read again although no event asked for it.
    pub audit: Duration,
    /// Let next-hop objects of the kernel carry the sets of hops that routes share
    /// ([`Forwarding::Through`](crate::Forwarding::Through)), so that one message moves all routes of a set.
    pub next_hop_objects: bool,
    /// The numbers of our next-hop objects. An object is ours if number and protocol say so. The network namespace
    /// shares the numbers: two tables that are kept with one protocol need ranges apart.
    pub next_hop_ids: RangeInclusive<u32>,
    /// Most operations that wait for the kernel's answer.
    pub in_flight: usize,
}

impl Config {
    /// The settings for one table: owns every metric of `protocol`, learns everything, sweeps at most half.
    #[must_use]
    pub fn new(table: u32, protocol: u8, metric: u32) -> Self {
        Self {
            table,
            protocol,
            metric,
            metrics: 0..=u32::MAX,
            learn: true,
            learn_exclude: Vec::new(),
            direct: true,
            direct_exclude: Vec::new(),
            over_default: true,
            multipath: 16,
            sweep_limit: Share::percent(50),
            audit: Duration::from_secs(600),
            next_hop_objects: false,
            next_hop_ids: next_hop_ids(table, protocol),
            in_flight: 512,
        }
    }

    /// Whether a table can be kept so without taking what is somebody else's.
    ///
    /// # Errors
    /// See [`Misconfigured`].
    pub fn check(&self) -> Result<(), Misconfigured> {
        if Protocol(self.protocol).is_reserved() {
            return Err(Misconfigured::Protocol(Protocol(self.protocol)));
        }
        if matches!(self.table, UNSPECIFIED | LOCAL) {
            return Err(Misconfigured::Table(self.table));
        }
        Ok(())
    }
}

/// Why the settings of a table that is being kept did not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NotReconfigured {
    /// The table was chosen at start.
    #[error("another table needs a restart")]
    Table,
    /// The protocol was chosen at start.
    #[error("another route protocol needs a restart")]
    Protocol,
    /// The task has stopped.
    #[error("the table is no longer kept")]
    Stopped,
}

/// Why a table cannot be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Misconfigured {
    /// What is ours is swept and replaced: a mark that others use would make theirs ours.
    #[error("route protocol {0} marks routes that others made")]
    Protocol(Protocol),
    /// Table 0 is none, 255 holds the kernel's own local routes.
    #[error("table {0} is not for routes of ours")]
    Table(u32),
}

const UNSPECIFIED: u32 = 0;
const LOCAL: u32 = 255;

/// A part of the upper half, where neither the kernel's own choice nor other daemons go: 32,768 numbers to each
/// protocol and low octet of a table.
const fn next_hop_ids(table: u32, protocol: u8) -> RangeInclusive<u32> {
    let first = 1 << 31 | (protocol as u32) << 23 | (table & 0xff) << 15;
    first..=first | 0x7fff
}

/// A share of a whole, kept in millionths so that it compares and hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Share(u32);

impl Share {
    /// The whole.
    pub const ALL: Self = Self(1_000_000);

    /// So many hundredths, at most the whole.
    #[must_use]
    pub const fn percent(percent: u32) -> Self {
        if percent >= 100 { Self::ALL } else { Self(percent * 10_000) }
    }

    /// From a fraction between 0.0 and 1.0; `None` outside.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked first")]
    pub fn fraction(fraction: f64) -> Option<Self> {
        (0.0..=1.0).contains(&fraction).then(|| Self((fraction * 1_000_000.0).round() as u32))
    }

    /// How many of `whole` this share allows, rounded down.
    #[must_use]
    pub fn of(self, whole: usize) -> usize {
        let part = whole as u128 * u128::from(self.0) / u128::from(Self::ALL.0);
        usize::try_from(part).unwrap_or(whole)
    }
}
