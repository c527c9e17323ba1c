//! A kernel in memory, for simulators and property tests: its main table, its interfaces and addresses, and the quirks
//! that make the real one hard to follow. It is compared with Linux 6.18, step by step, by `tests/kernel/differential.rs`.
//!
//! - IPv4 `replace` takes the first route of (prefix, metric) whoever wrote it; several can share the key. One that
//!   changes nothing is not announced.
//! - IPv6 `replace` prefers the route that can be multipath as the new one can; `append`, and `prepend` too, merges
//!   into it, whoever wrote it; `delete` takes all of a multipath route for the sake of its first path.
//! - `delete` with a protocol takes the first of that protocol; metric 0 means any metric.
//! - IPv4 routes without an interface that is up vanish silently; IPv6 ones are announced. So do those over an interface
//!   that loses its last IPv4 address, and those with any hop over one that is deleted.
//! - Going down loses the IPv6 addresses of an interface. Removing one removes the first route straight out of the
//!   interface to its prefix, be it connected or not, and takes it silently from the routes that prefer it.
//! - An IPv6 list leaves out what stands between the paths of a multipath route.
//! - An overrun loses events and answers alike.
//!
//! Unlike the real one it has no second IPv4 address in a prefix of an interface, no loopback, and no default for what
//! an operation leaves open.

mod fault;
mod interface;
mod ipv4;
mod ipv6;
mod lookup;
mod next_hop;
mod objects;
mod prefixes;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ipnet::IpNet;

pub use self::fault::Spoilt;
pub use self::lookup::Fate;
use self::prefixes::Prefixes;
#[doc(hidden)]
pub use crate::netlink::Probe;
use crate::{Address, KernelObject, KernelRoute, Link, Operation, Place, Refused, Seen, Ticket};

/// How a foreign hand writes a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Only where the key is free (`ip route add`).
    Exclusive,
    /// Over the first of the key (`ip route replace`).
    Replace,
    /// Behind those of the key (`ip route append`).
    Append,
    /// In front of them (`ip route prepend`); IPv6 does not know that place.
    Prepend,
}

/// Something the kernel says, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// An event, or part of a reading.
    Seen(Seen),
    /// The answer to an operation.
    Answer(Ticket, Result<(), Refused>),
}

/// The kernel.
#[derive(Clone, Debug, Default)]
pub struct Kernel {
    links: BTreeMap<u32, Link>,
    addresses: BTreeSet<Address>,
    ipv4: Prefixes<ipv4::Entry>,
    ipv6: Prefixes<ipv6::Path>,
    objects: BTreeMap<u32, KernelObject>,
    said: VecDeque<Said>,
    refusals: VecDeque<Refused>,
    spoilt: VecDeque<Spoilt>,
    /// Carried out, but not answered for yet.
    batch: Vec<Ticket>,
}

impl Kernel {
    /// Without interfaces and routes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The next thing said.
    pub fn next_said(&mut self) -> Option<Said> {
        self.said.pop_front()
    }

    /// Whether something said has not been heard yet.
    #[must_use]
    pub fn says(&self) -> bool {
        !self.said.is_empty()
    }

    /// Whether something said about this prefix has not been heard yet.
    #[must_use]
    pub fn is_unheard(&self, prefix: &IpNet) -> bool {
        self.said.iter().any(|said| match said {
            Said::Seen(Seen::Added { route, .. } | Seen::Removed(route) | Seen::Listed(route)) => {
                route.prefix == *prefix
            }
            Said::Seen(Seen::Link(_) | Seen::LinkGone(_) | Seen::Object(_) | Seen::ObjectGone(_)) => true,
            Said::Seen(_) | Said::Answer(..) => false,
        })
    }

    /// Every route, by prefix, in the kernel's order within one; more than a reading lists.
    pub fn routes(&self) -> impl Iterator<Item = KernelRoute> {
        self.routes_as(ipv6::routes)
    }

    /// The routes of one prefix.
    #[must_use]
    pub fn routes_of(&self, prefix: &IpNet) -> Vec<KernelRoute> {
        match prefix {
            IpNet::V4(_) => self.ipv4.row(prefix).iter().map(|entry| entry.route.clone()).collect(),
            IpNet::V6(_) => ipv6::routes(*prefix, self.ipv6.row(prefix)),
        }
    }

    /// The interfaces, by index.
    pub fn links(&self) -> impl Iterator<Item = &Link> {
        self.links.values()
    }

    /// The addresses, by interface.
    pub fn addresses(&self) -> impl Iterator<Item = &Address> {
        self.addresses.iter()
    }

    /// Carries out an operation. A refusal is said at once, a yes with [`acknowledge`](Self::acknowledge), and the
    /// event only where the operation is not [plain](Operation::is_plain).
    pub fn apply(&mut self, ticket: Ticket, operation: &Operation) {
        let before = self.said.len();
        let result = match (self.refusals.pop_front(), operation) {
            (Some(refused), _) => Err(refused),
            (None, Operation::Create(route)) => self.write(route.clone(), How::Exclusive),
            (None, Operation::Replace(route)) => self.write(route.clone(), How::Replace),
            (None, Operation::Remove(route)) => {
                self.delete(&route.prefix, route.metric, Some(route.protocol))
            }
        };
        match result {
            Ok(()) => {
                if operation.is_plain() {
                    self.said.truncate(before);
                }
                self.batch.push(ticket);
            }
            Err(refused) => self.said.push_back(Said::Answer(ticket, Err(refused))),
        }
    }

    /// The batch of operations ends here: yes to all that were not refused.
    pub fn acknowledge(&mut self) {
        let answers = self.batch.drain(..).map(|ticket| Said::Answer(ticket, Ok(())));
        self.said.extend(answers);
    }

    /// Lists everything and ends the reading.
    pub fn read(&mut self) {
        let links = self.links.values().cloned().map(Seen::Link);
        let addresses = self.addresses.iter().cloned().map(Seen::Address);
        let objects = self.objects.values().cloned().map(Seen::Object);
        let routes = self.routes_as(ipv6::listed).map(Seen::Listed);
        let all: Vec<Seen> = links.chain(addresses).chain(objects).chain(routes).collect();
        let (heard, end) = match self.spoilt.pop_front() {
            None => (all.len(), Seen::Complete),
            Some(Spoilt::Interrupted) => (all.len(), Seen::Interrupted),
            Some(Spoilt::Failed) => (all.len() / 2, Seen::Failed),
        };
        all.into_iter().take(heard).chain([end]).for_each(|seen| self.say(seen));
    }

    /// Writes a route, as any process may.
    ///
    /// # Errors
    /// Like the real one: the key is taken, the next hop makes no sense.
    pub fn write(&mut self, route: KernelRoute, how: How) -> Result<(), Refused> {
        match route.prefix {
            IpNet::V4(_) => self.write_ipv4(route, how),
            IpNet::V6(_) => self.write_ipv6(route, how),
        }
    }

    /// Removes the first route of a key, with `protocol` the first of that protocol.
    ///
    /// # Errors
    /// There is none.
    pub fn delete(&mut self, prefix: &IpNet, metric: u32, protocol: Option<u8>) -> Result<(), Refused> {
        match prefix {
            IpNet::V4(_) => self.delete_ipv4(*prefix, metric, protocol),
            IpNet::V6(_) => self.delete_ipv6(*prefix, metric, protocol),
        }
    }

    fn routes_as(
        &self,
        ipv6: impl Fn(IpNet, &[ipv6::Path]) -> Vec<KernelRoute>,
    ) -> impl Iterator<Item = KernelRoute> {
        let ipv4 = self.ipv4.rows().flat_map(|(_, row)| row.iter().map(|entry| entry.route.clone()));
        ipv4.chain(self.ipv6.rows().flat_map(move |(prefix, row)| ipv6(*prefix, row)))
    }

    fn say(&mut self, seen: Seen) {
        self.said.push_back(Said::Seen(seen));
    }
}

impl How {
    const fn place(self) -> Place {
        match self {
            Self::Exclusive | Self::Prepend => Place::First,
            Self::Replace => Place::Instead,
            Self::Append => Place::Last,
        }
    }
}

const PROTOCOL_KERNEL: u8 = 2;
const SCOPE_LINK: u8 = 253;
