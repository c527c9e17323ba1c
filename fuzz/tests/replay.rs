//! The committed corpus through its bodies, without an engine.

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use fuzz::TARGETS;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The names in a folder, sorted.
fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

/// Everything in the corpus of a target, in the same order on every machine.
fn inputs(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = folder("corpus").join(target);
    let paths = names(&folder).into_iter().map(|name| folder.join(name));
    paths.map(|path| (path.clone(), fs::read(path).expect("a corpus file"))).collect()
}

#[test]
fn every_input_of_the_corpus_keeps_the_laws() {
    for target in TARGETS {
        for (path, octets) in inputs(target.name) {
            assert!(catch_unwind(|| (target.body)(&octets)).is_ok(), "{} breaks a law", path.display());
        }
    }
}

#[test]
fn every_input_cut_short_keeps_the_laws() {
    for target in TARGETS {
        for (path, octets) in inputs(target.name) {
            let cut = &octets[..octets.len() / 2];
            assert!(catch_unwind(|| (target.body)(cut)).is_ok(), "half of {} breaks a law", path.display());
        }
    }
}

#[test]
fn every_target_has_a_binary_and_a_corpus() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    let mut corpora = names(&folder("corpus"));
    corpora.remove("SOURCES.md");
    assert_eq!(corpora, targets);
    let binaries: BTreeSet<String> = targets.iter().map(|target| format!("{target}.rs")).collect();
    assert_eq!(names(&folder("targets")), binaries);
    let manifest = fs::read_to_string(folder("Cargo.toml")).expect("the manifest");
    for target in &targets {
        let engine = fs::read_to_string(folder("targets").join(format!("{target}.rs"))).expect("a binary");
        let call = match target.as_str() {
            "storm" => "fuzz::storm(octets)".to_owned(),
            other => format!("fuzz::bounded(fuzz::{other}, octets)"),
        };
        assert!(engine.contains(&call), "{target}: {engine}");
        assert!(manifest.contains(&format!("path = \"targets/{target}.rs\"")), "{target} is not built");
        assert!(!inputs(target).is_empty(), "{target} has no corpus");
    }
}
