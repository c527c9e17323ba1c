//! Caracal with BIRD 1.6, the ancestor of the one in Calico: a process, and a session, for each family.

use tests::interop::bird::Bird;
use tests::interop::exchange;
use tests::interop::{Dial, caracal};
use tests::kernel::Ip;

#[test]
fn it_dials_us_over_ipv4() {
    caracal::test(|| exchange::neighbours(&mut Bird::one(Ip::V4), Dial::In, Ip::V4, &[Ip::V4]));
}

#[test]
fn it_dials_us_over_ipv6() {
    caracal::test(|| exchange::neighbours(&mut Bird::one(Ip::V6), Dial::In, Ip::V6, &[Ip::V6]));
}

#[test]
fn we_dial_it_over_ipv4() {
    caracal::test(|| exchange::neighbours(&mut Bird::one(Ip::V4), Dial::Out, Ip::V4, &[Ip::V4]));
}

#[test]
fn we_dial_it_over_ipv6() {
    caracal::test(|| exchange::neighbours(&mut Bird::one(Ip::V6), Dial::Out, Ip::V6, &[Ip::V6]));
}

#[test]
fn paths_may_carry_identifiers() {
    caracal::test(|| exchange::with_identifiers(&mut Bird::one(Ip::V4), Dial::Out, &[Ip::V4]));
}

#[test]
fn signed_segments_pass() {
    caracal::test(|| exchange::signed(&mut Bird::one(Ip::V4), Dial::In, Ip::V4));
}

#[test]
fn an_external_neighbour_exchanges_routes_too() {
    caracal::test(|| exchange::external(&mut Bird::one(Ip::V4), Dial::Out, Ip::V4));
}

#[test]
fn sixty_four_hops_are_bridged() {
    caracal::test(|| exchange::far_away(&mut Bird::one(Ip::V4), Dial::In));
}

#[test]
fn several_paths_to_a_prefix_are_held_apart() {
    caracal::test(|| exchange::several_paths(&mut Bird::one(Ip::V4)));
}
