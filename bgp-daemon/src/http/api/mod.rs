//! `/api/v1`: what the control socket tells, to whoever reads over HTTP. Only questions; the verbs that change
//! something have no address here.

mod document;
mod events;
mod table;
mod told;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, LINK};
use axum::response::{IntoResponse, Response};
use bgp_core::speaker::Cursor;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Shop, refused};
use crate::api::{About, Of, Refusal, Scope, Selection, Verb};
use crate::control::{Failure, some_routes};
pub(super) use events::STREAMS;
pub(super) use table::{ROOT, routes};
use told::{Form, list, one};

/// Most routes of one page.
const PAGE: usize = 10_000;

async fn peers(State(shop): State<Shop>, headers: HeaderMap) -> Response {
    list(shop.context, Verb::Peers, form(&headers)).await
}

async fn peer(State(shop): State<Shop>, Path(name): Path<String>) -> Response {
    one(shop.context, Verb::Peer { name }).await
}

/// Which routes to list.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Wanted {
    /// A prefix, or an address for the prefixes that cover it.
    prefix: Option<String>,
    /// How the prefix is meant.
    scope: Scope,
    /// Which paths.
    of: Of,
    /// The peer of `in` and `out`; with the others only what this peer sent.
    peer: Option<String>,
    /// `ipv4` or `ipv6`.
    family: Option<String>,
    /// Only with a community like this one, as policies write it.
    community: Option<String>,
    /// Only with an AS path that ends with this AS.
    origin_as: Option<u32>,
    /// Only what arrived or changed within so many seconds.
    since: Option<u64>,
    /// Ends the list at the first prefix after so many routes, at most 10000; the header `Link` then names the rest.
    limit: Option<usize>,
    /// Where the list begins, from the `Link` of the page before; only with `limit`.
    after: Option<String>,
}

async fn paths(
    State(shop): State<Shop>,
    wanted: Result<Query<Wanted>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let wanted = match understood(wanted) {
        Ok(wanted) => wanted,
        Err(refusal) => return refused(&refusal),
    };
    let Wanted { prefix, scope, of, peer, family, community, origin_as, since, limit, after } = wanted;
    let selection = Selection { prefix, scope, of, peer, family, community, origin_as, since };
    match (limit, after) {
        (None, None) => list(shop.context, Verb::Routes(selection), form(&headers)).await,
        (None, Some(_)) => refused(&Refusal::usage("`after` needs a `limit`")),
        (Some(limit), after) => page(shop, selection, limit, after, form(&headers)).await,
    }
}

async fn page(shop: Shop, selection: Selection, limit: usize, after: Option<String>, form: Form) -> Response {
    if !(1..=PAGE).contains(&limit) {
        return refused(&Refusal::usage(format!("`limit` lies between 1 and {PAGE}")));
    }
    let after = match after.map(|after| after.parse::<Cursor>()).transpose() {
        Ok(after) => after,
        Err(error) => return refused(&Refusal::usage(error.to_string())),
    };
    match some_routes(&shop.context, selection.clone(), after, limit).await {
        Ok((routes, next)) => {
            let next = next.map(|next| [(LINK, rest(&selection, limit, next))]);
            (next, form.body(&routes)).into_response()
        }
        Err(failure) => failed(failure),
    }
}

/// The value of `Link` ([RFC 8288](https://www.rfc-editor.org/rfc/rfc8288)) that names the rest of a list.
fn rest(selection: &Selection, limit: usize, from: Cursor) -> String {
    let words = [
        ("prefix", selection.prefix.clone()),
        ("scope", word(&selection.scope)),
        ("of", word(&selection.of)),
        ("peer", selection.peer.clone()),
        ("family", selection.family.clone()),
        ("community", selection.community.clone()),
        ("origin_as", selection.origin_as.map(|asn| asn.to_string())),
        ("since", selection.since.map(|seconds| seconds.to_string())),
        ("limit", Some(limit.to_string())),
        ("after", Some(from.to_string())),
    ];
    next("/api/v1/routes", words)
}

/// A `Link` to what follows, at `path` with `words`.
fn next<const N: usize>(path: &str, words: [(&str, Option<String>); N]) -> String {
    let words: Vec<String> =
        words.into_iter().filter_map(|(key, value)| Some(format!("{key}={}", escaped(&value?)))).collect();
    format!("<{path}?{}>; rel=\"next\"", words.join("&"))
}

/// A word as JSON says it.
fn word<T: serde::Serialize>(value: &T) -> Option<String> {
    serde_json::to_value(value).ok()?.as_str().map(str::to_owned)
}

/// A text as it may stand in the query of an address.
fn escaped(text: &str) -> String {
    let octet = |octet: u8| match octet {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' | b'/' => {
            char::from(octet).to_string()
        }
        other => format!("%{other:02X}"),
    };
    text.bytes().map(octet).collect()
}

/// What to explain.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// A prefix, or an address inside it.
    prefix: String,
    /// Only towards this peer; with `about=import` only what was made of what it said.
    peer: Option<String>,
    /// Which part of its way.
    #[serde(default)]
    about: About,
}

async fn explain(State(shop): State<Shop>, asked: Result<Query<Asked>, QueryRejection>) -> Response {
    match understood(asked) {
        Ok(Asked { prefix, peer, about }) => one(shop.context, Verb::Explain { prefix, peer, about }).await,
        Err(refusal) => refused(&refusal),
    }
}

/// Which kernel routes to list.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Which {
    /// Only where the kernel's table is not as wished.
    drift: bool,
}

async fn kernel(
    State(shop): State<Shop>,
    which: Result<Query<Which>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    match understood(which) {
        Ok(Which { drift }) => list(shop.context, Verb::Kernel { drift }, form(&headers)).await,
        Err(refusal) => refused(&refusal),
    }
}

fn understood<T>(query: Result<Query<T>, QueryRejection>) -> Result<T, Refusal> {
    query.map(|Query(query)| query).map_err(|rejection| Refusal::usage(rejection.body_text()))
}

fn failed(failure: Failure) -> Response {
    match failure {
        Failure::Refused(refusal) => refused(&refusal),
        // Nobody is left to be told, or will be in a moment.
        Failure::Gone(error) => refused(&Refusal::refused(error.to_string())),
    }
}

fn form(headers: &HeaderMap) -> Form {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
    if accept.is_some_and(|accept| accept.contains(Form::Lines.content_type())) {
        Form::Lines
    } else {
        Form::Array
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_of_a_list_is_asked_for_as_the_list_was() {
        let selection = Selection {
            prefix: Some("2001:db8::/32".to_owned()),
            scope: Scope::Longer,
            of: Of::Out,
            peer: Some("fe80::1%eth0".to_owned()),
            community: Some("64512:*".to_owned()),
            origin_as: Some(65001),
            ..Selection::default()
        };
        let link = rest(&selection, 7, "ipv6-99".parse().expect("a place"));
        let expected = "</api/v1/routes?prefix=2001:db8::/32&scope=longer&of=out&peer=fe80::1%25eth0\
                        &community=64512:%2A&origin_as=65001&limit=7&after=ipv6-99>; rel=\"next\"";
        assert_eq!(link, expected);
    }
}
