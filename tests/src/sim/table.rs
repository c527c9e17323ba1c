//! The kernel of a host and what keeps its table. The kernel outlives the daemon, the reconciler does not.

use std::collections::BTreeSet;
use std::net::IpAddr;

use bgp_core::Instant;
use bgp_core::speaker::{FibChange, FibSet, Input};
use bgp_daemon::fib;
use fib_sync::model::{How, Kernel, Said};
use fib_sync::{
    Address, Config, Event, KernelForwarding, KernelHop, KernelRoute, Link, Output, Reconciler, Seen, SetId,
    Share,
};
use ipnet::IpNet;

/// Both sides of netlink.
#[derive(Debug)]
pub struct Table {
    kernel: Kernel,
    /// What an operator gives the interface towards the others.
    addresses: Vec<Address>,
    /// `None` while the daemon is down, and where it leaves the kernel alone.
    reconciler: Option<Reconciler>,
    /// Addresses asked about and not answered for yet.
    unanswered: BTreeSet<IpAddr>,
    /// The kernel was asked to list everything, and has not said that this is all.
    reading: bool,
    /// There may be something to do.
    pub(super) stirred: bool,
    /// A turn is on its way.
    pub(super) scheduled: bool,
    /// The kernel may forward otherwise than before.
    pub(super) changed: bool,
}

/// What one turn brought.
#[derive(Debug, Default)]
pub(super) struct Turn {
    /// What the speaker is to hear.
    pub(super) inputs: Vec<Input>,
    /// How many things the kernel was asked for.
    pub(super) asked: usize,
}

impl Table {
    /// A kernel with one interface towards the others and one towards its own workloads, and a route of
    /// somebody else's.
    pub(super) fn new(addresses: &[IpNet]) -> Self {
        let mut kernel = Kernel::new();
        kernel.set_link(link(OUTSIDE, "eth0", true));
        kernel.set_link(link(INSIDE, "cali0", true));
        let configured = |address: &IpNet| own(OUTSIDE, address.addr(), Some(address.trunc()));
        let addresses: Vec<Address> = addresses.iter().map(configured).collect();
        for address in &addresses {
            kernel.add_address(address.clone());
        }
        let foreign = kernel.write(foreign(), How::Exclusive);
        debug_assert!(foreign.is_ok(), "{foreign:?}");
        Self {
            kernel,
            addresses,
            reconciler: None,
            unanswered: BTreeSet::new(),
            reading: false,
            stirred: false,
            scheduled: false,
            changed: true,
        }
    }

    /// The kernel.
    #[must_use]
    pub const fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    /// What keeps the table, while it does.
    #[must_use]
    pub const fn reconciler(&self) -> Option<&Reconciler> {
        self.reconciler.as_ref()
    }

    /// Our routes in the kernel.
    pub fn ours(&self) -> impl Iterator<Item = KernelRoute> {
        self.kernel.routes().filter(|route| route.protocol == OURS)
    }

    /// A reading of the kernel is under way, as the audit makes one whether anything happens or not. One that was
    /// interrupted is not over: it is repeated.
    #[must_use]
    pub const fn is_being_read(&self) -> bool {
        self.reading
    }

    /// The route of somebody else is as it was.
    #[must_use]
    pub fn foreign_stands(&self) -> bool {
        self.kernel.routes_of(&foreign().prefix) == [foreign()]
    }

    /// A reconciler begins, with next-hop objects or without.
    pub(super) fn start(&mut self, next_hop_objects: bool) {
        self.kernel.acknowledge();
        while self.kernel.next_said().is_some() {}
        // One stale route of two is no reason to keep it: the brake has tests of its own.
        let config = Config {
            learn: false,
            direct: false,
            next_hop_objects,
            sweep_limit: Share::ALL,
            ..Config::new(MAIN, OURS, METRIC)
        };
        self.reconciler = Some(Reconciler::new(config));
        (self.stirred, self.scheduled) = (true, false);
    }

    pub(super) fn stop(&mut self) {
        self.reconciler = None;
        self.unanswered.clear();
        self.reading = false;
    }

    /// The kernel too forgets everything that is not configured.
    pub(super) fn wipe(&mut self) {
        let gone: Vec<_> = self.ours().collect();
        for KernelRoute { prefix, metric, .. } in gone {
            let removed = self.kernel.delete(&prefix, metric, Some(OURS));
            debug_assert!(removed.is_ok(), "{prefix}: {removed:?}");
        }
        self.touched();
    }

    pub(super) fn want(&mut self, change: &FibChange) {
        if let Some(reconciler) = &mut self.reconciler {
            reconciler.want(change.prefix, change.route.clone().map(fib::kernel_route));
            self.stirred = true;
        }
    }

    pub(super) fn want_set(&mut self, set: &FibSet) {
        if let Some(reconciler) = &mut self.reconciler {
            let hops = set.hops.as_ref().map(|hops| hops.iter().cloned().map(fib::kernel_hop).collect());
            reconciler.want_set(SetId(set.id.0), hops);
            self.stirred = true;
        }
    }

    pub(super) fn track(&mut self, address: IpAddr, watch: bool) {
        let Some(reconciler) = &mut self.reconciler else { return };
        if watch {
            reconciler.track(address);
            self.unanswered.insert(address);
        } else {
            reconciler.untrack(&address.into());
            self.unanswered.remove(&address);
        }
        self.stirred = true;
    }

    /// Whether every address asked about has been answered for once.
    pub(super) fn is_answered(&self) -> bool {
        self.unanswered.is_empty()
    }

    pub(super) fn settle(&mut self) {
        if let Some(reconciler) = &mut self.reconciler {
            reconciler.settle();
            self.stirred = true;
        }
    }

    /// Up to `most` requests reach the kernel and as many words of it are heard.
    pub(super) fn turn(&mut self, most: usize, now: Instant) -> Turn {
        let now = fib_sync::Instant::from_micros(now.as_micros());
        let (mut turn, mut heard) = (Turn::default(), 0);
        let Some(reconciler) = &mut self.reconciler else { return turn };
        reconciler.handle_timeout(now);
        while turn.asked < most
            && let Some(output) = reconciler.poll_output(now)
        {
            turn.asked += 1;
            match output {
                Output::Read => {
                    self.kernel.read();
                    self.reading = true;
                    continue;
                }
                Output::Apply(ticket, operation) => self.kernel.apply(ticket, &operation),
                Output::Arrange(ticket, operation) => self.kernel.arrange(ticket, &operation),
            }
            self.changed = true;
        }
        self.kernel.acknowledge();
        while heard < most
            && let Some(said) = self.kernel.next_said()
        {
            heard += 1;
            match said {
                Said::Seen(seen) => {
                    self.reading &= seen != Seen::Complete;
                    reconciler.observe(seen, now);
                }
                Said::Answer(ticket, result) => reconciler.done(ticket, result, now),
            }
        }
        while let Some(event) = reconciler.poll_event() {
            if let Event::Resolved { address, .. } = &event {
                self.unanswered.remove(address);
            }
            turn.inputs.extend(fib::input(event).ok());
        }
        self.stirred = turn.asked > 0 || heard > 0;
        turn
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let at = self.reconciler.as_ref()?.poll_timeout()?;
        Some(Instant::from_micros(at.as_micros()))
    }

    /// The interface towards the others goes up or down; the IPv6 addresses that it loses on its way down it gets
    /// back, from whoever configures it.
    pub(super) fn set_link(&mut self, up: bool) {
        self.kernel.set_link(link(OUTSIDE, "eth0", up));
        for address in self.addresses.iter().filter(|address| up && address.local.is_ipv6()) {
            self.kernel.add_address(address.clone());
        }
        self.touched();
    }

    /// A workload with this address.
    pub(super) fn attach(&mut self, address: IpAddr) {
        self.kernel.add_address(own(INSIDE, address, None));
        self.touched();
    }

    /// It goes.
    pub(super) fn detach(&mut self, address: IpAddr) {
        self.kernel.remove_address(&own(INSIDE, address, None));
        self.touched();
    }

    const fn touched(&mut self) {
        (self.stirred, self.changed) = (true, true);
    }
}

fn link(index: u32, name: &str, up: bool) -> Link {
    Link { index, name: name.into(), up, running: up, master: None, vrf: None }
}

const fn own(interface: u32, local: IpAddr, connected: Option<IpNet>) -> Address {
    Address { interface, local, connected, scope: 0 }
}

/// Towards the workloads, so that it outlives what happens to the other interface.
fn foreign() -> KernelRoute {
    let hop = KernelHop { gateway: None, interface: INSIDE, onlink: false, weight: 1 };
    KernelRoute {
        prefix: IpNet::V4(ipnet::Ipv4Net::new_assert([192, 0, 2, 0].into(), 24)),
        metric: METRIC,
        protocol: FOREIGN,
        scope: LINK,
        forwarding: KernelForwarding::Unicast(vec![hop]),
        source: None,
        object: None,
    }
}

const MAIN: u32 = 254;
const OURS: u8 = 186;
const FOREIGN: u8 = 4;
const METRIC: u32 = 20;
const LINK: u8 = 253;
const OUTSIDE: u32 = 2;
const INSIDE: u32 = 3;
