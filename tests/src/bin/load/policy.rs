//! The export policy changes while everybody holds everything.

use bgp_core::Family;
use bgp_core::wire::Community;
use tests::failure::Failure;
use tests::load::daemon::{TAGS, Which};
use tests::load::mark::Passage;

use crate::figures::Figures;
use crate::scene::{Plan, Scene};

/// The second half of the community that the new policy adds.
const TAG: u16 = 7;

/// From the command that reads the new configuration until every listener has the new community on all routes.
pub(crate) fn changed(figures: Figures, which: Which, plan: &Plan<'_>) -> Result<Figures, Failure> {
    let mut scene = Scene::set(figures, which, plan, Passage::Reflected)?;
    scene.fill()?;
    for set in &scene.tables[0].sets {
        let mut attributes = set.attributes.clone();
        let tag = Community(u32::from(TAGS) << 16 | u32::from(TAG));
        attributes.communities = attributes.communities.iter().copied().chain([tag]).collect();
        let mark = scene.voices[0].mark(&attributes, Family::IPV4);
        scene.marks[set.members.clone()].fill(mark);
    }
    scene.want_marks();
    scene.setup.tag = Some(TAG);
    scene.phase("new policy", |scene| {
        scene.running.reconfigure(&scene.setup)?;
        scene.until_complete()
    })?;
    scene.end()
}
