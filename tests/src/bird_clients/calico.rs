//! What Calico's programs ask of BIRD 1.6 and how they read it: readiness, `calicoctl node status`, CalicoNodeStatus.

use std::path::Path;

use super::wire::Wire;
use crate::failure::Failure;

/// A session as `calicoctl node status` lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The protocol's name.
    pub name: String,
    /// `Global`, `Node` or `Mesh`.
    pub kind: String,
    /// The peer's address.
    pub address: String,
    /// `up`, `start`, `down`.
    pub state: String,
    /// One word.
    pub since: String,
    /// The state of the session, then what is wrong.
    pub info: String,
}

/// The sessions in `show protocols`, read as strictly as readiness does.
pub fn sessions(socket: &Path) -> Result<Vec<Session>, Failure> {
    let mut sessions = Vec::new();
    for line in Wire::open(socket)?.ask("show protocols")? {
        let (code, rest) = match line.strip_prefix(' ') {
            Some(rest) => ("1002", rest),
            None => (line.get(..4).unwrap_or_default(), line.get(5..).unwrap_or_default()),
        };
        let words: Vec<&str> = rest.split_whitespace().collect();
        match code {
            "0000" => return Ok(sessions),
            "2002" if words == ["name", "proto", "table", "state", "since", "info"] => {}
            "1002" => sessions.extend(session(&words)),
            _ => return Err(Failure::new("read show protocols", line)),
        }
    }
    Err(Failure::new("read show protocols", "no end"))
}

fn session(words: &[&str]) -> Option<Session> {
    let [name, "BGP", _, state, since, info @ ..] = words else { return None };
    let (kind, address) = name.split_once('_')?;
    if info.is_empty() || !["Global", "Node", "Mesh"].contains(&kind) {
        return None;
    }
    Some(Session {
        name: (*name).to_owned(),
        kind: kind.to_owned(),
        address: address.replace('_', "."),
        state: (*state).to_owned(),
        since: (*since).to_owned(),
        info: info.join(" "),
    })
}

/// Whether a node is ready: one session is enough, or all where it has only just started; and no restart is under way.
pub fn is_ready(socket: &Path, has_just_started: bool) -> Result<bool, Failure> {
    let sessions = sessions(socket)?;
    let up = sessions.iter().filter(|session| session.info.starts_with("Established")).count();
    if !has_just_started {
        return Ok(up > 0 || sessions.is_empty());
    }
    let mut is_restarting = false;
    for line in Wire::open(socket)?.ask("show status")? {
        match line.get(..4).unwrap_or_default() {
            "0013" => break,
            "0024" => is_restarting = true,
            "0001" | "1000" | "1011" => {}
            _ if line.starts_with(' ') => {}
            _ => return Err(Failure::new("read show status", line)),
        }
    }
    Ok(up == sessions.len() && !is_restarting)
}

/// The agent of CalicoNodeStatus: version, router id and three times.
pub fn agent(socket: &Path) -> Result<[String; 5], Failure> {
    let mut found: [String; 5] = Default::default();
    let reply = Wire::open(socket)?.ask("show status")?;
    for line in &reply {
        let body = line.strip_prefix(' ').or_else(|| line.get(5..)).unwrap_or_default();
        let fields = [
            "BIRD v",
            "Router ID is ",
            "Current server time is ",
            "Last reboot on ",
            "Last reconfiguration on ",
        ];
        for (field, found) in fields.iter().zip(&mut found) {
            if let Some(value) = body.strip_prefix(field) {
                value.clone_into(found);
            }
        }
    }
    if found.iter().any(String::is_empty) {
        return Err(Failure::new("read show status", reply.join("\n")));
    }
    Ok(found)
}

/// Address and state of every session, asked for one after the other on one connection.
pub fn states(socket: &Path) -> Result<Vec<(String, String)>, Failure> {
    let names: Vec<String> = sessions(socket)?.into_iter().map(|session| session.name).collect();
    let mut wire = Wire::open(socket)?;
    let mut states = Vec::new();
    for name in names {
        let reply = wire.ask(&format!("show protocols all {name}"))?;
        let value = |key: &str| {
            let line = reply.iter().find(|line| line.contains(key))?;
            let value = line.replace(key, "").trim().to_owned();
            (!value.is_empty()).then_some(value)
        };
        let both = (value("Neighbor address:"), value("BGP state:"));
        let (Some(address), Some(state)) = both else {
            return Err(Failure::new("read show protocols all", reply.join("\n")));
        };
        states.push((address, state));
    }
    Ok(states)
}

/// A route as CalicoNodeStatus lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The prefix.
    pub prefix: String,
    /// The gateway; `None` where there is none.
    pub gateway: Option<String>,
    /// The interface, or what happens to packets.
    pub way: String,
    /// Where it came from.
    pub source: String,
    /// It forwards.
    pub is_best: bool,
}

/// The routes in `show route`. One from an unknown kind of source makes all of them unreadable.
pub fn routes(socket: &Path) -> Result<Vec<Route>, Failure> {
    let mut routes: Vec<Route> = Vec::new();
    for line in Wire::open(socket)?.ask("show route")? {
        let body = match line.strip_prefix(' ') {
            Some(body) => body,
            None if line.starts_with("0000") => return Ok(routes),
            None => line.strip_prefix("1007-").ok_or_else(|| Failure::new("read show route", &line))?,
        };
        let before = routes.last().map(|route| route.prefix.clone());
        routes.push(route(body, before).ok_or_else(|| Failure::new("read a route", &line))?);
    }
    Err(Failure::new("read show route", "no end"))
}

fn route(body: &str, before: Option<String>) -> Option<Route> {
    let mut words = body.split_whitespace().peekable();
    let prefix = if body.starts_with(' ') { before? } else { words.next()?.to_owned() };
    let (gateway, way) = match words.next()? {
        "via" => {
            let gateway = words.next()?.to_owned();
            (words.next()? == "on").then_some((Some(gateway), words.next()?.to_owned()))?
        }
        "dev" => (None, words.next()?.to_owned()),
        dropped @ ("blackhole" | "unreachable") => (None, dropped.to_owned()),
        _ => return None,
    };
    let source = words.next()?.strip_prefix('[')?.to_owned();
    let kinds = ["kernel", "static", "direct", "Global_", "Node_", "Mesh_"];
    if !kinds.iter().any(|kind| source.starts_with(kind)) {
        return None;
    }
    Some(Route { prefix, gateway, way, source, is_best: body.contains("] *") })
}
