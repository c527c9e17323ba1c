//! The connection is up and the peer may speak first: Connect or Active with the DelayOpenTimer running.

use super::open_sent::OpenSent;
use super::state::{Answer, Context, Happening, MessageType, State};
use crate::session::Down;
use crate::wire::Message;

/// Waiting for the peer's OPEN, or for the DelayOpenTimer, before our OPEN goes out
/// ([RFC 4271 §8.1.1], "DelayOpen").
///
/// [RFC 4271 §8.1.1]: https://www.rfc-editor.org/rfc/rfc4271#section-8.1.1
#[derive(Debug)]
pub(super) struct OpenDelayed {
    pub(super) answer: Answer,
}

impl OpenDelayed {
    pub(super) fn on(self, happening: Happening, cx: &mut Context<'_>) -> State {
        match happening {
            Happening::Message(Message::Open(open)) => {
                cx.send_open();
                cx.opened(open, self.answer)
            }
            Happening::Message(Message::Notification(notification)) => {
                cx.closed(Down::Received(notification))
            }
            Happening::Message(Message::Update(_) | Message::Keepalive | Message::RouteRefresh(_)) => {
                cx.out_of_step()
            }
            Happening::Malformed(malformed) => match MessageType::of(&malformed) {
                None | Some(MessageType::Open) => cx.close_malformed(malformed),
                Some(MessageType::Update | MessageType::Keepalive | MessageType::RouteRefresh) => {
                    cx.out_of_step()
                }
            },
            Happening::Contended(answer) => State::OpenDelayed(Self { answer }),
            Happening::DelayOpenExpired => State::OpenSent(OpenSent::enter(self.answer, cx)),
            Happening::HoldExpired | Happening::KeepaliveExpired | Happening::SendHoldExpired => {
                cx.out_of_step()
            }
            Happening::Stop(notification) => cx.close(notification),
            Happening::Lost => cx.closed(Down::Lost),
        }
    }
}
