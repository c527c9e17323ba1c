//! One fault at a time, in both families: what is wished comes back as soon as it can, and what is refused says why.

use fib_sync::{Event, Events, Handle, Hop, Refused, Route, Standing};

use super::wishes::Wishes;
use crate::namespace::{self, addr, config, event, in_namespace, ip, net, routes, started};

/// The same for each family: a prefix, its text, a gateway on `spare0`, an address of ours there.
struct Family {
    prefix: &'static str,
    gateway: &'static str,
    own: &'static str,
    length: u8,
}

const FAMILIES: [Family; 2] = [
    Family { prefix: "192.0.2.0/24", gateway: "172.16.0.1", own: "172.16.0.2", length: 24 },
    Family { prefix: "2001:db8::/32", gateway: "fd16::1", own: "fd16::2", length: 64 },
];

impl Family {
    fn via_gateway(&self) -> Route {
        Route::via(addr(self.gateway))
    }

    fn over_spare(&self) -> Route {
        Route::unicast([Hop::via(addr(self.gateway)).over("spare0")])
    }

    fn give_address(&self) {
        let nodad = if self.own.contains(':') { " nodad" } else { "" };
        ip(&format!("addr add {}/{} dev spare0{nodad}", self.own, self.length));
    }

    fn take_address(&self) {
        ip(&format!("addr del {}/{} dev spare0", self.own, self.length));
    }
}

/// A table, what it tells, and a wish of each family.
struct Kept {
    handle: Handle,
    events: Events,
}

impl Kept {
    async fn start(wish: impl Fn(&Family) -> Route) -> Self {
        let (handle, events, _) = started(config()).await;
        let mut wishes = Wishes::default();
        for family in &FAMILIES {
            wishes.want(&handle, net(family.prefix), Some(wish(family))).await;
        }
        wishes.settled(&handle, &config()).await;
        Self { handle, events }
    }

    /// Waits until both wishes are refused for such a reason.
    async fn until_refused(&mut self, fits: impl Fn(&Refused) -> bool) {
        self.until(|standing| matches!(standing, Standing::Diverged(refused) if fits(refused))).await;
    }

    /// Waits until both wishes are met, and looks whether the kernel agrees.
    async fn until_installed(&mut self, device: &str) {
        self.until(|standing| *standing == Standing::Installed).await;
        for family in &FAMILIES {
            let version = if family.own.contains(':') { "-6 " } else { "" };
            let held = routes(&format!("{version}route show {} proto bird", family.prefix));
            let [line] = &held[..] else { panic!("{held:?}") };
            assert!(line.contains(&format!("via {} dev {device} ", family.gateway)), "{line}");
        }
    }

    /// Whatever changes a standing for longer than a moment is told or follows from a link.
    async fn until(&mut self, fits: impl Fn(&Standing) -> bool) {
        let begin = std::time::Instant::now();
        loop {
            while self.events.try_next().is_some() {}
            let snapshot = self.handle.snapshot().await.expect("runs");
            if snapshot.routes.len() == FAMILIES.len()
                && snapshot.routes.iter().all(|row| fits(&row.standing))
            {
                return;
            }
            assert!(begin.elapsed() < namespace::PATIENCE, "{snapshot:#?}");
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }
}

fn is_unreachable(refused: &Refused) -> bool {
    matches!(refused, Refused::NoSuchNextHop { .. })
}

fn is_without_device(refused: &Refused) -> bool {
    matches!(refused, Refused::NoDevice { .. })
}

fn give_addresses() {
    FAMILIES.iter().for_each(Family::give_address);
}

#[test]
fn a_gateway_out_of_reach_is_refused_until_an_address_reaches_it() {
    in_namespace(|| async {
        let mut kept = Kept::start(Family::via_gateway).await;
        kept.until_refused(is_unreachable).await;
        give_addresses();
        kept.until_installed("spare0").await;
    });
}

#[test]
fn a_preferred_source_that_is_not_ours_is_refused_until_it_is() {
    in_namespace(|| async {
        give_addresses();
        let source = |family: &Family| addr(if family.own.contains(':') { "fd16::9" } else { "172.16.0.9" });
        let mut kept = Kept::start(|family| family.via_gateway().from(source(family))).await;
        let is_foreign = |refused: &Refused| matches!(refused, Refused::NoSuchSource { .. });
        kept.until_refused(is_foreign).await;
        for _ in 0..2 {
            ip("addr add 172.16.0.9/32 dev spare0");
            ip("addr add fd16::9/128 dev spare0 nodad");
            kept.until_installed("spare0").await;
            // IPv4 loses the route with its source, IPv6 the source without a word.
            ip("addr del 172.16.0.9/32 dev spare0");
            ip("addr del fd16::9/128 dev spare0");
            kept.until_refused(is_foreign).await;
        }
    });
}

#[test]
fn a_link_that_goes_down_takes_routes_along_and_brings_them_back() {
    in_namespace(|| async {
        give_addresses();
        let mut kept = Kept::start(Family::over_spare).await;
        for _ in 0..2 {
            ip("link set spare0 down");
            kept.until_refused(|refused| is_without_device(refused) || is_unreachable(refused)).await;
            ip("link set spare0 up");
            // IPv6 addresses go with the link.
            ip("addr replace fd16::2/64 dev spare0 nodad");
            kept.until_installed("spare0").await;
        }
    });
}

#[test]
fn a_lost_carrier_changes_nothing() {
    in_namespace(|| async {
        give_addresses();
        let mut kept = Kept::start(Family::over_spare).await;
        let done = kept.handle.snapshot().await.unwrap().counters.done;
        let lost = |e: &Event| matches!(e, Event::Lost { prefix, .. } if *prefix == net("172.16.0.0/24"));
        let back = |e: &Event| matches!(e, Event::Learned { prefix, .. } if *prefix == net("172.16.0.0/24"));
        ip("link set away0 down");
        event(&mut kept.events, "the carrier lost", lost).await;
        kept.until_installed("spare0").await;
        ip("link set away0 up");
        event(&mut kept.events, "the carrier back", back).await;
        kept.until_installed("spare0").await;
        assert_eq!(kept.handle.snapshot().await.unwrap().counters.done, done, "nothing was written");
    });
}

#[test]
fn an_address_that_goes_and_returns_ends_with_the_routes_in_place() {
    in_namespace(|| async {
        give_addresses();
        let mut kept = Kept::start(Family::via_gateway).await;
        for _ in 0..2 {
            FAMILIES.iter().for_each(Family::take_address);
            // IPv6 keeps a route whose gateway nothing reaches any more, IPv4 if another address is left.
            let refused =
                |e: &Event| matches!(e, Event::Diverged { prefix, .. } if *prefix == net("192.0.2.0/24"));
            event(&mut kept.events, "the IPv4 route refused", refused).await;
            give_addresses();
            kept.until_installed("spare0").await;
        }
    });
}

#[test]
fn a_device_renamed_is_followed_by_its_name() {
    in_namespace(|| async {
        give_addresses();
        let mut kept = Kept::start(Family::over_spare).await;
        ip("link set spare0 name other0");
        kept.until_refused(is_without_device).await;
        // What leads over the old device stays: it may be all there is.
        assert_eq!(routes("route show proto bird"), ["192.0.2.0/24 via 172.16.0.1 dev other0 metric 50"]);
        ip("link set other0 name spare0");
        kept.until_installed("spare0").await;

        // Another device takes the name, and with it the routes.
        ip("link set spare0 name other0");
        ip("addr flush dev other0 scope global");
        ip("link set away0 name spare0");
        give_addresses();
        kept.until_installed("spare0").await;
    });
}

#[test]
fn a_device_deleted_and_created_again_gets_its_routes_back() {
    in_namespace(|| async {
        give_addresses();
        let mut kept = Kept::start(Family::over_spare).await;
        for _ in 0..2 {
            ip("link del spare0");
            kept.until_refused(is_without_device).await;
            ip("link add spare0 type veth peer name away0");
            ip("link set away0 up");
            ip("link set spare0 up");
            give_addresses();
            kept.until_installed("spare0").await;
        }
    });
}

#[test]
fn routes_that_lose_one_of_two_devices_are_whole_again_with_it() {
    in_namespace(|| async {
        give_addresses();
        let near = |family: &Family| addr(if family.own.contains(':') { "fd00::2" } else { "10.0.0.2" });
        let both = |family: &Family| Route::unicast([Hop::via(near(family)), Hop::via(addr(family.gateway))]);
        let mut kept = Kept::start(both).await;
        for fault in ["link set spare0 down", "link del spare0", "addr flush dev spare0 scope global"] {
            ip(fault);
            if fault.contains("del") {
                ip("link add spare0 type veth peer name away0");
                ip("link set away0 up");
            }
            ip("link set spare0 up");
            ip("addr flush dev spare0 scope global");
            give_addresses();
            for version in ["", "-6 "] {
                let is_whole = || {
                    let held = routes(&format!("{version}-o route show proto bird"));
                    held.len() == 1 && held[0].matches("nexthop").count() == 2 && !held[0].contains("dead")
                };
                let begin = std::time::Instant::now();
                while !is_whole() {
                    assert!(begin.elapsed() < namespace::PATIENCE, "{fault}: {version}");
                    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                }
            }
            kept.until(|standing| *standing == Standing::Installed).await;
        }
    });
}
