//! OpenBGPD.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use ipnet::IpNet;
use serde_json::Value;

use super::route::{Origin, Path, Table, communities, large_communities, parts};
use super::{Dial, Session, Speaker, ask};
use crate::failure::{Doing, Failure};
use crate::kernel::Ip;
use crate::netns::Netns;
use crate::process::Daemon;

/// Debian's OpenBGPD.
#[derive(Debug, Default)]
pub struct OpenBgpd {
    daemon: Option<Daemon>,
}

impl OpenBgpd {
    /// Not yet running.
    pub fn new() -> Self {
        Self::default()
    }

    fn bgpctl(&self, session: &Session, words: &[&str]) -> Result<String, Failure> {
        ask(Command::new("/usr/sbin/bgpctl").arg("-s").arg(session.local.file("ctl")).args(words))
    }

    fn write(&self, session: &Session, routes: &Table) -> Result<(), Failure> {
        let file = session.local.file("conf");
        fs::write(&file, configuration(session, routes)).doing("write a configuration")?;
        fs::set_permissions(&file, Permissions::from_mode(0o600)).doing("hide a configuration")
    }
}

impl Speaker for OpenBgpd {
    fn name(&self) -> &'static str {
        "openbgpd"
    }

    fn start(&mut self, place: &Netns, session: &Session, routes: &Table) -> Result<(), Failure> {
        fs::create_dir_all(CHROOT).doing("create OpenBGPD's folder")?;
        self.write(session, routes)?;
        let mut command = Command::new("/usr/sbin/bgpd");
        command.arg("-d").arg("-f").arg(session.local.file("conf"));
        self.daemon = Some(Daemon::start("bgpd", &mut command, place, &session.local.file("log"))?);
        Ok(())
    }

    fn replace(&mut self, session: &Session, routes: &Table) -> Result<(), Failure> {
        self.write(session, routes)?;
        self.bgpctl(session, &["reload"]).map(|_| ())
    }

    fn check(&mut self, session: &Session) -> Result<(), Failure> {
        self.daemon.as_mut().map_or(Ok(()), Daemon::check)?;
        let answer = self.bgpctl(session, &["show", "neighbor", &session.addresses().1.to_string()])?;
        match answer.contains("BGP state = Established") {
            true => Ok(()),
            false => Err(Failure::new("see the session up", answer)),
        }
    }

    fn learned(&self, session: &Session, ip: Ip) -> Result<Table, Failure> {
        let neighbor = session.addresses().1.to_string();
        let family = if ip == Ip::V4 { "inet" } else { "inet6" };
        let answer =
            self.bgpctl(session, &["-j", "show", "rib", family, "in", "detail", "neighbor", &neighbor])?;
        let seen: Value = serde_json::from_str(&answer).doing("read OpenBGPD's table")?;
        let mut table = Table::new();
        for path in seen["rib"].as_array().into_iter().flatten() {
            let (prefix, read) = read(path).ok_or_else(|| Failure::new("read OpenBGPD's route", path))?;
            table.entry(prefix).or_default().insert(read);
        }
        Ok(table)
    }

    fn shut_down(&mut self, session: &Session, reason: &str) -> Result<(), Failure> {
        self.bgpctl(session, &["neighbor", &session.addresses().1.to_string(), "down", reason]).map(|_| ())
    }

    fn complaint(&self, session: &Session) -> Result<String, Failure> {
        let answer = self.bgpctl(session, &["show", "neighbor", &session.addresses().1.to_string()])?;
        Ok(format!("{answer}{}", self.daemon.as_ref().map(Daemon::log).unwrap_or_default()))
    }

    fn last_words(&self) -> String {
        self.daemon.as_ref().map(Daemon::last_words).unwrap_or_default()
    }

    /// A network statement cannot give an AS path.
    fn can_say(&self, path: Path) -> Path {
        Path { as_path: Vec::new(), ..path }
    }
}

fn configuration(session: &Session, routes: &Table) -> String {
    let (local, remote) = session.addresses();
    let mut text = format!(
        "AS {}\nrouter-id {}\nsocket \"{}\"\nfib-update no\nlisten on {local}\nconnect-retry 1\n",
        session.local.asn,
        session.local.v4,
        session.local.file("ctl").display()
    );
    for (prefix, paths) in routes {
        text.push_str(&network(prefix, paths));
    }
    writeln!(text, "neighbor {remote} {{\n  remote-as {}\n  local-address {local}", session.remote.asn)
        .expect(WRITABLE);
    let mut add = |line: &str| writeln!(text, "  {line}").expect(WRITABLE);
    if session.dial == Dial::In {
        add("passive");
    }
    if let Some(key) = session.password {
        add(&format!("tcp md5sig password \"{key}\""));
    }
    if session.hops > 1 {
        add(&format!("multihop {}", session.hops));
    }
    for ip in Ip::BOTH {
        let wanted = if session.families.contains(&ip) { "unicast" } else { "none" };
        add(&format!("announce IPv{} {wanted}", if ip == Ip::V4 { 4 } else { 6 }));
    }
    if session.add_path {
        add("announce add-path recv yes");
        add("announce add-path send all");
    }
    text + "}\nallow from any\nallow to any\n"
}

fn network(prefix: &IpNet, paths: &BTreeSet<Path>) -> String {
    let mut text = String::new();
    for path in paths {
        write!(text, "network {prefix} set {{ origin {} nexthop {}", path.origin, path.next_hop)
            .expect(WRITABLE);
        if let Some(med) = path.med {
            write!(text, " med {med}").expect(WRITABLE);
        }
        if let Some(preference) = path.local_preference {
            write!(text, " localpref {preference}").expect(WRITABLE);
        }
        for (high, low) in &path.communities {
            write!(text, " community {high}:{low}").expect(WRITABLE);
        }
        for (admin, one, two) in &path.large_communities {
            write!(text, " large-community {admin}:{one}:{two}").expect(WRITABLE);
        }
        text.push_str(" }\n");
    }
    text
}

fn read(path: &Value) -> Option<(IpNet, Path)> {
    let number = |value: &Value| value.as_u64().and_then(|value| u32::try_from(value).ok());
    let list = |value: &Value| -> Vec<Vec<u32>> {
        value.as_array().into_iter().flatten().filter_map(Value::as_str).map(parts).collect()
    };
    let read = Path {
        next_hop: path["exit_nexthop"].as_str()?.parse().ok()?,
        as_path: path["aspath"].as_str()?.split(' ').filter_map(|asn| asn.parse().ok()).collect(),
        origin: Origin::parse(path["origin"].as_str()?)?,
        med: number(&path["metric"]),
        local_preference: number(&path["localpref"]),
        communities: communities(&list(&path["communities"])),
        large_communities: large_communities(&list(&path["large_communities"])),
    };
    Some((path["prefix"].as_str()?.parse().ok()?, read))
}

/// Its parts lock themselves in here, the home of its user.
const CHROOT: &str = "/run/openbgpd";
const WRITABLE: &str = "writing to a string cannot fail";
