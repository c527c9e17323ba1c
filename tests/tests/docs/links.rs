//! Links between pages lead to files and headings that are there, and every page is found from the index.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use crate::page::{Page, all, root};

/// A path without `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    plain
}

/// The file that a link of a page leads to, and the heading in it.
fn target<'l>(page: &Page, link: &'l str) -> (PathBuf, Option<&'l str>) {
    let (file, anchor) = link.split_once('#').map_or((link, None), |(file, anchor)| (file, Some(anchor)));
    match file {
        "" => (page.path.clone(), anchor),
        file => (plain(&page.path.with_file_name(file)), anchor),
    }
}

#[test]
fn every_link_leads_somewhere() {
    let mut followed = 0;
    for page in all() {
        for (line, link) in page.links().filter(|(_, link)| !link.contains("://")) {
            let (file, anchor) = target(&page, link);
            let at = page.at(line);
            assert!(root().join(&file).exists(), "{at}: there is no {}", file.display());
            if let Some(anchor) = anchor {
                let anchors = Page::read(&file).anchors();
                assert!(anchors.iter().any(|known| known == anchor), "{at}: {link}: {anchors:?}");
            }
            followed += 1;
        }
    }
    assert!(followed > 20, "only {followed} links were found");
}

#[test]
fn the_index_names_every_page() {
    let index = Page::read("docs/README.md");
    let named: BTreeSet<PathBuf> = index.links().map(|(_, link)| target(&index, link).0).collect();
    for page in all().iter().filter(|page| page.path.starts_with("docs") && page.path != index.path) {
        assert!(named.contains(&page.path), "docs/README.md does not name {}", page.path.display());
    }
}
