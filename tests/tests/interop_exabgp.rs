//! Caracal with ExaBGP, which neither gives nor reports reasons for leaving: real routes, real kernels, both directions.

use tests::interop::exabgp::ExaBgp;
use tests::interop::exchange;
use tests::interop::{Dial, caracal};
use tests::kernel::Ip;

#[test]
fn it_dials_us_over_ipv4() {
    caracal::test(|| exchange::neighbours(&mut ExaBgp::new(), Dial::In, Ip::V4, &[Ip::V4]));
}

#[test]
fn we_dial_it_over_ipv4() {
    caracal::test(|| exchange::neighbours(&mut ExaBgp::new(), Dial::Out, Ip::V4, &[Ip::V4]));
}

#[test]
fn it_dials_us_over_ipv6() {
    caracal::test(|| exchange::neighbours(&mut ExaBgp::new(), Dial::In, Ip::V6, &[Ip::V6]));
}

#[test]
fn we_dial_it_over_ipv6() {
    caracal::test(|| exchange::neighbours(&mut ExaBgp::new(), Dial::Out, Ip::V6, &[Ip::V6]));
}

#[test]
fn one_session_carries_both_families() {
    caracal::test(|| exchange::neighbours(&mut ExaBgp::new(), Dial::Out, Ip::V4, &Ip::BOTH));
}

#[test]
fn one_session_that_it_dials_carries_both_families() {
    caracal::test(|| exchange::neighbours(&mut ExaBgp::new(), Dial::In, Ip::V4, &Ip::BOTH));
}

#[test]
fn paths_may_carry_identifiers() {
    caracal::test(|| exchange::with_identifiers(&mut ExaBgp::new(), Dial::Out, &Ip::BOTH));
}

#[test]
fn paths_may_carry_identifiers_when_it_dials() {
    caracal::test(|| exchange::with_identifiers(&mut ExaBgp::new(), Dial::In, &[Ip::V4]));
}

#[test]
fn an_external_neighbour_exchanges_routes_too() {
    caracal::test(|| exchange::external(&mut ExaBgp::new(), Dial::Out, Ip::V4));
}

#[test]
fn an_external_neighbour_exchanges_ipv6_routes_too() {
    caracal::test(|| exchange::external(&mut ExaBgp::new(), Dial::In, Ip::V6));
}
