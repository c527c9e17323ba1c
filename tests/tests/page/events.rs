//! The view of what happens: as it happens, held back, of one peer, and over a restart of the daemon.

use tests::browser::key;
use tests::caracal::ask;
use tests::failure::Failure;
use tests::programs::prove;

use super::scene::Scene;
use super::{assert_has, rows};

/// The peer that is disabled and stays so: each order to disable it is one event, and nothing else happens to it.
const PEER: &str = "node-23";

fn act() -> Result<(), Failure> {
    ask("node", &["peer", PEER, "disable"]).map(drop)
}

fn until_rows(scene: &Scene, count: usize) -> Result<Vec<String>, Failure> {
    let table = "document.querySelectorAll('#events-table time')";
    scene.browser.until(&format!("{table}.length === {count}"))?;
    rows(scene, "events-table")
}

fn until_note(scene: &Scene, text: &str, is_bad: bool) -> Result<(), Failure> {
    let note = "document.getElementById('events-note')";
    let holds =
        format!("{note}.textContent.startsWith('{text}') && {note}.classList.contains('bad') === {is_bad}");
    scene.browser.until(&holds)
}

#[test]
fn what_happens_is_shown_as_it_happens() {
    prove(|| happens().expect("the page shows it"));
}

fn happens() -> Result<(), Failure> {
    let mut scene = Scene::set()?;
    scene.show("#events")?;
    until_note(&scene, "live", false)?;
    act()?;
    let table = "document.getElementById('events-table').innerText";
    scene.browser.until(&format!("{table}.includes('{PEER}') && {table}.includes('tor-b')"))?;
    scene.keep_picture("events")?;

    scene.browser.run("document.getElementById('events-peer').focus()")?;
    scene.browser.press(&format!("{PEER}{}", key::ENTER))?;
    scene.browser.until(&format!("location.hash === '#events?peer={PEER}'"))?;
    assert_has(&until_rows(&scene, 1)?[0], &["peer.asked", PEER, "disable"]);
    until_note(&scene, "live", false)?;

    held_back(&scene)?;
    scene.is_clean()?;
    over_a_restart(&mut scene)
}

fn held_back(scene: &Scene) -> Result<(), Failure> {
    let pause = "document.getElementById('events-pause')";
    scene.browser.run(&format!("{pause}.click()"))?;
    act()?;
    scene.browser.until(&format!("{pause}.textContent === 'Go on, 1 event more'"))?;
    assert_eq!(until_rows(scene, 1)?.len(), 1, "who has stopped it goes on reading what there was");
    scene.browser.run(&format!("{pause}.click()"))?;
    until_rows(scene, 2)?;
    scene.browser.until(&format!("{pause}.textContent === 'Pause'"))
}

fn over_a_restart(scene: &mut Scene) -> Result<(), Failure> {
    scene.browser.headers("Last-Event-ID")?;
    scene.end_node()?;
    until_note(scene, "connection lost", true)?;
    scene.keep_picture("events-lost")?;
    assert_eq!(rows(scene, "events-table")?.len(), 2, "what was known last stays");
    scene.start_node()?;
    until_note(scene, "live", false)?;
    act()?;
    let seen = until_rows(scene, 4)?;
    assert_has(&seen[0], &["peer.asked", PEER]);
    assert_has(&seen[1], &["gap", "started again"]);
    let said = scene.browser.headers("Last-Event-ID")?;
    assert!(!said.is_empty(), "the browser did not say how far it had read");
    scene.keep_picture("events-again")
}
