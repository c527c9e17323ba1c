//! What may happen to a kernel, and chance that chooses.

use fib_sync::KernelForwarding;
use fib_sync::model::How;
use ipnet::IpNet;

/// One thing that happens.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Write {
        prefix: &'static str,
        metric: u32,
        protocol: u8,
        forward: Forward,
        source: Option<&'static str>,
        how: How,
    },
    Delete {
        prefix: &'static str,
        metric: u32,
        protocol: Option<u8>,
    },
    /// Sets an interface up or down.
    Up(usize, bool),
    Carrier(usize, bool),
    Rename(usize),
    Make(usize),
    Unmake(usize),
    Address(usize, String),
    NoAddress(usize, String),
}

/// Where a route leads.
#[derive(Clone, Debug)]
pub(crate) enum Forward {
    Drop(KernelForwarding),
    Hops(Vec<Hop>),
}

#[derive(Clone, Debug)]
pub(crate) struct Hop {
    pub(crate) gateway: Option<&'static str>,
    pub(crate) over: Target,
    pub(crate) onlink: bool,
    pub(crate) weight: u16,
}

/// The interface that a hop names.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    Any,
    Slot(usize),
    Nowhere,
}

/// A xorshift: the same seed, the same steps.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits") % bound
    }

    fn one_of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }

    /// So many steps.
    pub(crate) fn steps(&mut self, count: usize) -> Vec<Step> {
        (0..count).map(|_| self.step()).collect()
    }

    fn step(&mut self) -> Step {
        let slot = self.below(2);
        match self.below(100) {
            0..62 => self.write(),
            62..80 => {
                let prefix = self.prefix();
                let protocol = self.one_of(&[Some(12), Some(12), Some(4), None]);
                Step::Delete { prefix, metric: self.metric(), protocol }
            }
            80..85 => Step::Up(slot, self.below(3) > 0),
            85..88 => Step::Carrier(slot, self.below(3) > 0),
            88 => Step::Rename(slot),
            89 => Step::Unmake(slot),
            90..92 => Step::Make(slot),
            92..97 => Step::Address(slot, self.address(slot)),
            _ => Step::NoAddress(slot, self.address(slot)),
        }
    }

    fn write(&mut self) -> Step {
        let prefix = self.prefix();
        let ipv4 = net(prefix).network().is_ipv4();
        let metric = self.metric();
        let protocol = self.one_of(&[12, 12, 4]);
        let how = self.one_of(&[How::Exclusive, How::Replace, How::Append, How::Prepend]);
        let sources = if ipv4 { SOURCES } else { SOURCES6 };
        let source = if self.below(6) == 0 { Some(self.one_of(sources)) } else { None };
        Step::Write { prefix, metric, protocol, forward: self.forward(ipv4), source, how }
    }

    fn forward(&mut self, ipv4: bool) -> Forward {
        let drops = [KernelForwarding::Blackhole, KernelForwarding::Unreachable, KernelForwarding::Prohibit];
        let count = match self.below(10) {
            0 => return Forward::Drop(self.one_of(&drops)),
            1..6 => 1,
            6..9 => 2,
            _ => 3,
        };
        Forward::Hops((0..count).map(|_| self.hop(ipv4)).collect())
    }

    fn hop(&mut self, ipv4: bool) -> Hop {
        // Mostly what makes sense.
        let gateway = match self.below(20) {
            0..2 => None,
            2 if ipv4 => Some(self.one_of(GATEWAYS6)),
            3 => Some(self.one_of(if ipv4 { ODD_GATEWAYS } else { ODD_GATEWAYS6 })),
            _ => Some(self.one_of(if ipv4 { GATEWAYS } else { GATEWAYS6 })),
        };
        let over = match self.below(20) {
            0 => Target::Nowhere,
            1..12 if gateway.is_some() => Target::Any,
            _ => Target::Slot(self.below(2)),
        };
        Hop { gateway, over, onlink: self.below(10) == 0, weight: self.one_of(&[1, 1, 2, 7]) }
    }

    fn prefix(&mut self) -> &'static str {
        self.one_of(PREFIXES)
    }

    fn metric(&mut self) -> u32 {
        self.one_of(&[50, 50, 50, 51, 0, 256])
    }

    fn address(&mut self, slot: usize) -> String {
        let nth = slot + 1;
        match self.below(6) {
            0 | 1 => format!("10.0.{slot}.1/24"),
            2 | 3 => format!("fd00:{slot}::1/64"),
            4 => format!("10.9.0.{nth}/24"),
            _ => format!("fd09::{nth}/64"),
        }
    }
}

pub(crate) fn net(text: &str) -> IpNet {
    text.parse().expect("a prefix")
}

const PREFIXES: &[&str] = &[
    "192.0.2.0/24",
    "192.0.2.0/24",
    "198.51.100.7/32",
    "10.0.0.0/24",
    "10.0.1.2/32",
    "0.0.0.0/0",
    "2001:db8::/32",
    "2001:db8::/32",
    "2001:db8:1::1/128",
    "fd00:0:0:0::/64",
    "fd00:1::2/128",
    "::/0",
];
const GATEWAYS: &[&str] = &["10.0.0.2", "10.0.0.3", "10.0.1.2", "10.0.1.3", "10.9.0.7"];
const GATEWAYS6: &[&str] = &["fd00::2", "fd00::3", "fd00:1::2", "fd00:1::3", "fd09::7"];
/// Addresses of ours, a broadcast address, what is nowhere, what another route leads to.
const ODD_GATEWAYS: &[&str] = &["10.0.0.1", "10.0.1.1", "10.0.0.255", "172.16.0.1", "192.0.2.9", "10.9.0.1"];
const ODD_GATEWAYS6: &[&str] = &["fd00::1", "fd00:1::1", "fe80::1", "2001:db8:ffff::1", "fd09::1", "ff02::1"];
const SOURCES: &[&str] = &["10.0.0.1", "10.0.1.1", "10.9.0.1", "10.7.7.7"];
const SOURCES6: &[&str] = &["fd00::1", "fd00:1::1", "fd09::1", "fd07::7"];
