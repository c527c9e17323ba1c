//! Every configuration in the documentation is valid.
//!
//! A block marked `toml` is a whole file. One marked `toml fragment` is a part of one: it is checked behind the lines
//! that every file needs. One marked `toml manifest` is Cargo's.

use std::fs;

use bgp_daemon::config::{ThisHost, load_text, render};

use crate::page::{Block, all};

/// What every file has to say.
const LEAST: &str = "asn = 64512\nrouter_id = \"192.0.2.1\"\n";

/// Everything that is wrong with a block, as `caracal check` says it.
fn complaints(block: &Block) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let text = if block.is("fragment") { format!("{LEAST}{}", block.text) } else { block.text.clone() };
    for line in text.lines().filter(|line| line.trim_start().starts_with("password_file")) {
        let name = line.split('"').nth(1).unwrap_or_else(|| panic!("{line}: no file"));
        fs::write(folder.path().join(name), "key").unwrap_or_else(|error| panic!("{line}: {error}"));
    }
    let loaded = load_text(&folder.path().join("caracal.toml"), &text, &ThisHost);
    loaded.map_or_else(|diagnostics| render(&diagnostics), |_| String::new())
}

#[test]
fn every_block_is_valid() {
    let mut seen = 0;
    for page in all() {
        let blocks = page.blocks.iter().filter(|block| block.language == "toml" && !block.is("manifest"));
        for block in blocks {
            let complaints = complaints(block);
            assert!(complaints.is_empty(), "{}:\n{complaints}", page.at(block.line));
            seen += 1;
        }
    }
    assert!(seen >= 5, "only {seen} blocks were found");
}
