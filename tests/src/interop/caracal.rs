//! Ours.

use std::collections::BTreeMap;
use std::fmt::{Display, Write};
use std::fs;
use std::process::Command;

use ipnet::IpNet;
use serde_json::Value;

use super::route::{Origin, Path, Table, communities, large_communities, parts};
use super::{Dial, RESTART_TIME, Restarts, STALE_TIME, Session, Speaker, ask};
use crate::failure::{Doing, Failure};
use crate::kernel::Ip;
use crate::netns::Netns;
use crate::process::Daemon;
use crate::programs::{self, program};
use crate::sandbox;

/// Caracal.
#[derive(Debug, Default)]
pub struct Caracal {
    daemon: Option<Daemon>,
}

/// Brings `caracal` up to date with its sources, then runs a test in a sandbox.
///
/// # Panics
///
/// If the test fails, if the daemon does not build, and where [`sandbox::test`] does.
pub fn test<F: FnOnce() -> Result<(), Failure>>(body: F) {
    if !sandbox::is_inside() {
        programs::build().expect("caracal builds");
    }
    sandbox::run_test(std::any::type_name::<F>(), || {
        if let Err(failure) = body() {
            panic!("{failure}");
        }
    });
}

impl Caracal {
    /// Not yet running.
    pub fn new() -> Self {
        Self::default()
    }

    fn ask(&self, session: &Session, words: &[&str]) -> Result<String, Failure> {
        ask(Command::new(program("caracal")).arg("--socket").arg(session.local.file("sock")).args(words))
    }

    fn peer(&self, session: &Session) -> Result<Value, Failure> {
        let answer = self.ask(session, &["peers", "-o", "json"])?;
        let peers: Value = serde_json::from_str(&answer).doing("read Caracal's answer")?;
        Ok(peers[0].clone())
    }
}

impl Speaker for Caracal {
    fn name(&self) -> &'static str {
        "caracal"
    }

    fn start(&mut self, place: &Netns, session: &Session, routes: &Table) -> Result<(), Failure> {
        let file = session.local.file("toml");
        fs::write(&file, configuration(session, routes)).doing("write a configuration")?;
        if let Some(key) = session.password {
            fs::write(session.local.file("key"), key).doing("write a key")?;
        }
        let mut command = Command::new(program("caracal"));
        command.arg("run").arg("--config").arg(&file);
        self.daemon = Some(Daemon::start("caracal", &mut command, place, &session.local.file("log"))?);
        Ok(())
    }

    fn replace(&mut self, session: &Session, routes: &Table) -> Result<(), Failure> {
        fs::write(session.local.file("toml"), configuration(session, routes))
            .doing("write a configuration")?;
        self.ask(session, &["reload"]).map(|_| ())
    }

    fn check(&mut self, session: &Session) -> Result<(), Failure> {
        self.daemon.as_mut().map_or(Ok(()), Daemon::check)?;
        let peer = self.peer(session)?;
        match peer["state"] == "Established" {
            true => Ok(()),
            false => Err(Failure::new("see the session up", peer)),
        }
    }

    fn crash(&mut self) -> Result<(), Failure> {
        self.daemon = None;
        Ok(())
    }

    fn learned(&self, session: &Session, ip: Ip) -> Result<Table, Failure> {
        let answer = self.ask(session, &["routes", "--in", NAME, "--family", ip.name(), "-o", "json"])?;
        let seen: Value = serde_json::from_str(&answer).doing("read Caracal's table")?;
        let mut table = Table::new();
        for path in seen.as_array().into_iter().flatten() {
            let (prefix, read) = read(path).ok_or_else(|| Failure::new("read Caracal's route", path))?;
            table.entry(prefix).or_default().insert(read);
        }
        Ok(table)
    }

    fn shut_down(&mut self, session: &Session, reason: &str) -> Result<(), Failure> {
        self.ask(session, &["peer", NAME, "disable", "--text", reason]).map(|_| ())
    }

    fn complaint(&self, session: &Session) -> Result<String, Failure> {
        Ok(self.peer(session)?.to_string())
    }

    fn last_words(&self) -> String {
        self.daemon.as_ref().map(Daemon::last_words).unwrap_or_default()
    }
}

fn configuration(session: &Session, routes: &Table) -> String {
    let (local, remote) = session.addresses();
    let families: Vec<String> = session.families.iter().map(|ip| format!("\"{}\"", ip.name())).collect();
    let mut text = format!(
        "\
asn = {asn}
router_id = \"{id}\"

[listen]
addresses = [\"{local}\"]

[kernel]
export = \"reject-all\"

[control]
socket = \"{socket}\"

[[peer]]
name = \"{NAME}\"
address = \"{remote}\"
local_address = \"{local}\"
asn = {remote_asn}
passive = {passive}
connect_retry = \"1s\"
families = [{families}]
import = \"accept-all\"
export = \"originated\"
add_path = \"{add_path}\"
",
        asn = session.local.asn,
        id = session.local.v4,
        socket = session.local.file("sock").display(),
        remote_asn = session.remote.asn,
        passive = session.dial == Dial::In,
        families = families.join(", "),
        add_path = if session.add_path { "both" } else { "off" },
    );
    if session.restarts != Restarts::Usual {
        // It forwards nothing, and so has preserved it.
        text.insert_str(0, "role = \"reflector\"\n");
    }
    if session.restarts == Restarts::LongLived {
        let times = format!("restart_time = \"{RESTART_TIME}s\"\nlong_lived = \"{STALE_TIME}s\"");
        text.insert_str(text.find("[listen]").unwrap_or(0), &format!("[graceful_restart]\n{times}\n\n"));
    }
    let mut add = |line: String| writeln!(text, "{line}").expect(WRITABLE);
    if session.password.is_some() {
        add(format!("password_file = \"{}\"", session.local.file("key").display()));
    }
    match session.ttl_security {
        Some(hops) => add(format!("ttl_security = {hops}")),
        None if !session.is_internal() => add(format!("multihop = {}", session.hops)),
        None => {}
    }
    add(policy(routes));
    for (prefix, paths) in routes {
        for path in paths {
            add(originate(prefix, path));
        }
    }
    text
}

/// A route with the attributes that a route of our own may have.
fn originate(prefix: &IpNet, path: &Path) -> String {
    let standard = path.communities.iter().map(|(high, low)| format!("\"{high}:{low}\""));
    let large = path.large_communities.iter().map(|(admin, one, two)| format!("\"{admin}:{one}:{two}\""));
    let communities: Vec<String> = standard.chain(large).collect();
    let mut text = format!("[[originate]]\nprefix = \"{prefix}\"\nkind = \"announce\"\n");
    if !communities.is_empty() {
        writeln!(text, "communities = [{}]", communities.join(", ")).expect(WRITABLE);
    }
    if let Some(preference) = path.local_preference {
        writeln!(text, "local_preference = {preference}").expect(WRITABLE);
    }
    if let Some(med) = path.med {
        writeln!(text, "med = {med}").expect(WRITABLE);
    }
    text
}

/// Origin, AS path and next hop are given on the way out.
fn policy(routes: &Table) -> String {
    let mut kinds: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for (prefix, paths) in routes {
        for path in paths {
            let kind = (path.origin, &path.as_path, path.next_hop);
            kinds.entry(kind).or_default().push(format!("\"{prefix}\""));
        }
    }
    let rules = kinds.iter().map(|((origin, as_path, next_hop), prefixes)| {
        format!(
            "  {{ match = {{ prefix = [{}] }}, action = \"accept\", \
             set = {{ origin = \"{origin}\", prepend = [{}], next_hop = \"{next_hop}\" }} }},\n",
            prefixes.join(", "),
            join(as_path)
        )
    });
    format!(
        "\n[[policy]]\nname = \"originated\"\ndefault = \"reject\"\nrules = [\n{}]\n",
        rules.collect::<String>()
    )
}

fn join(items: &[impl Display]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn read(path: &Value) -> Option<(IpNet, Path)> {
    let number = |value: &Value| value.as_u64().and_then(|value| u32::try_from(value).ok());
    let items = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let lists = |value: &Value| -> Vec<Vec<u32>> {
        items(value).iter().filter_map(Value::as_str).map(parts).collect()
    };
    let read = Path {
        // A link-local address may stand behind a global one.
        next_hop: path["next_hop"].as_str()?.split([' ', ',']).next()?.parse().ok()?,
        as_path: items(&path["as_path"]).iter().filter_map(number).collect(),
        origin: Origin::parse(path["origin"].as_str()?)?,
        med: number(&path["med"]),
        local_preference: number(&path["local_preference"]),
        communities: communities(&lists(&path["communities"])),
        large_communities: large_communities(&lists(&path["large_communities"])),
    };
    Some((path["prefix"].as_str()?.parse().ok()?, read))
}

/// What the session's peer is called.
const NAME: &str = "other";
const WRITABLE: &str = "writing to a string cannot fail";
