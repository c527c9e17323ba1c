//! What the pages say that the program says, it says.

use std::fs;
use std::path::Path;

use crate::page::{Page, root};

/// The sources of everything that says something, as one text: a message that is broken over two lines is whole.
fn sources() -> String {
    let mut text = String::new();
    let mut waiting: Vec<_> =
        ["bgp-core/src", "bgp-daemon/src", "fib-sync/src"].map(|name| root().join(name)).into();
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).expect("a readable folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension() == Some("rs".as_ref()) {
                text.push_str(&whole(&path));
            }
        }
    }
    text
}

fn whole(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("a readable file");
    let mut lines = text.lines().map(str::trim_start);
    let first = lines.next().unwrap_or_default().to_owned();
    lines.fold(first, |text, line| match text.strip_suffix('\\') {
        Some(text) => format!("{text}{line}"),
        None => format!("{text}\n{line}"),
    })
}

/// Whether the parts of a message between its gaps stand in one line, in their order.
fn is_said(message: &str, line: &str) -> bool {
    let mut rest = line;
    message.split('…').all(|part| match rest.split_once(part.trim()) {
        Some((_, after)) => {
            rest = after;
            true
        }
        None => false,
    })
}

#[test]
fn every_message_that_is_quoted_exists() {
    let (page, sources) = (Page::read("docs/troubleshooting.md"), sources());
    let quoted = |span: &'_ str| span.len() > 2 && span.starts_with('"') && span.ends_with('"');
    let mut found = 0;
    for (line, span) in page.spans().filter(|(_, span)| quoted(span)) {
        let message = &span[1..span.len() - 1];
        assert!(sources.lines().any(|code| is_said(message, code)), "{}: nothing says {span}", page.at(line));
        found += 1;
    }
    assert!(found > 30, "only {found} messages were found");
}
