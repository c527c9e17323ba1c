//! How routes are selected: what an operator may choose about the decision process.

/// Whether next hops have to be watched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NextHopMode {
    /// A next hop counts as reachable once the driver says so.
    #[default]
    Tracked,
    /// Every next hop counts as reachable at no cost: a reflector without routes of its own.
    Assumed,
}

/// How routes are compared where the standard leaves a choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Compare MED between routes of different neighbour ASes too.
    pub always_compare_med: bool,
    /// A missing MED counts as the highest. Unlike this, [RFC 4271 §9.1.2.2] has it the lowest.
    ///
    /// [RFC 4271 §9.1.2.2]: https://www.rfc-editor.org/rfc/rfc4271#section-9.1.2.2
    pub missing_med_as_worst: bool,
}

/// What an operator may choose about the decision process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How routes are compared.
    pub selection: Selection,
    /// Most paths that share the traffic of a prefix; 0 and 1 both turn multipath off.
    pub multipath: u16,
    /// Whether next hops have to be watched.
    pub next_hops: NextHopMode,
    /// How many changes of best paths are remembered, of all prefixes together; read at the start only.
    pub shifts: usize,
}

impl Default for Settings {
    fn default() -> Self {
        let (selection, next_hops) = Default::default();
        Self { selection, multipath: 1, next_hops, shifts: 0 }
    }
}
