//! The ladder to readiness: configured, sessions, End-of-RIB, RIB, kernel. Ready is who stands on all of its rungs.

use bgp_core::speaker::Beginning;

use crate::api::{Readiness, Rung};
use crate::clock::Timestamp;
use crate::control::{Context, Facts, Failure};

/// Names given in a reason.
const NAMES: usize = 5;

/// Looks where the daemon stands.
pub(crate) async fn readiness(context: &Context) -> Result<Readiness, Failure> {
    let beginning = context.inbox.ask(|speaker, _| speaker.view().beginning()).await?;
    let table = match &context.kernel {
        Some(table) => Some(table.metrics().await?),
        None => None,
    };
    if let Some(table) = &table {
        context.pulse.look(table);
    }
    let mut rungs = vec![
        configured(&context.facts.borrow()),
        sessions(&beginning),
        end_of_rib(&beginning),
        rib(&beginning),
    ];
    rungs.extend(table.map(|table| kernel(&table, context.pulse.has_written())));
    Ok(Readiness { ready: rungs.iter().all(|rung| rung.passed), rungs })
}

fn configured(facts: &Facts) -> Rung {
    let reason = match &facts.draining {
        Some(_) => "the daemon is about to leave for good".to_owned(),
        None => format!("generation {} since {}", facts.generation, Timestamp(facts.configured)),
    };
    rung("configured", facts.draining.is_none(), reason)
}

/// One session is enough: a node that lost one of its peers still has routes, and taking it out of service would
/// make one failure into two.
fn sessions(beginning: &Beginning) -> Rung {
    let Beginning { expected, established, .. } = beginning;
    let reason = match expected {
        0 => "no peer is configured".to_owned(),
        _ => format!("{established} of {expected} configured peers are Established"),
    };
    rung("sessions", *expected == 0 || *established > 0, reason)
}

fn end_of_rib(beginning: &Beginning) -> Rung {
    let reason = match beginning.announced {
        true => "every peer that is waited for has told its routes".to_owned(),
        false => format!("waiting for {}", names(beginning)),
    };
    rung("end-of-rib", beginning.announced, reason)
}

fn rib(beginning: &Beginning) -> Rung {
    let reason = match beginning.settled {
        true => "first decisions are complete".to_owned(),
        false => format!("first decisions wait for {}", names(beginning)),
    };
    rung("rib", beginning.settled, reason)
}

fn kernel(table: &fib_sync::Metrics, written: bool) -> Rung {
    let reason = match (table.synced, table.settled, written) {
        (false, ..) => "the kernel's table has not been read yet".to_owned(),
        (true, false, _) => "the kernel's table waits for first decisions".to_owned(),
        (true, true, false) => format!("{} routes are on their way to the kernel", table.gauges.pending),
        (true, true, true) => "the kernel's table has held all that was wished".to_owned(),
    };
    rung("kernel", written, reason)
}

/// Who is waited for, in words; those that nobody can name are next hops, and clients from ranges.
fn names(beginning: &Beginning) -> String {
    let awaited = &beginning.awaited;
    if awaited.is_empty() {
        return "next hops, or clients from ranges".to_owned();
    }
    let mut named = awaited.iter().take(NAMES).map(AsRef::as_ref).collect::<Vec<&str>>().join(", ");
    if let Some(more) = awaited.len().checked_sub(NAMES + 1) {
        named.push_str(&format!(" and {} more", more + 1));
    }
    named
}

fn rung(name: &'static str, passed: bool, reason: String) -> Rung {
    Rung { name: name.into(), passed, reason }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn one_session_is_enough_and_none_is_not() {
        let with = |expected, established| {
            sessions(&Beginning { expected, established, ..Beginning::default() }).passed
        };
        assert!(with(0, 0) && with(3, 1) && with(3, 3));
        assert!(!with(3, 0));
    }

    #[test]
    fn who_is_waited_for_is_named_up_to_a_point() {
        let waiting = |count: usize| {
            let awaited = (0..count).map(|n| Arc::from(format!("p{n}"))).collect();
            rib(&Beginning { awaited, ..Beginning::default() }).reason
        };
        assert_eq!(waiting(0), "first decisions wait for next hops, or clients from ranges");
        assert_eq!(waiting(2), "first decisions wait for p0, p1");
        assert_eq!(waiting(5), "first decisions wait for p0, p1, p2, p3, p4");
        assert_eq!(waiting(7), "first decisions wait for p0, p1, p2, p3, p4 and 2 more");
    }

    #[test]
    fn the_kernel_is_the_last_rung() {
        let mut table = fib_sync::Metrics::default();
        assert!(kernel(&table, false).reason.contains("not been read"));
        table.synced = true;
        assert!(kernel(&table, false).reason.contains("first decisions"));
        table.settled = true;
        table.gauges.pending = 7;
        assert_eq!(kernel(&table, false).reason, "7 routes are on their way to the kernel");
        assert!(kernel(&table, true).passed);
    }
}
