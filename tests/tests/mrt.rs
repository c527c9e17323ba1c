//! bgp-core's reader of MRT files against bgpdump, line for line.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tests::mrt_lines;

/// What bgpdump makes of a file. It takes paths whose next hop nobody can have, which a decoder of UPDATEs refuses
/// (RFC 4271 §6.3): collectors write 255.255.255.255 for routes of their own.
fn theirs(file: &PathBuf) -> Vec<String> {
    let output = Command::new("/usr/bin/bgpdump").arg("-m").arg(file).output();
    let output = output.expect("bgpdump is installed: tests/peers does that");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines().filter(|line| !line.contains("|255.255.255.255|")).map(str::to_owned).collect()
}

fn agree(name: &str, least: usize) {
    let file: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests/corpus/mrt", name].iter().collect();
    let ours = mrt_lines::lines(&fs::read(&file).expect("a file of the corpus")).expect("a readable one");
    assert!(ours.len() >= least, "{} lines of {name}", ours.len());
    assert_eq!(ours, theirs(&file), "{name}");
}

#[test]
fn a_table_with_path_identifiers() {
    agree("ripe-add-path.mrt", 60);
}

#[test]
fn a_table_of_both_families_by_quagga() {
    agree("quagga_rib.mrt", 9);
}

#[test]
fn a_table_of_both_families_by_openbgpd() {
    agree("openbgpd_rib_table-v2.mrt", 31);
}

#[test]
fn messages_by_openbgpd() {
    agree("openbgpd_bgp.mrt", 100);
}

#[test]
fn messages_with_path_identifiers_by_bird() {
    agree("bird-mrtdump_bgp.mrt", 24);
}
