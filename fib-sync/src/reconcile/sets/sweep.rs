//! Objects of ours that nothing is wished of any more. Each goes once nothing stands on it: the kernel would remove
//! the routes along with it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Sets;
use super::numbers::Register;
use super::orphans::Orphans;
use crate::reconcile::row::longer_pause;
use crate::view::View;
use crate::{Instant, KernelObject, SetId, Ticket};

/// Objects to remove.
#[derive(Debug, Default)]
pub(super) struct Condemned {
    /// With the last ticket given before: an operation up to that one may still put a route on it.
    objects: BTreeMap<u32, Sentence>,
    due: bool,
    /// The wishes are complete: whatever is ours and nobody's is to go.
    takes_all: bool,
}

#[derive(Clone, Copy, Debug)]
struct Sentence {
    after: Ticket,
    is_flying: bool,
    /// The kernel refused: not before then.
    retry: Option<Instant>,
    pause: Duration,
}

impl Condemned {
    pub(super) fn insert(&mut self, id: u32, after: Ticket) {
        let sentence = Sentence { after, is_flying: false, retry: None, pause: Duration::ZERO };
        self.objects.insert(id, sentence);
        self.due = true;
    }

    /// Something changed that may let one go.
    pub(super) fn reconsider(&mut self) {
        self.due |= !self.objects.is_empty();
    }

    pub(super) const fn is_due(&self) -> bool {
        self.due
    }

    pub(super) const fn takes_all(&self) -> bool {
        self.takes_all
    }

    /// The next one that can go.
    pub(super) fn next(
        &mut self,
        register: &Register,
        view: &View,
        oldest: Option<Ticket>,
    ) -> Option<KernelObject> {
        if !self.due {
            return None;
        }
        self.objects.retain(|id, sentence| sentence.is_flying || register.holds(*id, view));
        let can_go = |(id, sentence): &(&u32, &mut Sentence)| {
            !sentence.is_flying
                && sentence.retry.is_none()
                && oldest.is_none_or(|oldest| oldest > sentence.after)
                && !view.is_in_use(**id)
        };
        let Some((id, sentence)) = self.objects.iter_mut().find(can_go) else {
            self.due = false;
            return None;
        };
        sentence.is_flying = true;
        view.object(*id).cloned()
    }

    /// The kernel has it no more.
    pub(super) fn gone(&mut self, id: u32) {
        self.objects.remove(&id);
    }

    /// The kernel keeps it: it is asked again, ever later.
    pub(super) fn refused(&mut self, id: u32, now: Instant) {
        if let Some(sentence) = self.objects.get_mut(&id) {
            sentence.is_flying = false;
            sentence.pause = longer_pause(sentence.pause);
            sentence.retry = Some(now + sentence.pause);
        }
    }

    /// The answer was lost.
    pub(super) fn unanswered(&mut self, id: u32) {
        if let Some(sentence) = self.objects.get_mut(&id) {
            sentence.is_flying = false;
        }
    }

    /// When the next one that was refused is asked for again.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.objects.values().filter_map(|sentence| sentence.retry).min()
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        for sentence in self.objects.values_mut() {
            self.due |= sentence.retry.take_if(|at| *at <= now).is_some();
        }
    }
}

impl Sets {
    /// The wishes are complete: objects of ours that no set claimed may go.
    pub(in crate::reconcile) fn sweep(&mut self, view: &View, last: Ticket) {
        self.condemned.takes_all = true;
        let sets: Vec<SetId> = self.sets.keys().copied().collect();
        sets.into_iter().for_each(|id| self.review(id, view));
        self.orphans = Orphans::default();
        let is_stray =
            |object: &&KernelObject| self.register.owns(object) && self.register.holder(object.id).is_none();
        let strays: Vec<u32> = view.objects().filter(is_stray).map(|object| object.id).collect();
        self.condemn_numbers(strays, last);
    }

    /// Gives up the objects of a set.
    pub(super) fn condemn(&mut self, id: SetId, last: Ticket) {
        if let Some(set) = self.sets.get_mut(&id) {
            let numbers = std::mem::take(&mut set.numbers);
            self.condemn_numbers(numbers.iter().collect(), last);
        }
    }

    pub(super) fn condemn_numbers(&mut self, numbers: Vec<u32>, last: Ticket) {
        for number in numbers {
            self.register.take_back(number);
            self.condemned.insert(number, last);
        }
    }
}
