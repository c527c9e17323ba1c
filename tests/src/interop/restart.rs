//! One end is killed and started again; the other must not lose a route that is there before and after.

use std::collections::BTreeSet;

use ipnet::IpNet;

use super::caracal::Caracal;
use super::exchange::{ASN, LIMIT, Leaves, OUR_BLOCK, Pair, THEIR_BLOCK};
use super::network::{Network, cable, ours, theirs as theirs_end};
use super::route::{Path, Table};
use super::{Dial, Restarts, Session, Speaker};
use crate::failure::Failure;
use crate::kernel::Ip;
use crate::wait;

/// Kills and starts again one end of a session with a neighbour of our own AS, with a third of its routes
/// changed and a third gone: these go at last, and the others never do.
pub fn of(theirs: &mut dyn Speaker, who: Leaves, restarts: Restarts) -> Result<(), Failure> {
    let plain = Session::plain(ours(ASN), theirs_end(ASN), Dial::Out, Ip::V4, &[Ip::V4]);
    let session = Session { restarts, ..plain };
    let network = cable(&session.local, &session.remote)?;
    let mut pair = Pair { ours: &mut Caracal::new(), theirs, session };
    let ours = pair.routes(OUR_BLOCK, 0, &pair.session.local);
    let theirs = pair.routes(THEIR_BLOCK, 0, &pair.session.remote);
    pair.start(&network, &ours, &theirs)?;
    pair.converge("routes", &ours, &theirs)?;
    let changed = match who {
        Leaves::We => pair.changed(OUR_BLOCK, &pair.session.local),
        Leaves::They => pair.changed(THEIR_BLOCK, &pair.session.remote),
    };
    restart(&mut pair, &network, who, &changed)?;
    match who {
        Leaves::We => pair.converge("routes after a restart", &changed, &theirs),
        Leaves::They => pair.converge("routes after a restart", &ours, &changed),
    }
}

/// The restart, until both ends say that the session is back and the last route has gone that had to.
fn restart(pair: &mut Pair<'_>, network: &Network, who: Leaves, routes: &Table) -> Result<(), Failure> {
    let near = pair.session.clone();
    let far = near.reversed();
    let (restarting, helper, place, session, other) = match who {
        Leaves::We => (&mut *pair.ours, &mut *pair.theirs, &network.ours, near, far),
        Leaves::They => (&mut *pair.theirs, &mut *pair.ours, &network.theirs, far, near),
    };
    restarting.crash()?;
    wait::until(&format!("{} to see the session go", helper.name()), LIMIT, || match helper.check(&other) {
        Ok(()) => Err("it is up".to_owned()),
        Err(_) => Ok(()),
    })?;
    if session.restarts == Restarts::LongLived {
        wait::until(&format!("{} to call them stale", helper.name()), LIMIT, || {
            spares(&*helper, &other, routes)?;
            are_old(&*helper, &other)
        })?;
    }
    spares(&*helper, &other, routes)?;
    restarting.start(place, &session, routes)?;
    wait::until(&format!("{} to forget what is gone", helper.name()), LIMIT, || {
        let held = spares(&*helper, &other, routes)?;
        helper.check(&other)?;
        match held == routes.len() {
            true => Ok(()),
            false => Err(Failure::new("see stale routes go", format!("{held} of {} are left", routes.len()))),
        }
    })
}

/// An error unless every route is long-lived stale.
fn are_old(helper: &dyn Speaker, session: &Session) -> Result<(), Failure> {
    let held = helper.learned(session, Ip::V4)?;
    let is_old = |path: &Path| path.communities.contains(&LLGR_STALE);
    match held.iter().find(|(_, paths)| !paths.iter().all(is_old)) {
        None => Ok(()),
        Some(young) => Err(Failure::new("see every route stale", format!("{young:?}"))),
    }
}

/// An error where one of these routes is missing; how many there are.
fn spares(helper: &dyn Speaker, session: &Session, routes: &Table) -> Result<usize, Failure> {
    let held: BTreeSet<IpNet> = helper.learned(session, Ip::V4)?.into_keys().collect();
    match routes.keys().find(|prefix| !held.contains(prefix)) {
        None => Ok(held.len()),
        // Nothing that is waited for can bring back what was lost meanwhile.
        Some(prefix) => panic!("{} lost {prefix}, it has {} routes", helper.name(), held.len()),
    }
}

/// What a route gets that outlived the restart time of its source.
const LLGR_STALE: (u16, u16) = (0xffff, 6);
