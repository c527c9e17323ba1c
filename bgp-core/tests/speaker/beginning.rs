//! How far a speaker says that it has got since its start.

use std::time::Duration;

use bgp_core::Family;
use bgp_core::peer::PeerConfig;
use bgp_core::speaker::Beginning;

use crate::script::{Graceful, Stage, THEIRS, attribute, config, end_of_rib, peer, update};

fn beginning(stage: &Stage) -> (Vec<String>, bool, bool) {
    let Beginning { awaited, announced, settled, .. } = stage.speaker.view().beginning();
    (awaited.iter().map(ToString::to_string).collect(), announced, settled)
}

#[test]
fn whoever_is_waited_for_is_named() {
    let off = PeerConfig { enabled: false, ..peer(4, THEIRS) };
    let (two, three) = (peer(2, THEIRS), peer(3, THEIRS));
    let names = [two.name.to_string(), three.name.to_string()];
    let mut stage = Stage::new(config(vec![two, three, off]));
    assert_eq!(beginning(&stage), (names.to_vec(), false, false), "one that is off is not waited for");
    let families = Family::UNICAST.map(|family| (family, true)).to_vec();
    let promises =
        Graceful { restarted: false, notification: true, time: 60, families, long_lived: (0, vec![]) };
    let conn = stage.establish(2, THEIRS, Some(&promises));
    let Beginning { expected, established, .. } = stage.speaker.view().beginning();
    assert_eq!((expected, established), (2, 1));
    stage.sleep(Duration::from_secs(11));
    assert_eq!(beginning(&stage), (names[..1].to_vec(), false, false), "nobody waits for who never came");
    stage.say(conn, &end_of_rib());
    assert_eq!(beginning(&stage), (names[..1].to_vec(), false, false), "that was one family of two");
    stage.say(conn, &update(&[], &[attribute(0x80, 15, &[0, 2, 1])], &[]));
    stage.sleep(Duration::ZERO);
    assert_eq!(beginning(&stage), (vec![], true, true));
}
