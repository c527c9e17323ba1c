//! Established: routes flow.

use std::sync::Arc;

use super::state::{Context, Happening, MessageType, State, UnexpectedIn};
use crate::session::{Down, Negotiated, Signal};
use crate::wire::{ErrorCode, Message, Notification, RefreshKind, RouteRefresh};

/// [RFC 4271 §8.2.2], "Established".
///
/// Unlike there, a bad message header is answered with its own error code (§6.1), not as an error of
/// the state machine: it tells the peer more, and it is what everybody does.
///
/// [RFC 4271 §8.2.2]: https://www.rfc-editor.org/rfc/rfc4271#section-8.2.2
#[derive(Debug)]
pub(super) struct Established {
    pub(super) negotiated: Arc<Negotiated>,
}

impl Established {
    pub(super) fn enter(negotiated: Arc<Negotiated>, cx: &mut Context<'_>) -> Self {
        cx.timers.watch_sending(cx.now);
        cx.signals.push_back(Signal::Established(Arc::clone(&negotiated)));
        Self { negotiated }
    }

    pub(super) fn on(self, happening: Happening, cx: &mut Context<'_>) -> State {
        let unexpected = UnexpectedIn::Established;
        match happening {
            Happening::Message(Message::Update(update)) => {
                cx.timers.restart_hold(cx.now);
                cx.signals.push_back(Signal::Update(update));
                State::Established(self)
            }
            Happening::Message(Message::Keepalive) => {
                cx.timers.restart_hold(cx.now);
                State::Established(self)
            }
            Happening::Message(Message::RouteRefresh(refresh)) => {
                if self.understands(refresh) {
                    cx.signals.push_back(Signal::Refresh(refresh));
                }
                State::Established(self)
            }
            Happening::Message(Message::Notification(notification)) => {
                cx.closed(Down::Received(notification))
            }
            Happening::Message(Message::Open(_)) => cx.unexpected(unexpected, MessageType::Open),
            Happening::Malformed(malformed) => match MessageType::of(&malformed) {
                Some(MessageType::Open) => cx.unexpected(unexpected, MessageType::Open),
                Some(MessageType::Update | MessageType::Keepalive | MessageType::RouteRefresh) | None => {
                    cx.close_malformed(malformed)
                }
            },
            Happening::Contended(_) => State::Established(self),
            Happening::HoldExpired => cx.hold_expired(),
            Happening::KeepaliveExpired => {
                cx.send_keepalive();
                State::Established(self)
            }
            Happening::SendHoldExpired => cx.close(Notification::new(ErrorCode::SendHoldTimerExpired, 0)),
            Happening::DelayOpenExpired => cx.out_of_step(),
            Happening::Stop(notification) => cx.close(self.farewell(notification)),
            Happening::Lost => cx.closed(Down::Lost),
        }
    }

    /// A Cease that is for good is a hard reset to a peer that would else keep our routes
    /// ([RFC 8538 §5.1](https://www.rfc-editor.org/rfc/rfc8538#section-5.1)).
    fn farewell(&self, notification: Notification) -> Notification {
        let graceful = self.negotiated.restart.as_ref().is_some_and(|restart| restart.notification);
        if graceful && notification.is_for_good() { notification.hard_reset() } else { notification }
    }

    /// A family that was not negotiated is ignored ([RFC 2918 §4]), and so is an unknown subtype or a
    /// demarcation that nobody agreed on ([RFC 7313 §5]).
    ///
    /// [RFC 2918 §4]: https://www.rfc-editor.org/rfc/rfc2918#section-4
    /// [RFC 7313 §5]: https://www.rfc-editor.org/rfc/rfc7313#section-5
    fn understands(&self, refresh: RouteRefresh) -> bool {
        let subtype = match refresh.kind {
            RefreshKind::Request => true,
            RefreshKind::Begin | RefreshKind::End => self.negotiated.dialect.enhanced_route_refresh,
            RefreshKind::Unknown(_) => false,
        };
        subtype && self.negotiated.families().contains(&refresh.family)
    }
}
