//! What each stage of a route's way costs, alone and all together.
//!
//! ```sh
//! cargo bench -p bgp-core        # time, on a quiet machine
//! bgp-core/benches/count         # instructions, on any machine, the same every time
//! ```

mod sessions;
mod stage;
mod table;

use std::any::Any;
use std::hint::black_box;

use divan::Bencher;
use divan::counter::ItemsCount;

use stage::{Run, Stage};

/// Routes in a table: more than the caches of today hold.
const ROUTES: usize = 100_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["stages"] => Stage::ALL.iter().for_each(|stage| println!("{stage}")),
        ["once", name, routes] => once(name, routes.parse().expect("a number of routes")),
        _ => divan::main(),
    }
}

/// Runs one stage once, for a tool that counts what happens in [`counted`].
fn once(name: &str, routes: usize) {
    let stage = Stage::ALL.into_iter().find(|stage| stage.to_string() == name).expect("a stage");
    black_box(counted(stage.prepare(routes)));
}

#[inline(never)]
fn counted(run: Run) -> Box<dyn Any> {
    run()
}

#[divan::bench(args = Stage::ALL, sample_count = 10, sample_size = 1, max_time = 3)]
fn routes(bencher: Bencher<'_, '_>, stage: &Stage) {
    bencher.counter(ItemsCount::new(ROUTES)).with_inputs(|| stage.prepare(ROUTES)).bench_values(|run| run());
}
