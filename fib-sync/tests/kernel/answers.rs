//! What the table believes by the kernel's answers alone is what a reading shows, in the real kernel: every form whose
//! event is not told to us, put in the place of every other.

use std::time::Duration;

use crate::namespace::{Monitor, PATIENCE, addr, config, in_namespace, ip, quiet, routes, started};
use fib_sync::{Config, Counters, Forwarding, Handle, Hop, Route, Snapshot, Standing};
use ipnet::IpNet;

fn via(gateway: &str, interface: &str) -> Hop {
    Hop::via(addr(gateway)).over(interface)
}

/// Forms that every family has.
fn common(gateway: &str, far: &str, own: &str) -> Vec<Route> {
    vec![
        Route::unicast([via(gateway, "up0")]),
        Route::unicast([Hop::device("up0")]),
        Route::unicast([Hop::device("spare0")]),
        Route::unicast([via(far, "spare0").onlink()]),
        Route::blackhole(),
        Route::new(Forwarding::Unreachable),
        Route::new(Forwarding::Prohibit),
        Route::unicast([via(gateway, "up0")]).from(addr(own)),
        Route::unicast([via(gateway, "up0")]).at(7),
        Route::blackhole().at(7),
    ]
}

fn ipv4() -> Vec<Route> {
    let mut forms = common("10.0.0.2", "172.16.0.1", "10.0.0.1");
    forms.extend([
        Route::unicast([via("10.0.0.2", "up0").weighing(5), via("10.0.0.3", "up0")]),
        Route::unicast([via("10.0.0.2", "up0"), via("172.16.0.1", "spare0").onlink().weighing(256)]),
        Route::unicast([via("10.0.0.2", "up0"), Hop::device("spare0")]).from(addr("10.0.0.1")),
        Route::unicast([via("fd00::2", "up0")]),
        Route::unicast([via("fe80::2", "up0").onlink()]),
        Route::unicast([via("10.0.0.2", "up0").weighing(2), via("fd00::2", "up0")]),
    ]);
    forms
}

fn ipv6() -> Vec<Route> {
    let mut forms = common("fd00::2", "fd00:9::1", "fd00::1");
    forms.extend([
        Route::unicast([via("fe80::2", "up0")]),
        Route::unicast([via("fe80::2", "up0")]).from(addr("fd00::1")),
    ]);
    forms
}

/// As many prefixes as forms in each family: in each turn each has another form.
async fn want(handle: &Handle, turn: usize) {
    for (forms, pattern) in [(ipv4(), "100.64.0."), (ipv6(), "2001:db8::")] {
        for at in 0..forms.len() {
            let prefix = IpNet::from(addr(&format!("{pattern}{}", at + 1)));
            let route = forms[(at + turn) % forms.len()].clone();
            handle.want(prefix, Some(route)).await.unwrap();
        }
    }
}

async fn counters(handle: &Handle) -> Counters {
    handle.metrics().await.unwrap().counters
}

/// Waits until a reading that began after this has ended.
async fn read_again(handle: &Handle) -> Snapshot {
    let before = counters(handle).await.dumps;
    let wait = async {
        while counters(handle).await.dumps < before + 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("a reading");
    quiet(handle).await
}

fn table() -> Vec<String> {
    let mut held = routes("-o route show proto bird");
    held.extend(routes("-6 -o route show proto bird"));
    held
}

/// A reading finds what the answers said, and nothing is written for it.
async fn check(handle: &Handle) {
    let (believed, held) = (quiet(handle).await, table());
    for row in &believed.routes {
        assert_eq!(row.standing, Standing::Installed, "{row:#?}");
        assert_eq!(row.installed, row.wished, "{row:#?}");
    }
    let read = read_again(handle).await;
    assert_eq!(believed.routes, read.routes);
    assert_eq!((read.counters.drift, read.counters.done), (0, believed.counters.done), "{:?}", read.counters);
    assert_eq!((held.len(), table()), (read.routes.len(), held));
}

#[test]
fn what_the_answers_said_is_what_a_reading_shows() {
    in_namespace(|| async {
        let config = Config { audit: Duration::from_millis(50), ..config() };
        let (handle, _events, _) = started(config).await;
        let turns = ipv4().len();
        for turn in 0..turns {
            want(&handle, turn).await;
            check(&handle).await;
        }
        let monitor = Monitor::start();
        read_again(&handle).await;
        let told = monitor.ours();
        assert!(told.is_empty(), "written again: {told:#?}");
        for row in quiet(&handle).await.routes {
            handle.want(row.prefix, None).await.unwrap();
        }
        let read = read_again(&handle).await;
        assert_eq!((read.counters.drift, read.routes.len()), (0, 0), "{:#?}", read.routes);
        assert_eq!(table(), <[String; 0]>::default());
    });
}

/// Somebody who undoes what was written is believed at once, although our own writes are not told.
#[test]
fn what_somebody_undoes_after_the_answer_is_written_again_without_a_reading() {
    in_namespace(|| async {
        let (handle, _events, _) = started(config()).await;
        want(&handle, 0).await;
        quiet(&handle).await;
        let held = table();
        let before = counters(&handle).await.done;
        ip("route flush proto bird");
        ip("-6 route flush proto bird");
        let wait = async {
            while table().len() < held.len() {
                tokio::task::yield_now().await;
                quiet(&handle).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.expect("written again");
        quiet(&handle).await;
        let counters = counters(&handle).await;
        assert_eq!(table(), held);
        assert_eq!((counters.dumps, counters.done), (1, before + held.len() as u64), "{counters:?}");
    });
}
