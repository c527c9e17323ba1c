//! Properties: the RIB equals a RIB that is slow and obvious. Both, and what happens to them, are the fuzz
//! target's; here proptest draws the octets and makes what fails small.

#[expect(dead_code, reason = "other targets draw in other ways")]
#[path = "../../fuzz/src/draw.rs"]
mod draw;
#[expect(unreachable_pub, reason = "there they are public")]
#[path = "../../fuzz/src/rib/mod.rs"]
mod rib;

use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_rib_equals_the_model_after_any_history(octets in prop::collection::vec(any::<u8>(), 0..600)) {
        rib::rib(&octets);
    }

    #[test]
    fn selection_does_not_depend_on_the_order_of_arrival(octets in prop::collection::vec(any::<u8>(), 0..120)) {
        rib::order(&octets);
    }
}
