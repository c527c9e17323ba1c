//! The paths that `ARCHITECTURE.md` and the other pages for developers name are there.

use std::fs;
use std::path::Path;

use crate::page::{Page, root};

/// Every file and folder of the repository, as `/path/from/the/top`.
fn tree() -> Vec<String> {
    let mut found = Vec::new();
    let mut waiting = vec![root()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder).expect("a readable folder") {
            let path = entry.expect("an entry").path();
            if [".git", "target"].iter().any(|name| path.ends_with(name)) {
                continue;
            }
            let inside = path.strip_prefix(root()).expect("it is inside");
            found.push(format!("/{}", inside.display()));
            if path.is_dir() && !path.is_symlink() {
                waiting.push(path);
            }
        }
    }
    found
}

/// What a pair of braces stands for: `a/{b,c}.rs` for `a/b.rs` and `a/c.rs`.
fn spelled_out(path: &str) -> Vec<String> {
    let braces = path.split_once('{').and_then(|(head, rest)| Some((head, rest.split_once('}')?)));
    braces.map_or_else(
        || vec![path.to_owned()],
        |(head, (words, tail))| words.split(',').map(|word| format!("{head}{word}{tail}")).collect(),
    )
}

/// Whether code in a line names a file or a folder of the sources.
fn is_path(span: &str) -> bool {
    let plain = |letter: char| letter.is_alphanumeric() || "/._-{},".contains(letter);
    let file = Path::new(span)
        .extension()
        .is_some_and(|kind| ["rs", "md", "txt", "csv"].iter().any(|one| kind == *one));
    span.chars().all(plain)
        && !span.starts_with("target/")
        && !span.starts_with('/')
        && (file || span.contains('/') && span.contains(char::is_alphabetic))
}

#[test]
fn what_the_developers_pages_name_is_there() {
    let tree = tree();
    let mut named = 0;
    for page in ["ARCHITECTURE.md", "CONTRIBUTING.md"].map(Page::read) {
        for (line, span) in page.spans().filter(|(_, span)| is_path(span)) {
            for path in spelled_out(span.trim_end_matches('/')) {
                let ending = format!("/{path}");
                assert!(
                    tree.iter().any(|there| there.ends_with(&ending)),
                    "{}: there is no {path}",
                    page.at(line)
                );
                named += 1;
            }
        }
    }
    assert!(named > 100, "only {named} paths were found");
}
