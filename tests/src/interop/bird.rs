//! BIRD 2 and BIRD 1.6, the latter in its two halves.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path as FilePath, PathBuf};
use std::process::Command;

use ipnet::IpNet;

use super::route::{Origin, Path, Table, communities, large_communities};
use super::{Dial, RESTART_TIME, Restarts, STALE_TIME, Session, Speaker, ask};
use crate::failure::{Doing, Failure};
use crate::kernel::Ip;
use crate::netns::Netns;
use crate::process::Daemon;

/// A BIRD.
#[derive(Debug)]
pub struct Bird {
    version: Version,
    daemon: Option<Daemon>,
}

/// Which BIRD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    /// 1.6, one process for each family.
    One(Ip),
    /// 2, one process for both.
    Two,
}

impl Bird {
    /// Debian's BIRD 2.
    pub fn two() -> Self {
        Self { version: Version::Two, daemon: None }
    }

    /// BIRD 1.6, which Calico's is made from.
    pub fn one(ip: Ip) -> Self {
        Self { version: Version::One(ip), daemon: None }
    }

    fn program(&self, name: &str) -> PathBuf {
        match self.version {
            Version::Two => FilePath::new("/usr/sbin").join(name),
            Version::One(ip) => {
                let suffix = if ip == Ip::V6 { "6" } else { "" };
                FilePath::new(env!("CARGO_MANIFEST_DIR"))
                    .join("../target/peers/bird1/usr/sbin")
                    .join(format!("{}{suffix}", name))
            }
        }
    }

    fn control(&self, session: &Session, words: &[&str]) -> Result<String, Failure> {
        ask(Command::new(self.program("birdc")).arg("-s").arg(session.local.file("ctl")).args(words))
    }

    fn configuration(&self, session: &Session, routes: &Table) -> String {
        let mut text = format!(
            "log stderr all;\nrouter id {};\nprotocol device {{}}\n{}\n",
            session.local.v4,
            self.direct()
        );
        for ip in Ip::BOTH.into_iter().filter(|ip| self.version.has(*ip)) {
            let channel =
                if self.version == Version::Two { format!("{};", ip.name()) } else { String::new() };
            let routes: Vec<_> = routes.iter().filter(|(prefix, _)| Ip::of(prefix) == ip).collect();
            // A static protocol has one route to a prefix; each further path takes a further protocol.
            for rank in 0..routes.iter().map(|(_, paths)| paths.len()).max().unwrap_or_default() {
                let ranked = routes.iter().filter(|(_, paths)| paths.len() > rank);
                let lines: String =
                    ranked.map(|(prefix, _)| format!("  route {prefix} blackhole;\n")).collect();
                let name = format!("rank{rank}_{}", ip.name());
                write!(text, "protocol static {name} {{ {channel}\n{lines}}}\n").expect(WRITABLE);
            }
            text.push_str(&filter(ip, &routes));
        }
        text.push_str(&self.session(session));
        text
    }

    /// Connected routes, through which next hops are resolved.
    fn direct(&self) -> &'static str {
        match self.version {
            Version::One(_) => "protocol direct { interface \"*\"; }",
            Version::Two => {
                "protocol direct { interface \"*\"; ipv4; ipv6; }\n\
                 protocol kernel { learn; ipv4 { import all; export none; }; }"
            }
        }
    }

    fn session(&self, session: &Session) -> String {
        let (local, remote) = session.addresses();
        let passive = if session.dial == Dial::In { "  passive on;\n" } else { "" };
        let password = session.password.map(|key| format!("  password \"{key}\";\n")).unwrap_or_default();
        let distance = match (session.ttl_security, session.hops) {
            (Some(hops), _) => format!("  multihop {hops};\n  ttl security on;\n"),
            // A session that BIRD takes for direct carries link-local next hops too.
            (None, 1) if !session.is_internal() => "  direct;\n".to_owned(),
            (None, hops) => format!("  multihop {hops};\n"),
        };
        let graceful = match session.restarts {
            Restarts::Usual => String::new(),
            Restarts::Graceful => "  graceful restart on;\n".to_owned(),
            Restarts::LongLived => format!(
                "  graceful restart on;\n  graceful restart time {RESTART_TIME};\n  \
                 long lived graceful restart on;\n  long lived stale time {STALE_TIME};\n"
            ),
        };
        let channels: String = match self.version {
            Version::Two => session.families.iter().map(|ip| channel(session, *ip)).collect(),
            Version::One(ip) => {
                let add_paths = if session.add_path { "  add paths on;\n" } else { "" };
                format!("  import all;\n  export filter routes_{};\n{add_paths}", ip.name())
            }
        };
        format!(
            "protocol bgp session {{\n  local {local} as {};\n  neighbor {remote} as {};\n  connect retry time 1;\n  \
             connect delay time 1;\n  error wait time 1, 2;\n{passive}{graceful}{password}{distance}{channels}}}\n",
            session.local.asn, session.remote.asn
        )
    }
}

fn channel(session: &Session, ip: Ip) -> String {
    let add_paths = if session.add_path { " add paths on;" } else { "" };
    format!(
        "  {family} {{ import all; export filter routes_{family}; next hop address {};{add_paths} }};\n",
        session.local.address(ip),
        family = ip.name()
    )
}

impl Version {
    fn has(self, ip: Ip) -> bool {
        self == Self::Two || self == Self::One(ip)
    }
}

impl Speaker for Bird {
    fn name(&self) -> &'static str {
        match self.version {
            Version::One(_) => "bird1",
            Version::Two => "bird2",
        }
    }

    fn start(&mut self, place: &Netns, session: &Session, routes: &Table) -> Result<(), Failure> {
        let file = session.local.file("conf");
        let mut command = Command::new(self.program("bird"));
        if session.restarts != Restarts::Usual && file.exists() {
            // Only so does it say that it has preserved what it forwards.
            command.arg("-R");
        }
        fs::write(&file, self.configuration(session, routes)).doing("write a configuration")?;
        command.arg(if self.version == Version::Two { "-f" } else { "-d" });
        command.arg("-c").arg(&file).arg("-s").arg(session.local.file("ctl"));
        self.daemon = Some(Daemon::start(self.name(), &mut command, place, &session.local.file("log"))?);
        Ok(())
    }

    fn replace(&mut self, session: &Session, routes: &Table) -> Result<(), Failure> {
        let text = self.configuration(session, routes);
        fs::write(session.local.file("conf"), text).doing("write a configuration")?;
        let answer = self.control(session, &["configure"])?;
        if answer.contains("Reconfigur") { Ok(()) } else { Err(Failure::new("reconfigure BIRD", answer)) }
    }

    fn check(&mut self, session: &Session) -> Result<(), Failure> {
        self.daemon.as_mut().map_or(Ok(()), Daemon::check)?;
        let answer = self.control(session, &["show", "protocols", NAME])?;
        if answer.contains("Established") { Ok(()) } else { Err(Failure::new("see the session up", answer)) }
    }

    fn crash(&mut self) -> Result<(), Failure> {
        self.daemon = None;
        Ok(())
    }

    fn learned(&self, session: &Session, ip: Ip) -> Result<Table, Failure> {
        let table = if ip == Ip::V6 { "master6" } else { "master4" };
        let words = ["show", "route", "table", table, "protocol", NAME, "all"];
        match self.version {
            Version::One(_) => parse(&self.control(session, &["show", "route", "protocol", NAME, "all"])?),
            Version::Two => parse(&self.control(session, &words)?),
        }
    }

    fn shut_down(&mut self, session: &Session, reason: &str) -> Result<(), Failure> {
        let quoted = format!("\"{reason}\"");
        let words = match self.version {
            Version::One(_) => vec!["disable", NAME],
            Version::Two => vec!["disable", NAME, &quoted],
        };
        self.control(session, &words).map(|_| ())
    }

    fn last_words(&self) -> String {
        self.daemon.as_ref().map(Daemon::last_words).unwrap_or_default()
    }

    fn complaint(&self, session: &Session) -> Result<String, Failure> {
        let log = self.daemon.as_ref().map(Daemon::log).unwrap_or_default();
        Ok(format!("{}{log}", self.control(session, &["show", "protocols", "all", NAME])?))
    }
}

/// The filter that gives each route its attributes on the way out; BIRD 1.6 forgets some that a static route has.
fn filter(ip: Ip, routes: &[(&IpNet, &BTreeSet<Path>)]) -> String {
    let mut kinds: BTreeMap<(usize, &Path), Vec<String>> = BTreeMap::new();
    for (prefix, paths) in routes {
        for (rank, path) in paths.iter().enumerate() {
            kinds.entry((rank, path)).or_default().push(prefix.to_string());
        }
    }
    let rules = kinds.iter().map(|((rank, path), prefixes)| {
        let which = format!("proto = \"rank{rank}_{}\" && net ~ [ {} ]", ip.name(), prefixes.join(", "));
        format!("  if {which} then {{{} accept; }}\n", settings(path))
    });
    format!("filter routes_{} {{\n{}  reject;\n}}\n", ip.name(), rules.collect::<String>())
}

fn settings(path: &Path) -> String {
    let mut text = format!(" bgp_origin = ORIGIN_{};", path.origin.to_string().to_uppercase());
    for asn in path.as_path.iter().rev() {
        write!(text, " bgp_path.prepend({asn});").expect(WRITABLE);
    }
    if let Some(med) = path.med {
        write!(text, " bgp_med = {med};").expect(WRITABLE);
    }
    if let Some(preference) = path.local_preference {
        write!(text, " bgp_local_pref = {preference};").expect(WRITABLE);
    }
    for (high, low) in &path.communities {
        write!(text, " bgp_community.add(({high},{low}));").expect(WRITABLE);
    }
    for (admin, one, two) in &path.large_communities {
        write!(text, " bgp_large_community.add(({admin},{one},{two}));").expect(WRITABLE);
    }
    text
}

/// Reads `show route all`: a line for each path, its attributes indented below it.
fn parse(text: &str) -> Result<Table, Failure> {
    let mut table = Table::new();
    let mut prefix: Option<IpNet> = None;
    let mut facts: Vec<(&str, &str)> = Vec::new();
    for line in text.lines() {
        if let Some(fact) = line.trim_start().strip_prefix("BGP.") {
            facts.extend(fact.split_once(':').map(|(name, value)| (name, value.trim())));
        } else if line.contains(" [session ") {
            keep(&mut table, prefix, &mut facts)?;
            let first = line.split(' ').next().unwrap_or_default();
            prefix = if first.is_empty() {
                prefix
            } else {
                Some(first.parse().doing_with(|| format!("read {first}"))?)
            };
        }
    }
    keep(&mut table, prefix, &mut facts)?;
    Ok(table)
}

fn keep(table: &mut Table, prefix: Option<IpNet>, facts: &mut Vec<(&str, &str)>) -> Result<(), Failure> {
    if let Some(prefix) = prefix.filter(|_| !facts.is_empty()) {
        let path =
            path(facts).ok_or_else(|| Failure::new("read BIRD's route", format!("{prefix} {facts:?}")))?;
        table.entry(prefix).or_default().insert(path);
    }
    facts.clear();
    Ok(())
}

fn path(facts: &[(&str, &str)]) -> Option<Path> {
    let fact = |name: &str| facts.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    let tuples = |name: &str| -> Vec<Vec<u32>> {
        let text = fact(name).unwrap_or_default().replace(", ", ",");
        let inside =
            |tuple: &str| tuple.trim_matches(['(', ')']).split(',').filter_map(|n| n.parse().ok()).collect();
        text.split_whitespace().map(inside).collect()
    };
    let next_hop = fact("next_hop")?.split(' ').next()?.parse().ok()?;
    Some(Path {
        next_hop,
        as_path: fact("as_path")
            .unwrap_or_default()
            .split_whitespace()
            .filter_map(|asn| asn.parse().ok())
            .collect(),
        origin: Origin::parse(fact("origin")?)?,
        med: fact("med").and_then(|med| med.parse().ok()),
        local_preference: fact("local_pref").and_then(|preference| preference.parse().ok()),
        communities: communities(&tuples("community")),
        large_communities: large_communities(&tuples("large_community")),
    })
}

/// What the session is called; in BIRD 1.6 many better words mean something.
const NAME: &str = "session";
const WRITABLE: &str = "writing to a string cannot fail";
