//! The status page: a few files in the binary, nothing from elsewhere. What it shows it asks of `/api/v1`.

mod file;

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::get;

use super::Shop;
use file::File;

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const ICON: &str = "image/svg+xml";

/// Where each file is, what it is, and its text.
const FILES: [(&str, &str, &str); 12] = [
    ("/", HTML, include_str!("status.html")),
    ("/status.css", CSS, include_str!("status.css")),
    ("/icon.svg", ICON, include_str!("icon.svg")),
    ("/script/main.js", SCRIPT, include_str!("script/main.js")),
    ("/script/ask.js", SCRIPT, include_str!("script/ask.js")),
    ("/script/forms.js", SCRIPT, include_str!("script/forms.js")),
    ("/script/draw.js", SCRIPT, include_str!("script/draw.js")),
    ("/script/overview.js", SCRIPT, include_str!("script/overview.js")),
    ("/script/sessions.js", SCRIPT, include_str!("script/sessions.js")),
    ("/script/routes.js", SCRIPT, include_str!("script/routes.js")),
    ("/script/kernel.js", SCRIPT, include_str!("script/kernel.js")),
    ("/script/events.js", SCRIPT, include_str!("script/events.js")),
];

/// The page and what it consists of.
pub(super) fn routes() -> Router<Shop> {
    FILES.into_iter().fold(Router::new(), |routes, (path, kind, text)| {
        let file = File::new(kind, text);
        routes.route(path, get(async move |headers: HeaderMap| file.answer(&headers)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(wanted: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
        let files = FILES.into_iter().filter(move |(_, kind, _)| *kind == wanted);
        files.map(|(path, _, text)| (path, text))
    }

    /// What a daemon tells comes from its peers too: nothing of it may become markup or code.
    #[test]
    fn nothing_that_is_told_can_become_markup_or_code() {
        for (path, text) in of(SCRIPT) {
            for door in ["innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", "Function("] {
                assert!(!text.contains(door), "{door} in {path}");
            }
        }
    }

    #[test]
    fn the_page_is_small_and_asks_nobody_else() {
        assert!(FILES.iter().map(|(.., text)| text.len()).sum::<usize>() < 40_000);
        for (path, kind, text) in FILES {
            assert!(kind == ICON || !text.contains("//") || !text.contains("http"), "an address in {path}");
        }
        for (_, text) in of(HTML) {
            for inline in ["<style", "style=", "onclick", "onload", "<script>", "javascript:"] {
                assert!(!text.contains(inline), "{inline} is against the page's own policy");
            }
        }
    }

    /// Whoever asks for the page is led to all of it: nothing is served that nobody uses, and a test that follows what is
    /// named meets everything.
    #[test]
    fn every_file_is_named_by_another() {
        for (path, ..) in FILES.iter().filter(|(path, ..)| *path != "/") {
            let name =
                path.strip_prefix("/script").map_or_else(|| (*path).to_owned(), |name| format!(".{name}"));
            let is_named =
                |text: &str| text.contains(&format!("\"{path}\"")) || text.contains(&format!("\"{name}\""));
            assert!(FILES.iter().any(|(.., text)| is_named(text)), "nobody asks for {path}");
        }
    }

    /// What a script looks for by name has to be in the page, and what it imports has to be served.
    #[test]
    fn scripts_find_what_they_look_for() {
        let page: String = of(HTML).map(|(_, text)| text).collect();
        let named = |text: &'static str, before: &'static str| {
            text.split(before).skip(1).filter_map(|rest| rest.split('"').next())
        };
        for (path, text) in of(SCRIPT) {
            for id in named(text, "at(\"").filter(|id| !id.ends_with('-')) {
                assert!(page.contains(&format!("id=\"{id}\"")), "{path} looks for {id}");
            }
            for import in named(text, "from \"./") {
                assert!(of(SCRIPT).any(|(path, _)| path == format!("/script/{import}")), "{path}: {import}");
            }
        }
    }
}
