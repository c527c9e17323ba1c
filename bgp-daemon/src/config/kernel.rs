//! `[kernel]`: the routing table, what marks routes as ours, and what stands between it and the RIB.

use std::sync::Arc;

use bgp_core::policy::{Glob, Policy};
use fib_sync::Protocol;

use super::document::{Node, Value};
use super::policies::Policies;
use super::report::Problem;
use super::section::Section;
use super::settings::{Kernel, OnExit, Role};
use super::suggest::did_you_mean;
use super::value::{boolean, number, parsed, share, within, word};

/// The kernel's part, and what of it the core wants.
pub(super) struct Read {
    pub(super) kernel: Kernel,
    pub(super) export: Option<Vec<Arc<Policy>>>,
    pub(super) multipath: u16,
}

/// Reads `[kernel]`, or what holds where there is none.
pub(super) fn read(section: Option<Section<'_>>, role: Role, policies: &Policies) -> Read {
    let enabled = role == Role::Node;
    let kernel = Kernel {
        enabled,
        table: MAIN_TABLE,
        protocol: BIRD,
        metric: 0,
        learn: true,
        learn_exclude_interfaces: globs(&["kube-ipvs*"]),
        direct: true,
        direct_exclude_interfaces: globs(&["cali*", "kube-ipvs*"]),
        next_hop_objects: false,
        on_exit: OnExit::Keep,
        sweep_limit: 0.5,
    };
    let accept = || vec![Arc::new(Policy::accept_all())];
    let Some(mut section) = section else {
        return Read { kernel, export: enabled.then(accept), multipath: MULTIPATH };
    };
    let kernel = override_with(&mut section, kernel);
    let export = section.list("export", |node| policies.named(node)).unwrap_or_else(accept);
    let multipath = section.read("multipath", within(1..=256)).unwrap_or(MULTIPATH);
    section.finish();
    Read { export: kernel.enabled.then_some(export), kernel, multipath }
}

fn override_with(section: &mut Section<'_>, default: Kernel) -> Kernel {
    const ON_EXIT: &[(&str, OnExit)] = &[("keep", OnExit::Keep), ("remove", OnExit::Remove)];
    Kernel {
        enabled: section.read("enabled", boolean).unwrap_or(default.enabled),
        table: section.read("table", table).unwrap_or(default.table),
        protocol: section.read("protocol", protocol).unwrap_or(default.protocol),
        metric: section.read("metric", number).unwrap_or(default.metric),
        learn: section.read("learn", boolean).unwrap_or(default.learn),
        learn_exclude_interfaces: section
            .list("learn_exclude_interfaces", parsed)
            .unwrap_or(default.learn_exclude_interfaces),
        direct: section.read("direct", boolean).unwrap_or(default.direct),
        direct_exclude_interfaces: section
            .list("direct_exclude_interfaces", parsed)
            .unwrap_or(default.direct_exclude_interfaces),
        next_hop_objects: section.read("next_hop_objects", boolean).unwrap_or(default.next_hop_objects),
        on_exit: section.read("on_exit", word(ON_EXIT)).unwrap_or(default.on_exit),
        sweep_limit: section.read("sweep_limit", share).unwrap_or(default.sweep_limit),
    }
}

/// Patterns that are right as they stand here.
fn globs(patterns: &[&str]) -> Vec<Glob> {
    patterns.iter().filter_map(|pattern| pattern.parse().ok()).collect()
}

/// A table by number or by one of the names every system has.
fn table(node: &Node) -> Result<u32, Problem> {
    match &node.value {
        Value::String(name) if name == "main" => Ok(MAIN_TABLE),
        Value::String(name) if name == "default" => Ok(253),
        Value::String(_) => {
            let problem = Problem::at(node.place, "a routing table is a number, \"main\" or \"default\"");
            Err(problem.hint("names of /etc/iproute2/rt_tables mean nothing to the kernel"))
        }
        _ => match within(1..=i128::from(u32::MAX))(node)? {
            LOCAL_TABLE => Err(Problem::at(node.place, "table 255 holds the kernel's own local routes")),
            table => Ok(table),
        },
    }
}

/// A protocol number, or a name that `ip route` prints for one.
fn protocol(node: &Node) -> Result<u8, Problem> {
    let number = match &node.value {
        Value::String(name) => Protocol::named(name).map(|protocol| protocol.0).ok_or_else(|| {
            let problem = Problem::at(node.place, format!("no routing protocol is called {name:?}"));
            let hint = did_you_mean(name, Protocol::NAMED.iter().map(|(_, known)| *known));
            problem.maybe(hint.or_else(|| Some("write its number".to_owned())))
        })?,
        _ => within(0..=255)(node)?,
    };
    let protocol = Protocol(number);
    if protocol.is_reserved() {
        let problem = Problem::at(node.place, format!("protocol {protocol} marks routes that others made"));
        return Err(
            problem.hint("everything with this mark is taken for ours: choose one of 5 to 255, not 80")
        );
    }
    Ok(number)
}

const MAIN_TABLE: u32 = 254;
const LOCAL_TABLE: u32 = 255;
const MULTIPATH: u16 = 16;
const BIRD: u8 = 12;
