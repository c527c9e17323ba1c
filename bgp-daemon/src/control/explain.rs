//! Explanations: what the speaker says of a prefix, and what only the configuration and the kernel's table know of it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::SystemTime;

use bgp_core::rib::LocalSource;
use bgp_core::speaker::{Concern, Explanation, PathSource, Speaker, View};
use fib_sync::{
    Foreign, Inspection, NextHop, Owner, Protocol, Refused, Retry, SnapshotRoute, Standing, Trace,
};

use super::answer::{Context, look};
use super::hint;
use super::kernel::words;
use super::picture::Painter;
use super::query;
use super::reply::Failure;
use crate::api::{self, About, Refusal, Step};
use crate::clock::Timestamp;
use crate::config::Origins;

/// Why a prefix is where it is.
pub(super) async fn prefix(
    context: &Context,
    text: &str,
    peer: Option<String>,
    about: About,
) -> Result<api::Explanation, Failure> {
    let asked = query::prefix(text)?.net();
    let program = context.facts.borrow().role.program();
    let explained = move |speaker: &Speaker| {
        let view = speaker.view();
        let concern = concern(&view, peer, about)?;
        let nothing = || Explanation { prefix: asked, candidates: Vec::new(), steps: Vec::new() };
        let explanation = view.explain(asked, concern).unwrap_or_else(nothing);
        let hints = hint::all(speaker, &explanation, concern, program);
        Ok::<_, Refusal>((concern, explanation, hints))
    };
    let (explained, painter) = look(context, explained).await?;
    let (concern, mut explanation, hints) = explained?;
    let inspection = match &context.kernel {
        Some(table) => Some(table.inspect(explanation.prefix).await?),
        None => None,
    };
    let origins = context.facts.borrow().origins.clone();
    place_origins(&mut explanation, &origins, inspection.as_ref(), painter);
    if let Some(table) = &context.kernel {
        trace_next_hops(&mut explanation, table).await?;
    }
    let mut told = painter.explanation(explanation, hints);
    if matches!(concern, Concern::Everything | Concern::Kernel) {
        told.steps.extend(inspection.map(|inspection| held(&inspection, SystemTime::now())));
    }
    Ok(told)
}

fn concern(view: &View<'_>, peer: Option<String>, about: About) -> Result<Concern, Refusal> {
    let peer = peer.map(|name| query::peer_id(&name, view)).transpose()?;
    match (about, peer) {
        (About::All, None) => Ok(Concern::Everything),
        (About::All, Some(peer)) => Ok(Concern::Export(peer)),
        (About::Import, peer) => Ok(Concern::Import(peer)),
        (About::Kernel, None) => Ok(Concern::Kernel),
        (About::Kernel, Some(_)) => {
            Err(Refusal::usage("the kernel is told the same whatever peers are told"))
        }
    }
}

/// Says since when a route is there, where it is configured, and whose it is in the kernel's table.
fn place_origins(
    explanation: &mut Explanation,
    origins: &Origins,
    inspection: Option<&Inspection>,
    painter: Painter,
) {
    let Explanation { prefix, candidates, steps } = explanation;
    for (step, candidate) in steps.iter_mut().zip(candidates) {
        match candidate.source {
            PathSource::Peer(_) => {}
            PathSource::Local(LocalSource::Static) => {
                step.reason.extend(origins.get(prefix).map(|place| format!(" at {place}")));
            }
            PathSource::Local(LocalSource::Kernel | LocalSource::Direct) => {
                let first = inspection.and_then(|inspection| inspection.foreign.first());
                step.reason.extend(first.map(|foreign| format!(", of {}", whose(foreign.owner))));
            }
        }
        step.reason.push_str(&format!(", since {}", painter.wall(candidate.since)));
    }
}

/// Says what in the kernel's table leads to a next hop, or that nothing does.
async fn trace_next_hops(explanation: &mut Explanation, table: &fib_sync::Handle) -> Result<(), Failure> {
    let mut known: BTreeMap<NextHop, String> = BTreeMap::new();
    for step in &mut explanation.steps {
        let Some(address) = step.next_hop else { continue };
        let next_hop = NextHop { address, interface: step.link.clone() };
        let said = match known.entry(next_hop.clone()) {
            Entry::Occupied(said) => said.into_mut(),
            Entry::Vacant(first) => first.insert(covering(&table.trace(next_hop).await?)),
        };
        step.reason.push_str(said);
    }
    Ok(())
}

fn covering(trace: &Trace) -> String {
    let (prefix, by, is_reached) = match trace {
        Trace::Own => return ": it is an address of ours".to_owned(),
        Trace::Ambiguous => {
            return ": it is an address of one link, and which link that is was not said".to_owned();
        }
        Trace::NoInterface => return ": there is no such interface".to_owned(),
        Trace::Uncovered => return ": nothing in the kernel's table covers it".to_owned(),
        Trace::Covered { prefix, owner, resolution } => {
            let by = owner.map_or_else(|| "connected".to_owned(), whose);
            (prefix, by, resolution.is_some())
        }
    };
    let unusable =
        if is_reached { "" } else { ", whose interface is down or whose gateway is not on its link" };
    format!(", by {prefix} ({by}){unusable}")
}

/// What the kernel's table holds of a prefix, beside what is wished.
fn held(inspection: &Inspection, now: SystemTime) -> Step {
    let others: Vec<String> = inspection.foreign.iter().map(in_words).collect();
    let others = if others.is_empty() { String::new() } else { format!("; there is {}", others.join(", ")) };
    let (passed, ours) = match &inspection.ours {
        None => (false, "nothing of ours".to_owned()),
        Some(route) => ours(route, inspection.sweep_held, now),
    };
    let reason = format!("{ours}{others}");
    Step { stage: "kernel".into(), subject: "held".to_owned(), passed, reason, ..Step::default() }
}

fn ours(route: &SnapshotRoute, sweep_held: bool, now: SystemTime) -> (bool, String) {
    let installed = route.installed.as_ref().map_or_else(|| "nothing of ours".to_owned(), words);
    match &route.standing {
        Standing::Installed => match route.hidden_by {
            None => (true, installed),
            Some(owner) => (false, format!("{installed}, hidden by the route of {}", whose(owner))),
        },
        Standing::Adopted if sweep_held => {
            let brake = "the sweep limit keeps it (`caracal kernel --sweep-anyway`)";
            (false, format!("{installed}, found at start and not wished by now: {brake}"))
        }
        Standing::Adopted => (false, format!("{installed}, found at start and not wished so far")),
        Standing::Pending => (false, format!("{installed}, about to change")),
        Standing::Diverged(refused) => {
            (false, format!("{installed}, {}", refusal(refused, route.retry, now)))
        }
    }
}

fn refusal(refused: &Refused, retry: Option<Retry>, now: SystemTime) -> String {
    let Retry { since, times, next } = retry.unwrap_or_default();
    let next = match next {
        Some(next) => format!("tried again at {}", Timestamp(now + next)),
        None => "being tried again".to_owned(),
    };
    format!(
        "refused: {refused}; {times} times since {}, {next}",
        Timestamp(now.checked_sub(since).unwrap_or(now))
    )
}

fn whose(Owner { protocol, metric }: Owner) -> String {
    format!("protocol {}, metric {metric}", Protocol(protocol))
}

fn in_words(Foreign { owner, route }: &Foreign) -> String {
    let what = route.as_ref().map_or_else(|| "another kind of route".to_owned(), forwarding);
    format!("{what} of {}", whose(*owner))
}

/// What a route does, without its metric.
fn forwarding(route: &fib_sync::Route) -> String {
    words(&fib_sync::Route { metric: None, ..route.clone() })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const STATIC: Owner = Owner { protocol: 4, metric: 50 };

    fn row(standing: Standing) -> SnapshotRoute {
        SnapshotRoute {
            prefix: "192.0.2.0/24".parse().expect("a prefix"),
            wished: Some(fib_sync::Route::blackhole()),
            installed: None,
            set: None,
            object: None,
            standing,
            retry: None,
            hidden_by: None,
            hides: None,
        }
    }

    fn told(ours: Option<SnapshotRoute>, foreign: Vec<Foreign>, sweep_held: bool) -> (bool, String) {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(100);
        let step = held(&Inspection { ours, foreign, sweep_held }, now);
        (step.passed, step.reason)
    }

    #[test]
    fn what_others_have_is_told_beside_what_is_missing() {
        let foreign = Foreign { owner: STATIC, route: Some(fib_sync::Route::blackhole().at(50)) };
        let text = "nothing of ours; there is blackhole of protocol 4 (static), metric 50";
        assert_eq!(told(None, vec![foreign], false), (false, text.to_owned()));
        assert_eq!(told(None, Vec::new(), false), (false, "nothing of ours".to_owned()));
    }

    #[test]
    fn a_route_that_no_packet_takes_has_not_passed() {
        let installed = Some(fib_sync::Route::blackhole().at(1024));
        let there = SnapshotRoute { installed, ..row(Standing::Installed) };
        assert_eq!(told(Some(there.clone()), Vec::new(), false), (true, "blackhole metric 1024".to_owned()));
        let hidden = SnapshotRoute { hidden_by: Some(STATIC), ..there };
        let text = "blackhole metric 1024, hidden by the route of protocol 4 (static), metric 50";
        assert_eq!(told(Some(hidden), Vec::new(), false), (false, text.to_owned()));
    }

    #[test]
    fn a_refusal_says_why_and_when_it_is_tried_again() {
        let refused = Refused::Other { errno: 28, text: "No space left on device".to_owned() };
        let (since, next) = (Duration::from_secs(90), Some(Duration::from_secs(10)));
        let retry = Some(Retry { since, times: 3, next });
        let text = "nothing of ours, refused: error 28: No space left on device; 3 times since \
                    1970-01-01T00:00:10Z, tried again at 1970-01-01T00:01:50Z";
        let row = SnapshotRoute { retry, ..row(Standing::Diverged(refused)) };
        assert_eq!(told(Some(row), Vec::new(), false), (false, text.to_owned()));
    }

    #[test]
    fn the_brake_is_named_with_what_lifts_it() {
        let row = SnapshotRoute { installed: Some(fib_sync::Route::blackhole()), ..row(Standing::Adopted) };
        assert!(told(Some(row.clone()), Vec::new(), true).1.contains("--sweep-anyway"));
        assert!(!told(Some(row), Vec::new(), false).1.contains("--sweep-anyway"));
    }

    #[test]
    fn a_next_hop_is_traced_to_what_covers_it() {
        let prefix = "10.0.0.0/8".parse().expect("a prefix");
        assert_eq!(covering(&Trace::Uncovered), ": nothing in the kernel's table covers it");
        assert_eq!(covering(&Trace::NoInterface), ": there is no such interface");
        assert!(covering(&Trace::Ambiguous).contains("which link that is was not said"));
        let by = |owner, resolution| covering(&Trace::Covered { prefix, owner, resolution });
        let hop = fib_sync::KnownHop { gateway: None, interface: "eth0".into() };
        let reached = Some(fib_sync::Resolution { metric: 0, hops: vec![hop] });
        assert_eq!(by(None, reached), ", by 10.0.0.0/8 (connected)");
        assert!(
            by(Some(STATIC), None).starts_with(", by 10.0.0.0/8 (protocol 4 (static), metric 50), whose")
        );
    }
}
