//! Storms in virtual time, each from one seed: random networks, random faults, packets on every way.
//!
//! `cargo run --release -p tests --bin storms` runs as many as one likes.

use tests::sim::{Storm, Weather};

#[test]
fn in_gentle_weather_no_packet_is_lost() {
    for seed in 0..30 {
        Storm::new(seed, Weather::Gentle).run();
    }
}

#[test]
fn after_rough_weather_all_is_as_it_should_be() {
    for seed in 0..30 {
        Storm::new(seed, Weather::Rough).run();
    }
}

#[test]
fn a_seed_is_a_run() {
    let trace = |seed| {
        let mut storm = Storm::new(seed, Weather::Rough);
        storm.run();
        storm.world.trace()
    };
    assert_eq!(trace(3), trace(3));
    assert_ne!(trace(3), trace(4));
}
