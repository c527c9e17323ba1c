//! Messages counted by type.

use std::ops::Add;

use crate::wire::{ErrorCode, Message};

/// How many messages of each type went one way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// OPEN.
    pub opens: u64,
    /// UPDATE.
    pub updates: u64,
    /// NOTIFICATION, by error code.
    pub notifications: Notifications,
    /// KEEPALIVE.
    pub keepalives: u64,
    /// ROUTE-REFRESH.
    pub refreshes: u64,
}

impl Tally {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.opens + self.updates + self.notifications.total() + self.keepalives + self.refreshes
    }

    pub(super) const fn count(&mut self, message: &Message) {
        match message {
            Message::Open(_) => self.opens += 1,
            Message::Update(_) => self.updates += 1,
            Message::Notification(notification) => self.notifications.count(notification.code),
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

/// NOTIFICATIONs counted by error code ([RFC 4271 §4.5](https://www.rfc-editor.org/rfc/rfc4271#section-4.5)). A peer
/// may say any of 256 codes; those that nobody registered are counted together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notifications([u32; ErrorCode::REGISTERED.len() + 1]);

impl Notifications {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().copied().map(u64::from).sum()
    }

    /// How many of each registered code, and (`None`) of any other.
    pub fn by_code(&self) -> impl Iterator<Item = (Option<ErrorCode>, u64)> {
        let codes = ErrorCode::REGISTERED.into_iter().map(Some).chain([None]);
        codes.zip(self.0.map(u64::from))
    }

    const fn count(&mut self, code: ErrorCode) {
        let others = ErrorCode::REGISTERED.len();
        // Codes are numbered from 1.
        let place = (code.octet() as usize).wrapping_sub(1);
        let count = &mut self.0[if place < others { place } else { others }];
        *count = count.saturating_add(1);
    }
}

impl Add for Notifications {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        for (count, more) in self.0.iter_mut().zip(other.0) {
            *count = count.saturating_add(more);
        }
        self
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notifications_are_counted_by_code() {
        let mut notifications = Notifications::default();
        for code in [ErrorCode::Cease, ErrorCode::Other(77), ErrorCode::Cease, ErrorCode::Other(0)] {
            notifications.count(code);
        }
        let of = |wanted| notifications.by_code().find(|(code, _)| *code == wanted).map(|(_, count)| count);
        assert_eq!(of(Some(ErrorCode::Cease)), Some(2));
        assert_eq!(of(Some(ErrorCode::HoldTimerExpired)), Some(0));
        assert_eq!((of(None), notifications.total()), (Some(2), 4));
        assert_eq!((notifications + notifications).total(), 8);
    }

    #[test]
    fn every_registered_code_has_its_place() {
        for (place, code) in ErrorCode::REGISTERED.into_iter().enumerate() {
            assert_eq!(usize::from(code.octet()), place + 1);
        }
    }
}
