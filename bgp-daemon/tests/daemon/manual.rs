//! Manual pages as a reader of Debian sees them.

use std::fs;
use std::process::Command;

use crate::host::CARACAL;

#[test]
fn every_page_is_written_and_man_has_nothing_to_say_against_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = Command::new(CARACAL).arg("man").arg(folder.path()).output().expect("it runs");
    assert!(made.status.success(), "{made:?}");
    let mut pages = 0;
    for entry in fs::read_dir(folder.path()).expect("a folder") {
        let path = entry.expect("a page").path();
        // `man` itself is no more than this with a pager, and asks for the same.
        let read = Command::new("groff").args(["-man", "-Tutf8", "-ww", "-z"]).arg(&path).output();
        let read = read.expect("groff of Debian's groff-base; tests/peers installs it");
        let said = String::from_utf8_lossy(&read.stderr).into_owned();
        assert!(read.status.success() && said.is_empty(), "{}: {said}", path.display());
        pages += 1;
    }
    assert!(pages > 15, "{pages} pages");
}
