//! What random steps found, each by itself: the kernel does what nobody had expected.

use fib_sync::KernelForwarding;
use fib_sync::model::How;

use super::step::{Forward, Hop, Step, Target};

/// What is so, and the steps that show it.
pub(crate) fn found() -> Vec<Found> {
    [next_hops(), losses(), rows()].concat()
}

type Found = (&'static str, Vec<Step>);

fn next_hops() -> Vec<Found> {
    vec![
        (
            "an onlink IPv4 gateway may not be an address of ours on any interface",
            vec![write("192.0.2.0/24", vec![onlink("10.0.0.1", 1)], How::Append)],
        ),
        (
            "an onlink IPv6 gateway that a default route finds elsewhere is fine",
            vec![
                write("::/0", vec![via("fd00:1::2")], How::Replace),
                write("2001:db8::/32", vec![onlink("fd09::7", 0)], How::Exclusive),
            ],
        ),
        (
            "an IPv6 next hop that comes twice is refused before a later one that leads nowhere",
            vec![write("2001:db8::/32", vec![via("fd00::3"), via("fd00::3"), via("fd07::1")], How::Replace)],
        ),
        (
            "an IPv6 device in a multipath route is refused before a gateway that leads nowhere",
            vec![write("2001:db8::/32", vec![via("fd07::1"), direct(1)], How::Replace)],
        ),
        (
            "an IPv4 address of ours is a gateway like another",
            vec![write("192.0.2.0/24", vec![via("10.0.0.1")], How::Exclusive)],
        ),
    ]
}

fn losses() -> Vec<Found> {
    vec![
        (
            "an IPv6 source address that is removed leaves the route, silently; one that goes down with its interface \
             stays in the route",
            vec![
                from("2001:db8::/32", vec![via("fd00:1::2")], "fd00::1"),
                Step::NoAddress(0, "fd00:0::1/64".into()),
                from("2001:db8:1::1/128", vec![via("fd00:1::2")], "fd00:1::1"),
                from("2001:db8:2::/48", vec![direct(0)], "fd00:1::1"),
                Step::Up(1, false),
                Step::Unmake(1),
            ],
        ),
        (
            "an IPv6 address takes the first direct route to its prefix along, whoever wrote it",
            vec![
                write("fd00::/64", vec![direct(0)], How::Exclusive),
                Step::NoAddress(0, "fd00:0::1/64".into()),
            ],
        ),
        (
            "the last IPv4 address of an interface takes all IPv4 routes over it along, silently",
            vec![
                write("192.0.2.0/24", vec![direct(0)], How::Exclusive),
                write("198.51.100.7/32", vec![via("10.0.0.2"), via("10.0.1.2")], How::Exclusive),
                Step::NoAddress(0, "10.0.0.1/24".into()),
                Step::Up(1, false),
            ],
        ),
        (
            "an interface that is deleted takes the whole IPv4 multipath route along, of an IPv6 one its path",
            vec![
                write("192.0.2.0/24", vec![via("10.0.0.2"), via("10.0.1.2")], How::Exclusive),
                write("2001:db8::/32", vec![via("fd00::2"), via("fd00:1::2")], How::Exclusive),
                Step::Unmake(1),
            ],
        ),
        (
            "an IPv6 path over an interface that came up without a carrier stays dead",
            vec![
                write("2001:db8::/32", vec![via("fd00::2"), via("fd00:1::2")], How::Exclusive),
                Step::Carrier(0, false),
                Step::Up(0, false),
                Step::Up(0, true),
                Step::Up(1, false),
            ],
        ),
    ]
}

fn rows() -> Vec<Found> {
    vec![
        (
            "an IPv6 list leaves out what stands between the paths of a multipath route",
            vec![
                write("2001:db8::/32", vec![via("fd00::2")], How::Exclusive),
                write("2001:db8::/32", vec![direct(1)], How::Append),
                write("2001:db8::/32", vec![via("fd00:1::2")], How::Append),
            ],
        ),
        (
            "a replacement that changes nothing is not announced in IPv4, and in IPv6 it is",
            vec![
                write("192.0.2.0/24", vec![via("10.0.0.2")], How::Exclusive),
                write("192.0.2.0/24", vec![via("10.0.0.2")], How::Replace),
                write("2001:db8::/32", vec![via("fd00::2")], How::Exclusive),
                write("2001:db8::/32", vec![via("fd00::2")], How::Replace),
            ],
        ),
        (
            "an IPv6 replacement can double a route that stands behind",
            vec![
                drops("2001:db8::/32", KernelForwarding::Unreachable),
                write("2001:db8::/32", vec![direct(1)], How::Append),
                write("2001:db8::/32", vec![direct(1)], How::Replace),
                Step::Delete { prefix: "2001:db8::/32", metric: 50, protocol: Some(12) },
            ],
        ),
        (
            "two IPv6 routes that drop are one, whatever they answer",
            vec![
                drops("2001:db8::/32", KernelForwarding::Blackhole),
                drops("2001:db8::/32", KernelForwarding::Prohibit),
            ],
        ),
    ]
}

fn write(prefix: &'static str, hops: Vec<Hop>, how: How) -> Step {
    Step::Write { prefix, metric: 50, protocol: 12, forward: Forward::Hops(hops), source: None, how }
}

fn from(prefix: &'static str, hops: Vec<Hop>, source: &'static str) -> Step {
    let (forward, how) = (Forward::Hops(hops), How::Exclusive);
    Step::Write { prefix, metric: 50, protocol: 12, forward, source: Some(source), how }
}

fn drops(prefix: &'static str, forwarding: KernelForwarding) -> Step {
    let forward = Forward::Drop(forwarding);
    Step::Write { prefix, metric: 50, protocol: 12, forward, source: None, how: How::Append }
}

const fn via(gateway: &'static str) -> Hop {
    Hop { gateway: Some(gateway), over: Target::Any, onlink: false, weight: 1 }
}

const fn onlink(gateway: &'static str, slot: usize) -> Hop {
    Hop { gateway: Some(gateway), over: Target::Slot(slot), onlink: true, weight: 1 }
}

const fn direct(slot: usize) -> Hop {
    Hop { gateway: None, over: Target::Slot(slot), onlink: false, weight: 1 }
}
