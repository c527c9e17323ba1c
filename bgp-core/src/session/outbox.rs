//! Control messages waiting to be pulled. UPDATEs are not here: their owner encodes them when asked.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use crate::session::Tally;
use crate::wire::{self, Dialect, Message, Notification};

/// Whole messages in the order they are to be sent.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    waiting: VecDeque<(Message, Bytes)>,
    sent: Tally,
}

impl Outbox {
    /// Queues a message. A KEEPALIVE behind a KEEPALIVE would say nothing new to a peer that does not
    /// read, and is left out.
    pub(super) fn push(&mut self, message: Message, dialect: &Dialect) {
        if message == Message::Keepalive && self.waiting.iter().any(|(other, _)| *other == message) {
            return;
        }
        let mut octets = BytesMut::new();
        wire::encode(&message, dialect, &mut octets);
        self.waiting.push_back((message, octets.freeze()));
    }

    /// The last message of a session. Of what has not been pulled only the OPEN is still worth sending:
    /// a KEEPALIVE would make the peer believe, for a moment, that the session came up.
    pub(super) fn farewell(&mut self, notification: Notification, dialect: &Dialect) {
        self.waiting.retain(|(message, _)| matches!(message, Message::Open(_)));
        self.push(Message::Notification(notification), dialect);
    }

    /// Drops everything: nobody listens any more.
    pub(super) fn clear(&mut self) {
        self.waiting.clear();
    }

    pub(super) fn pull(&mut self) -> Option<Bytes> {
        let (message, octets) = self.waiting.pop_front()?;
        self.sent.count(&message);
        Some(octets)
    }

    pub(super) const fn updated(&mut self, messages: u64) {
        self.sent.updates += messages;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) const fn sent(&self) -> Tally {
        self.sent
    }
}
