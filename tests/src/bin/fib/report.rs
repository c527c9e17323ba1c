//! Medians and ratios, for people and for programs.

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

/// Markdown.
pub(crate) fn table(load: Workload, figures: &[Figure]) {
    println!("\n{} routes, {}\n", load.routes, load.family.name());
    println!("| step | hand | seconds | routes/s | of the first | fastest, slowest |");
    println!("|---|---|--:|--:|--:|---|");
    for Figure { step, hand, seconds, routes_per_second, of_first, runs, .. } in figures {
        let step = format!("{step:?}").to_lowercase();
        let share = of_first.map_or_else(String::new, |share| format!("{share:.2}"));
        let (fastest, slowest) =
            runs.iter().fold((f64::MAX, 0_f64), |(low, high), run| (low.min(*run), high.max(*run)));
        println!(
            "| {step} | {hand} | {seconds:.3} | {routes_per_second:.0} | {share} | {fastest:.3}, {slowest:.3} |"
        );
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
