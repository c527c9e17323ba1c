//! Install, dump, replace and delete, by every hand in turn, several times.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::ValueEnum;
use tests::failure::{Doing, Failure};
use tests::kernel::Kernel;

use crate::bare::{self, Bare};
use crate::bird::Bird;
use crate::report::{self, Figure};
use crate::workload::{DEVICE, Step, Workload};
use crate::{iproute, synchroniser};

/// What is measured.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How many routes; several counts are measured one after the other.
    #[arg(long, value_delimiter = ',', default_values_t = [100_000])]
    routes: Vec<u32>,
    /// How often; each hand has its turn before the first has another.
    #[arg(long, default_value_t = 3)]
    repeat: usize,
    /// The versions of IP.
    #[arg(long, value_delimiter = ',', default_values_t = [4, 6])]
    ip: Vec<u8>,
    /// Messages to a send of the bare loop.
    #[arg(long, default_value_t = 128)]
    batch: usize,
    /// One JSON object a line instead of tables.
    #[arg(long)]
    json: bool,
    /// Whose hands; the first is what the others are compared with.
    #[arg(value_enum, default_values_t = [Hand::Bare, Hand::FibSync, Hand::Ip, Hand::Bird])]
    hands: Vec<Hand>,
}

/// Who writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Hand {
    /// The yardstick.
    Bare,
    /// The library.
    FibSync,
    /// `ip -batch`.
    Ip,
    /// Debian's bird2.
    Bird,
}

impl std::fmt::Display for Hand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Bare => "bare",
            Self::FibSync => "fib-sync",
            Self::Ip => "`ip -batch`, `ip route show`",
            Self::Bird => "BIRD",
        })
    }
}

/// The times of every run of one step by one hand.
pub(crate) type Times = BTreeMap<(Step, Hand), Vec<Duration>>;

/// Measures and prints.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let device = Kernel::connect()?.index(DEVICE)?;
    for routes in &arguments.routes {
        let mut figures = Vec::new();
        for ip in &arguments.ip {
            let load = Workload::new(*ip, *routes);
            let mut times = Times::new();
            for _ in 0..arguments.repeat {
                for hand in &arguments.hands {
                    turn(*hand, load, device, arguments.batch, &mut times)?;
                }
            }
            figures.extend(Figure::of(load, &arguments.hands, &times));
        }
        if arguments.json {
            report::lines(&figures);
        } else {
            report::table(*routes, &arguments.hands, &figures);
        }
    }
    Ok(())
}

/// Every step once, each result looked at.
fn turn(hand: Hand, load: Workload, device: u32, batch: usize, times: &mut Times) -> Result<(), Failure> {
    let mut witness = Bare::open(device)?;
    let mut bare = Bare::open(device)?;
    let bird = if hand == Hand::Bird { Some(Bird::start(load)?) } else { None };
    for step in Step::ALL {
        let took = match (hand, &bird) {
            (Hand::Bare, _) => Some(bare.step(step, load, batch)?),
            (Hand::FibSync, _) => Some(synchroniser::step(step, load)?),
            (Hand::Ip, _) => Some(iproute::step(step, load)?),
            (Hand::Bird, bird) => bird.as_ref().map(|bird| bird.step(step)).transpose()?.flatten(),
        };
        let gateway = bare::octets(load.gateway(step));
        let through = |message: &[u8]| message.windows(gateway.len()).any(|octets| octets == gateway);
        let wanted = if step == Step::Delete { 0 } else { load.routes };
        let held = witness.dump(load, through)?;
        bare::complete(held, wanted).doing_with(|| format!("after {step:?} by {hand}"))?;
        times.entry((step, hand)).or_default().extend(took);
    }
    Ok(())
}
