//! `/livez` and `/readyz`: a status for probes, and a reason for people, or as JSON for whoever asks for that.

use std::fmt::Write as _;
use std::time::Duration;

use axum::extract::State;
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tokio::time::timeout;

use super::{Shop, json, refused};
use crate::api::{Readiness, Refusal};
use crate::control::Failure;
use crate::health::{Beat, readiness};

/// How long the speaker may take to say where it stands.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether every part of the daemon answered lately.
pub(super) async fn alive(State(shop): State<Shop>, headers: HeaderMap) -> Response {
    let parts: Vec<Part> = shop.context.pulse.beats().map(Part::from).collect();
    let life = Life { alive: parts.iter().all(|part| part.alive), parts };
    let status = verdict(life.alive);
    if wants_json(&headers) {
        return (status, json(&life)).into_response();
    }
    (status, life.text()).into_response()
}

/// Whether the daemon stands on every rung of the ladder.
pub(super) async fn ready(State(shop): State<Shop>, headers: HeaderMap) -> Response {
    let readiness = match timeout(PATIENCE, readiness(&shop.context)).await {
        Ok(Ok(readiness)) => readiness,
        Ok(Err(Failure::Refused(refusal))) => return refused(&refusal),
        Ok(Err(Failure::Gone(error))) => return refused(&Refusal::refused(error.to_string())),
        Err(_) => return refused(&Refusal::refused("the speaker does not answer")),
    };
    let status = verdict(readiness.ready);
    if wants_json(&headers) {
        return (status, json(&readiness)).into_response();
    }
    (status, text(&readiness)).into_response()
}

/// How every part of the daemon does.
#[derive(Debug, Serialize)]
struct Life {
    alive: bool,
    parts: Vec<Part>,
}

#[derive(Debug, Serialize)]
struct Part {
    name: &'static str,
    alive: bool,
    /// Seconds since it answered.
    silent: u64,
    /// Seconds that it may be silent.
    limit: u64,
}

impl From<Beat> for Part {
    fn from(beat: Beat) -> Self {
        Self {
            name: beat.part,
            alive: beat.is_alive(),
            silent: beat.ago.as_secs(),
            limit: beat.limit.as_secs(),
        }
    }
}

impl Life {
    fn text(&self) -> String {
        let mut text = String::from(if self.alive { "alive\n" } else { "not alive\n" });
        for Part { name, alive, silent, limit } in &self.parts {
            let _ = writeln!(text, "{} {name}: answered {silent} s ago, of {limit} s", mark(*alive));
        }
        text
    }
}

fn text(readiness: &Readiness) -> String {
    let mut text = String::from(if readiness.ready { "ready\n" } else { "not ready\n" });
    for rung in &readiness.rungs {
        let _ = writeln!(text, "{} {}: {}", mark(rung.passed), rung.name, rung.reason);
    }
    text
}

const fn mark(passed: bool) -> &'static str {
    if passed { "[+]" } else { "[-]" }
}

const fn verdict(passed: bool) -> StatusCode {
    if passed { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("application/json"))
}
