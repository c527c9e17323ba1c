//! The kernel in memory against the real one: random steps in both, and after each the answer, what was said and what
//! a reading lists have to be the same.
//!
//! `DIFFERENTIAL_SEQUENCES` says how many sequences to run, `DIFFERENTIAL_SEED` with which to begin.

use crate::namespace::{self, in_namespace};
use crate::twins::step::{Chance, Step};
use crate::twins::{Difference, Twins, found};

#[test]
fn random_steps_show_the_same_in_memory_and_in_the_kernel() {
    let count = number("DIFFERENTIAL_SEQUENCES").unwrap_or(300);
    let first = number("DIFFERENTIAL_SEED").unwrap_or(1);
    in_namespace(move || async move {
        let mut twins = Twins::new();
        for seed in first..first + count {
            let steps = Chance::new(seed).steps(LENGTH);
            if let Err(difference) = run(&mut twins, &steps) {
                panic!("seed {seed}: {}", shrunk(steps, difference));
            }
        }
        println!("{count} sequences of {LENGTH} steps");
    });
}

#[test]
fn what_random_steps_found_stays_found() {
    in_namespace(|| async {
        let mut twins = Twins::new();
        for (what, steps) in found::found() {
            if let Err(difference) = run(&mut twins, &steps) {
                panic!("{what}: {difference}");
            }
        }
    });
}

fn run(twins: &mut Twins, steps: &[Step]) -> Result<(), Difference> {
    twins.reset().map_err(|difference| format!("reset: {difference}"))?;
    steps.iter().try_for_each(|step| twins.take(step).map_err(|difference| format!("{step:?}: {difference}")))
}

/// The fewest of these steps that still differ, in fresh namespaces.
fn shrunk(mut steps: Vec<Step>, mut difference: Difference) -> String {
    let fresh = |steps: Vec<Step>| {
        let run = std::thread::spawn(move || {
            nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNET).expect("needs root");
            namespace::ip("link set lo up");
            let mut twins = Twins::bare();
            run(&mut twins, &steps)
        });
        run.join().unwrap_or_else(|_| Err("panics".into()))
    };
    let mut at = steps.len();
    while at > 0 {
        at -= 1;
        let mut fewer = steps.clone();
        fewer.remove(at);
        if let Err(found) = fresh(fewer.clone()) {
            (steps, difference) = (fewer, found);
            at = at.min(steps.len());
        }
    }
    format!("{difference}\nafter {steps:#?}")
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

const LENGTH: usize = 40;
