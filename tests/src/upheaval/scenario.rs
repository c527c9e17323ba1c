//! Who goes, how, and for how long.

use std::time::Duration;

use crate::cluster::Seat;

/// A daemon, or several together, that end and are started again.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// What happens, in a few words.
    pub name: &'static str,
    /// To whom.
    pub who: Who,
    /// How they end.
    pub end: End,
    /// How long they are away.
    pub away: Duration,
}

/// Whose daemon ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// That of one host.
    Host,
    /// That of one reflector.
    Reflector,
    /// Those of both reflectors together.
    Reflectors,
}

/// How a daemon ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By SIGKILL.
    Killed,
    /// By SIGTERM.
    Told,
}

impl Scenario {
    /// All of them, both reflectors being away for so long.
    pub fn all(away: Duration) -> [Self; 6] {
        let a_moment = Duration::from_secs(1);
        let scenario = |name, who, end, away| Self { name, who, end, away };
        [
            scenario("a host's daemon is killed", Who::Host, End::Killed, a_moment),
            scenario("a host's daemon is upgraded", Who::Host, End::Told, a_moment),
            scenario("a reflector is killed", Who::Reflector, End::Killed, a_moment),
            scenario("a reflector is upgraded", Who::Reflector, End::Told, a_moment),
            scenario("both reflectors are killed", Who::Reflectors, End::Killed, away),
            scenario("both reflectors are stopped", Who::Reflectors, End::Told, away),
        ]
    }
}

impl Who {
    /// Where they sit.
    pub fn seats(self) -> Vec<Seat> {
        match self {
            Self::Host => vec![Seat::Host(1)],
            Self::Reflector => vec![Seat::Reflector(0)],
            Self::Reflectors => vec![Seat::Reflector(0), Seat::Reflector(1)],
        }
    }
}
