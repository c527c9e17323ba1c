//! OpenSent: our OPEN is out, theirs is awaited.

use super::state::{Answer, Context, Happening, MessageType, State, UnexpectedIn};
use crate::session::Down;
use crate::wire::Message;

/// [RFC 4271 §8.2.2], "OpenSent".
///
/// Unlike there, a lost connection does not lead to Active here: whether another attempt is made is
/// for the peer to decide, not for the connection.
///
/// [RFC 4271 §8.2.2]: https://www.rfc-editor.org/rfc/rfc4271#section-8.2.2
#[derive(Debug)]
pub(super) struct OpenSent {
    answer: Answer,
}

impl OpenSent {
    pub(super) fn enter(answer: Answer, cx: &mut Context<'_>) -> Self {
        cx.send_open();
        cx.timers.await_open(cx.now);
        Self { answer }
    }

    pub(super) fn on(self, happening: Happening, cx: &mut Context<'_>) -> State {
        let unexpected = UnexpectedIn::OpenSent;
        match happening {
            Happening::Message(Message::Open(open)) => cx.opened(open, self.answer),
            Happening::Message(Message::Notification(notification)) => {
                cx.closed(Down::Received(notification))
            }
            Happening::Message(Message::Update(_)) => cx.unexpected(unexpected, MessageType::Update),
            Happening::Message(Message::Keepalive) => cx.unexpected(unexpected, MessageType::Keepalive),
            Happening::Message(Message::RouteRefresh(_)) => {
                cx.unexpected(unexpected, MessageType::RouteRefresh)
            }
            Happening::Malformed(malformed) => match MessageType::of(&malformed) {
                None | Some(MessageType::Open) => cx.close_malformed(malformed),
                Some(kind) => cx.unexpected(unexpected, kind),
            },
            Happening::Contended(answer) => State::OpenSent(Self { answer }),
            Happening::HoldExpired => cx.hold_expired(),
            Happening::DelayOpenExpired | Happening::KeepaliveExpired | Happening::SendHoldExpired => {
                cx.out_of_step()
            }
            Happening::Stop(notification) => cx.close(notification),
            Happening::Lost => cx.closed(Down::Lost),
        }
    }
}
