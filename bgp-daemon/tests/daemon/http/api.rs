//! `/api/v1`: the same as the command line says, in pages, and as its document says.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::serving;
use super::web::{Answer, get, get_with, section};
use crate::host::Host;

/// `count` routes of our own.
fn routes(count: usize) -> String {
    let mut text = String::new();
    for n in 0..count {
        let (high, low) = (n / 256, n % 256);
        write!(text, "[[originate]]\nprefix = \"10.{high}.{low}.0/24\"\nkind = \"announce\"\n")
            .expect("a string");
    }
    text
}

fn prefixes(routes: &Value) -> BTreeSet<String> {
    let routes = routes.as_array().expect("an array");
    routes.iter().filter_map(|route| Some(route["prefix"].as_str()?.to_owned())).collect()
}

/// What changes with time.
fn timeless(mut value: Value) -> Value {
    for item in value.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
        item.retain(|key, _| key != "age");
    }
    value
}

#[test]
fn it_says_what_the_command_line_says() {
    let mut host = Host::new();
    let web = section(&host);
    let peer = "[[peer]]\nname = \"tor\"\naddress = \"192.0.2.1\"\nasn = 65001\nenabled = false\n";
    host.run(&format!("{web}{peer}{}", routes(3)));
    host.until("three routes", || host.json(&["routes"]).as_array().is_some_and(|routes| routes.len() == 3));
    assert_eq!(timeless(get(&host, "/api/v1/peers").json()), timeless(host.json(&["peers"])));
    assert_eq!(get(&host, "/api/v1/peers/tor").json()["address"], json!("192.0.2.1"));
    let of = |path: &str| prefixes(&get(&host, path).json());
    assert_eq!(of("/api/v1/routes"), prefixes(&host.json(&["routes"])));
    assert_eq!(of("/api/v1/routes?prefix=10.0.1.0/24"), BTreeSet::from(["10.0.1.0/24".to_owned()]));
    assert_eq!(of("/api/v1/routes?prefix=10.0.0.0/23&scope=longer").len(), 2);
    assert_eq!(of("/api/v1/routes?family=ipv6").len(), 0);
    assert_eq!(of("/api/v1/routes?of=rejected").len(), 0);
    assert_eq!(get(&host, "/api/v1/status").json()["routes"], host.json(&["status"])["routes"]);
    let explained = get(&host, "/api/v1/explain?prefix=10.0.2.7").json();
    assert_eq!(explained["prefix"], json!("10.0.2.0/24"));
}

#[test]
fn a_list_comes_as_lines_or_in_pages() {
    let host = serving(&routes(500));
    let all = || prefixes(&get(&host, "/api/v1/routes").json());
    host.until("all routes", || all().len() == 500);
    let lines = get_with(&host, "/api/v1/routes", "Accept: application/x-ndjson\r\n");
    assert_eq!(lines.header("content-type"), Some("application/x-ndjson"));
    assert_eq!(lines.body.lines().count(), 500);
    let (mut seen, mut pages) = (BTreeSet::new(), 0);
    let mut next = Some("/api/v1/routes?prefix=10.0.0.0/8&scope=longer&limit=120".to_owned());
    while let Some(path) = next {
        let page = get(&host, &path);
        let routes = prefixes(&page.json());
        assert!(routes.is_disjoint(&seen), "nothing comes twice");
        seen.extend(routes);
        pages += 1;
        next = rest(&page);
    }
    assert_eq!((seen, pages), (all(), 5));
}

/// Where the rest of a page's list is.
fn rest(page: &Answer) -> Option<String> {
    let link = page.header("link")?;
    let (path, relation) = link.strip_prefix('<')?.split_once('>')?;
    assert_eq!(relation, "; rel=\"next\"");
    Some(path.to_owned())
}

#[test]
fn what_cannot_be_answered_is_refused_with_a_reason() {
    let host = serving("");
    let refusals = [
        ("/api/v1/routes?prefix=10.0.0.1/8", 400, "10.0.0.0/8 is meant?"),
        ("/api/v1/routes?prefx=10.0.0.0/8", 400, "prefx"),
        ("/api/v1/routes?scope=wide", 400, "wide"),
        ("/api/v1/routes?limit=0", 400, "between 1 and"),
        ("/api/v1/routes?limit=99999", 400, "between 1 and"),
        ("/api/v1/routes?limit=5&after=here", 400, "not a place in a listing"),
        ("/api/v1/routes?after=ipv4-1", 400, "needs a `limit`"),
        ("/api/v1/routes?community=64512", 400, "is not a community"),
        ("/api/v1/routes?of=out", 400, "name a peer"),
        ("/api/v1/routes?of=out&peer=nobody", 404, "no peer"),
        ("/api/v1/peers/nobody", 404, "no peer"),
        ("/api/v1/explain", 400, "prefix"),
        ("/api/v1/kernel", 503, "the kernel is not programmed"),
        ("/api/v1/reload", 404, "nothing at this address"),
    ];
    for (path, status, reason) in refusals {
        let answer = get(&host, path);
        let message = answer.json()["error"]["message"].as_str().unwrap_or_default().to_owned();
        assert_eq!(answer.status, status, "{path}: {message}");
        assert!(message.contains(reason), "{path}: {message}");
    }
}

/// Whether `value` is what `schema` describes, as far as objects go: every key is described, none is missing.
fn check(value: &Value, schema: &Value, document: &Value, place: &str) {
    let schema = match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).expect("it is described"),
        None => schema,
    };
    match value {
        Value::Object(fields) if schema["properties"].is_object() => {
            for (key, field) in fields {
                let described = schema["properties"].get(key);
                check(field, described.unwrap_or_else(|| panic!("{place}.{key}")), document, key);
            }
            for key in schema["required"].as_array().into_iter().flatten() {
                assert!(fields.contains_key(key.as_str().unwrap_or_default()), "{place} lacks {key}");
            }
        }
        Value::Array(items) => {
            items.iter().for_each(|item| check(item, &schema["items"], document, place));
        }
        _ => {}
    }
}

#[test]
fn answers_are_as_the_document_says() {
    let host = serving(&format!(
        "{}[[peer]]\nname = \"tor\"\naddress = \"192.0.2.1\"\nasn = 65001\nenabled = false\n",
        routes(2)
    ));
    let document = get(&host, "/api/v1/openapi.json").json();
    let paths = document["paths"].as_object().expect("paths");
    let probes = ["/metrics", "/livez", "/readyz"];
    assert!(probes.iter().all(|path| paths.contains_key(*path)), "{:?}", paths.keys());
    for (path, operation) in paths.iter().filter(|(path, _)| path.starts_with("/api/")) {
        let asked = path.replace("{name}", "tor").replace("explain", "explain?prefix=10.0.0.0/24");
        let answer = get(&host, &asked);
        let responses = &operation["get"]["responses"];
        let kernel = path.contains("/kernel");
        assert_eq!(answer.status, if kernel { 503 } else { 200 }, "{path}");
        let response = if kernel { &responses["default"] } else { &responses["200"] };
        let schema = &response["content"]["application/json"]["schema"];
        assert!(schema.is_object(), "{path}");
        check(&answer.json(), schema, &document, path);
    }
    let wanted = paths["/api/v1/routes"]["get"]["parameters"].as_array().expect("words");
    let wanted: BTreeSet<&str> = wanted.iter().filter_map(|word| word["name"].as_str()).collect();
    let expected =
        ["after", "community", "family", "limit", "of", "origin_as", "peer", "prefix", "scope", "since"];
    assert_eq!(wanted, BTreeSet::from(expected));
}
