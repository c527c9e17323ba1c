//! Our reflector between clients of four other makes.

use tests::interop::bird::Bird;
use tests::interop::caracal;
use tests::interop::frr::Frr;
use tests::interop::gobgp::GoBgp;
use tests::interop::openbgpd::OpenBgpd;
use tests::interop::reflecting;

#[test]
fn clients_of_four_makes_hear_each_other_in_both_families_and_who_said_it() {
    caracal::test(|| {
        let (mut bird, mut frr) = (Bird::two(), Frr::new());
        let (mut gobgp, mut openbgpd) = (GoBgp::new(), OpenBgpd::new());
        reflecting::between(vec![
            ("bird", &mut bird),
            ("frr", &mut frr),
            ("gobgp", &mut gobgp),
            ("openbgpd", &mut openbgpd),
        ])
    });
}
