use std::path::Path;
use std::time::Duration;

use bgp_core::rib::{Forwarding, KernelHint, LocalSource, Route, Why};
use bgp_core::speaker::{Input, Output, PathSource};
use bgp_core::wire::Attributes;
use ipnet::IpNet;
use proptest::prelude::*;

use super::diary::Diary;
use super::shelf::FORMER;
use super::*;
use crate::config::{self, ThisHost};

/// A speaker with a peer, and what it has said so far.
fn speaker() -> Speaker {
    let text = "asn = 64512\nrouter_id = \"192.0.2.1\"\n[kernel]\nenabled = false\n\
                [[peer]]\nname = \"tor\"\naddress = \"192.0.2.2\"\nasn = 65001\npassive = true\n";
    let settings = config::load_text(Path::new("test.toml"), text, &ThisHost).expect("it is valid").settings;
    Speaker::new(settings.core, 1, Instant::ZERO)
}

fn at(seconds: u64) -> Instant {
    Instant::ZERO + Duration::from_secs(seconds)
}

/// Has what the speaker said remembered.
fn drain(speaker: &mut Speaker, chronicle: &mut Chronicle) {
    while let Some(output) = speaker.poll_output() {
        if let Output::Event { number, at, event } = output {
            chronicle.tell(number, at, &event, 1, speaker);
        }
    }
}

fn originate(speaker: &mut Speaker, n: u32, now: Instant) {
    let prefix = IpNet::new(std::net::Ipv4Addr::from_bits(10 << 24 | n << 8).into(), 24).expect("a prefix");
    let route = Route {
        attributes: Attributes::default(),
        forwarding: Forwarding::Blackhole,
        interface: None,
        kernel: KernelHint::default(),
    };
    speaker.handle(Input::Originate { prefix, source: LocalSource::Static, route }, now);
}

fn retract(speaker: &mut Speaker, n: u32, now: Instant) {
    let prefix = IpNet::new(std::net::Ipv4Addr::from_bits(10 << 24 | n << 8).into(), 24).expect("a prefix");
    speaker.handle(Input::Retract { prefix, source: LocalSource::Static }, now);
}

fn about(peer: &str, fact: Fact) -> Note {
    Note { peer: Some(peer.into()), fact, reason: String::new() }
}

fn up() -> Fact {
    Fact::Up { families: Vec::new(), hold_time: 90 }
}

fn numbers(page: &Page) -> Vec<u64> {
    page.items.iter().map(Item::number).collect()
}

#[test]
fn events_and_changes_of_routes_come_in_one_order() {
    let (mut speaker, mut chronicle) = (speaker(), Chronicle::default());
    drain(&mut speaker, &mut chronicle);
    originate(&mut speaker, 1, at(1));
    let number = speaker.next_number();
    chronicle.note(number, at(2), about("tor", up()), &speaker);
    retract(&mut speaker, 1, at(3));
    let page = chronicle.after(number - 2, &Wanted::default(), 10, speaker.view());
    assert_eq!(numbers(&page), [number - 1, number, number + 1]);
    assert_eq!((page.lost_until, page.read_until, page.has_more), (None, number + 1, false));
    let [Item::Shift(found), Item::Entry(entry), Item::Shift(lost)] = &page.items[..] else {
        panic!("{page:?}")
    };
    assert_eq!((found.before.as_ref(), found.why, found.at), (None, Why::Found, at(1)));
    let source = found.after.as_ref().map(|(source, _)| source.clone());
    assert_eq!(source, Some(PathSource::Local(LocalSource::Static)));
    assert_eq!((entry.event(), entry.at), ("session.up", at(2)));
    assert_eq!((lost.after.as_ref(), lost.why), (None, Why::Gone));
}

#[test]
fn what_is_asked_for_is_what_is_told() {
    let (mut speaker, mut chronicle) = (speaker(), Chronicle::default());
    drain(&mut speaker, &mut chronicle);
    originate(&mut speaker, 1, at(1));
    originate(&mut speaker, 2, at(2));
    for (second, peer) in [(3, "tor"), (4, "other")] {
        let number = speaker.next_number();
        chronicle.note(number, at(second), about(peer, up()), &speaker);
    }
    let count = |wanted: &Wanted| chronicle.latest(wanted, 100, speaker.view()).items.len();
    let everything = count(&Wanted::default());
    let routes = Wanted { topic: Topic::Routes, ..Wanted::default() };
    let events = Wanted { topic: Topic::Events, ..Wanted::default() };
    assert_eq!((count(&routes), count(&events) + 2), (2, everything));
    let of =
        |peer: &str| Wanted { peers: [peer.to_owned()].into(), topic: Topic::Events, ..Wanted::default() };
    assert_eq!((count(&of("other")), count(&of("nobody"))), (1, 0));
    let prefix = "10.0.2.0/24".parse().expect("a prefix");
    assert_eq!(count(&Wanted { prefixes: Prefixes::Exactly(prefix), ..Wanted::default() }), 1);
    let address = "10.0.2.9/32".parse().expect("an address");
    assert_eq!(count(&Wanted { prefixes: Prefixes::Covering(address), ..Wanted::default() }), 1);
    assert_eq!(count(&Wanted { since: at(2), ..Wanted::default() }), 3);
    assert_eq!(chronicle.latest(&Wanted::default(), 2, speaker.view()).items.len(), 2);
}

#[test]
fn a_peer_that_is_down_for_long_does_not_lose_its_sessions() {
    let (mut speaker, mut chronicle) = (speaker(), Chronicle::default());
    let number = speaker.next_number();
    chronicle.note(number, at(0), about("tor", up()), &speaker);
    for second in 1..10_000 {
        let fact = Fact::State { from: "Connect", to: "Idle" };
        let number = speaker.next_number();
        chronicle.note(number, at(second), about("tor", fact), &speaker);
    }
    let wanted = Wanted { peers: ["tor".to_owned()].into(), ..Wanted::default() };
    let page = chronicle.latest(&wanted, 1000, speaker.view());
    let [Item::Entry(first), ..] = &page.items[..] else { panic!("{page:?}") };
    assert_eq!((first.event(), page.items.len()), ("session.up", 33));
    let page = chronicle.after(number, &wanted, 1000, speaker.view());
    assert_eq!(page.lost_until, Some(speaker.view().numbered() - 32), "and that steps are missing is said");
}

#[test]
fn whoever_comes_from_a_range_is_remembered_for_a_while_and_nobody_for_ever() {
    let (mut speaker, mut chronicle) = (speaker(), Chronicle::default());
    for n in 0..5000_u32 {
        let number = speaker.next_number();
        let peer = if n == 0 { "tor".to_owned() } else { std::net::Ipv4Addr::from_bits(n).to_string() };
        chronicle.note(number, at(n.into()), about(&peer, up()), &speaker);
        assert!(chronicle.peers.diaries().len() <= 1 + FORMER + FORMER / 2);
    }
    assert!(chronicle.knows("tor"), "it is configured");
    assert!(chronicle.knows("0.0.19.135") && !chronicle.knows("0.0.0.1"), "the last ones are known");
    let wanted = Wanted { peers: ["0.0.0.1".to_owned()].into(), ..Wanted::default() };
    let page = chronicle.after(1, &wanted, 10, speaker.view());
    assert!(page.lost_until.is_some() && page.items.is_empty(), "what is gone is said to be");
}

#[test]
fn hostile_peers_cannot_fill_the_memory() {
    let (mut speaker, mut chronicle) = (speaker(), Chronicle::default());
    for n in 0..20_000_u64 {
        let number = speaker.next_number();
        let fact = if n % 2 == 0 { up() } else { Fact::State { from: "Connect", to: "Idle" } };
        let peer = format!("10.0.{}.{}", n % 7, n % 250);
        let note = Note { peer: Some(peer.into()), fact, reason: "\u{fffd}".repeat(5000) };
        chronicle.note(number, at(n), note, &speaker);
    }
    assert!(chronicle.entries.octets() <= OCTETS);
    assert!(chronicle.peers.diaries().all(|diary| diary.octets() <= Diary::OCTETS));
    assert!(chronicle.peers.diaries().len() <= FORMER + FORMER / 2 + 1);
}

#[test]
fn who_asks_about_a_prefix_loses_nothing_to_events_of_peers() {
    let (mut speaker, mut chronicle) = (speaker(), Chronicle::default());
    let prefix: IpNet = "10.0.2.0/24".parse().expect("a prefix");
    let refused = Fact::Kernel { event: "kernel.refused", routes: 1, examples: vec![prefix] };
    let first = speaker.next_number();
    chronicle.note(first, at(0), Note::new(refused, "no route to host"), &speaker);
    for second in 1..20_000 {
        let number = speaker.next_number();
        chronicle.note(number, at(second), about("tor", up()), &speaker);
    }
    let wanted = Wanted { prefixes: Prefixes::Exactly(prefix), ..Wanted::default() };
    let page = chronicle.after(0, &wanted, 10, speaker.view());
    assert_eq!((numbers(&page), page.lost_until), (vec![first], None));
    let everything = chronicle.after(0, &Wanted::default(), 10, speaker.view());
    assert!(everything.lost_until > Some(first), "and who asks for everything hears of the gap");
    let late = Wanted { since: at(19_000), ..Wanted::default() };
    let page = chronicle.after(0, &late, 10, speaker.view());
    assert_eq!((numbers(&page).len(), page.lost_until), (10, None), "what is lost was before then");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Whoever reads page after page, at whatever pace, sees everything once and in order, or is told that something is
    /// missing.
    #[test]
    fn a_reader_sees_everything_once_or_hears_of_a_gap(
        bursts in prop::collection::vec((0..3500_u32, 1..700_usize, any::<bool>()), 1..5),
    ) {
        let (mut speaker, mut chronicle) = (speaker(), Chronicle::default());
        drain(&mut speaker, &mut chronicle);
        let mut at_number = speaker.view().numbered();
        let (mut happened, mut seen, mut gaps) = (Vec::new(), Vec::new(), 0);
        for (count, most, reads_all) in bursts {
            for n in 0..count {
                let number = speaker.next_number();
                chronicle.note(number, at(n.into()), about("tor", up()), &speaker);
                happened.push(number);
                if n % 50 == 0 {
                    originate(&mut speaker, n, at(n.into()));
                    retract(&mut speaker, n, at(n.into()));
                    drain(&mut speaker, &mut chronicle);
                    happened.extend([number + 1, number + 2]);
                }
            }
            loop {
                let page = chronicle.after(at_number, &Wanted::default(), most, speaker.view());
                gaps += usize::from(page.lost_until.is_some());
                seen.extend(numbers(&page));
                at_number = page.read_until;
                if !page.has_more || !reads_all {
                    break;
                }
            }
        }
        prop_assert!(seen.is_sorted_by(|a, b| a < b), "in order, each once");
        let mut rest = happened.iter();
        prop_assert!(seen.iter().all(|number| rest.any(|other| other == number)), "and only what happened");
        let all: Vec<u64> = happened.iter().copied().filter(|number| *number <= at_number).collect();
        prop_assert!(seen == all || gaps > 0, "{} of {} without a gap", seen.len(), all.len());
    }
}
