//! Medians and ratios, for people and for programs.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Serialize;

use crate::routes::{Hand, Times};
use crate::workload::{Step, Workload};

/// One step by one hand.
#[derive(Debug, Serialize)]
pub(crate) struct Figure {
    ip: &'static str,
    routes: u32,
    step: Step,
    hand: Hand,
    /// The median.
    seconds: f64,
    routes_per_second: f64,
    /// Its rate as a share of the first hand's: the median of the ratios within one round.
    of_first: Option<f64>,
    /// Every run, in order.
    runs: Vec<f64>,
}

impl Figure {
    /// All that was measured, by step and hand.
    pub(crate) fn of(load: Workload, hands: &[Hand], times: &Times) -> Vec<Self> {
        let one = |step: Step, hand: Hand| {
            let runs = seconds(times.get(&(step, hand))?);
            let first = hands.first().and_then(|first| times.get(&(step, *first)));
            let first = first.map(|times| seconds(times)).unwrap_or_default();
            let ratios: Vec<f64> = first.iter().zip(&runs).map(|(first, run)| first / run).collect();
            let median_seconds = median(&runs)?;
            Some(Self {
                ip: load.family.name(),
                routes: load.routes,
                step,
                hand,
                seconds: median_seconds,
                routes_per_second: f64::from(load.routes) / median_seconds,
                of_first: median(&ratios),
                runs,
            })
        };
        Step::ALL.iter().flat_map(|step| hands.iter().filter_map(|hand| one(*step, *hand))).collect()
    }
}

/// One JSON object a line.
pub(crate) fn lines(figures: &[Figure]) {
    for figure in figures {
        println!("{}", serde_json::to_string(figure).unwrap_or_default());
    }
}

/// Markdown, as the documentation has it: the rates of the first hand, and the others' as shares of it.
pub(crate) fn table(routes: u32, hands: &[Hand], figures: &[Figure]) {
    let families: BTreeSet<&str> = figures.iter().map(|figure| figure.ip).collect();
    let columns = || families.iter().flat_map(|ip| Step::ALL.map(|step| (*ip, step)));
    println!("\n{routes} routes\n");
    let names = columns().map(|(ip, step)| match step {
        Step::Install => format!(" {ip} {} |", step.name()),
        Step::Dump | Step::Replace | Step::Delete => format!(" {} |", step.name()),
    });
    println!("| |{}", names.collect::<String>());
    println!("|---|{}", columns().map(|_| "--:|").collect::<String>());
    for hand in hands {
        let is_it = |figure: &&Figure, ip, step| (figure.ip, figure.step, figure.hand) == (ip, step, *hand);
        let cell = |(ip, step)| {
            let figure = figures.iter().find(|figure| is_it(figure, ip, step));
            let shown = figure.map(|figure| figure.cell(hands.first() == Some(hand)));
            format!(" {} |", shown.unwrap_or_default())
        };
        let unit = if hands.first() == Some(hand) { ", routes/s" } else { "" };
        println!("| {hand}{unit} |{}", columns().map(cell).collect::<String>());
    }
}

impl Figure {
    fn cell(&self, is_yardstick: bool) -> String {
        if is_yardstick {
            return format!("{:.0}k", self.routes_per_second / 1000.0);
        }
        self.of_first.map_or_else(String::new, |share| format!("{share:.2}"))
    }
}

fn seconds(times: &[Duration]) -> Vec<f64> {
    times.iter().map(Duration::as_secs_f64).collect()
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}
