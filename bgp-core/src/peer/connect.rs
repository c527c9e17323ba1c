//! Connect: we are dialing, and have no connection.

use super::engaged::Engaged;
use super::idle::Idle;
use super::state::{Context, Happening, State};
use crate::Deadline;

/// [RFC 4271 §8.2.2], "Connect".
///
/// Unlike there, a failed dial leads to Active with the ConnectRetryTimer, not to Idle: an unreachable
/// peer is not an error, and may call us at any time.
///
/// [RFC 4271 §8.2.2]: https://www.rfc-editor.org/rfc/rfc4271#section-8.2.2
#[derive(Debug)]
pub(super) struct Connect {
    pub(super) retry: Deadline,
}

impl Connect {
    pub(super) fn on(self, happening: Happening, cx: &mut Context<'_>) -> State {
        match happening {
            Happening::Start | Happening::Settled | Happening::Vacant(_) => State::Connect(self),
            Happening::Stop(until) => {
                cx.abandon();
                State::Idle(Idle { until })
            }
            Happening::Connected => State::Engaged(Engaged { dial: None }),
            Happening::ConnectFailed => cx.listen(),
            Happening::Accepted => State::Engaged(Engaged { dial: Some(self.retry) }),
            Happening::Expired => {
                cx.abandon();
                cx.dial()
            }
        }
    }
}
