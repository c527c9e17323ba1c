//! What crates.io would get: four crates that can be packed, each with what a stranger wants to see of it.

use std::fs;
use std::path::Path;
use std::process::Command;

const CRATES: [&str; 4] = ["bgp-core", "fib-sync", "bgp-daemon", "rr"];

/// What cargo says, which has to be content.
fn cargo(words: &[&str]) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let output = Command::new(env!("CARGO")).args(words).current_dir(root).output().expect("cargo runs");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo {words:?}: {complaint}");
    String::from_utf8(output.stdout).expect("cargo speaks text")
}

#[test]
fn all_of_them_can_be_packed() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().to_str().expect("a path of text");
    let named = CRATES.map(|name| ["-p", name]).concat();
    // A dependency without a version, a file outside of its crate: cargo refuses.
    let words = ["package", "--no-verify", "--allow-dirty", "--offline", "--target-dir", target];
    cargo(&[&words, &*named].concat());
    for name in CRATES {
        assert!(folder.path().join(format!("package/{name}-0.1.0.crate")).is_file(), "{name}");
    }
}

#[test]
fn each_brings_its_licence_and_says_what_it_is() {
    for name in CRATES {
        let files = cargo(&["package", "--list", "--allow-dirty", "--offline", "-p", name]);
        for wanted in ["README.md", "LICENSE-MIT", "Cargo.toml"] {
            assert!(files.lines().any(|file| file == wanted), "{name} lacks {wanted}");
        }
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name).join("Cargo.toml");
        let manifest = fs::read_to_string(manifest).expect("a manifest");
        for key in
            ["description", "readme", "keywords", "categories", "license.workspace", "rust-version.workspace"]
        {
            assert!(manifest.lines().any(|line| line.starts_with(key)), "{name} does not say its {key}");
        }
    }
}
