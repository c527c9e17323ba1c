//! `/metrics`. Nothing is counted for it on the way of a route: it tells what pictures show.
//!
//! A page has at most a + b·peers series. Peers that there may be thousands of, those of a mesh, clients, and whoever
//! came from a range, are told by kind and state alone, unless `[metrics] per_peer` asks for each.
//! `bird_aliases` asks for each under names that are not ours.

mod aliases;
mod page;
mod peers;
mod process;
pub mod table;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use bgp_core::rib::Memory;
use bgp_core::session::{Notifications, Tally};
use bgp_core::speaker::Summary;
use bgp_core::wire::ErrorCode;

use super::Shop;
use super::gallery::{Picture, SpeakerPicture};
use crate::bird::{Moment, Monitored};
use crate::config::Role;
use crate::control::Facts;
use crate::driver::{Occurrences, Stage};
use page::Page;
use table::*;

/// What the format is called.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Answers `/metrics`.
pub(super) async fn answer(State(shop): State<Shop>) -> Response {
    let picture = shop.gallery.look().await;
    let facts = shop.context.facts.borrow().clone();
    let text = render(&shop, &facts, &picture);
    ([(CONTENT_TYPE, TEXT)], text).into_response()
}

/// The whole page.
fn render(shop: &Shop, facts: &Facts, picture: &Picture) -> String {
    let occurrences = &shop.context.occurrences;
    let mut page = Page::default();
    daemon(facts, picture, &mut page);
    if let Some(speaker) = &picture.speaker {
        page.tell_if(&SETTLED, &[], speaker.summary.settled);
        page.tell_if(&HEADLESS, &[], speaker.summary.headless.is_some());
    }
    page.tell_if(&DRAINING, &[], facts.draining.is_some());
    if let Some(speaker) = &picture.speaker {
        peers::tell(&speaker.peers, speaker.clock, shop.told.per_peer, &mut page);
        messages(&speaker.summary, &mut page);
    }
    happened(occurrences, &mut page);
    if let Some(speaker) = &picture.speaker {
        rib(&speaker.summary, &mut page);
        memory(speaker, &mut page);
        kept(&speaker.summary, &mut page);
        convergence(occurrences, &mut page);
        export(speaker, &mut page);
        page.tell(&TOPOLOGY_FLAWS, &[], speaker.summary.flaws.len());
    }
    if let Some(table) = &picture.kernel {
        kernel(table, &mut page);
    }
    process::tell(&mut page);
    if let Some(speaker) = picture.speaker.as_ref().filter(|_| shop.told.bird_aliases) {
        let is_kernel = shop.context.kernel.is_some();
        aliases::tell(&monitored(speaker, facts, is_kernel), &mut page);
    }
    page.finish()
}

/// What of the speaker a BIRD would show.
fn monitored(speaker: &SpeakerPicture, facts: &Facts, is_kernel: bool) -> Vec<Monitored> {
    let SpeakerPicture { clock, peers, locals, .. } = speaker;
    Monitored::all(peers, Moment { clock: *clock, started: facts.started, locals, is_kernel })
}

fn daemon(facts: &Facts, picture: &Picture, page: &mut Page) {
    let role = match facts.role {
        Role::Node => "node",
        Role::Reflector => "reflector",
    };
    page.tell(&BUILD, &[env!("CARGO_PKG_VERSION"), role], 1);
    page.tell(&GENERATION, &[], facts.generation);
    page.tell(&APPLIED, &[], seconds(facts.configured));
    page.tell_if(&REJECTED, &[], facts.config_error.is_some());
    page.tell(&PICTURE_AGE, &[], picture.taken.elapsed().as_secs_f64());
}

fn seconds(at: SystemTime) -> f64 {
    at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

fn messages(summary: &Summary, page: &mut Page) {
    page.tell(&SESSIONS, &[], summary.sessions);
    for (direction, tally) in [("received", summary.messages.received), ("sent", summary.messages.sent)] {
        let Tally { opens, updates, notifications, keepalives, refreshes } = tally;
        let types = [
            ("open", opens),
            ("update", updates),
            ("notification", notifications.total()),
            ("keepalive", keepalives),
            ("route-refresh", refreshes),
        ];
        for (of, count) in types {
            page.tell(&MESSAGES, &[of, direction], count);
        }
    }
    for (direction, tally) in [("received", summary.messages.received), ("sent", summary.messages.sent)] {
        notifications(tally.notifications, direction, page);
    }
}

fn notifications(notifications: Notifications, direction: &str, page: &mut Page) {
    for (code, count) in notifications.by_code() {
        let code = match code {
            Some(ErrorCode::MessageHeader) => "message-header",
            Some(ErrorCode::OpenMessage) => "open",
            Some(ErrorCode::UpdateMessage) => "update",
            Some(ErrorCode::HoldTimerExpired) => "hold-timer",
            Some(ErrorCode::FiniteStateMachine) => "state-machine",
            Some(ErrorCode::Cease) => "cease",
            Some(ErrorCode::RouteRefreshMessage) => "route-refresh",
            Some(ErrorCode::SendHoldTimerExpired) => "send-hold-timer",
            Some(ErrorCode::Other(_)) | None => "other",
        };
        page.tell(&NOTIFICATIONS, &[code, direction], count);
    }
}

fn happened(occurrences: &Occurrences, page: &mut Page) {
    for (action, count) in occurrences.update_errors() {
        page.tell(&UPDATE_ERRORS, &[action], count);
    }
    page.tell(&UNKNOWN_CONNECTS, &[], occurrences.unknown_connects());
    page.tell(&PREFIX_LIMITS, &[], occurrences.prefix_limits());
}

fn rib(summary: &Summary, page: &mut Page) {
    for (family, prefixes, _) in &summary.tables {
        page.tell(&RIB_PREFIXES, &[&family.to_string()], prefixes);
    }
    for (family, _, paths) in &summary.tables {
        page.tell(&RIB_ROUTES, &[&family.to_string()], paths);
    }
}

fn memory(SpeakerPicture { summary, groups, .. }: &SpeakerPicture, page: &mut Page) {
    page.tell(&RIB_ATTRIBUTES, &[], summary.distinct_routes);
    for (family, changes) in &summary.best_changes {
        page.tell(&BEST_CHANGES, &[&family.to_string()], changes);
    }
    let Memory { prefixes, paths, routes } = summary.memory;
    let advertised = groups.iter().map(|group| group.octets).sum();
    let journals = groups.iter().map(|group| group.backlog).sum();
    let parts = [
        ("prefixes", prefixes),
        ("paths", paths),
        ("attributes", routes),
        ("advertised", advertised),
        ("journals", journals),
    ];
    for (part, octets) in parts {
        page.tell(&MEMORY, &[part], octets);
    }
}

fn kept(summary: &Summary, page: &mut Page) {
    page.tell(&GR_ACTIVE, &[], summary.keeping);
    for (family, paths) in &summary.kept {
        page.tell(&STALE_ROUTES, &[&family.to_string()], paths);
    }
}

fn convergence(occurrences: &Occurrences, page: &mut Page) {
    for stage in Stage::ALL {
        let (buckets, sum) = occurrences.convergence.of(stage);
        page.histogram(&CONVERGENCE, &[stage.as_str()], buckets.map(in_seconds), sum.as_secs_f64());
    }
}

fn in_seconds((bound, count): (Option<Duration>, u64)) -> (Option<f64>, u64) {
    (bound.map(|bound| bound.as_secs_f64()), count)
}

fn export(SpeakerPicture { groups, now, .. }: &SpeakerPicture, page: &mut Page) {
    page.tell(&EXPORT_GROUPS, &[], groups.len());
    page.tell(&EXPORT_BACKLOG, &[], groups.iter().map(|group| group.backlog).max().unwrap_or(0));
    let oldest = groups.iter().filter_map(|group| group.waiting_since).min();
    page.tell(&EXPORT_LAG, &[], oldest.map_or(0.0, |since| now.since(since).as_secs_f64()));
    page.tell(&EXPORT_DETACHED, &[], groups.iter().map(|group| group.detached.len()).sum::<usize>());
}

fn kernel(table: &fib_sync::Metrics, page: &mut Page) {
    let (gauges, counters) = (&table.gauges, &table.counters);
    page.tell_if(&KERNEL_SYNCED, &[], table.synced);
    let standings = [
        ("installed", gauges.installed),
        ("adopted", gauges.adopted),
        ("pending", gauges.pending),
        ("diverged", gauges.diverged),
        ("foreign", gauges.foreign),
        ("learned", gauges.learned),
    ];
    for (standing, count) in standings {
        page.tell(&KERNEL_ROUTES, &[standing], count);
    }
    page.tell(&KERNEL_DRIFT, &[], gauges.adopted + gauges.pending + gauges.diverged);
    page.tell(&KERNEL_HELD, &[], table.held.as_ref().map_or(0, |sweep| sweep.stale));
    page.tell(&KERNEL_BACKLOG, &[], gauges.backlog);
    let operations = [
        ("create", counters.created),
        ("replace", counters.replaced),
        ("remove", counters.removed),
        ("arrange", counters.arranged),
    ];
    for (operation, count) in operations {
        page.tell(&KERNEL_OPERATIONS, &[operation], count);
    }
    for (kind, count) in &counters.refusals {
        page.tell(&KERNEL_ERRORS, &[kind], count);
    }
    page.tell(&KERNEL_REPAIRS, &[], counters.drift);
    page.tell(&KERNEL_DUMPS, &[], counters.dumps);
    page.tell(&NETLINK_OVERRUNS, &[], counters.overruns);
    let buckets = counters.latency.buckets().map(in_seconds);
    page.histogram(&KERNEL_SECONDS, &[], buckets, counters.latency.sum().as_secs_f64());
}
