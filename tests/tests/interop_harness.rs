//! The interoperability harness itself: what it demands of us, BIRD and each of the others manage between them.

use tests::failure::Failure;
use tests::interop::bird::Bird;
use tests::interop::exabgp::ExaBgp;
use tests::interop::exchange::Pair;
use tests::interop::frr::Frr;
use tests::interop::gobgp::GoBgp;
use tests::interop::network::{cable, ours, theirs};
use tests::interop::openbgpd::OpenBgpd;
use tests::interop::{Dial, Session, Speaker};
use tests::kernel::Ip;
use tests::sandbox;

fn exchange(theirs_is: &mut dyn Speaker, session: Session) -> Result<(), Failure> {
    let network = cable(&session.local, &session.remote)?;
    let mut pair = Pair { ours: &mut Bird::two(), theirs: theirs_is, session };
    pair.exchange(&network)
}

fn session(dial: Dial, carrier: Ip, families: &[Ip]) -> Session {
    Session::plain(ours(64512), theirs(64512), dial, carrier, families)
}

#[test]
fn frr_manages() {
    sandbox::test(|| exchange(&mut Frr::new(), session(Dial::Out, Ip::V4, &Ip::BOTH)).expect("as expected"));
}

#[test]
fn gobgp_manages() {
    sandbox::test(|| {
        exchange(&mut GoBgp::new(), session(Dial::Out, Ip::V4, &Ip::BOTH)).expect("as expected")
    });
}

#[test]
fn openbgpd_manages() {
    sandbox::test(|| {
        exchange(&mut OpenBgpd::new(), session(Dial::Out, Ip::V4, &Ip::BOTH)).expect("as expected")
    });
}

#[test]
fn exabgp_manages() {
    sandbox::test(|| {
        exchange(&mut ExaBgp::new(), session(Dial::Out, Ip::V4, &Ip::BOTH)).expect("as expected")
    });
}

#[test]
fn bird_16_manages() {
    sandbox::test(|| {
        exchange(&mut Bird::one(Ip::V4), session(Dial::Out, Ip::V4, &[Ip::V4])).expect("as expected")
    });
}
