//! Every address below `/api/v1`: who answers it, and what the document says of it. Nothing is answered that is not said.

use axum::Router;
use axum::extract::State;
use axum::routing::{MethodRouter, get};
use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

use super::document::{self, list, name, one, question, words};
use super::{Asked, Wanted, Which, events, explain, kernel, paths, peer, peers, told};
use crate::api::{self, Verb};
use crate::http::{Shop, json};

/// Where all of them begin.
pub(in crate::http) const ROOT: &str = "/api/v1";

/// An address.
struct Row {
    /// Where, below the root.
    path: &'static str,
    /// Who answers.
    answer: fn() -> MethodRouter<Shop>,
    /// What is said of it.
    said: fn(&mut SchemaGenerator) -> Value,
}

const ROWS: [Row; 11] = [
    Row {
        path: "/status",
        answer: || get(async |State(shop): State<Shop>| told::one(shop.context, Verb::Status).await),
        said: |schemas| one::<api::Status>("The daemon as a whole", vec![], schemas),
    },
    Row {
        path: "/ready",
        answer: || get(async |State(shop): State<Shop>| told::one(shop.context, Verb::Ready).await),
        said: |schemas| one::<api::Readiness>("How far it is from being ready", vec![], schemas),
    },
    Row {
        path: "/peers",
        answer: || get(peers),
        said: |schemas| list::<api::Peer>("Every peer", vec![], schemas),
    },
    Row {
        path: "/peers/{name}",
        answer: || get(peer),
        said: |schemas| one::<api::Peer>("One peer", vec![name()], schemas),
    },
    Row {
        path: "/routes",
        answer: || get(paths),
        said: |schemas| {
            list::<api::Route>("Routes, in no particular order", words::<Wanted>(schemas), schemas)
        },
    },
    Row {
        path: "/explain",
        answer: || get(explain),
        said: |schemas| {
            one::<api::Explanation>("Why a prefix is where it is", words::<Asked>(schemas), schemas)
        },
    },
    Row { path: "/events", answer: || get(events::events), said: document::events },
    Row {
        path: "/kernel",
        answer: || get(kernel),
        said: |schemas| {
            list::<api::KernelRoute>("What the kernel holds of ours", words::<Which>(schemas), schemas)
        },
    },
    Row {
        path: "/kernel/summary",
        answer: || get(async |State(shop): State<Shop>| told::one(shop.context, Verb::KernelSummary).await),
        said: |schemas| one::<api::KernelSummary>("The kernel's table in numbers", vec![], schemas),
    },
    Row {
        path: "/trends",
        answer: || get(async |State(shop): State<Shop>| json(&shop.trends.tell())),
        said: |schemas| one::<api::Trends>("What each peer told lately", vec![], schemas),
    },
    Row {
        path: "/openapi.json",
        answer: || get(async || json(&document::document())),
        said: |_| {
            question(
                "This document",
                vec![],
                json!({ "application/json": { "schema": { "type": "object" } } }),
            )
        },
    },
];

/// All of them.
pub(in crate::http) fn routes() -> Router<Shop> {
    ROWS.into_iter().fold(Router::new(), |routes, row| routes.route(row.path, (row.answer)()))
}

/// What is said of all of them, by address.
pub(super) fn said(schemas: &mut SchemaGenerator) -> Map<String, Value> {
    let said = |row: Row| (format!("{ROOT}{}", row.path), json!({ "get": (row.said)(schemas) }));
    ROWS.into_iter().map(said).collect()
}
