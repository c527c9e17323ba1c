//! `[[peer]]` and `[[dynamic_peers]]`, put together and judged one by one.

use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::sync::Arc;
use std::time::Duration;

use bgp_core::peer::{PeerAsn, PeerConfig};
use bgp_core::speaker::DynamicPeers;
use bgp_core::{Asn, Family, RouterId};
use ipnet::IpNet;

use super::document::Node;
use super::groups::Groups;
use super::report::{Place, Problem};
use super::section::Section;
use super::settings::{Hops, PeerSocket};
use super::template::{Surroundings, Template};
use super::value::{no_address, prefix, string, within};

/// What holds for every peer that does not say otherwise.
pub(super) struct Defaults {
    /// `None` where ours could not be read; then nothing is said about inside and outside.
    pub(super) asn: Option<Asn>,
    pub(super) router_id: RouterId,
    pub(super) cluster_id: RouterId,
    pub(super) hold_time: Duration,
    pub(super) families: Option<Vec<Family>>,
    pub(super) graceful_restart: bool,
}

/// A peer or a range, read.
pub(super) struct Peer {
    pub(super) config: PeerConfig,
    pub(super) socket: PeerSocket,
    /// Its address or range as written.
    pub(super) at: Arc<str>,
    pub(super) place: Place,
}

/// Reads one `[[peer]]`.
pub(super) fn read_peer<'a>(
    mut section: Section<'a>,
    groups: &Groups<'a>,
    defaults: &Defaults,
    around: Surroundings<'_>,
) -> Option<Peer> {
    let complete = groups.layer(&mut section);
    if !section.has_own("address") {
        section.report.error(Problem::at(section.place(), "[[peer]] needs `address`"));
    }
    let remote = section.own("address", |node| Remote::read(node, around));
    let name = section.own("name", peer_name);
    let template = Template::read(&mut section, around);
    let peer = remote.filter(|_| complete).map(|remote| {
        let name = name.unwrap_or_else(|| remote.text.clone());
        build(&section, name, remote, template, defaults)
    });
    section.finish();
    peer
}

/// Reads one `[[dynamic_peers]]`.
pub(super) fn read_range<'a>(
    mut section: Section<'a>,
    groups: &Groups<'a>,
    defaults: &Defaults,
    around: Surroundings<'_>,
) -> Option<(DynamicPeers, Peer)> {
    let complete = groups.layer(&mut section);
    let prefix = section.require("prefix", prefix);
    let limit = section.read("limit", within(1..=i128::from(u32::MAX))).unwrap_or(RANGE_LIMIT);
    let name = section.own("name", peer_name);
    let mut template = Template::read(&mut section, around);
    if template.passive == Some(false) {
        let place = section.place_of("passive");
        section.report.error(Problem::at(place, "nobody can dial a whole range"));
    }
    template.passive = Some(true);
    let peer = prefix.filter(|_| complete).map(|prefix| {
        let text: Arc<str> = prefix.to_string().into();
        let remote = Remote { net: prefix, zone: None, index: 0, text: text.clone() };
        build(&section, name.unwrap_or(text), remote, template, defaults)
    });
    section.finish();
    let prefix = prefix?;
    peer.map(|peer| (DynamicPeers { prefix, limit, template: peer.config.clone() }, peer))
}

/// Where a peer is.
struct Remote {
    net: IpNet,
    zone: Option<Arc<str>>,
    index: u32,
    text: Arc<str>,
}

impl Remote {
    /// An address, link-local ones with a zone: `"fe80::1%eth1"`.
    fn read(node: &Node, around: Surroundings<'_>) -> Result<Self, Problem> {
        let text = string(node)?;
        let (address, zone) =
            text.split_once('%').map_or((text, None), |(address, zone)| (address, Some(zone)));
        let address = address.parse::<IpAddr>().map_err(|_| no_address(text, node))?;
        let link_local = matches!(address, IpAddr::V6(v6) if v6.is_unicast_link_local());
        let problem = |message: &str| Err(Problem::at(node.place, message));
        if address.is_unspecified() || address.is_multicast() {
            return problem("no peer can have this address");
        }
        if address.to_canonical() != address {
            let problem = Problem::at(node.place, "this is an IPv4 address in disguise");
            return Err(problem.hint(format!("write \"{}\"", address.to_canonical())));
        }
        match zone {
            None if link_local => {
                let problem = Problem::at(node.place, "a link-local address needs the interface it is on");
                return Err(problem.hint(format!("write \"{address}%eth0\" with the right interface")));
            }
            Some("") => return problem("the interface after % is missing"),
            Some(_) if !link_local => return problem("only a link-local IPv6 address has a zone"),
            None | Some(_) => {}
        }
        // A number names the zone as well as the interface's name does.
        let index = zone.and_then(|zone| zone.parse().ok().or_else(|| around.host.interface_index(zone)));
        let (zone, index) = (zone.map(Arc::from), index.unwrap_or(0));
        Ok(Self { net: address.into(), zone, index, text: text.into() })
    }

    fn address(&self, port: u16) -> SocketAddr {
        match self.net.addr() {
            IpAddr::V4(address) => (address, port).into(),
            IpAddr::V6(address) => SocketAddrV6::new(address, port, 0, self.index).into(),
        }
    }
}

fn peer_name(node: &Node) -> Result<Arc<str>, Problem> {
    let name = string(node)?;
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || b"_.:%-".contains(&octet);
    if name.is_empty() || !name.bytes().all(plain) {
        return Err(Problem::at(node.place, "a peer's name is made of letters, digits and _ . : % -"));
    }
    Ok(name.into())
}

fn build(
    section: &Section<'_>,
    name: Arc<str>,
    remote: Remote,
    template: Template,
    defaults: &Defaults,
) -> Peer {
    let local_asn = template.local_asn.or(defaults.asn);
    let internal = is_internal(template.asn, local_asn);
    judge(section, &name, &remote, &template, internal);
    judge_times(section, &template, defaults);
    let hops = match (template.ttl_security, template.multihop) {
        (Some(hops), _) => Hops::Within(hops),
        (None, Some(hops)) => Hops::Reach(hops),
        (None, None) => Hops::Reach(if internal == Some(true) { INTERNAL_TTL } else { 1 }),
    };
    let distance = template.ttl_security.or(template.multihop).unwrap_or(1);
    let family = Family::of(&remote.net);
    let config = PeerConfig {
        name: name.clone(),
        remote: remote.address(template.port.unwrap_or(BGP_PORT)),
        local_address: template.local_address,
        asn: template.asn.unwrap_or(PeerAsn::External),
        local_asn: local_asn.unwrap_or_default(),
        router_id: defaults.router_id,
        cluster_id: template.cluster_id.unwrap_or(defaults.cluster_id),
        description: template.description,
        passive: template.passive.unwrap_or(false),
        enabled: template.enabled,
        families: template.families.or_else(|| defaults.families.clone()).unwrap_or_else(|| vec![family]),
        add_path: template.add_path,
        add_path_send: template.add_path_send,
        hold_time: template.hold_time.unwrap_or(defaults.hold_time),
        send_hold_time: template.send_hold_time,
        connect_retry: template.connect_retry,
        multihop: internal == Some(true) || distance > 1,
        client: template.client,
        client_to_client: template.client_to_client,
        next_hop: template.next_hop,
        next_hop_addresses: template.next_hop_addresses,
        allow_own_as: template.allow_own_as,
        role: template.role,
        import: template.import,
        export: template.export,
        max_prefixes: template.max_prefixes,
        graceful_restart: template.graceful_restart.unwrap_or(defaults.graceful_restart),
        headless: template.headless,
    };
    let socket =
        PeerSocket { name, remote: remote.net, zone: remote.zone, password: template.password, hops };
    Peer { config, socket, at: remote.text, place: section.place() }
}

/// Whether such a peer is in our AS, where that can be told.
fn is_internal(asn: Option<PeerAsn>, local_asn: Option<Asn>) -> Option<bool> {
    match asn? {
        PeerAsn::Internal => Some(true),
        PeerAsn::External => Some(false),
        PeerAsn::Exactly(asn) => local_asn.map(|local| asn == local),
    }
}

/// Says what is wrong with one peer by itself.
fn judge(section: &Section<'_>, name: &str, remote: &Remote, template: &Template, internal: Option<bool>) {
    let report = section.report;
    let at = |key: &str, message: &str| Problem::at(section.place_of(key), message);
    if template.asn.is_none() && !section.has("asn") {
        let problem = Problem::at(section.place(), format!("peer {name:?} has no `asn`"));
        report.error(problem.hint("write its AS number, \"internal\" or \"external\""));
    }
    if template.ttl_security.is_some() && template.multihop.is_some() {
        report.error(at("multihop", "`ttl_security` says already how far away the peer may be"));
    }
    if template.local_address.is_some_and(|local| {
        local == remote.net.addr() && remote.net.prefix_len() == remote.net.max_prefix_len()
    }) {
        report.error(at("local_address", "this is the peer's own address"));
    }
    if template.local_address.is_some_and(|local| local.is_ipv4() != remote.net.addr().is_ipv4()) {
        report.error(at("local_address", "this is of another family than the peer's address"));
    }
    if remote.zone.is_some() && remote.index == 0 {
        report.warn(at("address", "this host has no such interface now"));
    }
    match internal {
        Some(false) if template.client => {
            report.error(at("client", "only a peer of our own AS can be a client of a reflector (RFC 4456)"));
        }
        Some(true) if template.role.is_some() => {
            report.error(at("role", "only an external peer has a role (RFC 9234)"));
        }
        Some(false) if template.enabled => warn_of_silence(section, name, template),
        Some(_) | None => {}
    }
}

/// A peer that answers must not lose its session to the send-hold timer before its own hold time is over.
fn judge_times(section: &Section<'_>, template: &Template, defaults: &Defaults) {
    let hold_time = template.hold_time.unwrap_or(defaults.hold_time);
    if template.send_hold_time.is_some_and(|send_hold_time| send_hold_time <= hold_time) {
        let message = format!("this is not longer than the hold time, {} s (RFC 9687)", hold_time.as_secs());
        section.report.error(Problem::at(section.place_of("send_hold_time"), message));
    }
}

/// An external peer without policies exchanges nothing, which surprises.
fn warn_of_silence(section: &Section<'_>, name: &str, template: &Template) {
    let missing = match (&template.import, &template.export) {
        (None, None) => "neither `import` nor `export`: nothing is accepted or sent",
        (None, Some(_)) => "no `import`: nothing is accepted",
        (Some(_), None) => "no `export`: nothing is sent",
        (Some(_), Some(_)) => return,
    };
    let problem = Problem::at(section.place(), format!("external peer {name:?} has {missing} (RFC 8212)"));
    section.report.warn(problem.hint("name policies, or \"accept-all\" or \"reject-all\""));
}

const BGP_PORT: u16 = 179;
/// TTL towards a peer of our own AS, which may be anywhere in the network.
const INTERNAL_TTL: u8 = 64;
/// Most connections of a range that sets no limit of its own.
const RANGE_LIMIT: u32 = 1000;
