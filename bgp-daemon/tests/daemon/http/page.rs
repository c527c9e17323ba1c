//! The status page, as a browser loads it.

use std::collections::BTreeSet;

use super::serving;
use super::web::{Answer, get, get_with};

#[test]
fn the_page_and_all_that_it_names_is_there() {
    let host = serving("");
    let page = get(&host, "/");
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    let policy = page.header("content-security-policy").unwrap_or_default();
    assert!(policy.contains("script-src 'self'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    let named: BTreeSet<&str> = page.body.split(['"', '\'']).filter(|text| text.starts_with('/')).collect();
    for own in ["/icon.svg", "/status.css", "/script/main.js", "/metrics", "/livez", "/readyz"] {
        assert!(named.contains(own), "{own} is not in {named:?}");
    }
    for path in named {
        assert_ne!(get(&host, path).status, 404, "{path}");
    }
    assert_eq!(get(&host, "/script/main.js").header("content-type"), Some("text/javascript; charset=utf-8"));
}

#[test]
fn a_browser_is_sent_little_and_nothing_twice() {
    let host = serving("");
    let plain = get(&host, "/script/draw.js");
    let packed = get_with(&host, "/script/draw.js", "Accept-Encoding: gzip, br\r\n");
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    let length =
        |answer: &Answer| answer.header("content-length").and_then(|length| length.parse::<usize>().ok());
    assert!(length(&packed) < length(&plain).map(|length| length / 2), "{packed:?}");
    let tag = plain.header("etag").expect("it has a name");
    let again = get_with(&host, "/script/draw.js", &format!("If-None-Match: {tag}\r\n"));
    assert_eq!((again.status, again.body.as_str()), (304, ""));
}
