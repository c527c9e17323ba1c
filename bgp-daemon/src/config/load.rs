//! From a file to [`Settings`]: every section in its turn, then what only all of them together show.

use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Duration;

use bgp_core::RouterId;
use bgp_core::speaker::{Config, DynamicPeers, GracefulRestart};

use super::diagnostic::Diagnostic;
use super::document::{Table, parse, read, read_draft};
use super::groups::Groups;
use super::host::{Host, ThisHost};
use super::identity::router_id;
use super::judge::judge;
use super::peers::{Defaults, Peer, read_peer, read_range};
use super::policies::Policies;
use super::report::Report;
use super::section::Section;
use super::settings::{PeerSocket, Role, Settings};
use super::template::{Surroundings, hold_time, read_families};
use super::value::{asn, boolean, duration, identifier, seconds, word};
use super::{Loaded, kernel, originate, services};

/// Reads a configuration on this host.
///
/// # Errors
///
/// Everything that is wrong, warnings included.
pub fn load(path: &Path) -> Result<Loaded, Vec<Diagnostic>> {
    load_on(path, &ThisHost)
}

/// Reads a configuration as if on `host`.
///
/// # Errors
///
/// Everything that is wrong, warnings included.
pub fn load_on(path: &Path, host: &dyn Host) -> Result<Loaded, Vec<Diagnostic>> {
    let report = Report::default();
    let root = read(path, &report);
    conclude(path, root, host, report)
}

/// Reads a configuration from `text`, which an operator has in a file called `name` and which is to take the place of
/// the file `home`: what it includes and the keys it names are looked for from there.
///
/// # Errors
///
/// Everything that is wrong, warnings included.
pub fn load_draft(name: &Path, text: &str, home: &Path) -> Result<Loaded, Vec<Diagnostic>> {
    let report = Report::default();
    let root = read_draft(name, text, home, &report);
    conclude(home, root, &ThisHost, report)
}

/// Reads a configuration from `text`, which calls itself `path`; includes are not followed.
///
/// # Errors
///
/// Everything that is wrong, warnings included.
pub fn load_text(path: &Path, text: &str, host: &dyn Host) -> Result<Loaded, Vec<Diagnostic>> {
    let report = Report::default();
    let root = parse(path, text, &report);
    conclude(path, root, host, report)
}

/// Everything that is wrong with a configuration, nothing if it is perfect. See
/// [`render`](super::render).
#[must_use]
pub fn check(path: &Path) -> Vec<Diagnostic> {
    load(path).map_or_else(|diagnostics| diagnostics, |loaded| loaded.warnings)
}

fn conclude(
    path: &Path,
    root: Option<Table>,
    host: &dyn Host,
    report: Report,
) -> Result<Loaded, Vec<Diagnostic>> {
    let settings = root.map(|root| {
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        let section = Section::new("the configuration", report.start_of_first(), &root, &report);
        settings(section, host, folder)
    });
    let digest = report.digest();
    let diagnostics = report.finish();
    match settings {
        Some(settings) if !diagnostics.iter().any(Diagnostic::is_error) => {
            Ok(Loaded { settings, digest, warnings: diagnostics })
        }
        _ => Err(diagnostics),
    }
}

/// The settings, with something harmless wherever the report has an error.
fn settings(mut root: Section<'_>, host: &dyn Host, folder: &Path) -> Settings {
    let report = root.report;
    let role = root.read("role", word(&[("node", Role::Node), ("reflector", Role::Reflector)]));
    let role = role.unwrap_or(Role::Node);
    let policies = Policies::read(&mut root);
    let kernel = kernel::read(root.section("kernel", "[kernel]"), role, &policies);
    let ignored = &kernel.kernel.direct_exclude_interfaces;
    let graceful_restart = read_graceful_restart(&mut root);
    let our_asn = root.require("asn", asn);
    let router_id = root.require("router_id", |node| router_id(node, host, ignored));
    let router_id = router_id.unwrap_or(RouterId(Ipv4Addr::LOCALHOST));
    let defaults = Defaults {
        asn: our_asn,
        router_id,
        cluster_id: root.read("cluster_id", identifier).unwrap_or(router_id),
        hold_time: root.read("hold_time", hold_time).unwrap_or(HOLD_TIME),
        families: read_families(&mut root),
        graceful_restart: graceful_restart.enabled,
    };
    let listen = services::listen(&mut root);
    let around = Surroundings { host, folder, policies: &policies };
    let (peers, ranges) = read_peers(&mut root, &defaults, around);
    judge(&peers, &ranges, &listen, host, report);
    let sockets: Vec<PeerSocket> =
        peers.iter().chain(ranges.iter().map(|(_, peer)| peer)).map(|peer| peer.socket.clone()).collect();
    let originate = originate::read(&mut root);
    let control = services::control(&mut root);
    let (bird, http, log) = (services::bird(&mut root), services::http(&mut root), services::log(&mut root));
    root.finish();
    policies.finish(report);
    let core = Config {
        asn: our_asn.unwrap_or_default(),
        router_id,
        graceful_restart,
        peers: peers.into_iter().map(|peer| peer.config).collect(),
        dynamic_peers: ranges.into_iter().map(|(range, _)| range).collect(),
        kernel_export: kernel.export,
        kernel_sets: kernel.kernel.next_hop_objects,
        multipath: kernel.multipath,
    };
    Settings { core, role, listen, sockets, originate, kernel: kernel.kernel, control, bird, http, log }
}

fn read_graceful_restart(root: &mut Section<'_>) -> GracefulRestart {
    let mut restart = GracefulRestart::default();
    if let Some(mut section) = root.section("graceful_restart", "[graceful_restart]") {
        restart.enabled = section.read("enabled", boolean).unwrap_or(restart.enabled);
        restart.restart_time =
            section.read("restart_time", seconds(RESTART_TIME_LIMIT)).unwrap_or(restart.restart_time);
        restart.first_contact = section.read("first_contact", duration).unwrap_or(restart.first_contact);
        restart.max_wait = section.read("max_wait", duration).unwrap_or(restart.max_wait);
        restart.long_lived =
            section.read("long_lived", seconds(STALE_TIME_LIMIT)).unwrap_or(restart.long_lived);
        restart.notification = section.read("notification", boolean).unwrap_or(restart.notification);
        section.finish();
    }
    restart
}

fn read_peers(
    root: &mut Section<'_>,
    defaults: &Defaults,
    around: Surroundings<'_>,
) -> (Vec<Peer>, Vec<(DynamicPeers, Peer)>) {
    let groups = Groups::read(root, around);
    let peers = root.sections("peer", "[[peer]]").into_iter();
    let peers = peers.filter_map(|section| read_peer(section, &groups, defaults, around)).collect();
    let ranges = root.sections("dynamic_peers", "[[dynamic_peers]]").into_iter();
    let ranges = ranges.filter_map(|section| read_range(section, &groups, defaults, around)).collect();
    groups.finish(root.report);
    (peers, ranges)
}

const HOLD_TIME: Duration = Duration::from_secs(90);
/// Twelve bits ([RFC 4724 §3](https://www.rfc-editor.org/rfc/rfc4724#section-3)).
const RESTART_TIME_LIMIT: u64 = 4095;
/// Twenty-four bits ([RFC 9494 §3.1](https://www.rfc-editor.org/rfc/rfc9494#section-3.1)).
const STALE_TIME_LIMIT: u64 = 0xff_ffff;
