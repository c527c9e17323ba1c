//! Saying what changed: dirty nets, a batch at a time, into the journal.

use std::sync::Arc;
use std::time::Duration;

use super::Group;
use crate::export::adj_rib_out::{AdjRibOut, Said};
use crate::export::clerk::Clerk;
use crate::export::difference::difference;
use crate::export::entitlement::Names;
use crate::export::journal::{Position, Saying};
use crate::export::pack::Pack;
use crate::rib::{NetId, Rib};
use crate::speaker::PeerId;
use crate::{Family, Instant};

impl Group {
    /// Looks at the next dirty nets and writes what is to be said of them into the journal.
    pub(super) fn batch(&mut self, peer: PeerId, names: &Names, rib: &mut Rib) {
        if let Some(walk) = self.members.get_mut(&peer).and_then(|member| member.walk.as_mut()) {
            walk.stepped = false;
        }
        let mut clerk = Clerk::new(&self.key, names);
        let (mut before, mut now) = (Vec::new(), Vec::new());
        let mut pack = Pack::with_room(BATCH.min(self.dirty.len()));
        let mut is_anything_new = false;
        for _ in 0..BATCH {
            let Some(net) = self.dirty.take() else { break };
            let Some(prefix) = rib.table(self.key.family).and_then(|table| table.prefix(net)) else {
                self.refusals.note(net, None, false, false);
                continue;
            };
            before.clear();
            now.clear();
            let refused = clerk.offer(net, prefix, rib, &mut self.out.voices, &mut now);
            self.out.replace(net, &now, &mut before, rib);
            self.refusals.note(net, refused, !before.is_empty(), !now.is_empty());
            hold_what_is_said(self.key.family, net, &before, &now, rib);
            let mut is_changed = false;
            let heard = |said: &Said| clerk.heard(said, &self.out.voices, rib);
            difference(&before, &now, heard, |word| {
                is_changed = true;
                pack.add(prefix, word);
            });
            if is_changed {
                self.parts.remove(&AdjRibOut::part_of(net));
                is_anything_new = true;
            }
        }
        if is_anything_new {
            self.partings.clear();
            self.inventory = None;
        }
        self.out.voices.tidy();
        for saying in pack.finish(clerk.sent(), self.key.family, &self.key.dialect) {
            self.encoded += saying.size();
            self.journal.push(saying, self.members.len());
        }
        self.limit_journal();
    }

    /// Drops the oldest entries where slow members make the journal too long; they owe them from now on.
    fn limit_journal(&mut self) {
        if self.journal.weight() <= self.journal_limit {
            return;
        }
        let lost = self.journal.shorten(self.journal_limit / 2);
        self.owe(&lost);
    }

    /// Moves time on: who has not read for so long what was said owes it from now on.
    pub(in crate::export) fn expire_journal(&mut self, age: Duration, now: Instant) {
        let lost = self.journal.expire(age, now);
        if !lost.is_empty() {
            self.owe(&lost);
        }
    }

    /// Members that have not read entries before they went owe what these spoke of.
    fn owe(&mut self, lost: &[(Position, Saying)]) {
        for (peer, member) in &mut self.members {
            for (position, saying) in lost {
                if member.position <= *position && saying.audience.admits(*peer) {
                    member.arrears.owe(Arc::clone(&saying.nlri));
                }
            }
            member.position = self.journal.clamp(member.position);
        }
    }
}

/// A net of which something is said is held, so that its id keeps its meaning until it is withdrawn.
fn hold_what_is_said(family: Family, net: NetId, before: &[Said], now: &[Said], rib: &mut Rib) {
    match (before.is_empty(), now.is_empty()) {
        (true, false) => rib.hold(family, net),
        (false, true) => rib.release(family, net),
        (true, true) | (false, false) => {}
    }
}

/// Dirty nets looked at for one batch: well below a millisecond, and enough to fill messages.
pub(super) const BATCH: usize = if cfg!(test) { 4 } else { 1024 };
