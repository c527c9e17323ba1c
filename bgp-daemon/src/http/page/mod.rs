//! The status page: four files in the binary, nothing from elsewhere. What it shows it asks of `/api/v1`.

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::Shop;

/// How long a browser may keep a file: a newer daemon behind the same address is noticed soon.
const KEEP: &str = "max-age=60";

const HTML: &str = include_str!("status.html");
const STYLE: &str = include_str!("status.css");
const SCRIPT: &str = include_str!("status.js");
const ICON: &str = include_str!("icon.svg");

/// The page and what it consists of.
pub(super) fn routes() -> Router<Shop> {
    Router::new()
        .route("/", get(async || file("text/html; charset=utf-8", HTML)))
        .route("/status.css", get(async || file("text/css; charset=utf-8", STYLE)))
        .route("/status.js", get(async || file("text/javascript; charset=utf-8", SCRIPT)))
        .route("/icon.svg", get(async || file("image/svg+xml", ICON)))
}

fn file(kind: &'static str, text: &'static str) -> Response {
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, KEEP)], text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a daemon tells comes from its peers too: nothing of it may become markup or code.
    #[test]
    fn nothing_that_is_told_can_become_markup_or_code() {
        for door in ["innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", "Function("] {
            assert!(!SCRIPT.contains(door), "{door}");
        }
    }

    #[test]
    fn the_page_is_small_and_asks_nobody_else() {
        let files = [HTML, STYLE, SCRIPT, ICON];
        assert!(files.iter().map(|file| file.len()).sum::<usize>() < 40_000);
        for file in [HTML, STYLE, SCRIPT] {
            assert!(!file.contains("//") || !file.contains("http"), "an address of somebody else");
        }
        for inline in ["<style", "style=", "onclick", "onload", "<script>", "javascript:"] {
            assert!(!HTML.contains(inline), "{inline} is against the page's own policy");
        }
    }
}
