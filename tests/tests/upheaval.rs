//! Three hosts, two reflectors and packets between all pods, a thousand a second from each, while daemons are killed,
//! stopped and started again: ours among themselves, and beside BIRD 2 and FRR in both roles.
//!
//! `cargo run --release -p tests --bin upheaval` plays the same with longer absences, and beside it what others do.

use std::time::Duration;

use tests::cluster::Restarts;
use tests::programs::prove;
use tests::upheaval::{End, Make, Scenario, Shape, Stage, Who};

/// With our daemons on the hosts, whoever reflects: no packet is lost, no kernel loses a route.
fn nobody_notices(reflectors: Make, happens: impl Fn(&Scenario) -> bool) {
    let mut stage = stage(Shape { hosts: Make::Caracal, reflectors });
    for scenario in Scenario::all(AWAY).into_iter().filter(happens) {
        let outcome = stage.play(&scenario).expect("a recovery");
        println!("{}: {outcome:?}", scenario.name);
        assert_eq!(outcome.lost, 0, "of {} packets, {}", outcome.sent, scenario.name);
        assert_eq!(outcome.removed, [], "{}", scenario.name);
    }
}

#[test]
fn nobody_notices_restarts_of_hosts_and_of_reflectors() {
    prove(|| nobody_notices(Make::Caracal, |_| true));
}

#[test]
fn nobody_notices_our_restarts_among_birds_nor_birds_among_us() {
    prove(|| nobody_notices(Make::Bird, |_| true));
}

/// One of FRR's reflectors at a time: it waits only for clients that are back before it says that there are no more
/// routes, and while both are new nobody contradicts it.
#[test]
fn nobody_notices_our_restarts_among_frr_nor_frrs_among_us() {
    prove(|| nobody_notices(Make::Frr, |scenario| scenario.who != Who::Reflectors));
}

/// What BIRD itself does on SIGTERM to its neighbours and to its kernel nobody can help.
#[test]
fn hosts_of_bird_that_crash_and_reflectors_of_ours_that_restart_cost_bird_no_packet() {
    prove(|| {
        let mut stage = stage(Shape { hosts: Make::Bird, reflectors: Make::Caracal });
        let told = |scenario: &Scenario| (scenario.who, scenario.end) == (Who::Host, End::Told);
        for scenario in Scenario::all(AWAY).iter().filter(|scenario| !told(scenario)) {
            let outcome = stage.play(scenario).expect("a recovery");
            println!("{}: {outcome:?}", scenario.name);
            assert_eq!(outcome.lost, 0, "of {} packets, {}", outcome.sent, scenario.name);
        }
    });
}

fn stage(shape: Shape) -> Stage {
    let restarts = Restarts { time: RESTART_TIME, stale: Duration::from_secs(600) };
    Stage::set(shape, restarts, PATIENCE).expect("a cluster at work")
}

/// Longer than the reflectors promise to be away: what is left then is a matter of headless mode and of long-lived
/// stale routes.
const AWAY: Duration = Duration::from_secs(6);
const RESTART_TIME: Duration = Duration::from_secs(3);
/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(100);
