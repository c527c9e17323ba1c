//! Operations on their way, and what their answers will tell.

use std::collections::{HashMap, VecDeque};

use foldhash::fast::RandomState;
use ipnet::IpNet;

use crate::metrics::Kind;
use crate::pool::Id;
use crate::seen::{Place, Ticket};
use crate::view::{Changes, Held, NetId, View};
use crate::{Address, Instant, KernelHop};

/// Operations that wait for their answers, by ticket. Tickets come in order, and so do most answers.
#[derive(Debug, Default)]
pub(super) struct Flights {
    /// The ticket of the first place.
    first: u64,
    /// Empty where the ticket is somebody else's or answered.
    places: VecDeque<Option<Flying>>,
    /// The tickets by prefix, of which each has one at most.
    tickets: HashMap<NetId, Ticket, RandomState>,
}

impl Flights {
    pub(super) fn len(&self) -> usize {
        self.tickets.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tickets.is_empty()
    }

    /// The oldest that waits.
    pub(super) fn oldest(&self) -> Option<Ticket> {
        (!self.is_empty()).then_some(Ticket(self.first))
    }

    /// Puts one in, under a ticket above all others.
    pub(super) fn launch(&mut self, Ticket(ticket): Ticket, flying: Flying) {
        if self.places.is_empty() {
            self.first = ticket;
        }
        while self.first + (self.places.len() as u64) < ticket {
            self.places.push_back(None);
        }
        self.tickets.insert(flying.net, Ticket(ticket));
        self.places.push_back(Some(flying));
    }

    /// Takes out the one of this ticket.
    pub(super) fn land(&mut self, ticket: Ticket) -> Option<Flying> {
        let landed = self.place(ticket)?.take()?;
        self.tickets.remove(&landed.net);
        while let Some(None) = self.places.front() {
            self.places.pop_front();
            self.first += 1;
        }
        Some(landed)
    }

    /// The one about this prefix.
    pub(super) fn about(&mut self, net: NetId) -> Option<&mut Flying> {
        let ticket = self.tickets.get(&net).copied()?;
        self.place(ticket)?.as_mut()
    }

    fn place(&mut self, Ticket(ticket): Ticket) -> Option<&mut Option<Flying>> {
        self.places.get_mut(usize::try_from(ticket.checked_sub(self.first)?).ok()?)
    }

    /// Every one.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Flying> {
        self.places.iter_mut().flatten()
    }

    /// Takes out every one, the oldest first.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Flying> {
        self.tickets.clear();
        std::mem::take(&mut self.places).into_iter().flatten()
    }
}

/// An operation that waits for its answer.
#[derive(Debug)]
pub(super) struct Flying {
    pub(super) net: NetId,
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
#[derive(Clone, Copy, Debug)]
pub(super) enum Yes {
    /// Nothing new: the event has told it.
    Told,
    /// This stands there now, which the view has prepared.
    Wrote(Id, Place),
    /// The first route of this protocol is gone.
    Removed(u8),
}

impl Flying {
    pub(super) const fn new(net: NetId, metric: u32, kind: Kind, yes: Yes, asked: Instant) -> Self {
        Self { net, metric, kind, asked, doubtful: false, events: 0, yes }
    }

    /// Somebody wrote at this prefix.
    pub(super) fn meets(&mut self, metric: u32) {
        if self.metric == metric {
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
    pub(super) fn loses(&mut self, interface: u32, view: &View) {
        let over = |hop: &KernelHop| hop.interface == interface;
        self.doubtful |= self.written(view).is_some_and(|route| route.hops().iter().any(over));
    }

    /// So does the last IPv4 address on it; an IPv6 address is taken from the routes that prefer it.
    pub(super) fn loses_address(&mut self, address: &Address, view: &View) {
        match view.prefix(self.net) {
            IpNet::V4(_) if address.local.is_ipv4() => self.loses(address.interface, view),
            IpNet::V4(_) => {}
            IpNet::V6(_) => {
                self.doubtful |= self.written(view).is_some_and(|route| route.source == Some(address.local));
            }
        }
    }

    /// The kernel said yes.
    pub(super) fn land(self, view: &mut View, changes: &mut Changes) {
        match self.yes {
            Yes::Told => {}
            Yes::Wrote(route, place) => view.write(self.net, route, place, changes),
            Yes::Removed(protocol) => view.forget(self.net, protocol, self.metric, changes),
        }
    }

    /// It is not believed, or the kernel said no.
    pub(super) fn called_off(self, view: &mut View) {
        if let Yes::Wrote(route, _) = self.yes {
            view.discard(route);
        }
    }

    fn written<'v>(&self, view: &'v View) -> Option<&'v Held> {
        match self.yes {
            Yes::Wrote(route, _) => view.prepared(route),
            Yes::Told | Yes::Removed(_) => None,
        }
    }

    const fn is_plain(&self) -> bool {
        !matches!(self.yes, Yes::Told)
    }
}
