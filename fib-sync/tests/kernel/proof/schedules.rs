//! Random schedules against the real kernel: whatever happened, once it is quiet the kernel holds what is wished
//! where it can, says why where not, and routes of others are as others left them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use fib_sync::{Config, Events, Handle, Share, Snapshot};
use tokio::runtime::{Builder, Runtime};

use super::chance::Chance;
use super::check::{is_consistent, is_whole};
use super::hand::{Twins, table, tried};
use super::schedule::{Step, step};
use super::wishes::Wishes;
use crate::namespace::{config, ip_batch};

/// `FIB_SEEDS` runs so many, `FIB_SEED` only this one.
#[test]
fn random_schedules_end_with_what_is_wished_and_nothing_of_others_touched() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (first, count) = match number("FIB_SEED") {
        Some(seed) => (seed, 1),
        None => (0, number("FIB_SEEDS").unwrap_or(SEEDS)),
    };
    let next = AtomicU64::new(first);
    // Most of the time is spent waiting for pauses to end.
    std::thread::scope(|scope| {
        for _ in 0..WORKERS.min(count) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + count {
                        return;
                    }
                    // Namespaces belong to threads.
                    let run = std::thread::Builder::new().name(format!("seed {seed}"));
                    run.spawn(move || World::new(seed).run()).expect("a thread").join().expect("holds");
                }
            });
        }
    });
}

struct World {
    seed: u64,
    chance: Chance,
    twins: Twins,
    life: Life,
    wishes: Wishes,
    trace: Vec<String>,
}

/// A keeper from its start to its death.
struct Life {
    runtime: Runtime,
    handle: Handle,
    events: Events,
}

impl Life {
    fn begin() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let (handle, events) = runtime.block_on(async { fib_sync::start(brakeless()).expect("a socket") });
        Self { runtime, handle, events }
    }
}

fn brakeless() -> Config {
    Config { sweep_limit: Share::ALL, ..config() }
}

impl World {
    fn new(seed: u64) -> Self {
        let twins = Twins::new();
        Self {
            seed,
            chance: Chance::new(seed),
            twins,
            life: Life::begin(),
            wishes: Wishes::default(),
            trace: Vec::new(),
        }
    }

    fn run(mut self) {
        for _ in 0..STEPS {
            let step = step(&mut self.chance);
            self.trace.push(format!("{step:?}"));
            self.perform(step);
        }
        self.trace.push("quiet".into());
        self.until("as wished where possible", is_consistent);
        self.trace.push("repaired".into());
        self.twins.repair();
        self.life.runtime.block_on(async { self.life.handle.settle().await.expect("runs") });
        self.until("as wished", is_whole);
    }

    fn perform(&mut self, step: Step) {
        let Life { runtime, handle, .. } = &mut self.life;
        match step {
            Step::Want(prefix, route) => runtime.block_on(self.wishes.want(handle, prefix, route)),
            Step::Settle => runtime.block_on(async { handle.settle().await.expect("runs") }),
            Step::Foreign(words, contested) => self.meddle(&words, contested),
            Step::Robbed(words) => drop(tried(&words)),
            Step::Network(words) => {
                let (real, twin) = self.twins.both(|| tried(words));
                assert_eq!(real, twin, "{}: {words}", self.seed);
            }
            Step::Run(turns) => runtime.block_on(async {
                for _ in 0..turns {
                    tokio::task::yield_now().await;
                }
            }),
            Step::Rest => self.until("quiet", |_, _| Ok(())),
            Step::Overrun => ip_batch(&BURST.repeat(EVENTS / 2)),
            Step::Crash => self.crash(),
        }
        while self.life.events.try_next().is_some() {}
    }

    /// At a key of ours the twin repeats what the kernel allowed: there the key may be free.
    fn meddle(&self, words: &str, contested: bool) {
        let done = tried(words);
        if done || !contested {
            let twin = self.twins.in_twin(|| tried(words));
            assert_eq!(done, twin, "seed {}: {words}: {:#?}", self.seed, self.trace);
        }
    }

    /// The next one is told all wishes again, in another order.
    fn crash(&mut self) {
        self.life = Life::begin();
        let mut wishes = self.wishes.all();
        while !wishes.is_empty() {
            let (prefix, route) = wishes.swap_remove(self.chance.below(wishes.len()));
            self.life.runtime.block_on(self.wishes.want(&self.life.handle, prefix, route));
        }
        self.life.runtime.block_on(async { self.life.handle.settle().await.expect("runs") });
    }

    fn until(&mut self, what: &str, holds: fn(&Twins, &Snapshot) -> Result<(), String>) {
        let begin = Instant::now();
        loop {
            let Life { runtime, handle, events } = &mut self.life;
            let snapshot = runtime.block_on(async {
                let wait = tokio::time::timeout(PATIENCE, self.wishes.settled(handle, &brakeless())).await;
                while events.try_next().is_some() {}
                tokio::time::sleep(Duration::from_millis(20)).await;
                wait
            });
            let Ok(snapshot) = snapshot else {
                let snapshot = runtime.block_on(handle.snapshot());
                self.fail(what, &format!("an operation is outstanding: {snapshot:#?}"))
            };
            match holds(&self.twins, &snapshot) {
                Ok(()) => return,
                Err(problem) if begin.elapsed() > PATIENCE => {
                    self.fail(what, &format!("{problem}\n{snapshot:#?}"))
                }
                Err(_) => {}
            }
        }
    }

    fn fail(&self, what: &str, problem: &str) -> ! {
        let (real, twin) = self.twins.both(|| table(|_| true));
        panic!(
            "seed {}: not {what}: {problem}\nreal {real:#?}\ntwin {twin:#?}\nsteps {:#?}",
            self.seed, self.trace
        )
    }
}

const SEEDS: u64 = 200;
const WORKERS: u64 = 12;
const STEPS: usize = 40;
/// Pauses between retries grow; after a change of the network none is longer than this, on a busy machine either.
const PATIENCE: Duration = Duration::from_secs(60);
/// More than the receive buffer holds, each way.
const EVENTS: usize = 24_000;
const BURST: &str = "\
route add blackhole 100.64.0.1 proto static metric 1
route del blackhole 100.64.0.1 proto static metric 1
";
