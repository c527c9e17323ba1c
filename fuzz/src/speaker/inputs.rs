//! What can happen to a speaker, drawn from octets.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use bgp_core::peer::PeerAsn;
use bgp_core::rib::{Forwarding, KernelHint, LocalSource, Route};
use bgp_core::session::{GracefulOffer, Local};
use bgp_core::speaker::{Admin, ConnId, ConnectError, Input, Interface, PeerId, Reach, ResolvedHop};
use bgp_core::wire::{
    self, AddPathMode, AsPath, AttributeBlock, Attributes, Community, Dialect, GracefulFamily,
    LongLivedFamily, Message, NextHop, Nlri, PathId, PeerKind, RefreshKind, RouteRefresh,
};
use bgp_core::{Asn, Family, RouterId};
use bytes::{Bytes, BytesMut};
use ipnet::IpNet;

use super::driver::Driver;
use super::setting::{CALLERS, OURS, asn_of, config};
use crate::draw::{Draw, bit};
use crate::framing::{encode, framed};

/// Our own end of every connection.
const LOCAL: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 179);

pub(super) fn happen(driver: &mut Driver, draw: &mut Draw<'_>) {
    match draw.below(20) {
        0 | 1 => dial(driver, draw.octet()),
        2 => drop(call(driver, draw.pick(&CALLERS))),
        3 => handshake(driver, draw),
        4..=12 => receive(driver, draw),
        13 => local_route(driver, draw),
        14 => reach(driver, draw),
        15 => administer(driver, draw),
        16 => driver.handle(Input::Reconfigure(Box::new(config(draw.octet())))),
        17 => driver.wait(),
        18 => driver.pass(Duration::from_secs(draw.octet().into())),
        _ => {
            if let Some(conn) = driver.pick(draw.octet().into()) {
                let _ = driver.pull(conn);
            }
        }
    }
}

/// A dial comes to something, or to nothing.
fn dial(driver: &mut Driver, choice: u8) {
    let dialed = driver.dialing.iter().nth(usize::from(choice & 3)).map(|(peer, remote)| (*peer, *remote));
    let Some((peer, remote)) = dialed else { return };
    driver.dialing.remove(&peer);
    if bit(choice, 7) {
        let other = || ConnectError::Other("no route to host".to_owned());
        let error = if bit(choice, 5) { ConnectError::Refused } else { other() };
        return driver.handle(Input::ConnectFailed { peer, error });
    }
    let conn = driver.connect(remote.ip());
    let interface = if bit(choice, 6) { subnets().into() } else { Interface::default() };
    driver.handle(Input::Connected { conn, peer, local: LOCAL, remote, interface });
}

/// The addresses of the interface that connections come in on.
fn subnets() -> Vec<IpNet> {
    ["192.0.2.1/24", "2001:db8::1/64"].map(|subnet| subnet.parse().expect("an address and a length")).to_vec()
}

fn call(driver: &mut Driver, caller: IpAddr) -> ConnId {
    let conn = driver.connect(caller);
    driver.handle(Input::Accepted {
        conn,
        local: LOCAL,
        remote: SocketAddr::new(caller, 40_000),
        interface: subnets().into(),
    });
    driver.drain();
    conn
}

/// A peer calls and says everything that makes a session.
fn handshake(driver: &mut Driver, draw: &mut Draw<'_>) {
    let conn = call(driver, draw.pick(&CALLERS));
    say_open(driver, conn, draw.octet());
    driver.drain();
    say(driver, conn, &Message::Keepalive);
}

fn say_open(driver: &mut Driver, conn: ConnId, flags: u8) {
    let Some(connection) = driver.connections.get(&conn) else { return };
    let asn = if bit(flags, 0) { Asn(65002) } else { asn_of(connection.remote) };
    let family = |family| GracefulFamily { family, forwarding_preserved: bit(flags, 1) };
    let aging =
        LongLivedFamily { family: Family::IPV4, forwarding_preserved: bit(flags, 1), stale_time: 300 };
    let graceful = GracefulOffer {
        restarted: bit(flags, 2),
        notification: bit(flags, 3),
        restart_time: 120,
        families: Family::UNICAST.map(family).to_vec(),
        long_lived: if bit(flags, 7) { vec![aging] } else { Vec::new() },
    };
    let local = Local {
        add_path: bit(flags, 4).then_some(AddPathMode::Both),
        graceful_restart: bit(flags, 5).then_some(graceful),
        hold_time: if bit(flags, 6) { 0 } else { 90 },
        ..Local::new(asn, RouterId::from(0xc000_0200 + u32::from(flags >> 6)), PeerAsn::Internal)
    };
    say(driver, conn, &Message::Open(local.open()));
}

/// Octets arrive on some connection.
fn receive(driver: &mut Driver, draw: &mut Draw<'_>) {
    let Some(conn) = driver.pick(draw.octet().into()) else { return };
    match draw.below(12) {
        0 => say_open(driver, conn, draw.octet()),
        1 => say(driver, conn, &Message::Keepalive),
        2..=6 => announce(driver, conn, draw),
        7 => {
            let length = draw.octet();
            hear(driver, conn, framed(2, draw.take(length.into())).into());
        }
        8 => {
            let length = draw.octet();
            hear(driver, conn, Bytes::copy_from_slice(draw.take(length.into())));
        }
        9 => {
            let (family, kind) = (draw.pick(&Family::UNICAST), draw.below(3));
            let kind = [RefreshKind::Request, RefreshKind::Begin, RefreshKind::End][kind];
            say(driver, conn, &Message::RouteRefresh(RouteRefresh { family, kind }));
        }
        10 => {
            let mut out = BytesMut::new();
            wire::end_of_rib(draw.pick(&Family::UNICAST), &mut out);
            hear(driver, conn, out.freeze());
        }
        _ => driver.close(conn),
    }
}

fn say(driver: &mut Driver, conn: ConnId, message: &Message) {
    let octets = encode(message, &Dialect::unnegotiated(PeerKind::External, OURS));
    hear(driver, conn, octets.freeze());
}

fn hear(driver: &mut Driver, conn: ConnId, bytes: Bytes) {
    driver.handle(Input::Received { conn, bytes });
}

/// A peer announces or withdraws a route of few.
fn announce(driver: &mut Driver, conn: ConnId, draw: &mut Draw<'_>) {
    let Some(connection) = driver.connections.get(&conn) else { return };
    let (flags, choice) = (draw.octet(), draw.octet());
    let prefix = prefix(draw);
    let family = Family::of(&prefix);
    let numbered = if bit(flags, 0) { vec![family] } else { Vec::new() };
    let asn = asn_of(connection.remote);
    let dialect = Dialect {
        four_octet_as: !bit(flags, 1),
        families: Family::UNICAST.to_vec(),
        add_path_send: numbered,
        ..Dialect::unnegotiated(PeerKind::External, OURS)
    };
    let nlri = [Nlri { path_id: PathId(u32::from(choice & 1)), prefix }];
    let mut out = BytesMut::new();
    if bit(flags, 2) {
        wire::withdraw(&nlri, family, &dialect, &mut out);
    } else {
        let block = AttributeBlock::encode(&attributes(asn, flags, choice), &dialect);
        let next_hop = next_hop(family, choice);
        wire::announce(&nlri, family, &next_hop, &block, &dialect, &mut out).expect("one route fits");
    }
    hear(driver, conn, out.freeze());
}

fn attributes(asn: Asn, flags: u8, choice: u8) -> Attributes {
    let path: &[Asn] = match (asn == OURS, bit(flags, 3)) {
        (true, false) => &[],
        (true, true) => &[Asn(65001)],
        (false, false) => &[asn],
        (false, true) => &[asn, OURS],
    };
    Attributes {
        as_path: AsPath::from_sequence(path),
        local_preference: (asn == OURS).then_some(100),
        med: bit(flags, 4).then(|| choice.into()),
        communities: if bit(flags, 5) { WELL_KNOWN[usize::from(choice & 3)].into() } else { Box::default() },
        originator_id: bit(flags, 6).then(|| RouterId::from(0xc000_0200 + u32::from(choice & 7))),
        cluster_list: if bit(flags, 7) { Box::new([RouterId::from(0xc000_0200)]) } else { Box::default() },
        ..Attributes::default()
    }
}

/// NO_EXPORT, NO_ADVERTISE, LLGR_STALE, NO_LLGR.
const WELL_KNOWN: [[Community; 1]; 4] =
    [[Community(0xffff_ff01)], [Community(0xffff_ff02)], [Community(0xffff_0006)], [Community(0xffff_0007)]];

fn prefix(draw: &mut Draw<'_>) -> IpNet {
    const PREFIXES: [&str; 6] =
        ["0.0.0.0/0", "10.1.0.0/16", "10.1.0.0/24", "10.2.0.0/16", "2001:db8:1::/48", "2001:db8:2::/48"];
    PREFIXES[draw.below(PREFIXES.len())].parse().expect("a prefix")
}

fn next_hop(family: Family, choice: u8) -> NextHop {
    let host = u16::from(choice >> 1 & 3);
    match family {
        Family::IPV4 => NextHop::V4(Ipv4Addr::new(192, 0, 2, 1 + (choice >> 1 & 3))),
        _ => NextHop::V6 {
            global: [0x2001, 0xdb8, 0, 0, 0, 0, 0, 1 + host].into(),
            link_local: bit(choice, 3).then(|| [0xfe80, 0, 0, 0, 0, 0, 0, 1 + host].into()),
        },
    }
}

/// The kernel or the configuration says something about a prefix.
fn local_route(driver: &mut Driver, draw: &mut Draw<'_>) {
    let (prefix, choice) = (prefix(draw), draw.octet());
    let source = [LocalSource::Direct, LocalSource::Static, LocalSource::Kernel][usize::from(choice) % 3];
    if bit(choice, 7) {
        return driver.handle(Input::Retract { prefix, source });
    }
    let forwarding = match choice >> 2 & 3 {
        0 => Forwarding::Blackhole,
        1 => Forwarding::Device,
        2 => Forwarding::Nowhere,
        _ => Forwarding::Via(next_hop(Family::of(&prefix), choice)),
    };
    let route = Route {
        attributes: Attributes::default(),
        forwarding,
        interface: bit(choice, 6).then(|| "eth0".into()),
        kernel: KernelHint::default(),
    };
    driver.handle(Input::Originate { prefix, source, route });
}

/// A next hop comes, goes or moves, asked for or not.
fn reach(driver: &mut Driver, draw: &mut Draw<'_>) {
    let choice = draw.octet();
    let family = if bit(choice, 0) { Family::IPV6 } else { Family::IPV4 };
    let gateway = bit(choice, 6).then_some(CALLERS[0]);
    let hop = ResolvedHop { gateway, interface: "eth0".into() };
    let reach = Reach { metric: u32::from(choice >> 4 & 3), hops: vec![hop] };
    let reach = (!bit(choice, 7)).then_some(reach);
    driver.handle(Input::NextHop { address: next_hop(family, choice).address(), reach });
}

fn administer(driver: &mut Driver, draw: &mut Draw<'_>) {
    let peer = PeerId(u32::from(draw.octet() & 7));
    let action = match draw.below(7) {
        0 => Admin::Enable,
        1 => Admin::Disable { text: "maintenance".to_owned() },
        2 => Admin::Reset,
        3 => Admin::RefreshIn,
        4 => Admin::RefreshOut,
        5 => return driver.handle(Input::Drain),
        _ => return driver.handle(Input::Undrain),
    };
    driver.handle(Input::Admin { peer, action });
}
