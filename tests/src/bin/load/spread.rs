//! A table is spread from speakers to listeners.

use tests::failure::Failure;
use tests::load::daemon::{ASN, Which};
use tests::load::ledger::Holding;
use tests::load::mark::Passage;

use crate::figures::Figures;
use crate::scene::{Plan, Scene};

/// Between external peers.
pub(crate) fn external(figures: Figures, which: Which, plan: &Plan<'_>) -> Result<Figures, Failure> {
    let mut scene = Scene::set(figures, which, plan, Passage::Through(ASN))?;
    scene.fill()?;
    scene.end()
}

/// Through a reflector.
pub(crate) fn reflected(figures: Figures, which: Which, plan: &Plan<'_>) -> Result<Figures, Failure> {
    let mut scene = Scene::set(figures, which, plan, Passage::Reflected)?;
    scene.fill()?;
    scene.end()
}

/// Through a reflector; then a twentieth is announced anew, and then the sender is lost.
pub(crate) fn reflected_and_changed(
    figures: Figures,
    which: Which,
    plan: &Plan<'_>,
) -> Result<Figures, Failure> {
    let mut scene = Scene::set(figures, which, plan, Passage::Reflected)?;
    scene.fill()?;
    let news = scene.tables[0].reconsidered(20);
    let voice = scene.voices[0];
    voice.apply(&news, &mut scene.marks);
    let said = voice.announcing(&news, 0);
    scene.want_marks();
    scene.phase("5 % anew", |scene| {
        scene.crowd.say(0, &said);
        scene.until_complete()
    })?;
    if which == Which::Broadcaster {
        return scene.end();
    }
    scene.want(Holding::default());
    scene.phase("sender lost", |scene| {
        scene.crowd.hang_up(0);
        scene.until_complete()
    })?;
    scene.end()
}
