use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::rib::KernelHint;
use crate::rib::intern::Interner;
use crate::rib::testing::{as_path, route_with_med};
use crate::wire::arbitrary;

fn forwarding() -> impl Strategy<Value = Forwarding> {
    let v6 = || any::<u128>().prop_map(Ipv6Addr::from_bits);
    let next_hop = prop_oneof![
        any::<u32>().prop_map(|bits| NextHop::V4(Ipv4Addr::from_bits(bits))),
        (v6(), prop::option::of(v6())).prop_map(|(global, link_local)| NextHop::V6 { global, link_local }),
    ];
    prop_oneof![
        4 => next_hop.prop_map(Forwarding::Via),
        1 => prop::sample::select(vec![
            Forwarding::Device,
            Forwarding::Blackhole,
            Forwarding::Unreachable,
            Forwarding::Prohibit,
            Forwarding::Nowhere,
        ]),
    ]
}

prop_compose! {
    fn route()(
        attributes in arbitrary::dialect().prop_flat_map(|dialect| arbitrary::attributes(&dialect)),
        forwarding in forwarding(),
        interface in prop::option::of("[a-z]{1,4}"),
        metric in prop::option::of(any::<u32>()),
    ) -> Route {
        let kernel = KernelHint { metric, ..KernelHint::default() };
        Route { attributes, forwarding, interface: interface.map(Arc::from), kernel }
    }
}

proptest! {
    #[test]
    fn a_route_comes_back_as_it_went(route in route()) {
        let interned = Interner::new(1).intern(&route);
        let attributes = &route.attributes;
        prop_assert_eq!(&interned.route(), &route);
        prop_assert_eq!(interned.forwarding(), route.forwarding);
        prop_assert_eq!(interned.local_preference(), attributes.local_preference);
        prop_assert_eq!(interned.med(), attributes.med);
        prop_assert_eq!(interned.origin(), attributes.origin);
        prop_assert_eq!(interned.as_path_length(), attributes.as_path.length());
        prop_assert_eq!(interned.neighbor_asn(), attributes.as_path.neighbor_asn());
        prop_assert_eq!(interned.originator_id(), attributes.originator_id);
        prop_assert_eq!(interned.cluster_list_length(), attributes.cluster_list.len());
        prop_assert_eq!(interned.nearest_cluster(), attributes.cluster_list.first().copied());
        let is_stale = attributes.communities.contains(&Community::LLGR_STALE);
        prop_assert_eq!(interned.is_long_lived_stale(), is_stale);
    }

    #[test]
    fn routes_are_one_where_they_are_equal(one in route(), other in route()) {
        let mut interner = Interner::new(1);
        let (first, second) = (interner.intern(&one), interner.intern(&other));
        prop_assert_eq!(Arc::ptr_eq(&first, &second), one == other);
        prop_assert!(Arc::ptr_eq(&first, &interner.intern(&one.clone())));
    }

    #[test]
    fn octets_of_nobody_do_no_harm(octets in prop::collection::vec(any::<u8>(), 0..64), bits in any::<u32>()) {
        unpack(&Head { local_preference: 0, med: 0, form: Form(bits) }, &octets);
    }
}

#[test]
fn a_path_longer_than_the_head_can_say_has_its_length() {
    let mut route = route_with_med(0);
    for length in [254, 255, 300] {
        route.attributes.as_path = as_path(&vec![65_000; length]);
        let expected = u32::try_from(length).expect("a length");
        assert_eq!(Interner::new(1).intern(&route).as_path_length(), expected);
    }
}
