//! RIB operations, and the model that says what must come of them.

mod events;
mod model;
mod pair;

use std::collections::BTreeMap;

use crate::draw::Draw;
use events::Event;
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
    order(octets);
}

/// An octet of settings, then what is said of one prefix: who came first changes nothing, neither which path
/// is chosen nor where each of the others fell.
pub(crate) fn order(octets: &[u8]) {
    let mut draw = Draw::new(octets);
    let (settings, turn) = (draw.octet(), usize::from(draw.octet()));
    let mut routes = BTreeMap::new();
    while !draw.is_empty() && routes.len() < ROUTES {
        let (name, route) = events::path(&mut draw);
        routes.insert(name, route);
    }
    let outcomes = |turn: usize| {
        let mut pair = Pair::new(events::settings(settings));
        let (first, stride) = (turn % ROUTES, STRIDES[turn % STRIDES.len()]);
        for (name, route) in routes.iter().cycle().skip(first).step_by(stride).take(routes.len()) {
            pair.happen(Event::Announce {
                prefix: events::first_prefix(),
                name: *name,
                route: route.clone(),
            });
            pair.happen(Event::Hear(turn % 2));
        }
        pair.settle();
        pair.outcomes(events::first_prefix())
    };
    assert_eq!(outcomes(0), outcomes(turn));
}

/// Most paths of one prefix.
const ROUTES: usize = 8;
/// Each visits all of them, in another order.
const STRIDES: [usize; 5] = [11, 13, 17, 19, 23];
