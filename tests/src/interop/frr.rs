//! FRR's bgpd, alone: without zebra it leaves the kernel in peace.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Display, Write};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use ipnet::IpNet;
use serde_json::Value;

use super::route::{Origin, Path, Table, communities, large_communities, parts};
use super::{Dial, RESTART_TIME, Restarts, STALE_TIME, Session, Speaker, ask};
use crate::failure::{Doing, Failure};
use crate::kernel::Ip;
use crate::netns::Netns;
use crate::process::Daemon;

/// FRR's bgpd and what it was last told to originate.
#[derive(Debug, Default)]
pub struct Frr {
    daemon: Option<Daemon>,
    routes: Table,
}

impl Frr {
    /// Debian's FRR.
    pub fn new() -> Self {
        Self::default()
    }

    fn vtysh(&self, session: &Session, words: &[&str]) -> Result<String, Failure> {
        ask(Command::new("/usr/bin/vtysh").arg("--vty_socket").arg(folder(session)).args(words))
    }

    /// Runs configuration commands.
    fn configure(&self, session: &Session, commands: &str) -> Result<(), Failure> {
        let file = session.local.file("delta");
        fs::write(&file, commands).doing("write commands")?;
        self.vtysh(session, &["-f", &file.display().to_string()]).map(|_| ())
    }
}

impl Speaker for Frr {
    fn name(&self) -> &'static str {
        "frr"
    }

    fn start(&mut self, place: &Netns, session: &Session, routes: &Table) -> Result<(), Failure> {
        let (file, folder) = (session.local.file("conf"), folder(session));
        fs::create_dir_all(&folder).doing("create FRR's folder")?;
        let text = format!("hostname {}\nlog stdout informational\n{}", session.local.name, peer(session));
        let changes = changes(session, &Table::new(), routes);
        fs::write(&file, text + &changes).doing("write a configuration")?;
        let mut command = Command::new("/usr/lib/frr/bgpd");
        command.args(["-S", "-Z", "-P", "0", "--log", "stdout", "--log-level", "info", "-f"]).arg(&file);
        command.arg("-i").arg(session.local.file("pid")).arg("--vty_socket").arg(&folder);
        self.daemon = Some(Daemon::start("bgpd", &mut command, place, &session.local.file("log"))?);
        self.routes = routes.clone();
        Ok(())
    }

    fn replace(&mut self, session: &Session, routes: &Table) -> Result<(), Failure> {
        self.configure(session, &changes(session, &self.routes, routes))?;
        self.routes = routes.clone();
        Ok(())
    }

    fn check(&mut self, session: &Session) -> Result<(), Failure> {
        self.daemon.as_mut().map_or(Ok(()), Daemon::check)?;
        let answer =
            self.vtysh(session, &["-c", &format!("show bgp neighbors {} json", session.addresses().1)])?;
        let seen: Value = serde_json::from_str(&answer).doing("read FRR's answer")?;
        let state = &seen[session.addresses().1.to_string()]["bgpState"];
        if state == "Established" { Ok(()) } else { Err(Failure::new("see the session up", state)) }
    }

    fn crash(&mut self) -> Result<(), Failure> {
        self.daemon = None;
        Ok(())
    }

    fn learned(&self, session: &Session, ip: Ip) -> Result<Table, Failure> {
        let answer = self.vtysh(session, &["-c", &format!("show bgp {} unicast json detail", ip.name())])?;
        let seen: Value = serde_json::from_str(&answer).doing("read FRR's table")?;
        let from = session.addresses().1.to_string();
        let mut table = Table::new();
        for (prefix, paths) in seen["routes"].as_object().into_iter().flatten() {
            let prefix: IpNet = prefix.parse().doing_with(|| format!("read {prefix}"))?;
            let paths = paths.as_array().into_iter().flatten();
            for path in paths.filter(|path| path["peer"]["peerId"] == from.as_str()) {
                let read = read(path).ok_or_else(|| Failure::new("read FRR's route", path))?;
                table.entry(prefix).or_default().insert(read);
            }
        }
        Ok(table)
    }

    fn shut_down(&mut self, session: &Session, reason: &str) -> Result<(), Failure> {
        let commands = format!(
            "router bgp {}\n neighbor {} shutdown message {reason}\n",
            session.local.asn,
            session.addresses().1
        );
        self.configure(session, &commands)
    }

    fn last_words(&self) -> String {
        self.daemon.as_ref().map(Daemon::last_words).unwrap_or_default()
    }

    fn complaint(&self, session: &Session) -> Result<String, Failure> {
        let answer =
            self.vtysh(session, &["-c", &format!("show bgp neighbors {}", session.addresses().1)])?;
        Ok(format!("{answer}{}", self.daemon.as_ref().map(Daemon::log).unwrap_or_default()))
    }

    /// A network statement without a metric is sent with MED 0.
    fn can_say(&self, path: Path) -> Path {
        Path { med: path.med.or(Some(0)), ..path }
    }
}

fn folder(session: &Session) -> PathBuf {
    session.local.file("frr")
}

/// The session, without routes.
fn peer(session: &Session) -> String {
    let (local, remote) = session.addresses();
    let mut text = format!(
        "\
router bgp {asn}
 bgp router-id {id}
 bgp log-neighbor-changes
 no bgp default ipv4-unicast
 no bgp ebgp-requires-policy
 no bgp network import-check
 neighbor {remote} remote-as {remote_asn}
 neighbor {remote} update-source {local}
 neighbor {remote} timers connect 1
",
        asn = session.local.asn,
        id = session.local.v4,
        remote_asn = session.remote.asn,
    );
    if session.restarts != Restarts::Usual {
        text.push_str(" bgp graceful-restart\n bgp graceful-restart preserve-fw-state\n");
    }
    if session.restarts == Restarts::LongLived {
        writeln!(text, " bgp graceful-restart restart-time {RESTART_TIME}").expect(WRITABLE);
        writeln!(text, " bgp long-lived-graceful-restart stale-time {STALE_TIME}").expect(WRITABLE);
    }
    let mut add = |line: String| writeln!(text, " neighbor {remote} {line}").expect(WRITABLE);
    if session.dial == Dial::In {
        add("passive".into());
    }
    if let Some(key) = session.password {
        add(format!("password {key}"));
    }
    match session.ttl_security {
        Some(hops) => add(format!("ttl-security hops {hops}")),
        None if session.hops > 1 && !session.is_internal() => add(format!("ebgp-multihop {}", session.hops)),
        None => {}
    }
    for ip in &session.families {
        let add_path = match session.add_path {
            true => format!("  neighbor {remote} addpath-tx-all-paths\n"),
            false => String::new(),
        };
        let activate = format!("  neighbor {remote} activate\n{add_path}");
        write!(text, " address-family {} unicast\n{activate} exit-address-family\n", ip.name())
            .expect(WRITABLE);
    }
    text + "exit\n"
}

/// The commands that lead from some routes to others: a route map for each set of attributes, a network
/// statement for each route.
fn changes(session: &Session, from: &Table, to: &Table) -> String {
    let mut maps: BTreeMap<&Path, String> = BTreeMap::new();
    let mut text = String::new();
    let mut networks = [String::new(), String::new()];
    let prefixes: BTreeSet<&IpNet> = from.keys().chain(to.keys()).collect();
    for prefix in prefixes {
        let slot = &mut networks[usize::from(prefix.addr().is_ipv6())];
        let (old, new) = (from.get(prefix), to.get(prefix));
        if old == new {
            continue;
        }
        if old.is_some() {
            writeln!(slot, "  no network {prefix}").expect(WRITABLE);
        }
        if let Some(path) = new.and_then(BTreeSet::first) {
            let name = maps.entry(path).or_insert_with(|| {
                let name = map_name(path);
                text.push_str(&route_map(&name, path, session));
                name
            });
            writeln!(slot, "  network {prefix} route-map {name}").expect(WRITABLE);
        }
    }
    writeln!(text, "router bgp {}", session.local.asn).expect(WRITABLE);
    for (ip, lines) in Ip::BOTH.into_iter().zip(networks) {
        write!(text, " address-family {} unicast\n{lines} exit-address-family\n", ip.name()).expect(WRITABLE);
    }
    text + "exit\n"
}

/// Paths of these tests differ in local preference whenever they differ at all.
fn map_name(path: &Path) -> String {
    let family = if path.next_hop.is_ipv6() { 6 } else { 4 };
    format!("kind{}-{family}", path.local_preference.unwrap_or_default())
}

fn route_map(name: &str, path: &Path, session: &Session) -> String {
    let mut text = format!("route-map {name} permit 10\n set origin {}\n", path.origin);
    if !path.as_path.is_empty() {
        writeln!(text, " set as-path prepend {}", join(&path.as_path)).expect(WRITABLE);
    }
    if let Some(med) = path.med {
        writeln!(text, " set metric {med}").expect(WRITABLE);
    }
    if let Some(preference) = path.local_preference {
        writeln!(text, " set local-preference {preference}").expect(WRITABLE);
    }
    if !path.communities.is_empty() {
        let all = path.communities.iter().map(|(high, low)| format!("{high}:{low}"));
        writeln!(text, " set community {}", join(all)).expect(WRITABLE);
    }
    if !path.large_communities.is_empty() {
        let all = path.large_communities.iter().map(|(admin, one, two)| format!("{admin}:{one}:{two}"));
        writeln!(text, " set large-community {}", join(all)).expect(WRITABLE);
    }
    // Over the other family's connection FRR has no next hop of its own to send.
    if path.next_hop.is_ipv6() && session.carrier == Ip::V4 {
        writeln!(text, " set ipv6 next-hop global {}", path.next_hop).expect(WRITABLE);
    }
    text + "exit\n"
}

fn join(items: impl IntoIterator<Item = impl Display>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(" ")
}

fn read(path: &Value) -> Option<Path> {
    let number = |value: &Value| value.as_u64().and_then(|value| u32::try_from(value).ok());
    let list = |value: &Value| -> Vec<Vec<u32>> {
        let items = value["list"].as_array().into_iter().flatten().filter_map(Value::as_str);
        items.map(parts).collect()
    };
    let segments = path["aspath"]["segments"].as_array()?;
    let hops = path["nexthops"].as_array()?;
    // Beside a global IPv6 next hop FRR lists the link-local one.
    let hop = hops.iter().find(|hop| hop["scope"] != "link-local")?;
    Some(Path {
        next_hop: hop["ip"].as_str()?.parse().ok()?,
        as_path: segments
            .iter()
            .flat_map(|s| s["list"].as_array().into_iter().flatten())
            .filter_map(number)
            .collect(),
        origin: Origin::parse(path["origin"].as_str()?)?,
        med: number(&path["metric"]),
        local_preference: number(&path["locPrf"]),
        communities: communities(&list(&path["community"])),
        large_communities: large_communities(&list(&path["largeCommunity"])),
    })
}

const WRITABLE: &str = "writing to a string cannot fail";
