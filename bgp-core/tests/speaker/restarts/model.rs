//! What a helper keeps, written down plainly: RFC 4724 §4.2 with RFC 8538 §4.1, RFC 9494 §4.2 and
//! RFC 7313 §4. One peer, two families, time in seconds, no cleverness.

use std::collections::{BTreeMap, BTreeSet};

/// What both sides announced in every session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// Graceful restart at all.
    pub(crate) graceful: bool,
    /// N.
    pub(crate) notification: bool,
    /// Long-lived stale time; 0 where there is none.
    pub(crate) stale_time: u64,
}

/// The peer's restart time.
pub(crate) const RESTART_TIME: u64 = 60;
/// How long a peer that is there may take for its End-of-RIB.
const PATIENCE: u64 = 180;

/// Names a family: 4 or 6.
pub(crate) type Family = u8;

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Lost,
    Notification,
    HardReset,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    Nothing,
    /// For the peer.
    Gone(u64),
    /// For its End-of-RIB.
    Back(u64),
    /// For either, with routes that are long-lived stale.
    Old(u64),
}

#[derive(Debug)]
struct Table {
    /// Routes by number, and whether they are stale.
    routes: BTreeMap<u8, bool>,
    wait: Wait,
    /// When consecutive losses are forgiven no longer.
    bound: u64,
    complete: bool,
    /// The long-lived stale time ended before End-of-RIB.
    spent: bool,
}

/// The helper.
#[derive(Debug)]
pub(crate) struct Model {
    terms: Terms,
    pub(crate) now: u64,
    session: Option<BTreeSet<Family>>,
    tables: BTreeMap<Family, Table>,
}

impl Model {
    pub(crate) fn new(terms: Terms) -> Self {
        let table = || Table {
            routes: BTreeMap::new(),
            wait: Wait::Nothing,
            bound: 0,
            complete: false,
            spent: false,
        };
        Self { terms, now: 0, session: None, tables: BTreeMap::from([(4, table()), (6, table())]) }
    }

    pub(crate) const fn is_up(&self) -> bool {
        self.session.is_some()
    }

    /// A session of these families begins; the peer says that it preserved `preserved`.
    pub(crate) fn up(&mut self, families: &BTreeSet<Family>, preserved: &BTreeSet<Family>) {
        for (family, table) in &mut self.tables {
            (table.complete, table.spent) = (false, false);
            table.wait = match table.wait {
                Wait::Nothing => Wait::Nothing,
                _ if !self.terms.graceful || !families.contains(family) || !preserved.contains(family) => {
                    table.sweep()
                }
                Wait::Gone(_) | Wait::Back(_) => Wait::Back(self.now + PATIENCE),
                Wait::Old(until) => Wait::Old(until),
            };
        }
        self.session = Some(families.clone());
    }

    /// The session ends.
    pub(crate) fn down(&mut self, end: End) {
        let graceful = match end {
            End::Lost => self.terms.graceful,
            End::Notification => self.terms.graceful && self.terms.notification,
            End::HardReset => false,
        };
        for family in self.session.take().unwrap_or_default() {
            let table = self.tables.get_mut(&family).expect("a family");
            if !graceful || table.spent {
                table.forget();
                continue;
            }
            let lenient = self.terms.notification || self.terms.stale_time > 0;
            table.wait = match table.wait {
                Wait::Old(until) => Wait::Old(until),
                Wait::Nothing => table.lose(self.terms, self.now),
                Wait::Gone(_) | Wait::Back(_) => {
                    let bound = table.bound;
                    if lenient && self.now < bound {
                        let wait = table.lose(self.terms, self.now);
                        table.bound = bound;
                        wait
                    } else {
                        table.sweep();
                        table.lose(self.terms, self.now)
                    }
                }
            };
            table.routes.values_mut().for_each(|stale| *stale = true);
        }
    }

    pub(crate) fn announce(&mut self, family: Family, route: u8) {
        self.tables.get_mut(&family).expect("a family").routes.insert(route, false);
    }

    pub(crate) fn end_of_rib(&mut self, family: Family) {
        let table = self.tables.get_mut(&family).expect("a family");
        table.complete = true;
        table.spent = false;
        if table.wait != Wait::Nothing {
            table.wait = table.sweep();
        }
    }

    /// The peer tells everything again, and that is `told`.
    pub(crate) fn refresh(&mut self, family: Family, told: u8) {
        let table = self.tables.get_mut(&family).expect("a family");
        if table.complete || !self.terms.graceful {
            table.routes.clear();
        }
        table.routes.insert(told, false);
    }

    /// The operator wants a family no more.
    pub(crate) fn delete(&mut self, family: Family) {
        self.tables.get_mut(&family).expect("a family").forget();
    }

    /// The next moment at which something ends.
    pub(crate) fn next(&self) -> Option<u64> {
        let until = |table: &Table| match table.wait {
            Wait::Nothing => None,
            Wait::Gone(until) | Wait::Back(until) | Wait::Old(until) => Some(until),
        };
        self.tables.values().filter_map(until).min()
    }

    pub(crate) fn pass(&mut self, seconds: u64) {
        let end = self.now + seconds;
        let is_up = self.is_up();
        while let Some(next) = self.next().filter(|next| *next <= end) {
            for table in self.tables.values_mut() {
                table.wait = match table.wait {
                    Wait::Gone(until) if until == next && self.terms.stale_time > 0 => {
                        Wait::Old(until + self.terms.stale_time)
                    }
                    Wait::Gone(until) | Wait::Back(until) if until == next => table.sweep(),
                    Wait::Old(until) if until == next => {
                        table.spent = is_up;
                        table.sweep()
                    }
                    wait => wait,
                };
            }
        }
        self.now = end;
    }

    /// Every route there is: family, number, stale, long-lived stale.
    pub(crate) fn routes(&self) -> BTreeSet<(Family, u8, bool, bool)> {
        let of = |(family, table): (&Family, &Table)| {
            let (family, old) = (*family, matches!(table.wait, Wait::Old(_)));
            let routes: Vec<_> =
                table.routes.iter().map(|(&route, &stale)| (family, route, stale, stale && old)).collect();
            routes
        };
        self.tables.iter().flat_map(of).collect()
    }
}

impl Table {
    fn lose(&mut self, terms: Terms, now: u64) -> Wait {
        self.bound = now + RESTART_TIME + terms.stale_time + PATIENCE;
        Wait::Gone(now + RESTART_TIME)
    }

    fn sweep(&mut self) -> Wait {
        self.routes.retain(|_, stale| !*stale);
        Wait::Nothing
    }

    fn forget(&mut self) {
        self.routes.clear();
        self.wait = Wait::Nothing;
    }
}
