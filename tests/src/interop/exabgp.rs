//! ExaBGP: it keeps no table, so its words about what it hears are added up here.

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};
use std::fs::{self, File};
use std::io::Write as _;
use std::process::Command;

use ipnet::IpNet;
use serde_json::Value;

use super::route::{Origin, Path, Table, communities, large_communities};
use super::{Dial, Session, Speaker};
use crate::failure::{Doing, Failure};
use crate::kernel::Ip;
use crate::netns::Netns;
use crate::process::Daemon;

/// ExaBGP and what it was last told to announce.
#[derive(Debug, Default)]
pub struct ExaBgp {
    daemon: Option<Daemon>,
    routes: Table,
}

impl ExaBgp {
    /// Debian's ExaBGP.
    pub fn new() -> Self {
        Self::default()
    }

    fn command(&self, session: &Session, lines: &str) -> Result<(), Failure> {
        let mut file =
            File::options().append(true).open(session.local.file("cmd")).doing("open ExaBGP's orders")?;
        file.write_all(lines.as_bytes()).doing("order ExaBGP about")
    }

    /// What it reported, line by line.
    fn reports(&self, session: &Session) -> Result<Vec<Value>, Failure> {
        let text = fs::read_to_string(session.local.file("json")).doing("read what ExaBGP heard")?;
        // The last line may still be being written.
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().map(|line| serde_json::from_str(line).doing("read ExaBGP's report")).collect()
    }
}

impl Speaker for ExaBgp {
    fn name(&self) -> &'static str {
        "exabgp"
    }

    fn start(&mut self, place: &Netns, session: &Session, routes: &Table) -> Result<(), Failure> {
        let file = session.local.file("conf");
        fs::write(&file, configuration(session)).doing("write a configuration")?;
        fs::write(session.local.file("json"), "").doing("create ExaBGP's reports")?;
        fs::write(session.local.file("cmd"), changes(&Table::new(), routes))
            .doing("write ExaBGP's orders")?;
        fs::write(session.local.file("sh"), scribe(session)).doing("write ExaBGP's scribe")?;
        let mut command = Command::new("/usr/sbin/exabgp");
        command.arg(&file).envs([
            ("exabgp.daemon.drop", "false"),
            ("exabgp.api.cli", "false"),
            ("exabgp.api.ack", "false"),
            ("exabgp.log.destination", "stdout"),
            ("exabgp.log.level", "WARNING"),
        ]);
        if session.dial == Dial::In {
            command.env("exabgp.tcp.bind", session.addresses().0.to_string());
        }
        self.daemon = Some(Daemon::start("exabgp", &mut command, place, &session.local.file("log"))?);
        self.routes = routes.clone();
        Ok(())
    }

    fn replace(&mut self, session: &Session, routes: &Table) -> Result<(), Failure> {
        self.command(session, &changes(&self.routes, routes))?;
        self.routes = routes.clone();
        Ok(())
    }

    fn check(&mut self, session: &Session) -> Result<(), Failure> {
        self.daemon.as_mut().map_or(Ok(()), Daemon::check)?;
        let reports = self.reports(session)?;
        let states = reports.iter().rev().filter(|report| report["type"] == "state");
        match states.map(|report| &report["neighbor"]["state"]).next() {
            Some(state) if state == "up" => Ok(()),
            state => Err(Failure::new("see the session up", format!("{state:?}"))),
        }
    }

    fn learned(&self, session: &Session, ip: Ip) -> Result<Table, Failure> {
        let mut held = BTreeMap::new();
        for report in self.reports(session)? {
            match report["type"].as_str() {
                Some("state") => held.clear(),
                Some("update") => hear(&mut held, &report["neighbor"]["message"]["update"], ip)?,
                _ => {}
            }
        }
        let mut table = Table::new();
        for ((prefix, _), path) in held {
            table.entry(prefix).or_default().insert(path);
        }
        Ok(table)
    }

    fn shut_down(&mut self, session: &Session, _reason: &str) -> Result<(), Failure> {
        self.command(session, &format!("neighbor {} teardown 2\n", session.addresses().1))
    }

    fn complaint(&self, session: &Session) -> Result<String, Failure> {
        let reports = fs::read_to_string(session.local.file("json")).doing("read what ExaBGP heard")?;
        Ok(format!("{reports}{}", self.daemon.as_ref().map(Daemon::log).unwrap_or_default()))
    }

    fn last_words(&self) -> String {
        self.daemon.as_ref().map(Daemon::last_words).unwrap_or_default()
    }
}

fn configuration(session: &Session) -> String {
    let (local, remote) = session.addresses();
    let families: String = session.families.iter().map(|ip| format!("{} unicast; ", ip.name())).collect();
    let add_path = if session.add_path { "send/receive" } else { "disable" };
    let password = session.password.map(|key| format!("  md5-password \"{key}\";\n")).unwrap_or_default();
    format!(
        "\
process scribe {{ run /bin/sh {script}; encoder json; }}
neighbor {remote} {{
  router-id {id};
  local-address {local};
  local-as {asn};
  peer-as {remote_asn};
  passive {passive};
{password}  family {{ {families}}}
  capability {{ add-path {add_path}; asn4 enable; route-refresh enable; }}
  api {{ processes [ scribe ]; neighbor-changes; receive {{ parsed; update; }} }}
}}
",
        script = session.local.file("sh").display(),
        id = session.local.v4,
        asn = session.local.asn,
        remote_asn = session.remote.asn,
        passive = session.dial == Dial::In,
    )
}

/// Writes down what ExaBGP says and repeats to it what is appended to the orders.
fn scribe(session: &Session) -> String {
    let (reports, orders) = (session.local.file("json"), session.local.file("cmd"));
    format!("exec 3<&0\ncat <&3 > {} &\nexec tail -n +1 -f {}\n", reports.display(), orders.display())
}

/// The orders that lead from some routes to others.
fn changes(from: &Table, to: &Table) -> String {
    let gone = from.keys().filter(|prefix| !to.contains_key(prefix));
    let mut text: String = gone.map(|prefix| format!("withdraw route {prefix}\n")).collect();
    for (prefix, paths) in to.iter().filter(|(prefix, paths)| from.get(prefix) != Some(paths)) {
        for path in paths {
            write!(text, "announce route {prefix} next-hop {} origin {}", path.next_hop, path.origin)
                .expect(WRITABLE);
            let mut list = |word: &str, items: Vec<String>| {
                if !items.is_empty() {
                    write!(text, " {word} [ {} ]", items.join(" ")).expect(WRITABLE);
                }
            };
            list("as-path", strings(&path.as_path));
            list("community", path.communities.iter().map(|(high, low)| format!("{high}:{low}")).collect());
            let large = path.large_communities.iter().map(|(admin, one, two)| format!("{admin}:{one}:{two}"));
            list("large-community", large.collect());
            if let Some(med) = path.med {
                write!(text, " med {med}").expect(WRITABLE);
            }
            if let Some(preference) = path.local_preference {
                write!(text, " local-preference {preference}").expect(WRITABLE);
            }
            text.push('\n');
        }
    }
    text
}

fn strings(items: &[impl Display]) -> Vec<String> {
    items.iter().map(ToString::to_string).collect()
}

/// Applies one report to what is held, by prefix and path identifier.
fn hear(held: &mut BTreeMap<(IpNet, String), Path>, update: &Value, ip: Ip) -> Result<(), Failure> {
    let family = format!("{} unicast", ip.name());
    let key = |nlri: &Value| -> Result<(IpNet, String), Failure> {
        let prefix = nlri["nlri"].as_str().unwrap_or_default();
        let prefix = prefix.parse().doing_with(|| format!("read {nlri}"))?;
        Ok((prefix, nlri["path-information"].as_str().unwrap_or_default().to_owned()))
    };
    for nlri in update["withdraw"][&family].as_array().into_iter().flatten() {
        held.remove(&key(nlri)?);
    }
    for (hop, all) in update["announce"][&family].as_object().into_iter().flatten() {
        for nlri in all.as_array().into_iter().flatten() {
            let path =
                read(hop, &update["attribute"]).ok_or_else(|| Failure::new("read ExaBGP's route", update))?;
            held.insert(key(nlri)?, path);
        }
    }
    Ok(())
}

fn read(hop: &str, attribute: &Value) -> Option<Path> {
    let number = |value: &Value| value.as_u64().and_then(|value| u32::try_from(value).ok());
    let numbers =
        |value: &Value| -> Vec<u32> { value.as_array().into_iter().flatten().filter_map(number).collect() };
    let lists =
        |value: &Value| -> Vec<Vec<u32>> { value.as_array().into_iter().flatten().map(numbers).collect() };
    Some(Path {
        next_hop: hop.parse().ok()?,
        as_path: numbers(&attribute["as-path"]),
        origin: Origin::parse(attribute["origin"].as_str()?)?,
        med: number(&attribute["med"]),
        local_preference: number(&attribute["local-preference"]),
        communities: communities(&lists(&attribute["community"])),
        large_communities: large_communities(&lists(&attribute["large-community"])),
    })
}

const WRITABLE: &str = "writing to a string cannot fail";
