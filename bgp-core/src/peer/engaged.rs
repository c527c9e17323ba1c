//! Engaged: there is a connection, and its session decides what the peer's state is called.

use super::backoff::Penalty;
use super::connect::Connect;
use super::idle::Idle;
use super::state::{Context, Happening, State, Vacancy};
use crate::{Deadline, Timer};

/// OpenSent and beyond, as far as attempts are concerned: a dial may still be under way beside a
/// connection that the peer made.
#[derive(Debug)]
pub(super) struct Engaged {
    pub(super) dial: Option<Deadline>,
}

impl Engaged {
    pub(super) fn on(self, happening: Happening, cx: &mut Context<'_>) -> State {
        match happening {
            Happening::Start | Happening::Accepted => State::Engaged(self),
            Happening::Connected | Happening::ConnectFailed => State::Engaged(Self { dial: None }),
            Happening::Expired | Happening::Settled => {
                self.hang_up(cx);
                State::Engaged(Self { dial: None })
            }
            Happening::Stop(until) => {
                self.hang_up(cx);
                State::Idle(Idle { until })
            }
            Happening::Vacant(vacancy) => self.vacant(vacancy, cx),
        }
    }

    fn vacant(self, vacancy: Vacancy, cx: &mut Context<'_>) -> State {
        match (vacancy, self.dial) {
            (Vacancy::Unused, Some(retry)) => State::Connect(Connect { retry }),
            (Vacancy::Unused, None) => cx.listen(),
            (Vacancy::Penalized(penalty), _) => {
                self.hang_up(cx);
                match penalty {
                    Penalty::Redial(at) => cx.listen_until(Deadline { at, timer: Timer::ConnectRetry }),
                    Penalty::Idle(at) => {
                        State::Idle(Idle { until: Some(Deadline { at, timer: Timer::IdleHold }) })
                    }
                }
            }
        }
    }

    fn hang_up(&self, cx: &mut Context<'_>) {
        if self.dial.is_some() {
            cx.abandon();
        }
    }
}
