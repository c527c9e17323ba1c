//! Idle: nothing is tried and nobody is let in.

use super::state::{Context, Happening, State};
use crate::Deadline;

/// [RFC 4271 §8.2.2], "Idle". Stopped where there is no deadline; otherwise the IdleHoldTimer runs, or the
/// pause after a prefix limit. Who is stopped stays so, whatever pause is asked for.
///
/// [RFC 4271 §8.2.2]: https://www.rfc-editor.org/rfc/rfc4271#section-8.2.2
#[derive(Debug)]
pub(super) struct Idle {
    pub(super) until: Option<Deadline>,
}

impl Idle {
    pub(super) fn on(self, happening: Happening, cx: &mut Context<'_>) -> State {
        match happening {
            Happening::Start | Happening::Expired => cx.begin(),
            Happening::Stop(until) => State::Idle(Self { until: self.until.and(until) }),
            Happening::Connected
            | Happening::ConnectFailed
            | Happening::Accepted
            | Happening::Settled
            | Happening::Vacant(_) => State::Idle(self),
        }
    }
}
