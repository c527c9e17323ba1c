//! Messages counted by type.

use std::ops::Add;

use crate::wire::Message;

/// How many messages of each type went one way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// OPEN.
    pub opens: u64,
    /// UPDATE.
    pub updates: u64,
    /// NOTIFICATION.
    pub notifications: u64,
    /// KEEPALIVE.
    pub keepalives: u64,
    /// ROUTE-REFRESH.
    pub refreshes: u64,
}

impl Tally {
    /// All of them.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.opens + self.updates + self.notifications + self.keepalives + self.refreshes
    }

    pub(super) const fn count(&mut self, message: &Message) {
        match message {
            Message::Open(_) => self.opens += 1,
            Message::Update(_) => self.updates += 1,
            Message::Notification(_) => self.notifications += 1,
            Message::Keepalive => self.keepalives += 1,
            Message::RouteRefresh(_) => self.refreshes += 1,
        }
    }
}

impl Add for Tally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            opens: self.opens + other.opens,
            updates: self.updates + other.updates,
            notifications: self.notifications + other.notifications,
            keepalives: self.keepalives + other.keepalives,
            refreshes: self.refreshes + other.refreshes,
        }
    }
}

/// Messages of both directions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// From the peer.
    pub received: Tally,
    /// To the peer, counted when they are pulled.
    pub sent: Tally,
}

impl Add for Counters {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { received: self.received + other.received, sent: self.sent + other.sent }
    }
}
