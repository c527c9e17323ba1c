//! RIB operations, and the model that says what must come of them.

mod events;
mod model;
mod pair;

use crate::draw::Draw;
use pair::Pair;

/// Most operations of one input.
const OPERATIONS: usize = 512;

/// An octet of settings, then operations: the RIB equals the plain model whenever its work is done,
/// and a consumer who only believes what it is told knows the best paths.
pub fn rib(octets: &[u8]) {
    let mut draw = Draw::new(octets);
    let mut pair = Pair::new(events::settings(draw.octet()));
    for _ in 0..OPERATIONS {
        if draw.is_empty() {
            break;
        }
        pair.happen(events::event(&mut draw));
    }
    pair.settle();
    pair.compare();
}
