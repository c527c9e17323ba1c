//! Refusals: the prefixes of which a group is told nothing although there is something to tell, and how often that was
//! found. A member that joins later counts those that it finds as if they had been looked at for it.

use crate::export::ExportTally;
use crate::export::entitlement::Refusal;
use crate::rib::NetId;

/// Who keeps a route from a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Refused {
    /// A rule of the protocol.
    Rule,
    /// A policy, or none where one is needed.
    Policy,
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Rule(_) => Self::Rule,
            Refusal::Policy(_) => Self::Policy,
        }
    }
}

/// What a group found out about prefixes of which it says nothing.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    found: ExportTally,
    by_rules: Nets,
    by_policies: Nets,
}

impl Refusals {
    /// A net was looked at: why nothing is said of it, where something could be. `was_said` and `is_said` tell whether
    /// something was and is.
    #[inline]
    pub(super) fn note(&mut self, net: NetId, refused: Option<Refused>, was_said: bool, is_said: bool) {
        let is_plain = is_said && refused.is_none() && self.by_rules.count | self.by_policies.count == 0;
        // As nearly always in a group that may have everything.
        if !is_plain {
            self.count(net, refused, was_said, is_said);
        }
    }

    fn count(&mut self, net: NetId, refused: Option<Refused>, was_said: bool, is_said: bool) {
        let by_rule = self.by_rules.put(net, refused == Some(Refused::Rule));
        let by_policy = self.by_policies.put(net, refused == Some(Refused::Policy));
        match refused {
            Some(Refused::Rule) => self.found.rejected += 1,
            Some(Refused::Policy) => self.found.filtered += 1,
            None if !is_said && (was_said || by_rule || by_policy) => self.found.lost += 1,
            None => {}
        }
    }

    /// What was found since the group began.
    pub(super) const fn found(&self) -> ExportTally {
        self.found
    }

    /// What somebody finds who looks at everything now.
    pub(super) fn standing(&self) -> ExportTally {
        ExportTally {
            rejected: self.by_rules.count,
            filtered: self.by_policies.count,
            ..ExportTally::default()
        }
    }
}

/// A set of nets, a bit for each.
#[derive(Debug, Default)]
struct Nets {
    bits: Vec<u64>,
    count: u64,
}

impl Nets {
    /// Puts a net in or takes it out; whether it was in.
    fn put(&mut self, net: NetId, is_in: bool) -> bool {
        let (word, bit) = (net.index() / u64::BITS as usize, 1 << (net.index() % u64::BITS as usize));
        if word >= self.bits.len() {
            if !is_in {
                return false;
            }
            self.bits.resize(word + 1, 0);
        }
        let bits = &mut self.bits[word];
        let was_in = *bits & bit != 0;
        match (was_in, is_in) {
            (false, true) => self.count += 1,
            (true, false) => self.count -= 1,
            (true, true) | (false, false) => return was_in,
        }
        *bits ^= bit;
        was_in
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_by_now_is_told_from_how_often_that_was_found() {
        let mut refusals = Refusals::default();
        let nets = [NetId::at(3), NetId::at(200)];
        refusals.note(nets[0], Some(Refused::Rule), false, false);
        refusals.note(nets[1], Some(Refused::Policy), false, false);
        refusals.note(nets[0], Some(Refused::Policy), false, false);
        let found = refusals.found();
        assert_eq!((found.rejected, found.filtered, found.lost), (1, 2, 0));
        let now = refusals.standing();
        assert_eq!((now.rejected, now.filtered), (0, 2));
        refusals.note(nets[0], None, false, true);
        refusals.note(nets[1], None, false, false);
        assert_eq!(refusals.standing(), ExportTally::default());
        assert_eq!(refusals.found().lost, 1, "what comes to be said is not lost");
    }

    #[test]
    fn what_was_never_known_is_not_lost() {
        let mut refusals = Refusals::default();
        refusals.note(NetId::at(7), None, false, false);
        assert_eq!(refusals.found(), ExportTally::default());
        refusals.note(NetId::at(7), None, true, false);
        assert_eq!(refusals.found().lost, 1);
    }
}
