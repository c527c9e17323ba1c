//! OpenConfirm: both OPENs are in, the peer's KEEPALIVE is awaited.

use std::sync::Arc;

use super::established::Established;
use super::state::{Answer, Context, Happening, MessageType, State, UnexpectedIn};
use crate::session::{Down, Negotiated};
use crate::wire::Message;

/// [RFC 4271 §8.2.2], "OpenConfirm".
///
/// Unlike there, our KEEPALIVE may be withheld. While two connections contend, an answer on the one that
/// is going to be closed could make the peer Established on it and close the other one, and both
/// would be gone.
///
/// [RFC 4271 §8.2.2]: https://www.rfc-editor.org/rfc/rfc4271#section-8.2.2
#[derive(Debug)]
pub(super) struct OpenConfirm {
    pub(super) negotiated: Arc<Negotiated>,
    keepalives: Keepalives,
}

/// Which of the two KEEPALIVEs that make a session Established have been said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keepalives {
    Ours,
    Theirs,
    Neither,
}

impl OpenConfirm {
    pub(super) fn enter(negotiated: Arc<Negotiated>, answer: Answer, cx: &mut Context<'_>) -> Self {
        let keepalives = match answer {
            Answer::AtOnce => {
                cx.send_keepalive();
                Keepalives::Ours
            }
            Answer::Withheld => Keepalives::Neither,
        };
        Self { negotiated, keepalives }
    }

    pub(super) fn on(self, happening: Happening, cx: &mut Context<'_>) -> State {
        let unexpected = UnexpectedIn::OpenConfirm;
        match happening {
            Happening::Message(Message::Keepalive) => self.heard(cx),
            Happening::Message(Message::Notification(notification)) => {
                cx.closed(Down::Received(notification))
            }
            Happening::Message(Message::Open(_)) => cx.unexpected(unexpected, MessageType::Open),
            Happening::Message(Message::Update(_)) => cx.unexpected(unexpected, MessageType::Update),
            Happening::Message(Message::RouteRefresh(_)) => {
                cx.unexpected(unexpected, MessageType::RouteRefresh)
            }
            Happening::Malformed(malformed) => match MessageType::of(&malformed) {
                None => cx.close_malformed(malformed),
                Some(kind) => cx.unexpected(unexpected, kind),
            },
            Happening::Contended(Answer::AtOnce) => self.released(cx),
            Happening::Contended(Answer::Withheld) => State::OpenConfirm(self),
            Happening::HoldExpired => cx.hold_expired(),
            Happening::KeepaliveExpired => {
                cx.send_keepalive();
                State::OpenConfirm(self)
            }
            Happening::DelayOpenExpired | Happening::SendHoldExpired => cx.out_of_step(),
            Happening::Stop(notification) => cx.close(notification),
            Happening::Lost => cx.closed(Down::Lost),
        }
    }

    fn heard(self, cx: &mut Context<'_>) -> State {
        cx.timers.restart_hold(cx.now);
        match self.keepalives {
            Keepalives::Ours => State::Established(Established::enter(self.negotiated, cx)),
            Keepalives::Theirs | Keepalives::Neither => {
                State::OpenConfirm(Self { keepalives: Keepalives::Theirs, ..self })
            }
        }
    }

    fn released(self, cx: &mut Context<'_>) -> State {
        match self.keepalives {
            Keepalives::Ours => State::OpenConfirm(self),
            Keepalives::Neither => {
                cx.send_keepalive();
                State::OpenConfirm(Self { keepalives: Keepalives::Ours, ..self })
            }
            Keepalives::Theirs => {
                cx.send_keepalive();
                State::Established(Established::enter(self.negotiated, cx))
            }
        }
    }
}
