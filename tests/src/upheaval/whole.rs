//! Whether a speaker has recovered, asked in each one's own language.

use std::process::Command;

use serde_json::Value;

use crate::caracal::json;
use crate::cluster::{bird_socket, frr_folder};
use crate::failure::{Doing, Failure};
use crate::interop::ask;

/// Everybody has told everything, the kernel's table is as wished, and no path is stale.
pub(super) fn caracal(name: &str, sessions: usize) -> Result<(), Failure> {
    let status = json(name, &["status"])?;
    expect("sessions", &status["peers"]["established"], &sessions.into())?;
    expect("decided", &status["settled"], &true.into())?;
    if let Some(kernel) = status["kernel"].as_object() {
        for standing in ["adopted", "differing"] {
            expect(standing, &kernel[standing], &0.into())?;
        }
    }
    let routes = json(name, &["routes"])?;
    let stale = routes.as_array().into_iter().flatten().find(|route| route["stale"] == true);
    stale.map_or(Ok(()), |route| Err(Failure::new("see no stale route", route)))
}

/// Its recovery is over, and no path is stale.
pub(super) fn bird(name: &str, sessions: usize) -> Result<(), Failure> {
    let status = birdc(name, &["show", "status"])?;
    if !status.contains("Daemon is up and running") || status.contains("recovery") {
        return Err(Failure::new("see BIRD recovered", status));
    }
    let protocols = birdc(name, &["show", "protocols"])?;
    let established = protocols.lines().filter(|line| line.contains("Established")).count();
    expect("sessions", &established.into(), &sessions.into())?;
    let routes = birdc(name, &["show", "route"])?;
    let stale = routes.lines().find(|line| line.contains("s) [") || line.contains("s/"));
    stale.map_or(Ok(()), |route| Err(Failure::new("see no stale route", route)))
}

fn birdc(name: &str, words: &[&str]) -> Result<String, Failure> {
    ask(Command::new("/usr/sbin/birdc").arg("-s").arg(bird_socket(name)).args(words))
}

/// All its sessions are up, and no path is stale.
pub(super) fn frr(name: &str, sessions: usize) -> Result<(), Failure> {
    let summary: Value =
        serde_json::from_str(&vtysh(name, "show bgp summary json")?).doing("read FRR's answer")?;
    let families = ["ipv4Unicast", "ipv6Unicast"].map(|family| &summary[family]["peers"]);
    let peers = families.into_iter().filter_map(Value::as_object).flat_map(|peers| peers.values());
    let established = peers.filter(|peer| peer["state"] == "Established").count();
    expect("sessions", &established.into(), &sessions.into())?;
    for family in ["ipv4", "ipv6"] {
        let routes = vtysh(name, &format!("show bgp {family} unicast json"))?;
        if routes.contains("\"stale\":true") {
            return Err(Failure::new("see no stale route", routes));
        }
    }
    Ok(())
}

fn vtysh(name: &str, words: &str) -> Result<String, Failure> {
    ask(Command::new("/usr/bin/vtysh").arg("--vty_socket").arg(frr_folder(name)).args(["-c", words]))
}

fn expect(what: &str, seen: &Value, wanted: &Value) -> Result<(), Failure> {
    if seen == wanted {
        return Ok(());
    }
    Err(Failure::new(format!("see {what}"), format!("{seen}, not {wanted}")))
}
