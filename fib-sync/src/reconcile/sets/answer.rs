//! How operations on objects ended, when to try again, and what is told.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;

use super::{Affected, Flight, Sets};
use crate::reconcile::row::Trouble;
use crate::view::View;
use crate::{Event, Instant, KernelHop, ObjectOperation, Refused, SetId, Ticket};

/// What an answer means beyond the sets.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::reconcile) enum Outcome {
    /// Nothing.
    Nothing,
    /// The kernel does not have this object.
    Gone(u32),
    /// The kernel has an object that the view does not know.
    Unknown,
    /// The kernel knows no objects: every route through a set changes its form.
    Inline,
}

/// What is to be told, and what was.
#[derive(Debug, Default)]
pub(super) struct News {
    unsupported: Option<Refused>,
    /// Sets whose trouble may have changed.
    verdicts: BTreeSet<SetId>,
    /// The kind of refusal that was told last.
    told: BTreeMap<SetId, &'static str>,
}

impl Sets {
    /// The answer to an operation.
    pub(in crate::reconcile) fn done(
        &mut self,
        ticket: Ticket,
        result: Result<(), Refused>,
        view: &View,
        now: Instant,
    ) -> Outcome {
        match self.flights.remove(&ticket) {
            None => Outcome::Nothing,
            Some(Flight::Removes(id)) => self.removed(id, result, now),
            Some(Flight::Arranges { set, hop, operation }) => {
                self.condemned.reconsider();
                self.landed(set, ticket);
                let Err(refused) = result else { return Outcome::Nothing };
                self.refused(set, hop, &operation, refused, view, now)
            }
        }
    }

    /// The set's operation is answered for, unless the set is another one by now.
    fn landed(&mut self, id: SetId, ticket: Ticket) {
        if let Some(set) = self.sets.get_mut(&id)
            && set.flight == Some(ticket)
        {
            set.flight = None;
            self.ready.insert(id);
        }
    }

    fn refused(
        &mut self,
        id: SetId,
        hop: Option<KernelHop>,
        operation: &ObjectOperation,
        refused: Refused,
        view: &View,
        now: Instant,
    ) -> Outcome {
        let number = operation.object().id;
        let created = matches!(operation, ObjectOperation::Create(_));
        if created {
            self.return_number(id, number);
        }
        match (refused, hop) {
            (Refused::Gone, _) => return Outcome::Gone(number),
            (Refused::Exists { .. }, _) if created => {
                let is_known = view.object(number).is_some();
                return if is_known { Outcome::Nothing } else { Outcome::Unknown };
            }
            (refused @ Refused::Unsupported { .. }, _) if !self.register.has_any(view) => {
                return self.fall_back(refused);
            }
            (refused, Some(hop)) => {
                if let Some(set) = self.sets.get_mut(&id) {
                    set.refused.insert(hop, refused);
                }
            }
            // The members are there and the group is not to be had: that is tried again later.
            (refused, None) => {
                self.ready.remove(&id);
                self.trouble_changed(id, Some(refused), now);
            }
        }
        Outcome::Nothing
    }

    fn removed(&mut self, id: u32, result: Result<(), Refused>, now: Instant) -> Outcome {
        match result {
            Ok(()) => self.condemned.gone(id),
            Err(Refused::Gone) => {
                self.condemned.gone(id);
                return Outcome::Gone(id);
            }
            Err(_) => self.condemned.refused(id, now),
        }
        Outcome::Nothing
    }

    fn return_number(&mut self, set: SetId, number: u32) {
        self.register.take_back(number);
        if let Some(set) = self.sets.get_mut(&set) {
            set.numbers.drop(number);
        }
    }

    fn fall_back(&mut self, refused: Refused) -> Outcome {
        self.objects = false;
        self.ready.clear();
        self.retries.clear();
        self.news.unsupported = Some(refused);
        for (id, set) in &mut self.sets {
            if set.trouble.take().is_some() {
                self.news.verdicts.insert(*id);
            }
        }
        Outcome::Inline
    }

    /// All was done for a set that can be done now. Members that lead nowhere any more may go.
    pub(super) fn rest(&mut self, id: SetId, refused: Option<Refused>, view: &View, now: Instant) {
        if let Some(set) = self.sets.get_mut(&id) {
            let group = set.numbers.group.and_then(|group| view.object(group));
            let serves = |number: &u32| {
                group.is_some_and(|group| group.members().iter().any(|member| member.id == *number))
            };
            let (serving, idle) = set.numbers.members.iter().partition(|number| serves(number));
            set.numbers.members = serving;
            self.condemn_numbers(idle, Ticket(0));
        }
        self.trouble_changed(id, refused, now);
    }

    pub(super) fn trouble_changed(&mut self, id: SetId, refused: Option<Refused>, now: Instant) {
        let Some(set) = self.sets.get_mut(&id) else { return };
        // Nothing was tried since: it does not count as one more refusal.
        let is_known = |before: &Trouble| Some(&before.refused) == refused.as_ref() && before.retry > now;
        if set.trouble.as_ref().is_some_and(is_known) {
            return;
        }
        let trouble = refused.map(|refused| Trouble::next(set.trouble.as_ref(), refused, now));
        self.put_trouble(id, trouble);
    }

    pub(super) fn put_trouble(&mut self, id: SetId, trouble: Option<Trouble>) {
        let Some(set) = self.sets.get_mut(&id) else { return };
        if set.trouble.is_some() || trouble.is_some() {
            self.news.verdicts.insert(id);
        }
        self.retries.extend(trouble.as_ref().map(|trouble| (trouble.retry, id)));
        if let Some(before) = std::mem::replace(&mut set.trouble, trouble)
            && set.trouble.as_ref().is_none_or(|trouble| trouble.retry != before.retry)
        {
            self.retries.remove(&(before.retry, id));
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called.
    pub(in crate::reconcile) fn poll_timeout(&self) -> Option<Instant> {
        let retry = self.retries.first().map(|(at, _)| *at);
        retry.into_iter().chain(self.condemned.poll_timeout()).min()
    }

    pub(in crate::reconcile) fn handle_timeout(&mut self, now: Instant) {
        self.condemned.handle_timeout(now);
        while let Some((at, id)) = self.retries.first().copied()
            && at <= now
        {
            self.retries.pop_first();
            self.try_again(id);
        }
    }

    /// The network changed: what was refused may be possible now.
    pub(in crate::reconcile) fn nudge(&mut self) {
        let waiting: Vec<SetId> = self.retries.iter().map(|(_, id)| *id).collect();
        waiting.into_iter().for_each(|id| self.try_again(id));
    }

    pub(in crate::reconcile) fn has_trouble(&self) -> bool {
        !self.retries.is_empty()
    }

    fn try_again(&mut self, id: SetId) {
        if let Some(set) = self.sets.get_mut(&id) {
            set.refused.clear();
            self.ready.insert(id);
        }
    }

    /// An interface appeared, went or changed its name: hops name interfaces.
    pub(in crate::reconcile) fn interface_changed(&mut self, index: u32, view: &View) {
        let name = view.link_at(index).map(|link| &*link.name);
        for (id, set) in &self.sets {
            let mut names = set.hops.iter().filter_map(|hop| hop.interface.as_deref());
            if names.any(|hop| Some(hop) == name || view.index_of(hop).is_none()) {
                self.ready.insert(*id);
            }
        }
    }

    /// Objects appeared, changed, went, or are in use no more. Gives the prefixes that waited for that.
    pub(in crate::reconcile) fn objects_changed(
        &mut self,
        ids: &[u32],
        view: &View,
        last: Ticket,
    ) -> Vec<IpNet> {
        let mut waited = Vec::new();
        for id in ids {
            match self.register.holder(*id) {
                Some(set) => {
                    self.ready.insert(set);
                    waited.extend(self.wake(set));
                }
                None if self.condemned.takes_all() && self.register.holds(*id, view) => {
                    self.condemned.insert(*id, last);
                }
                None => {}
            }
        }
        self.condemned.reconsider();
        waited
    }

    /// Answers were lost: the reading to come tells what became of the operations.
    pub(in crate::reconcile) fn overrun(&mut self) {
        for (ticket, flight) in std::mem::take(&mut self.flights) {
            match flight {
                Flight::Arranges { set, .. } => self.landed(set, ticket),
                Flight::Removes(id) => self.condemned.unanswered(id),
            }
        }
        self.condemned.reconsider();
    }

    pub(in crate::reconcile) fn has_news(&self) -> bool {
        self.news.unsupported.is_some() || !self.news.verdicts.is_empty()
    }

    /// The next thing to tell about sets.
    pub(in crate::reconcile) fn poll_event(&mut self) -> Option<Event> {
        if let Some(refused) = self.news.unsupported.take() {
            return Some(Event::ObjectsUnsupported { refused });
        }
        while let Some(set) = self.news.verdicts.pop_first() {
            let trouble = self.sets.get(&set).and_then(|set| set.trouble.as_ref());
            let Some(Trouble { refused, .. }) = trouble else {
                if self.news.told.remove(&set).is_some() {
                    return Some(Event::SetHealed { set });
                }
                continue;
            };
            if self.news.told.insert(set, refused.kind()) != Some(refused.kind()) {
                return Some(Event::SetDiverged { set, refused: refused.clone() });
            }
        }
        None
    }

    /// Forgets a set.
    pub(super) fn dismiss(&mut self, id: SetId, last: Ticket) -> Affected {
        self.trouble_changed(id, None, Instant::ZERO);
        self.condemn(id, last);
        let set = self.sets.remove(&id);
        let had_routes_on_it = set.is_some_and(|set| self.objects && set.can_be_carried());
        if had_routes_on_it { Affected::All } else { Affected::Watchers(self.wake(id)) }
    }

    /// Forgets every set and gives up every object of ours.
    pub(in crate::reconcile) fn dismiss_all(&mut self, view: &View, last: Ticket) {
        let ids: Vec<SetId> = self.sets.keys().copied().collect();
        for id in ids {
            self.dismiss(id, last);
        }
        self.sweep(view, last);
    }
}
