//! The scenarios, by the letters of the table in `docs/benchmarks.md`.

use std::fmt;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use tests::failure::Failure;
use tests::load::daemon::Which;

use crate::figures::Figures;
use crate::scene::Plan;
use crate::{cluster, flaps, policy, spread};

/// What happens to the daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    /// One external feed of 1,000,000 routes, one listener.
    A,
    /// Ten external feeds of the same 200,000 prefixes, ten listeners.
    B,
    /// 100,000 routes reflected to 100 clients; 5 % change; the sender is lost.
    C100,
    /// 100,000 routes reflected to 500 clients.
    C500,
    /// 500 clients with four blocks each, eight connecting at a time.
    D500,
    /// The same with 1,000.
    D1000,
    /// 500 clients that connect all at once.
    Burst500,
    /// 1,000 of them.
    Burst1000,
    /// 5,000 of them; then all routes change again and again for three hold times.
    Cold5000,
    /// One prefix of 50,000 flaps, 100 clients listen.
    E,
    /// The same among 1,000 other changes a second.
    Busy,
    /// Five external feeds of the same 1,000,000 prefixes, one listener.
    F,
    /// Three feeds of the same 50,000 prefixes, all paths sent to 20 clients.
    P,
    /// 500 idle clients.
    G,
    /// The export policy changes for 500 clients that hold 100,000 routes.
    H,
    /// One client of 500 reads no more.
    I,
}

/// Departures from the size of a scenario.
#[derive(Clone, Debug, Args)]
pub(crate) struct Size {
    /// How many routes of each feed.
    #[arg(long)]
    pub(crate) routes: Option<usize>,
    /// How many listeners or clients.
    #[arg(long)]
    pub(crate) clients: Option<usize>,
    /// One speaker's table, of IPv4 routes, instead of a generated one: TABLE_DUMP_V2, decompressed.
    #[arg(long)]
    pub(crate) mrt: Option<PathBuf>,
    /// The seed of the tables.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Seconds of idleness.
    #[arg(long, default_value_t = 20)]
    pub(crate) idle: u64,
    /// Hold time of `cold5000`, seconds.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u16).range(3..))]
    pub(crate) hold: u16,
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_possible_value().as_ref().map_or("", |value| value.get_name()))
    }
}

impl Scenario {
    /// Plays it to one daemon.
    pub(crate) fn play(self, which: Which, size: &Size) -> Result<Figures, Failure> {
        let routes = |usual| size.routes.unwrap_or(usual);
        let clients = |usual| size.clients.unwrap_or(usual);
        let spread = |speakers, listeners, usual| Plan {
            speakers,
            listeners: clients(listeners),
            routes: routes(usual),
            seed: size.seed,
            mrt: size.mrt.as_deref(),
            add_path: false,
        };
        let figures = Figures::new(self.to_string(), which);
        match self {
            Self::A => spread::external(figures, which, &spread(1, 1, 1_000_000)),
            Self::B => spread::external(figures, which, &spread(10, 10, 200_000)),
            Self::F => spread::external(figures, which, &spread(5, 1, 1_000_000)),
            Self::C100 => spread::reflected_and_changed(figures, which, &spread(1, 100, 100_000)),
            Self::C500 => spread::reflected(figures, which, &spread(1, 500, 100_000)),
            Self::P => spread::reflected(figures, which, &Plan { add_path: true, ..spread(3, 20, 50_000) }),
            Self::D500 => cluster::eight_at_a_time(figures, which, clients(500)),
            Self::D1000 => cluster::eight_at_a_time(figures, which, clients(1000)),
            Self::Burst500 => cluster::at_once(figures, which, clients(500)),
            Self::Burst1000 => cluster::at_once(figures, which, clients(1000)),
            Self::Cold5000 => cluster::never_resting(figures, which, clients(5000), size.hold),
            Self::G => cluster::idle(figures, which, clients(500), size.idle),
            Self::E => flaps::alone(figures, which, &spread(1, 100, 50_000)),
            Self::Busy => flaps::among_others(figures, which, &spread(1, 100, 50_000)),
            Self::I => flaps::beside_a_deaf_one(figures, which, &spread(1, 500, 20_000)),
            Self::H => policy::changed(figures, which, &spread(1, 500, 100_000)),
        }
    }
}
