//! A whole speaker among scripted peers, in virtual time: what they say is written down octet by octet,
//! what they hear is decoded.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bgp_core::peer::{PeerAsn, PeerConfig};
use bgp_core::policy::Policy;
use bgp_core::rib::{Reach, ResolvedHop};
use bgp_core::speaker::{
    Config, ConnId, Event, FibChange, Input, Output, RouteQuery, RouteView, RoutesOf, Speaker,
};
use bgp_core::wire::{
    Capability, Dialect, GracefulFamily, LongLivedFamily, Message, Open, PeerKind, decode, encode, frame,
};
use bgp_core::{Asn, Family, Instant, RouterId};
use bytes::{Bytes, BytesMut};
use ipnet::IpNet;

/// Our AS.
pub(crate) const OURS: Asn = Asn(64512);
/// The AS of external peers.
pub(crate) const THEIRS: Asn = Asn(65001);

/// 192.0.2.`n`; we are 1.
pub(crate) const fn host(n: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, n))
}

pub(crate) fn net(text: &str) -> IpNet {
    text.parse().expect("a prefix")
}

/// A peer on host `n` that dials us and passes every policy.
pub(crate) fn peer(n: u8, asn: Asn) -> PeerConfig {
    let accept_all = || Some(vec![Arc::new(Policy::accept_all())]);
    PeerConfig {
        name: Arc::from(format!("h{n}")),
        passive: true,
        import: accept_all(),
        export: accept_all(),
        ..PeerConfig::new(SocketAddr::new(host(n), 179), PeerAsn::Exactly(asn), OURS, router_id(1))
    }
}

pub(crate) const fn router_id(n: u8) -> RouterId {
    RouterId(Ipv4Addr::new(192, 0, 2, n))
}

/// Ourselves with these peers and a kernel that takes everything.
pub(crate) fn config(peers: Vec<PeerConfig>) -> Config {
    Config {
        peers,
        kernel_export: Some(vec![Arc::new(Policy::accept_all())]),
        ..Config::new(OURS, router_id(1))
    }
}

/// What a peer's OPEN says about graceful restart.
#[derive(Clone, Debug)]
pub(crate) struct Graceful {
    /// R: it has restarted.
    pub(crate) restarted: bool,
    /// N: it knows that a NOTIFICATION need not be the end.
    pub(crate) notification: bool,
    /// Restart time in seconds.
    pub(crate) time: u16,
    /// Families, and whether forwarding was preserved: F.
    pub(crate) families: Vec<(Family, bool)>,
    /// Long-lived stale time in seconds, and families with F; none without families.
    pub(crate) long_lived: (u32, Vec<(Family, bool)>),
}

/// The speaker and everything around it.
pub(crate) struct Stage {
    pub(crate) speaker: Speaker,
    pub(crate) now: Instant,
    pub(crate) events: Vec<Event>,
    pub(crate) kernel: BTreeSet<IpNet>,
    /// Every wish for the kernel, in order.
    pub(crate) wishes: Vec<FibChange>,
    pub(crate) swept: bool,
    pub(crate) drained: bool,
    /// Nobody answers how next hops are reached.
    pub(crate) knows_no_way: bool,
    /// Where hosts dial from.
    pub(crate) port: u16,
    /// Who does not read what it is sent.
    pub(crate) slow: BTreeSet<ConnId>,
    serial: u64,
    kinds: BTreeMap<ConnId, PeerKind>,
    said: BTreeMap<ConnId, BytesMut>,
    closed: BTreeSet<ConnId>,
}

impl Stage {
    pub(crate) fn new(config: Config) -> Self {
        let mut stage = Self {
            speaker: Speaker::new(config, 1, Instant::ZERO),
            now: Instant::ZERO,
            events: Vec::new(),
            kernel: BTreeSet::new(),
            wishes: Vec::new(),
            swept: false,
            drained: false,
            knows_no_way: false,
            port: 40_000,
            slow: BTreeSet::new(),
            serial: 0,
            kinds: BTreeMap::new(),
            said: BTreeMap::new(),
            closed: BTreeSet::new(),
        };
        stage.drain();
        stage
    }

    pub(crate) fn input(&mut self, input: Input) {
        self.speaker.handle(input, self.now);
        self.drain();
    }

    /// Host `n` connects to us, on a subnet that we share.
    pub(crate) fn dial(&mut self, n: u8) -> ConnId {
        self.serial += 1;
        let conn = ConnId(self.serial);
        let (local, remote) = (SocketAddr::new(host(1), 179), SocketAddr::new(host(n), self.port));
        self.input(Input::Accepted { conn, local, remote, interface: vec![net("192.0.2.1/24")].into() });
        conn
    }

    /// Host `n` of `asn` connects and becomes Established.
    pub(crate) fn establish(&mut self, n: u8, asn: Asn, graceful: Option<&Graceful>) -> ConnId {
        let conn = self.dial(n);
        self.open(conn, n, asn, graceful);
        self.heard(conn);
        conn
    }

    /// Host `n` of `asn`, which has connected, becomes Established.
    pub(crate) fn open(&mut self, conn: ConnId, n: u8, asn: Asn, graceful: Option<&Graceful>) {
        self.introduce(conn, &open(n, asn, graceful));
        assert_eq!(self.state(n), "Established", "{:?}", self.events);
    }

    /// A peer says who it is, and agrees to whatever we said.
    pub(crate) fn introduce(&mut self, conn: ConnId, open: &Open) {
        let mut octets = BytesMut::new();
        let kind = if open.asn == OURS { PeerKind::Internal } else { PeerKind::External };
        self.kinds.insert(conn, kind);
        let dialect = Dialect::unnegotiated(kind, OURS);
        encode(&Message::Open(open.clone()), &dialect, &mut octets);
        encode(&Message::Keepalive, &dialect, &mut octets);
        self.say(conn, &octets);
    }

    pub(crate) fn say(&mut self, conn: ConnId, octets: &[u8]) {
        self.input(Input::Received { conn, bytes: Bytes::copy_from_slice(octets) });
    }

    /// A connection is lost without a word.
    pub(crate) fn lose(&mut self, conn: ConnId) {
        self.input(Input::Closed { conn });
    }

    pub(crate) fn is_closed(&self, conn: ConnId) -> bool {
        self.closed.contains(&conn)
    }

    /// What the peer has heard since the last time.
    pub(crate) fn heard(&mut self, conn: ConnId) -> Vec<Message> {
        let kind = self.kinds.get(&conn).copied().unwrap_or(PeerKind::External);
        let dialect = Dialect {
            four_octet_as: true,
            families: Family::UNICAST.to_vec(),
            enhanced_route_refresh: true,
            ..Dialect::unnegotiated(kind, OURS)
        };
        let said = self.said.remove(&conn).unwrap_or_default();
        let mut rest = &said[..];
        let mut messages = Vec::new();
        while let Some(length) = frame(rest, 4096).expect("a header") {
            messages.push(decode(&rest[..length], &dialect).expect("a message"));
            rest = &rest[length..];
        }
        messages
    }

    /// Lets time pass.
    pub(crate) fn sleep(&mut self, duration: Duration) {
        let end = self.now + duration;
        while let Some(deadline) = self.speaker.poll_timeout().filter(|deadline| deadline.at <= end) {
            self.now = self.now.max(deadline.at);
            self.speaker.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    /// Lets time pass while every connection named keeps alive.
    pub(crate) fn wait(&mut self, seconds: u64, alive: &[ConnId]) {
        for _ in 0..seconds {
            self.sleep(Duration::from_secs(1));
            for conn in alive {
                self.say(*conn, &message(4, &[]));
            }
        }
    }

    pub(crate) fn state(&self, n: u8) -> &'static str {
        let id = self.speaker.peer_id(&format!("h{n}")).expect("the peer is configured");
        self.speaker.view().peer(id).expect("the peer is known").state
    }

    pub(crate) fn routes(&self, of: RoutesOf) -> Vec<RouteView> {
        let query = RouteQuery { of, ..RouteQuery::default() };
        self.speaker.view().routes(&query, None, usize::MAX).routes
    }

    /// Why the only path there is was refused.
    pub(crate) fn refusal(&self) -> String {
        match self.routes(RoutesOf::All).as_slice() {
            [route] => route.reason.clone(),
            routes => panic!("not one path: {routes:?}"),
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.speaker.poll_output() {
            match output {
                Output::Ready { conn } => self.pull(conn),
                Output::Close { conn } => {
                    self.pull(conn);
                    self.closed.insert(conn);
                    self.speaker.handle(Input::Closed { conn }, self.now);
                }
                Output::Fib(change) => {
                    match change.route {
                        Some(_) => drop(self.kernel.insert(change.prefix)),
                        None => drop(self.kernel.remove(&change.prefix)),
                    }
                    self.wishes.push(change);
                }
                Output::FibSettled => self.swept = true,
                Output::Drained => self.drained = true,
                Output::Track { address, watch: true } if !self.knows_no_way => {
                    let hops = vec![ResolvedHop { gateway: None, interface: Arc::from("eth0") }];
                    let reach = Some(Reach { metric: 0, hops });
                    self.speaker.handle(Input::NextHop { address, reach }, self.now);
                }
                Output::Event { event, .. } => self.events.push(event),
                _ => {}
            }
        }
    }

    /// Reads everything there is for a peer, unless it is slow.
    pub(crate) fn pull(&mut self, conn: ConnId) {
        if self.slow.contains(&conn) {
            return;
        }
        while let Some(bytes) = self.speaker.poll_transmit(conn) {
            self.said.entry(conn).or_default().extend_from_slice(&bytes);
        }
    }
}

/// What host `n` of `asn` says of itself.
pub(crate) fn open(n: u8, asn: Asn, graceful: Option<&Graceful>) -> Open {
    let mut capabilities: Vec<Capability> =
        Family::UNICAST.into_iter().map(Capability::Multiprotocol).collect();
    capabilities.extend([
        Capability::RouteRefresh,
        Capability::EnhancedRouteRefresh,
        Capability::FourOctetAs(asn),
    ]);
    capabilities.extend(graceful.map(|graceful| {
        Capability::GracefulRestart {
            restarted: graceful.restarted,
            notification: graceful.notification,
            restart_time: graceful.time,
            families: graceful
                .families
                .iter()
                .map(|&(family, forwarding_preserved)| GracefulFamily { family, forwarding_preserved })
                .collect(),
        }
    }));
    let long_lived = graceful.map(|graceful| &graceful.long_lived).filter(|it| !it.1.is_empty());
    capabilities.extend(long_lived.map(|(stale_time, families)| {
        let listed = |&(family, forwarding_preserved)| LongLivedFamily {
            family,
            forwarding_preserved,
            stale_time: *stale_time,
        };
        Capability::LongLivedGracefulRestart(families.iter().map(listed).collect())
    }));
    Open { asn, hold_time: 90, router_id: router_id(n), capabilities }
}

/// A message of a type, with its header.
pub(crate) fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(19 + body.len()).expect("a message");
    [&[0xff; 16][..], &length.to_be_bytes(), &[kind], body].concat()
}

/// A ROUTE-REFRESH of a subtype for IPv4.
pub(crate) fn refresh(subtype: u8) -> Vec<u8> {
    message(5, &[0, 1, subtype, 1])
}

/// An UPDATE about IPv4 prefixes.
pub(crate) fn update(withdrawn: &[&str], attributes: &[Vec<u8>], announced: &[&str]) -> Vec<u8> {
    let (withdrawn, attributes, announced) = (nlri(withdrawn), attributes.concat(), nlri(announced));
    let length = |octets: &[u8]| u16::try_from(octets.len()).expect("a field").to_be_bytes();
    message(2, &[&length(&withdrawn), &withdrawn[..], &length(&attributes), &attributes, &announced].concat())
}

/// The End-of-RIB of IPv4.
pub(crate) fn end_of_rib() -> Vec<u8> {
    update(&[], &[], &[])
}

fn nlri(prefixes: &[&str]) -> Vec<u8> {
    let one = |prefix: &&str| match net(prefix) {
        IpNet::V4(net) => {
            let octets = usize::from(net.prefix_len().div_ceil(8));
            [&[net.prefix_len()], &net.addr().octets()[..octets]].concat()
        }
        IpNet::V6(_) => panic!("{prefix} is not an IPv4 prefix"),
    };
    prefixes.iter().flat_map(one).collect()
}

/// One attribute; `flags` as on the wire.
pub(crate) fn attribute(flags: u8, code: u8, value: &[u8]) -> Vec<u8> {
    [&[flags, code, u8::try_from(value.len()).expect("a short value")], value].concat()
}

/// What every route has: ORIGIN, AS_PATH, NEXT_HOP; LOCAL_PREF where the peer is internal.
pub(crate) fn usual(as_path: &[Asn], next_hop: IpAddr, internal: bool) -> Vec<Vec<u8>> {
    let path: Vec<u8> = as_path.iter().flat_map(|asn| asn.0.to_be_bytes()).collect();
    let count = u8::try_from(as_path.len()).expect("a short path");
    let segment = if count == 0 { Vec::new() } else { [&[2, count], &path[..]].concat() };
    let IpAddr::V4(next_hop) = next_hop else { panic!("{next_hop} is for MP_REACH_NLRI") };
    let mut attributes =
        vec![attribute(0x40, 1, &[0]), attribute(0x40, 2, &segment), attribute(0x40, 3, &next_hop.octets())];
    attributes.extend(internal.then(|| attribute(0x40, 5, &100_u32.to_be_bytes())));
    attributes
}
