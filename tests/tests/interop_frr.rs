//! Caracal with FRR: real routes, real kernels, both directions.

use tests::interop::exchange::{self, Leaves};
use tests::interop::frr::Frr;
use tests::interop::{Dial, Restarts, caracal, restart};
use tests::kernel::Ip;

#[test]
fn it_dials_us_over_ipv4() {
    caracal::test(|| exchange::neighbours(&mut Frr::new(), Dial::In, Ip::V4, &[Ip::V4]));
}

#[test]
fn we_dial_it_over_ipv4() {
    caracal::test(|| exchange::neighbours(&mut Frr::new(), Dial::Out, Ip::V4, &[Ip::V4]));
}

#[test]
fn it_dials_us_over_ipv6() {
    caracal::test(|| exchange::neighbours(&mut Frr::new(), Dial::In, Ip::V6, &[Ip::V6]));
}

#[test]
fn we_dial_it_over_ipv6() {
    caracal::test(|| exchange::neighbours(&mut Frr::new(), Dial::Out, Ip::V6, &[Ip::V6]));
}

#[test]
fn one_session_carries_both_families() {
    caracal::test(|| exchange::neighbours(&mut Frr::new(), Dial::Out, Ip::V4, &Ip::BOTH));
}

#[test]
fn one_session_that_it_dials_carries_both_families() {
    caracal::test(|| exchange::neighbours(&mut Frr::new(), Dial::In, Ip::V4, &Ip::BOTH));
}

#[test]
fn paths_may_carry_identifiers() {
    caracal::test(|| exchange::with_identifiers(&mut Frr::new(), Dial::Out, &Ip::BOTH));
}

#[test]
fn paths_may_carry_identifiers_when_it_dials() {
    caracal::test(|| exchange::with_identifiers(&mut Frr::new(), Dial::In, &[Ip::V4]));
}

#[test]
fn it_hears_why_we_hang_up() {
    caracal::test(|| exchange::farewell(&mut Frr::new(), Leaves::We));
}

#[test]
fn we_hear_why_it_hangs_up() {
    caracal::test(|| exchange::farewell(&mut Frr::new(), Leaves::They));
}

#[test]
fn signed_segments_pass_when_we_dial() {
    caracal::test(|| exchange::signed(&mut Frr::new(), Dial::Out, Ip::V4));
}

#[test]
fn signed_segments_pass_when_it_dials() {
    caracal::test(|| exchange::signed(&mut Frr::new(), Dial::In, Ip::V4));
}

#[test]
fn signed_segments_pass_over_ipv6() {
    caracal::test(|| exchange::signed(&mut Frr::new(), Dial::In, Ip::V6));
}

#[test]
fn another_key_keeps_it_out() {
    caracal::test(|| exchange::with_another_key(&mut Frr::new()));
}

#[test]
fn a_neighbour_may_be_guarded_by_ttl_when_we_dial() {
    caracal::test(|| exchange::guarded(&mut Frr::new(), Dial::Out));
}

#[test]
fn a_neighbour_may_be_guarded_by_ttl_when_it_dials() {
    caracal::test(|| exchange::guarded(&mut Frr::new(), Dial::In));
}

#[test]
fn sixty_four_hops_are_bridged_when_we_dial() {
    caracal::test(|| exchange::far_away(&mut Frr::new(), Dial::Out));
}

#[test]
fn sixty_four_hops_are_bridged_when_it_dials() {
    caracal::test(|| exchange::far_away(&mut Frr::new(), Dial::In));
}

#[test]
fn an_external_neighbour_exchanges_routes_too() {
    caracal::test(|| exchange::external(&mut Frr::new(), Dial::Out, Ip::V4));
}

#[test]
fn an_external_neighbour_exchanges_ipv6_routes_too() {
    caracal::test(|| exchange::external(&mut Frr::new(), Dial::In, Ip::V6));
}

#[test]
fn it_does_not_notice_our_restart() {
    caracal::test(|| restart::of(&mut Frr::new(), Leaves::We, Restarts::Graceful));
}

#[test]
fn we_do_not_notice_its_restart() {
    caracal::test(|| restart::of(&mut Frr::new(), Leaves::They, Restarts::Graceful));
}

#[test]
fn our_routes_may_outlive_our_restart_time() {
    caracal::test(|| restart::of(&mut Frr::new(), Leaves::We, Restarts::LongLived));
}

#[test]
fn its_routes_may_outlive_its_restart_time() {
    caracal::test(|| restart::of(&mut Frr::new(), Leaves::They, Restarts::LongLived));
}
