//! Storms: a small network of whole daemons, and octets that say what befalls it.

use tests::sim::{Storm, Weather};

use crate::draw::Draw;

/// Things that happen in one run at most.
const EVENTS: usize = 24;

/// The first octets choose the network, every four of the others something that happens to it. Everything that the
/// simulator looks at is looked at: every packet, every session that ends, and in the end every route.
pub fn storm(octets: &[u8]) {
    let mut draw = Draw::new(octets);
    let weather = draw.pick(&[Weather::Gentle, Weather::Rough]);
    let seed = u64::from(draw.octet());
    Storm::directed(seed, weather, draw.take(4 * EVENTS)).run();
}
