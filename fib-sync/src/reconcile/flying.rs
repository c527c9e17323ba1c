//! One operation on its way, and what its answer will tell.

use ipnet::IpNet;

use crate::metrics::Kind;
use crate::seen::{Operation, Place};
use crate::view::{Changes, Held, View};
use crate::{Address, Instant, KernelHop};

/// An operation that waits for its answer.
#[derive(Debug)]
pub(super) struct Flying {
    pub(super) prefix: IpNet,
    pub(super) metric: u32,
    pub(super) kind: Kind,
    /// When the prefix asked for its turn.
    pub(super) asked: Instant,
    /// Somebody else changed the same meanwhile, and whether before or after us, nobody said.
    pub(super) doubtful: bool,
    /// Events at this key since it was sent. The first is its own, where it has one.
    events: usize,
    yes: Yes,
}

/// What a yes means for the view.
#[derive(Debug)]
enum Yes {
    /// Nothing new: the event has told it.
    Told,
    /// This stands there now.
    Wrote(Held, Place),
    /// The first route of this protocol is gone.
    Removed(u8),
}

impl Flying {
    pub(super) fn new(operation: &Operation, asked: Instant) -> Self {
        let route = operation.route();
        let yes = match operation {
            _ if !operation.is_plain() => Yes::Told,
            Operation::Create(route) => Yes::Wrote(route.clone().into(), Place::First),
            Operation::Replace(route) => Yes::Wrote(route.clone().into(), Place::Instead),
            Operation::Remove(route) => Yes::Removed(route.protocol),
        };
        let (prefix, metric, kind) = (route.prefix, route.metric, Kind::from(operation));
        Self { prefix, metric, kind, asked, doubtful: false, events: 0, yes }
    }

    /// Somebody wrote at this key.
    pub(super) fn meets(&mut self, prefix: &IpNet, metric: u32) {
        if self.prefix == *prefix && self.metric == metric {
            self.events += 1;
            self.doubtful |= self.is_plain();
        }
    }

    /// Somebody else wrote there too: a yes does not say that it is as wished.
    pub(super) const fn is_disturbed(&self) -> bool {
        self.events > 1
    }

    /// Whether somebody else wrote there meanwhile.
    pub(super) fn has_met(&self) -> bool {
        self.events > usize::from(!self.is_plain())
    }

    /// An interface takes routes along, maybe without a word.
    pub(super) fn loses(&mut self, interface: u32) {
        let over = |hop: &KernelHop| hop.interface == interface;
        self.doubtful |= matches!(&self.yes, Yes::Wrote(route, _) if route.hops().iter().any(over));
    }

    /// So does the last IPv4 address on it; an IPv6 address is taken from the routes that prefer it.
    pub(super) fn loses_address(&mut self, address: &Address) {
        match (&self.yes, self.prefix) {
            (Yes::Wrote(..), IpNet::V4(_)) if address.local.is_ipv4() => self.loses(address.interface),
            (Yes::Wrote(route, _), IpNet::V6(_)) => self.doubtful |= route.source == Some(address.local),
            _ => {}
        }
    }

    /// The kernel said yes.
    pub(super) fn land(self, view: &mut View) -> Changes {
        match self.yes {
            Yes::Told => Changes::default(),
            Yes::Wrote(route, place) => view.write(self.prefix, route, place),
            Yes::Removed(protocol) => view.forget(&self.prefix, protocol, self.metric),
        }
    }

    const fn is_plain(&self) -> bool {
        !matches!(self.yes, Yes::Told)
    }
}
