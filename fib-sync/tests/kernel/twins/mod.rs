//! The kernel in memory and the real one side by side: every step is taken in both, and everything that shows is
//! compared after it.

pub(crate) mod found;
pub(crate) mod step;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::{Duration, Instant};

use fib_sync::model::{Kernel, Probe, Said};
use fib_sync::{Address, KernelForwarding, KernelHop, KernelRoute, Link, Refused, Seen};
use ipnet::IpNet;
use rtnetlink::packet_core::{NLM_F_CREATE, NLM_F_EXCL};
use rtnetlink::packet_route::address::{
    AddressAttribute, AddressFlags, AddressHeaderFlags, AddressMessage, AddressScope,
};
use rtnetlink::packet_route::link::{
    InfoData, InfoKind, InfoVeth, LinkAttribute, LinkFlags, LinkInfo, LinkMessage,
};
use rtnetlink::packet_route::{AddressFamily, RouteNetlinkMessage};
use step::{Forward, Hop, Step, Target, net};

use crate::namespace::ip;

/// Both kernels, with two interfaces that may come and go.
pub(crate) struct Twins {
    model: Kernel,
    real: Probe,
    slots: [Slot; 2],
    last_index: u32,
}

/// An interface of both, or the place for one.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    index: u32,
    is_there: bool,
    up: bool,
    far_up: bool,
    renamed: bool,
}

/// How the two differ.
pub(crate) type Difference = String;

impl Twins {
    /// In a namespace that `in_namespace` made: nothing but `lo` is left.
    pub(crate) fn new() -> Self {
        for link in ["up0", "spare0"] {
            ip(&format!("link del {link}"));
        }
        Self::bare()
    }

    /// In a namespace with nothing but `lo`.
    pub(crate) fn bare() -> Self {
        // IN6_ADDR_GEN_MODE_NONE: no link-local addresses that come by themselves, later.
        std::fs::write("/proc/sys/net/ipv6/conf/default/addr_gen_mode", "1").expect("needs root");
        let real = Probe::open().expect("a netlink socket");
        Self { model: Kernel::new(), real, slots: [Slot::default(); 2], last_index: 100 }
    }

    /// Takes a step in both and compares the answers, what was said, and what can be read.
    pub(crate) fn take(&mut self, step: &Step) -> Result<(), Difference> {
        match step {
            Step::Write { prefix, metric, protocol, forward, source, how } => {
                let route = self.route(prefix, *metric, *protocol, forward, *source);
                let model = self.model.write(route.clone(), *how);
                let real = self.real.write(&route, *how).expect("answers");
                same_answer(&model, &real)
            }
            Step::Delete { prefix, metric, protocol } => {
                let model = self.model.delete(&net(prefix), *metric, *protocol);
                let real = self.real.delete(net(prefix), *metric, *protocol).expect("answers");
                same_answer(&model, &real)
            }
            Step::Up(slot, up) => self.set_up(*slot, *up),
            Step::Carrier(slot, up) => self.set_carrier(*slot, *up),
            Step::Rename(slot) => self.rename(*slot),
            Step::Make(slot) => self.make(*slot),
            Step::Unmake(slot) => self.unmake(*slot),
            Step::Address(slot, text) => self.add_address(*slot, text),
            Step::NoAddress(slot, text) => self.remove_address(*slot, text),
        }?;
        self.compare()
    }

    /// Back to two interfaces that are up and have their first addresses, and to no route but theirs. Each step of
    /// the way is compared too.
    pub(crate) fn reset(&mut self) -> Result<(), Difference> {
        let foreign = |model: &Kernel| model.routes().find(|route| route.protocol != KERNEL);
        while let Some(route) = foreign(&self.model) {
            let (prefix, metric) = (route.prefix, route.metric);
            // An IPv4 metric of 0 would mean any.
            let metric = if prefix.network().is_ipv4() { metric } else { metric.max(1) };
            let model = self.model.delete(&prefix, metric, Some(route.protocol));
            same_answer(&model, &self.real.delete(prefix, metric, Some(route.protocol)).expect("answers"))?;
            self.compare()?;
        }
        for slot in 0..2 {
            let index = self.slots[slot].index;
            let on_it = |held: &&Address| held.interface == index;
            let addresses: Vec<Address> = self.model.addresses().filter(on_it).cloned().collect();
            for address in addresses {
                let length = address.connected.map_or(32, |prefix| prefix.prefix_len());
                self.take(&Step::NoAddress(slot, format!("{}/{length}", address.local)))?;
            }
            if !self.slots[slot].is_there {
                self.take(&Step::Make(slot))?;
            }
            if self.slots[slot].renamed {
                self.take(&Step::Rename(slot))?;
            }
            self.take(&Step::Carrier(slot, true))?;
            self.take(&Step::Up(slot, true))?;
            for text in [format!("10.0.{slot}.1/24"), format!("fd00:{slot}::1/64")] {
                self.take(&Step::Address(slot, text))?;
            }
        }
        // A connected route that an address left behind.
        while let Some(stray) = self.stray() {
            let model = self.model.delete(&stray.prefix, stray.metric, None);
            same_answer(&model, &self.real.delete(stray.prefix, stray.metric, None).expect("answers"))?;
            self.compare()?;
        }
        Ok(())
    }

    fn stray(&self) -> Option<KernelRoute> {
        let connects = |route: &KernelRoute| {
            let over = route.hops().first().map_or(0, |hop| hop.interface);
            self.model
                .addresses()
                .any(|address| address.connected == Some(route.prefix) && address.interface == over)
        };
        self.model.routes().find(|route| !connects(route))
    }

    fn route(
        &self,
        prefix: &'static str,
        metric: u32,
        protocol: u8,
        forward: &Forward,
        source: Option<&'static str>,
    ) -> KernelRoute {
        let prefix = net(prefix);
        let forwarding = match forward {
            Forward::Drop(forwarding) => forwarding.clone(),
            Forward::Hops(hops) => {
                KernelForwarding::Unicast(hops.iter().map(|hop| self.hop(hop, hops.len())).collect())
            }
        };
        let direct = matches!(forward, Forward::Hops(hops) if hops.iter().all(|hop| hop.gateway.is_none()));
        KernelRoute {
            scope: if direct && prefix.network().is_ipv4() { 253 } else { 0 },
            source: source.map(|text| text.parse().expect("an address")),
            object: None,
            prefix,
            metric,
            protocol,
            forwarding,
        }
    }

    fn hop(&self, hop: &Hop, count: usize) -> KernelHop {
        let interface = match hop.over {
            Target::Any => 0,
            Target::Slot(slot) => self.slots[slot].index,
            Target::Nowhere => 99_999,
        };
        // The weight of a single hop does not travel.
        let weight = if count == 1 { 1 } else { hop.weight };
        let gateway = hop.gateway.map(|text| text.parse().expect("an address"));
        KernelHop { gateway, interface, onlink: hop.onlink, weight }
    }

    fn set_up(&mut self, slot: usize, up: bool) -> Result<(), Difference> {
        if self.slots[slot].is_there && self.slots[slot].up != up {
            self.slots[slot].up = up;
            self.tell_model(slot);
            let index = self.slots[slot].index;
            self.ask_link(index, |message| set_flag(message, up));
        }
        Ok(())
    }

    fn set_carrier(&mut self, slot: usize, up: bool) -> Result<(), Difference> {
        if self.slots[slot].is_there && self.slots[slot].far_up != up {
            self.slots[slot].far_up = up;
            self.tell_model(slot);
            let index = self.slots[slot].index + FAR;
            self.ask_link(index, |message| set_flag(message, up));
        }
        Ok(())
    }

    fn rename(&mut self, slot: usize) -> Result<(), Difference> {
        if self.slots[slot].is_there {
            self.slots[slot].renamed ^= true;
            self.tell_model(slot);
            let (index, name) = (self.slots[slot].index, self.name(slot));
            self.ask_link(index, |message| message.attributes.push(LinkAttribute::IfName(name)));
        }
        Ok(())
    }

    fn make(&mut self, slot: usize) -> Result<(), Difference> {
        if self.slots[slot].is_there {
            return Ok(());
        }
        self.last_index += 1;
        let index = self.last_index;
        self.slots[slot] = Slot { index, is_there: true, ..Slot::default() };
        self.tell_model(slot);
        let mut peer = LinkMessage::default();
        peer.header.index = index + FAR;
        peer.attributes.push(LinkAttribute::IfName(format!("far{index}")));
        let mut message = LinkMessage::default();
        message.header.index = index;
        message.attributes.push(LinkAttribute::IfName(self.name(slot)));
        message.attributes.push(LinkAttribute::LinkInfo(vec![
            LinkInfo::Kind(InfoKind::Veth),
            LinkInfo::Data(InfoData::Veth(InfoVeth::Peer(peer))),
        ]));
        let made = self.real.ask(RouteNetlinkMessage::NewLink(message), NLM_F_CREATE | NLM_F_EXCL);
        made.expect("answers").expect("makes an interface");
        Ok(())
    }

    fn unmake(&mut self, slot: usize) -> Result<(), Difference> {
        if self.slots[slot].is_there {
            let index = self.slots[slot].index;
            self.slots[slot].is_there = false;
            self.model.remove_link(index);
            let mut message = LinkMessage::default();
            message.header.index = index;
            self.real.ask(RouteNetlinkMessage::DelLink(message), 0).expect("answers").expect("goes");
        }
        Ok(())
    }

    fn add_address(&mut self, slot: usize, text: &str) -> Result<(), Difference> {
        if self.slots[slot].is_there {
            let address = address(self.slots[slot].index, text);
            self.model.add_address(address);
            let message = self.address_message(slot, text);
            // One that is there already is refused.
            let _ = self
                .real
                .ask(RouteNetlinkMessage::NewAddress(message), NLM_F_CREATE | NLM_F_EXCL)
                .expect("answers");
        }
        Ok(())
    }

    fn remove_address(&mut self, slot: usize, text: &str) -> Result<(), Difference> {
        if self.slots[slot].is_there {
            self.model.remove_address(&address(self.slots[slot].index, text));
            let message = self.address_message(slot, text);
            // One that is not there is refused.
            let _ = self.real.ask(RouteNetlinkMessage::DelAddress(message), 0).expect("answers");
        }
        Ok(())
    }

    fn address_message(&self, slot: usize, text: &str) -> AddressMessage {
        let net: IpNet = text.parse().expect("an address");
        let mut message = AddressMessage::default();
        message.header.family = match net {
            IpNet::V4(_) => AddressFamily::Inet,
            IpNet::V6(_) => AddressFamily::Inet6,
        };
        message.header.prefix_len = net.prefix_len();
        message.header.index = self.slots[slot].index;
        message.header.scope = AddressScope::Universe;
        if matches!(net, IpNet::V6(_)) {
            // Counts at once: no duplicate address detection.
            message.header.flags = AddressHeaderFlags::Nodad;
            message.attributes.push(AddressAttribute::Flags(AddressFlags::Nodad));
        }
        message.attributes.push(AddressAttribute::Local(net.addr()));
        message.attributes.push(AddressAttribute::Address(net.addr()));
        message
    }

    fn ask_link(&mut self, index: u32, change: impl FnOnce(&mut LinkMessage)) {
        let mut message = LinkMessage::default();
        message.header.index = index;
        change(&mut message);
        self.real.ask(RouteNetlinkMessage::SetLink(message), 0).expect("answers").expect("changes");
    }

    fn tell_model(&mut self, slot: usize) {
        let Slot { index, up, far_up, .. } = self.slots[slot];
        let name = self.name(slot).into();
        self.model.set_link(Link { index, name, up, running: up && far_up, master: None, vrf: None });
    }

    fn name(&self, slot: usize) -> String {
        format!("{}{slot}", if self.slots[slot].renamed { "other" } else { "link" })
    }

    /// Carrier and IPv6 addresses follow by the kernel's own clock: waits until both show the same, but not long.
    fn compare(&mut self) -> Result<(), Difference> {
        let mut model = Vec::new();
        while let Some(said) = self.model.next_said() {
            if let Said::Seen(seen) = said {
                model.push(seen);
            }
        }
        let model_said = self.about_routes(model);
        self.model.read();
        let mut list = Vec::new();
        while let Some(Said::Seen(seen)) = self.model.next_said() {
            list.push(seen);
        }
        let expected = self.listing(list);
        let mut real_said = Vec::new();
        let begin = Instant::now();
        loop {
            let listed = self.real.read().expect("lists");
            let heard = self.real.heard().expect("nothing is lost");
            real_said.extend(self.about_routes(heard));
            real_said.sort();
            let listing = self.listing(listed);
            if listing == expected && real_said == model_said {
                return Ok(());
            }
            if begin.elapsed() > PATIENCE {
                return Err(differences(&expected, &listing, &model_said, &real_said));
            }
            std::thread::yield_now();
        }
    }

    /// What was said about routes, sorted: links and addresses are compared as they are in the end.
    fn about_routes(&self, said: Vec<Seen>) -> Vec<String> {
        let mut lines: Vec<String> = said
            .into_iter()
            .filter_map(|seen| match seen {
                Seen::Added { route, place } => Some(format!("{place:?} {}", line(&route))),
                Seen::Removed(route) => Some(format!("Removed {}", line(&route))),
                _ => None,
            })
            .collect();
        lines.sort();
        lines
    }

    /// What a reading lists, a line each: routes by prefix in the kernel's order within one.
    fn listing(&self, seen: Vec<Seen>) -> Vec<String> {
        let mut routes: BTreeMap<IpNet, Vec<String>> = BTreeMap::new();
        let mut lines = Vec::new();
        let ours = |index: u32| self.slots.iter().any(|slot| slot.is_there && slot.index == index);
        for seen in seen {
            match seen {
                Seen::Listed(route) => routes.entry(route.prefix).or_default().push(line(&route)),
                Seen::Link(link) if ours(link.index) => lines.push(format!("{link:?}")),
                Seen::Address(address) if ours(address.interface) => lines.push(format!("{address:?}")),
                _ => {}
            }
        }
        lines.sort();
        lines.extend(routes.into_values().flatten());
        lines
    }
}

fn set_flag(message: &mut LinkMessage, up: bool) {
    message.header.change_mask = LinkFlags::Up;
    message.header.flags = if up { LinkFlags::Up } else { LinkFlags::empty() };
}

fn address(interface: u32, text: &str) -> Address {
    let net: IpNet = text.parse().expect("an address");
    Address { interface, local: net.addr(), connected: Some(net.trunc()), scope: 0 }
}

fn same_answer(model: &Result<(), Refused>, real: &Result<(), Refused>) -> Result<(), Difference> {
    let kind = |answer: &Result<(), Refused>| answer.as_ref().map_err(Refused::kind).copied();
    if kind(model) == kind(real) {
        Ok(())
    } else {
        Err(format!("the model answers {model:?}, the kernel {real:?}"))
    }
}

fn line(route: &KernelRoute) -> String {
    let KernelRoute { prefix, metric, protocol, scope, forwarding, source, object } = route;
    format!("{prefix} metric {metric} proto {protocol} scope {scope} {forwarding:?} {source:?} {object:?}")
}

fn differences<T: Debug + PartialEq>(model: &[T], real: &[T], model_said: &[T], real_said: &[T]) -> String {
    let mut text = String::new();
    for (what, model, real) in [("lists", model, real), ("says", model_said, real_said)] {
        for line in model.iter().filter(|line| !real.contains(line)) {
            text += &format!("only the model {what} {line:?}\n");
        }
        for line in real.iter().filter(|line| !model.contains(line)) {
            text += &format!("only the kernel {what} {line:?}\n");
        }
        if model != real && model.len() == real.len() {
            text +=
                &format!("in another order or number, the model {what}\n{model:#?}\nthe kernel {real:#?}\n");
        }
    }
    text
}

const KERNEL: u8 = 2;
/// The index of the other end is so much higher.
const FAR: u32 = 1_000_000;
/// The kernel follows a carrier at most once a second, and later on a busy machine.
const PATIENCE: Duration = Duration::from_secs(15);
