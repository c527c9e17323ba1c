//! The status page, as a browser loads it.

use std::collections::BTreeSet;

use super::serving;
use super::web::get;

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
