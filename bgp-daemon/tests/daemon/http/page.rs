//! The status page, as a browser loads it.

use super::serving;
use super::web::get;

#[test]
fn the_page_and_all_that_it_names_is_there() {
    let host = serving("");
    let page = get(&host, "/");
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    let policy = page.header("content-security-policy").unwrap_or_default();
    assert!(policy.contains("script-src 'self'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    let named = page.body.split(['"', '\'']).filter(|text| text.starts_with('/'));
    let named: Vec<&str> = named.collect();
    assert_eq!(named, ["/icon.svg", "/status.css", "/status.js"]);
    for path in named {
        assert_eq!(get(&host, path).status, 200, "{path}");
    }
}

/// What the script looks for by name has to be in the page.
#[test]
fn the_script_finds_what_it_looks_for() {
    let host = serving("");
    let (page, script) = (get(&host, "/").body, get(&host, "/status.js").body);
    let wanted: Vec<&str> = script.split("at(\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(wanted.len() > 20, "{wanted:?}");
    for id in wanted {
        assert!(page.contains(&format!("id=\"{id}\"")), "{id}");
    }
}
