//! GoBGP.

use std::fmt::Write;
use std::fs;
use std::process::Command;
use std::time::Duration;

use ipnet::IpNet;
use serde_json::Value;

use super::mrt::table_dump;
use super::route::{Origin, Path, Table};
use super::{Dial, Session, Speaker, ask};
use crate::failure::{Doing, Failure};
use crate::kernel::Ip;
use crate::netns::Netns;
use crate::process::Daemon;
use crate::wait;

/// GoBGP.
#[derive(Debug, Default)]
pub struct GoBgp {
    daemon: Option<Daemon>,
}

impl GoBgp {
    /// Debian's GoBGP.
    pub fn new() -> Self {
        Self::default()
    }

    fn gobgp(&self, session: &Session, words: &[&str]) -> Result<String, Failure> {
        let target = format!("unix://{}", session.local.file("api").display());
        ask(Command::new("/usr/bin/gobgp").args(["--target", &target]).args(words))
    }

    /// Repeats the injection until all of it is there.
    fn inject(&self, session: &Session, routes: &Table) -> Result<(), Failure> {
        let file = session.local.file("mrt");
        fs::write(&file, table_dump(routes, session.local.asn, session.local.v4))
            .doing("write a table dump")?;
        wait::until("GoBGP to take in its routes", Duration::from_secs(30), || {
            self.gobgp(session, &["mrt", "inject", "global", &file.display().to_string()])?;
            let mut held = Table::new();
            for ip in &session.families {
                held.extend(table(&self.gobgp(session, &["global", "rib", "-a", ip.name(), "-j"])?)?);
            }
            let missing = routes.iter().filter(|(prefix, paths)| held.get(prefix) != Some(paths)).count();
            if missing == 0 {
                Ok(())
            } else {
                Err(Failure::new("inject routes", format!("{missing} missing")))
            }
        })
    }
}

/// Reads a table as GoBGP prints it.
fn table(answer: &str) -> Result<Table, Failure> {
    let seen: Value = serde_json::from_str(answer).doing("read GoBGP's table")?;
    let mut table = Table::new();
    for (prefix, paths) in seen.as_object().into_iter().flatten() {
        let prefix: IpNet = prefix.parse().doing_with(|| format!("read {prefix}"))?;
        for path in paths.as_array().into_iter().flatten() {
            let read = read(path).ok_or_else(|| Failure::new("read GoBGP's route", path))?;
            table.entry(prefix).or_default().insert(read);
        }
    }
    Ok(table)
}

impl Speaker for GoBgp {
    fn name(&self) -> &'static str {
        "gobgp"
    }

    fn start(&mut self, place: &Netns, session: &Session, routes: &Table) -> Result<(), Failure> {
        let file = session.local.file("toml");
        fs::write(&file, configuration(session)).doing("write a configuration")?;
        let mut command = Command::new("/usr/bin/gobgpd");
        command.arg("--config-file").arg(&file).args([
            "--pprof-disable",
            "--log-level",
            "debug",
            "--api-hosts",
        ]);
        command.arg(format!("unix://{}", session.local.file("api").display()));
        self.daemon = Some(Daemon::start("gobgpd", &mut command, place, &session.local.file("log"))?);
        wait::until("gobgpd to answer", Duration::from_secs(20), || self.gobgp(session, &["neighbor"]))?;
        // What is injected while a session comes up does not reliably reach it.
        self.inject(session, routes)?;
        self.gobgp(session, &["neighbor", &session.addresses().1.to_string(), "enable"]).map(|_| ())
    }

    /// What was injected cannot be deleted one by one.
    fn replace(&mut self, session: &Session, routes: &Table) -> Result<(), Failure> {
        for ip in &session.families {
            self.gobgp(session, &["global", "rib", "del", "all", "-a", ip.name()])?;
        }
        self.inject(session, routes)
    }

    fn check(&mut self, session: &Session) -> Result<(), Failure> {
        self.daemon.as_mut().map_or(Ok(()), Daemon::check)?;
        let answer = self.gobgp(session, &["neighbor", &session.addresses().1.to_string(), "-j"])?;
        let seen: Value = serde_json::from_str(&answer).doing("read GoBGP's answer")?;
        let state = &seen["state"]["session_state"];
        if state == ESTABLISHED {
            Ok(())
        } else {
            Err(Failure::new("see the session up", format!("state {state}")))
        }
    }

    fn learned(&self, session: &Session, ip: Ip) -> Result<Table, Failure> {
        let neighbor = session.addresses().1.to_string();
        table(&self.gobgp(session, &["neighbor", &neighbor, "adj-in", "-a", ip.name(), "-j"])?)
    }

    fn shut_down(&mut self, session: &Session, reason: &str) -> Result<(), Failure> {
        let neighbor = session.addresses().1.to_string();
        self.gobgp(session, &["neighbor", &neighbor, "shutdown", "--reason", reason]).map(|_| ())
    }

    fn complaint(&self, _session: &Session) -> Result<String, Failure> {
        Ok(self.daemon.as_ref().map(Daemon::log).unwrap_or_default())
    }

    fn last_words(&self) -> String {
        self.daemon.as_ref().map(Daemon::last_words).unwrap_or_default()
    }
}

fn configuration(session: &Session) -> String {
    let (local, remote) = session.addresses();
    let mut text = format!(
        "\
[global.config]
  as = {}
  router-id = \"{}\"
[[neighbors]]
  [neighbors.config]
    neighbor-address = \"{remote}\"
    peer-as = {}
    admin-down = true
    auth-password = \"{}\"
  [neighbors.transport.config]
    local-address = \"{local}\"
    passive-mode = {}
  [neighbors.timers.config]
    connect-retry = 1
    idle-hold-time-after-reset = 1
",
        session.local.asn,
        session.local.v4,
        session.remote.asn,
        session.password.unwrap_or_default(),
        session.dial == Dial::In,
    );
    if session.hops > 1 && !session.is_internal() {
        let multihop =
            format!("[neighbors.ebgp-multihop.config]\n enabled = true\n multihop-ttl = {}\n", session.hops);
        text.push_str(&multihop);
    }
    for ip in &session.families {
        write!(
            text,
            "  [[neighbors.afi-safis]]\n    [neighbors.afi-safis.config]\n      afi-safi-name = \"{}-unicast\"\n",
            ip.name()
        )
        .expect("writing to a string cannot fail");
        if session.add_path {
            text.push_str(
                "    [neighbors.afi-safis.add-paths.config]\n      receive = true\n      send-max = 8\n",
            );
        }
    }
    text
}

/// A path is a list of attributes by type code.
fn read(path: &Value) -> Option<Path> {
    let number = |value: &Value| value.as_u64().and_then(|value| u32::try_from(value).ok());
    let attributes = path["attrs"].as_array()?;
    let attribute = |code: u64| attributes.iter().find(|attribute| attribute["type"] == code);
    let segments = attribute(2).and_then(|found| found["as_paths"].as_array()).into_iter().flatten();
    let communities = attribute(8).and_then(|found| found["communities"].as_array()).into_iter().flatten();
    let large = attribute(32).and_then(|found| found["value"].as_array()).into_iter().flatten();
    Some(Path {
        next_hop: attribute(14).or_else(|| attribute(3))?["nexthop"].as_str()?.parse().ok()?,
        as_path: segments
            .flat_map(|s| s["asns"].as_array().into_iter().flatten())
            .filter_map(number)
            .collect(),
        origin: [Origin::Igp, Origin::Egp, Origin::Incomplete]
            .into_iter()
            .nth(usize::try_from(attribute(1)?["value"].as_u64()?).ok()?)?,
        med: attribute(4).and_then(|found| number(&found["metric"])),
        local_preference: attribute(5).and_then(|found| number(&found["value"])),
        communities: communities.filter_map(number).map(|both| ((both >> 16) as u16, both as u16)).collect(),
        large_communities: large
            .filter_map(|c| Some((number(&c["ASN"])?, number(&c["LocalData1"])?, number(&c["LocalData2"])?)))
            .collect(),
    })
}

/// The sixth of the RFC's states, counted from one.
const ESTABLISHED: u64 = 6;
