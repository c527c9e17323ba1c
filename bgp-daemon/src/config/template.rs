//! What `[[peer]]`, `[[group]]` and `[[dynamic_peers]]` have in common: keys read, not yet put together.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bgp_core::peer::{AddPathSend, AfterLimit, MaxPrefixes, NextHopRule, PeerAsn, PrefixLimit};
use bgp_core::policy::Policy;
use bgp_core::wire::{AddPathMode, Role};
use bgp_core::{Asn, Family, RouterId};

use super::document::{Node, Value};
use super::host::Host;
use super::policies::Policies;
use super::report::Problem;
use super::secret;
use super::section::Section;
use super::settings::Secret;
use super::suggest::did_you_mean;
use super::value::{
    address, asn, boolean, duration, family, identifier, number, port, seconds, string, within, word,
};

/// The keys of a peer, each as given or absent.
pub(super) struct Template {
    pub(super) port: Option<u16>,
    pub(super) asn: Option<PeerAsn>,
    pub(super) local_address: Option<IpAddr>,
    pub(super) local_asn: Option<Asn>,
    pub(super) passive: Option<bool>,
    pub(super) description: Arc<str>,
    pub(super) families: Option<Vec<Family>>,
    pub(super) add_path: Option<AddPathMode>,
    pub(super) add_path_send: AddPathSend,
    pub(super) hold_time: Option<Duration>,
    pub(super) send_hold_time: Option<Duration>,
    pub(super) connect_retry: Duration,
    pub(super) password: Option<Secret>,
    pub(super) ttl_security: Option<u8>,
    pub(super) multihop: Option<u8>,
    pub(super) client: bool,
    pub(super) client_to_client: bool,
    pub(super) cluster_id: Option<RouterId>,
    pub(super) next_hop: NextHopRule,
    pub(super) next_hop_addresses: Vec<IpAddr>,
    pub(super) allow_own_as: u32,
    pub(super) role: Option<Role>,
    pub(super) import: Option<Vec<Arc<Policy>>>,
    pub(super) export: Option<Vec<Arc<Policy>>>,
    pub(super) max_prefixes: Option<MaxPrefixes>,
    pub(super) graceful_restart: Option<bool>,
    pub(super) headless: Duration,
    pub(super) enabled: bool,
}

/// What reading a template needs beside the table itself.
#[derive(Clone, Copy)]
pub(super) struct Surroundings<'a> {
    pub(super) host: &'a dyn Host,
    /// Where relative paths start.
    pub(super) folder: &'a Path,
    pub(super) policies: &'a Policies,
}

impl Template {
    pub(super) fn read(section: &mut Section<'_>, around: Surroundings<'_>) -> Self {
        Self {
            port: section.read("port", port),
            asn: section.read("asn", peer_asn),
            local_address: section.read("local_address", address),
            local_asn: section.read("local_asn", asn),
            passive: section.read("passive", boolean),
            description: section.read("description", string).unwrap_or_default().into(),
            families: read_families(section),
            add_path: section.read("add_path", word(ADD_PATH)).flatten(),
            add_path_send: section.read("add_path_send", add_path_send).unwrap_or(AddPathSend::All),
            hold_time: section.read("hold_time", hold_time),
            send_hold_time: section.read("send_hold_time", pause),
            connect_retry: section.read("connect_retry", pause).unwrap_or(CONNECT_RETRY),
            password: read_password(section, around),
            ttl_security: section.read("ttl_security", within(1..=254)),
            multihop: section.read("multihop", within(1..=255)),
            client: section.read("client", boolean).unwrap_or(false),
            client_to_client: section.read("client_to_client", boolean).unwrap_or(true),
            cluster_id: section.read("cluster_id", identifier),
            next_hop: section.read("next_hop", word(NEXT_HOP)).unwrap_or(NextHopRule::Auto),
            next_hop_addresses: read_next_hop_addresses(section),
            allow_own_as: section.read("allow_own_as", number).unwrap_or(0),
            role: section.read("role", word(ROLES)),
            import: section.list("import", |node| around.policies.named(node)),
            export: section.list("export", |node| around.policies.named(node)),
            max_prefixes: section.section_like("max_prefixes", MAX_PREFIXES).map(read_max_prefixes),
            graceful_restart: section.read("graceful_restart", boolean),
            headless: section.read("headless", duration).unwrap_or(Duration::ZERO),
            enabled: section.read("enabled", boolean).unwrap_or(true),
        }
    }
}

fn peer_asn(node: &Node) -> Result<PeerAsn, Problem> {
    match &node.value {
        Value::String(text) if text == "external" => Ok(PeerAsn::External),
        Value::String(text) if text == "internal" => Ok(PeerAsn::Internal),
        Value::String(text) => {
            let hint = did_you_mean(text, ["external", "internal"]);
            asn(node).map(PeerAsn::Exactly).map_err(|problem| problem.maybe(hint))
        }
        _ => asn(node).map(PeerAsn::Exactly),
    }
}

/// The families of a section, each once; an empty list is an error.
pub(super) fn read_families(section: &mut Section<'_>) -> Option<Vec<Family>> {
    let mut families = section.list("families", family)?;
    if matches!(section.node("families"), Some(Node { value: Value::Array(nodes), .. }) if nodes.is_empty()) {
        let problem = Problem::at(section.place_of("families"), "a session needs at least one family");
        section.report.error(problem.hint("leave the key out for the family of the address"));
    }
    families.sort_unstable();
    families.dedup();
    Some(families)
}

/// A hold time: none, or at least three seconds
/// ([RFC 4271 §4.2](https://www.rfc-editor.org/rfc/rfc4271#section-4.2)).
pub(super) fn hold_time(node: &Node) -> Result<Duration, Problem> {
    let time = seconds(u64::from(u16::MAX))(node)?;
    if (1..3).contains(&time.as_secs()) {
        let problem = Problem::at(node.place, "a hold time is at least 3s, or 0s for none (RFC 4271)");
        return Err(problem.hint("write \"3s\""));
    }
    Ok(time)
}

/// A duration that is not nothing.
fn pause(node: &Node) -> Result<Duration, Problem> {
    match duration(node)? {
        Duration::ZERO => Err(Problem::at(node.place, "a pause of nothing is no pause")),
        pause => Ok(pause),
    }
}

/// Our addresses as next hops, at most one of a family.
fn read_next_hop_addresses(section: &mut Section<'_>) -> Vec<IpAddr> {
    let addresses = section.list("next_hop_address", next_hop_address).unwrap_or_default();
    let of = |ipv4| addresses.iter().filter(|address| address.is_ipv4() == ipv4).count();
    if of(true) > 1 || of(false) > 1 {
        let place = section.place_of("next_hop_address");
        section
            .report
            .error(Problem::at(place, "a route has one next hop: one address of each family at most"));
    }
    addresses
}

fn next_hop_address(node: &Node) -> Result<IpAddr, Problem> {
    match address(node)? {
        ours if ours.is_unspecified() || ours.is_loopback() || ours.is_multicast() => {
            Err(Problem::at(node.place, "nobody else can reach us at this address"))
        }
        ours => Ok(ours),
    }
}

fn add_path_send(node: &Node) -> Result<AddPathSend, Problem> {
    match &node.value {
        Value::String(text) if text == "all" => Ok(AddPathSend::All),
        Value::String(text) if text == "ecmp" => Ok(AddPathSend::Ecmp),
        Value::Integer(_) => within(1..=i128::from(u32::MAX))(node).map(AddPathSend::Best),
        _ => Err(Problem::at(node.place, "expected \"all\", \"ecmp\" or how many of the best paths")),
    }
}

fn read_password(section: &mut Section<'_>, around: Surroundings<'_>) -> Option<Secret> {
    // Not a known key where it is not there, and so no proposal.
    if section.has("password")
        && let Some(node) = section.node("password")
    {
        let problem = Problem::at(node.place, "a key does not belong into a configuration");
        section.report.error(problem.hint("put it into a file and name that with `password_file`"));
    }
    let report = section.report;
    let filed = section.read("password_file", |node| secret::from_file(node, around.folder, report));
    let variable = section.read("password_env", |node| secret::from_environment(node, around.host));
    filed.or(variable)
}

/// How the table of that name is written.
const MAX_PREFIXES: &str = "write { ipv4 = 1000, action = \"restart\", restart_after = \"5m\" }";

fn read_max_prefixes(mut section: Section<'_>) -> MaxPrefixes {
    #[derive(Clone, Copy)]
    enum Word {
        Warn,
        Drop,
        Restart,
    }
    let limit = |family, maximum: Option<u32>| maximum.map(|maximum| PrefixLimit { family, maximum });
    let limits = [
        limit(Family::IPV4, section.read("ipv4", number)),
        limit(Family::IPV6, section.read("ipv6", number)),
    ];
    let words = &[("warn", Word::Warn), ("drop", Word::Drop), ("restart", Word::Restart)];
    let action = section.require("action", word(words)).unwrap_or(Word::Warn);
    let again = section.read("restart_after", pause);
    let limits: Vec<PrefixLimit> = limits.into_iter().flatten().collect();
    if limits.is_empty() {
        section.report.error(Problem::at(section.place(), "max_prefixes limits no family"));
    }
    let action = match action {
        Word::Warn => AfterLimit::Warn,
        Word::Drop => AfterLimit::Drop,
        Word::Restart => AfterLimit::Restart(again),
    };
    if again.is_some() && !matches!(action, AfterLimit::Restart(_)) {
        let place = section.place_of("restart_after");
        section.report.warn(Problem::at(place, "only the action \"restart\" starts anything again"));
    }
    section.finish();
    MaxPrefixes { limits, action }
}

const ADD_PATH: &[(&str, Option<AddPathMode>)] = &[
    ("off", None),
    ("receive", Some(AddPathMode::Receive)),
    ("send", Some(AddPathMode::Send)),
    ("both", Some(AddPathMode::Both)),
];

const NEXT_HOP: &[(&str, NextHopRule)] =
    &[("auto", NextHopRule::Auto), ("self", NextHopRule::Own), ("keep", NextHopRule::Keep)];

const ROLES: &[(&str, Role)] = &[
    ("provider", Role::Provider),
    ("customer", Role::Customer),
    ("peer", Role::Peer),
    ("route-server", Role::RouteServer),
    ("route-server-client", Role::RouteServerClient),
];

const CONNECT_RETRY: Duration = Duration::from_secs(5);
