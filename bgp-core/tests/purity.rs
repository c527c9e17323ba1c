//! The core stays a function of its arguments: few dependencies, no clock, no sockets, no threads.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Everything the core may depend on, directly or through a dependency, in a normal build.
const ALLOWED: [&str; 7] = ["bytes", "ipnet", "nom", "serde", "thiserror", "tracing", "memchr"];

/// Names whose presence in the source would mean that time, chance or the world leaked in.
const FORBIDDEN: [&str; 12] = [
    "std::time::Instant",
    "SystemTime",
    "std::thread",
    "std::fs",
    "std::env",
    "std::process",
    "std::net::Tcp",
    "std::net::Udp",
    "Mutex",
    "RwLock",
    "tokio",
    "async fn",
];

fn crate_root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the source folder can be read") {
        let path = entry.expect("an entry of the source folder can be read").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn the_dependency_list_is_the_short_one() {
    let manifest = fs::read_to_string(crate_root().join("Cargo.toml")).expect("the manifest can be read");
    let section = manifest.split("[dependencies]").nth(1).expect("the manifest has dependencies");
    let section = section.split("\n[").next().unwrap_or(section);
    let named: BTreeSet<&str> = section
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split(['.', '=', ' ']).next().unwrap_or(line))
        .collect();
    assert!(!named.is_empty());
    for name in named {
        assert!(ALLOWED.contains(&name), "bgp-core must not depend on {name}");
    }
}

#[test]
fn no_clock_socket_thread_or_lock_is_named_in_the_source() {
    let mut files = Vec::new();
    sources(&crate_root().join("src"), &mut files);
    assert!(files.len() > 20, "the source was found");
    for file in files {
        let text = fs::read_to_string(&file).expect("a source file can be read");
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            for name in FORBIDDEN {
                assert!(!line.contains(name), "{} names {name}: {line}", file.display());
            }
        }
    }
}

#[test]
fn a_speaker_may_be_moved_to_another_thread() {
    fn assert_send<T: Send>() {}
    assert_send::<bgp_core::speaker::Config>();
    assert_send::<bgp_core::speaker::Input>();
    assert_send::<bgp_core::speaker::Output>();
}
