//! Active: we wait to be called, or for the time to dial again.

use super::engaged::Engaged;
use super::idle::Idle;
use super::state::{Context, Happening, State};
use crate::Deadline;

/// [RFC 4271 §8.2.2], "Active". Without a deadline for peers that are never dialed.
///
/// [RFC 4271 §8.2.2]: https://www.rfc-editor.org/rfc/rfc4271#section-8.2.2
#[derive(Debug)]
pub(super) struct Active {
    pub(super) retry: Option<Deadline>,
}

impl Active {
    pub(super) fn on(self, happening: Happening, cx: &mut Context<'_>) -> State {
        match happening {
            Happening::Start | Happening::ConnectFailed | Happening::Settled | Happening::Vacant(_) => {
                State::Active(self)
            }
            Happening::Stop(until) => State::Idle(Idle { until }),
            Happening::Connected | Happening::Accepted => State::Engaged(Engaged { dial: None }),
            Happening::Expired => cx.dial(),
        }
    }
}
