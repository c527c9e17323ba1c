//! What every pair of daemons must manage: a session, a thousand routes each way, changes, an end with a reason.

use std::collections::BTreeSet;
use std::time::Duration;

use super::caracal::Caracal;
use super::network::{Network, cable, ours, row, theirs as theirs_end};
use super::route::{Path, Table, difference, rich};
use super::{Dial, End, Session, Speaker};
use crate::failure::Failure;
use crate::kernel::Ip;
use crate::wait;

/// How long a session may take to come up, and routes to arrive, on a busy machine.
pub(super) const LIMIT: Duration = Duration::from_secs(30);
/// Routes in each direction, for each family.
const ROUTES: u16 = 1000;
/// The AS of both ends, where nothing else is said.
pub(super) const ASN: u32 = 64512;
/// Keeps our prefixes apart from theirs.
pub(super) const OUR_BLOCK: u8 = 64;
pub(super) const THEIR_BLOCK: u8 = 96;

/// Two daemons with a session between them.
pub struct Pair<'a> {
    /// One end.
    pub ours: &'a mut dyn Speaker,
    /// The other.
    pub theirs: &'a mut dyn Speaker,
    /// The session as the first end sees it.
    pub session: Session,
}

/// Exchanges routes between us and a neighbour of our own AS.
pub fn neighbours(theirs: &mut dyn Speaker, dial: Dial, carrier: Ip, families: &[Ip]) -> Result<(), Failure> {
    over_a_cable(theirs, Session::plain(ours(ASN), theirs_end(ASN), dial, carrier, families))
}

/// Exchanges routes, their paths with identifiers.
pub fn with_identifiers(theirs: &mut dyn Speaker, dial: Dial, families: &[Ip]) -> Result<(), Failure> {
    let plain = Session::plain(ours(ASN), theirs_end(ASN), dial, Ip::V4, families);
    over_a_cable(theirs, Session { add_path: true, ..plain })
}

/// Takes in two paths to every prefix of a neighbour, then one of them less.
pub fn several_paths(theirs: &mut dyn Speaker) -> Result<(), Failure> {
    let plain = Session::plain(ours(ASN), theirs_end(ASN), Dial::In, Ip::V4, &[Ip::V4]);
    let session = Session { add_path: true, ..plain };
    let network = cable(&session.local, &session.remote)?;
    let mut pair = Pair { ours: &mut Caracal::new(), theirs, session };
    let one = pair.routes(THEIR_BLOCK, 0, &pair.session.remote);
    let mut two = pair.routes(THEIR_BLOCK, 1, &pair.session.remote);
    for (prefix, paths) in &one {
        two.entry(*prefix).or_default().extend(paths.iter().cloned());
    }
    pair.start(&network, &Table::new(), &two)?;
    pair.converge("two paths to each prefix", &Table::new(), &two)?;
    pair.theirs.replace(&pair.session.reversed(), &one)?;
    pair.converge("one path less", &Table::new(), &one)
}

/// Exchanges routes with a neighbour in the way that the session says.
pub fn over_a_cable(theirs: &mut dyn Speaker, session: Session) -> Result<(), Failure> {
    let network = cable(&session.local, &session.remote)?;
    Pair { ours: &mut Caracal::new(), theirs, session }.exchange(&network)
}

/// Exchanges routes over a connection whose segments are signed.
pub fn signed(theirs: &mut dyn Speaker, dial: Dial, carrier: Ip) -> Result<(), Failure> {
    let plain = Session::plain(ours(ASN), theirs_end(ASN), dial, carrier, &[carrier]);
    over_a_cable(theirs, Session { password: Some("correct-horse-battery-staple"), ..plain })
}

/// Ends whose keys differ never meet.
pub fn with_another_key(theirs: &mut dyn Speaker) -> Result<(), Failure> {
    let plain = Session::plain(ours(ASN), theirs_end(ASN), Dial::Out, Ip::V4, &[Ip::V4]);
    let session = Session { password: Some("ours"), ..plain };
    let network = cable(&session.local, &session.remote)?;
    let mut caracal = Caracal::new();
    caracal.start(&network.ours, &session, &Table::new())?;
    theirs.start(
        &network.theirs,
        &Session { password: Some("theirs"), ..session.reversed() },
        &Table::new(),
    )?;
    match wait::until("a session that must not be", Duration::from_secs(5), || caracal.check(&session)) {
        Ok(()) => Err(Failure::new("keep strangers out", "the session came up")),
        Err(_) => Ok(()),
    }
}

/// Exchanges routes with a neighbour of another AS that takes packets from nowhere else.
pub fn guarded(theirs: &mut dyn Speaker, dial: Dial) -> Result<(), Failure> {
    let plain = Session::plain(ours(ASN), theirs_end(65001), dial, Ip::V4, &[Ip::V4]);
    over_a_cable(theirs, Session { ttl_security: Some(1), ..plain })
}

/// Exchanges routes with a neighbour of another AS.
pub fn external(theirs: &mut dyn Speaker, dial: Dial, carrier: Ip) -> Result<(), Failure> {
    over_a_cable(theirs, Session::plain(ours(ASN), theirs_end(65001), dial, carrier, &[carrier]))
}

/// Exchanges routes with an end that is as far away as the default TTL reaches.
pub fn far_away(theirs: &mut dyn Speaker, dial: Dial) -> Result<(), Failure> {
    let plain = Session::plain(ours(ASN), theirs_end(ASN), dial, Ip::V4, &[Ip::V4]);
    let session = Session { hops: 64, ..plain };
    let network = row(&session.local, &session.remote, session.hops)?;
    Pair { ours: &mut Caracal::new(), theirs, session }.exchange(&network)
}

/// One end hangs up and says why; the other must have read it.
pub fn farewell(theirs: &mut dyn Speaker, who: Leaves) -> Result<(), Failure> {
    let session = Session::plain(ours(ASN), theirs_end(ASN), Dial::In, Ip::V4, &[Ip::V4]);
    let network = cable(&session.local, &session.remote)?;
    let mut pair = Pair { ours: &mut Caracal::new(), theirs, session };
    pair.start(&network, &Table::new(), &Table::new())?;
    match who {
        Leaves::We => pair.we_shut_down("moving to rack 7"),
        Leaves::They => pair.they_shut_down("moving to rack 7"),
    }
}

/// Who hangs up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaves {
    /// We do.
    We,
    /// The other end does.
    They,
}

impl Pair<'_> {
    /// Starts both ends with a thousand routes each, which must arrive equal; changes some, withdraws some,
    /// and demands the same again.
    pub fn exchange(&mut self, network: &Network) -> Result<(), Failure> {
        self.try_exchange(network).map_err(|failure| self.with_logs(&failure))
    }

    fn try_exchange(&mut self, network: &Network) -> Result<(), Failure> {
        let (ours, theirs) = (
            self.routes(OUR_BLOCK, 0, &self.session.local),
            self.routes(THEIR_BLOCK, 0, &self.session.remote),
        );
        self.start(network, &ours, &theirs)?;
        self.converge("the first routes", &ours, &theirs)?;
        let (ours, theirs) =
            (self.changed(OUR_BLOCK, &self.session.local), self.changed(THEIR_BLOCK, &self.session.remote));
        self.ours.replace(&self.session, &ours)?;
        self.theirs.replace(&self.session.reversed(), &theirs)?;
        self.converge("changes and withdrawals", &ours, &theirs)
    }

    /// Starts both ends and waits for the session.
    pub fn start(&mut self, network: &Network, ours: &Table, theirs: &Table) -> Result<(), Failure> {
        let session = self.session.clone();
        self.ours.start(&network.ours, &session, ours)?;
        self.theirs.start(&network.theirs, &session.reversed(), theirs)?;
        wait::until(&format!("a session with {}", self.theirs.name()), LIMIT, || {
            self.ours.check(&session)?;
            self.theirs.check(&session.reversed())
        })
    }

    /// Waits until each end holds what the other originates.
    pub fn converge(&self, what: &str, ours: &Table, theirs: &Table) -> Result<(), Failure> {
        let session = &self.session;
        wait::until(&format!("{what} at {}", self.theirs.name()), LIMIT, || {
            holds(&*self.theirs, &session.reversed(), &said(&*self.ours, session, ours))
        })?;
        wait::until(&format!("{what} from {}", self.theirs.name()), LIMIT, || {
            holds(&*self.ours, session, &said(&*self.theirs, &session.reversed(), theirs))
        })
    }

    /// The other end hangs up and says why; we must have read it.
    pub fn they_shut_down(&mut self, reason: &str) -> Result<(), Failure> {
        self.theirs.shut_down(&self.session.reversed(), reason)?;
        hears(&*self.ours, &self.session, reason)
    }

    /// We hang up and say why; the other end must have read it.
    pub fn we_shut_down(&mut self, reason: &str) -> Result<(), Failure> {
        self.ours.shut_down(&self.session, reason)?;
        hears(&*self.theirs, &self.session.reversed(), reason)
    }

    fn with_logs(&self, failure: &Failure) -> Failure {
        let logs = [&*self.ours, &*self.theirs]
            .map(|end| format!("\n== log of {}\n{}", end.name(), end.last_words()));
        Failure::new("exchange routes", format!("{failure}{}", logs.concat()))
    }

    /// On external sessions the AS path is left alone: whether a policy's AS numbers stand before or behind the
    /// sender's own is a matter on which daemons differ.
    pub(super) fn routes(&self, block: u8, edition: u32, end: &End) -> Table {
        let families = self.session.families.iter();
        let mut table: Table =
            families.flat_map(|ip| rich(*ip, ROUTES, block, edition, end.address(*ip))).collect();
        if !self.session.is_internal() {
            let bare = |path: &Path| Path { as_path: Vec::new(), ..path.clone() };
            table.values_mut().for_each(|paths| *paths = paths.iter().map(bare).collect());
        }
        table
    }

    /// Every third route is withdrawn, every third has other attributes.
    pub(super) fn changed(&self, block: u8, end: &End) -> Table {
        let (before, after) = (self.routes(block, 0, end), self.routes(block, 1, end));
        let all = before.into_iter().zip(after).enumerate();
        all.filter_map(|(number, (old, new))| match number % 3 {
            0 => None,
            1 => Some(new),
            _ => Some(old),
        })
        .collect()
    }
}

/// What arrives of a table at the other end of the sender's session.
pub(super) fn said(sender: &dyn Speaker, session: &Session, table: &Table) -> Table {
    let paths = |paths: &BTreeSet<_>| {
        paths.iter().cloned().map(|path| session.in_transit(sender.can_say(path))).collect()
    };
    table.iter().map(|(prefix, all)| (*prefix, paths(all))).collect()
}

pub(super) fn holds(speaker: &dyn Speaker, session: &Session, wanted: &Table) -> Result<(), Failure> {
    let mut seen = Table::new();
    for ip in &session.families {
        seen.extend(speaker.learned(session, *ip)?);
    }
    let own = |path: &Path| path.as_path.contains(&session.local.asn);
    for paths in seen.values_mut() {
        // FRR tells an external neighbour its own routes; they loop, and are held but never used.
        let kept = std::mem::take(paths).into_iter().filter(|path| !own(path));
        *paths = kept.map(|path| session.comparable(path)).collect();
    }
    seen.retain(|_, paths| !paths.is_empty());
    match difference(&seen, wanted) {
        None => Ok(()),
        Some(text) => Err(Failure::new(format!("compare what {} learned", speaker.name()), text)),
    }
}

fn hears(speaker: &dyn Speaker, session: &Session, reason: &str) -> Result<(), Failure> {
    wait::until(&format!("{} to hear why the session ended", speaker.name()), LIMIT, || {
        let complaint = speaker.complaint(session)?;
        match complaint.contains(reason) {
            true => Ok(()),
            false => {
                let end: String =
                    complaint.chars().rev().take(1000).collect::<Vec<_>>().into_iter().rev().collect();
                Err(Failure::new(format!("find {reason:?}"), end))
            }
        }
    })
}
