//! Configurations in several files, and keys in files of their own.

use std::fs::{Permissions, set_permissions, write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::super::{Diagnostic, Loaded, load_on};
use super::{Paper, said};

fn load(folder: &Path) -> Result<Loaded, Vec<Diagnostic>> {
    load_on(&folder.join("caracal.toml"), &Paper)
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("conf.d")).expect("a folder in it");
    for (name, text) in files {
        write(folder.path().join(name), text).expect("a file");
    }
    folder
}

const MAIN: &str =
    "include = [\"conf.d/*.toml\"]\nasn = 64512\nrouter_id = \"1.1.1.1\"\n[kernel]\nmetric = 1\n";

#[test]
fn tables_merge_and_arrays_of_tables_append() {
    let folder = folder(&[
        ("caracal.toml", MAIN),
        ("conf.d/20.toml", "[[peer]]\naddress = \"10.0.0.3\"\nasn = 64512\n[kernel]\ntable = 100\n"),
        ("conf.d/10.toml", "[[peer]]\naddress = \"10.0.0.2\"\nasn = 64512\n"),
        ("conf.d/ignored.conf", "not toml"),
    ]);
    let settings = load(folder.path()).expect("right").settings;
    let names: Vec<&str> = settings.core.peers.iter().map(|peer| &*peer.name).collect();
    assert_eq!(names, ["10.0.0.2", "10.0.0.3"]);
    assert_eq!((settings.kernel.metric, settings.kernel.table), (1, 100));
}

#[test]
fn a_scalar_given_twice_is_an_error_in_the_second_file() {
    let folder = folder(&[("caracal.toml", MAIN), ("conf.d/a.toml", "asn = 1\n[kernel]\nmetric = 2\n")]);
    let diagnostics = load(folder.path()).expect_err("a mistake");
    let files = diagnostics.iter().filter_map(|diagnostic| diagnostic.location.as_ref());
    assert!(files.clone().all(|location| location.file.ends_with("conf.d/a.toml")));
    assert_eq!(said(Err(diagnostics.clone())), ["1: `asn` is given twice", "3: `metric` is given twice"]);
}

#[test]
fn a_missing_file_is_an_error_and_an_empty_folder_is_not() {
    let folder = folder(&[("caracal.toml", MAIN)]);
    assert!(load(folder.path()).is_ok());
    write(folder.path().join("caracal.toml"), "include = [\"nowhere.toml\"]").expect("a file");
    assert_eq!(said(load(folder.path())).len(), 1);
    assert!(said(load(&folder.path().join("nowhere")))[0].contains("cannot read"));
}

#[test]
fn a_key_is_read_from_its_file_and_never_printed() {
    let peer = "asn = 1\nrouter_id = \"1.1.1.1\"\n[[peer]]\naddress = \"10.0.0.2\"\nasn = 1\npassword_file = \"key\"\n";
    let folder = folder(&[("caracal.toml", peer), ("key", "hunter2\n")]);
    let key = folder.path().join("key");
    set_permissions(&key, Permissions::from_mode(0o600)).expect("permissions");
    let loaded = load(folder.path()).expect("right");
    let secret = loaded.settings.sockets[0].password.clone().expect("a key");
    assert_eq!(secret.reveal(), b"hunter2");
    assert!(!format!("{:?}", loaded.settings).contains("hunter2"));
    assert_eq!(loaded.warnings, []);

    set_permissions(&key, Permissions::from_mode(0o644)).expect("permissions");
    assert_eq!(load(folder.path()).expect("right").warnings.len(), 1);

    for (text, problem) in [("\n", "is empty"), (&*"x".repeat(81), "more than 80 octets")] {
        write(&key, text).expect("a file");
        assert!(said(load(folder.path()))[0].contains(problem));
    }
}
