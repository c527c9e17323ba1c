//! A queue of nets, in which neighbours by number that wait one after the other take one place together: a table
//! that comes up costs next to nothing, whatever waits.

use std::collections::VecDeque;

use crate::rib::NetId;

/// Nets that wait, in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    runs: VecDeque<Run>,
    len: usize,
}

/// So many nets from this number on.
#[derive(Clone, Copy, Debug)]
struct Run {
    first: u32,
    len: u32,
}

impl Queue {
    /// How many wait.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds a net behind all others.
    pub(crate) fn push(&mut self, net: NetId) {
        self.len += 1;
        match self.runs.back_mut() {
            Some(run) if run.first.wrapping_add(run.len) == net.0 => run.len += 1,
            Some(_) | None => self.runs.push_back(Run { first: net.0, len: 1 }),
        }
    }

    /// The net that waits longest.
    pub(crate) fn pop(&mut self) -> Option<NetId> {
        let run = self.runs.front_mut()?;
        let net = NetId(run.first);
        run.first += 1;
        run.len -= 1;
        if run.len == 0 {
            self.runs.pop_front();
        }
        self.len -= 1;
        Some(net)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn nets_leave_in_the_order_in_which_they_came(
            steps in prop::collection::vec(prop::option::weighted(0.7, 0..6_u32), 0..200),
        ) {
            let (mut waiting, mut model) = (Queue::default(), VecDeque::new());
            for step in steps {
                match step {
                    Some(number) => {
                        waiting.push(NetId(number));
                        model.push_back(NetId(number));
                    }
                    None => prop_assert_eq!(waiting.pop(), model.pop_front()),
                }
                prop_assert_eq!((waiting.len(), waiting.is_empty()), (model.len(), model.is_empty()));
            }
            prop_assert_eq!(std::iter::from_fn(|| waiting.pop()).collect::<VecDeque<_>>(), model);
        }
    }
}
