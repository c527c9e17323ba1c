//! `bundle`: what is in it, and what must not be.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use flate2::read::GzDecoder;
use serde_json::{Value, json};

use crate::host::Host;

/// The octets of the archive, unpacked, and its files.
fn opened(path: &Path) -> (Vec<u8>, Vec<(String, Vec<u8>)>) {
    let mut octets = Vec::new();
    GzDecoder::new(File::open(path).expect("a bundle")).read_to_end(&mut octets).expect("it is compressed");
    let mut archive = tar::Archive::new(&octets[..]);
    let files = archive.entries().expect("an archive").map(|entry| {
        let mut entry = entry.expect("a file");
        let name = entry.path().expect("a name").to_string_lossy().into_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).expect("its content");
        (name.split_once('/').expect("a folder").1.to_owned(), content)
    });
    let files = files.collect();
    (octets, files)
}

fn assert_no_key(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    for key in ["key-from-", "key-in-", "not-ours-either"] {
        let place = text.find(key).map(|place| text[..place].lines().last().unwrap_or_default().to_owned());
        assert_eq!(place, None, "{key} is in the bundle");
    }
}

#[test]
fn everything_is_in_it_but_no_key() {
    let mut host = Host::new();
    fs::write(host.path("tor.key"), "key-from-\"file\"\n").expect("a writable file");
    let address = host.address;
    host.configure(&format!(
        "# the password of tor-c was key-in-comment\n\
         [http]\nlisten = \"{address}:9470\"\n\
         [[peer]]\nname = \"tor-a\"\naddress = \"127.255.255.255\"\nasn = 64512\npassword_file = \"tor.key\"\n\
         description = \"says key-from-environment\"\n\
         [[peer]]\nname = \"tor-b\"\naddress = \"127.255.255.254\"\nasn = 64512\npassword_env = \"TOR_KEY\"\n\
         [[originate]]\nprefix = \"10.1.0.0/24\"\nkind = \"announce\"\n\
         [[originate]]\nprefix = \"10.2.0.0/24\"\nkind = \"announce\"\n"
    ));
    host.start_in(&[("TOR_KEY", "key-from-environment"), ("OTHER_SECRET", "not-ours-either")]);
    let file = host.path("bundle.tar.gz");
    let words = ["bundle", file.to_str().expect("a path"), "--routes", "1", "-o", "json"];
    assert!(host.ask(&words).status.success());
    let (octets, files) = opened(&file);
    assert_no_key(&octets);
    // Somebody writes a key where none belongs: the file is not valid any more, and the keys it names are still known.
    let config = host.path("caracal.toml");
    let text = fs::read_to_string(&config).expect("a file");
    fs::write(&config, text + "[[peer]]\nname = \"tor-d\"\npassword = \"key-in-file\"\n")
        .expect("a writable file");
    assert!(host.ask(&words).status.success());
    assert_no_key(&opened(&file).0);
    let content = |name: &str| {
        let file = files.iter().find(|(path, _)| path == name);
        String::from_utf8_lossy(&file.unwrap_or_else(|| panic!("no {name}")).1).into_owned()
    };
    assert!(content("metrics.txt").contains("caracal_peers"), "{}", content("metrics.txt"));
    assert!(content("peers.json").contains("tor-a") && content("status.json").contains("generation"));
    assert_eq!(content("routes.ndjson").lines().count(), 1);
    assert!(content("explain-peers.ndjson").contains("\"layer\""));
    assert!(
        content("doctor.json").contains("\"sessions\"")
            && content("sysctl.txt").contains("net.core.somaxconn")
    );
    let manifest: Value = serde_json::from_str(&content("manifest.json")).expect("JSON");
    assert_eq!(manifest["files"].as_array().map(Vec::len), Some(files.len() - 1), "all but itself");
    let routes = manifest["files"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|file| file["name"] == json!("routes.ndjson"));
    assert_eq!(routes.expect("it is listed")["cut"], json!(true), "there are two");
    let missing = manifest["missing"]
        .as_array()
        .expect("a list")
        .iter()
        .any(|file| file["name"] == json!("kernel.ndjson"));
    assert!(missing, "the kernel is not programmed: {manifest:#}");
    assert_eq!(fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_host_without_a_daemon_has_a_bundle_too() {
    let host = Host::new();
    let file = host.path("bundle.tar.gz");
    let output = host.ask(&["bundle", file.to_str().expect("a path")]);
    assert!(output.status.success(), "{output:?}");
    let (_, files) = opened(&file);
    let manifest = files.iter().find(|(path, _)| path == "manifest.json").expect("a manifest");
    let manifest: Value = serde_json::from_slice(&manifest.1).expect("JSON");
    let why = manifest["missing"].to_string();
    assert!(why.contains("status.json") && why.contains("cannot reach the daemon"), "{why}");
    let nowhere = host.ask(&["bundle", "/nonexistent/x.tar.gz"]);
    assert!(
        String::from_utf8_lossy(&nowhere.stderr).contains("cannot write /nonexistent/x.tar.gz"),
        "{nowhere:?}"
    );
}
