//! How much is logged: of everything, and of single peers, whose lines are those with a field `peer`.

use std::collections::BTreeMap;
use std::fmt::Debug;

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber, span};
use tracing_subscriber::layer::Context;
use tracing_subscriber::{EnvFilter, Layer};

/// The field that says whom a line is about.
const PEER: &str = "peer";

/// What lets lines pass. While no peer has a level of its own it is the filter of everything and nothing else: what that one never
/// lets pass costs a look at one octet where it would be said.
#[derive(Debug)]
pub(super) struct Levels {
    everything: EnvFilter,
    peers: BTreeMap<String, LevelFilter>,
}

impl Levels {
    /// `everything`, and no peer apart.
    pub(super) const fn new(everything: EnvFilter) -> Self {
        Self { everything, peers: BTreeMap::new() }
    }

    /// Another filter for everything but the peers that have levels of their own.
    pub(super) fn set(&mut self, everything: EnvFilter) {
        self.everything = everything;
    }

    /// What is said of `peer` passes up to `level`, whatever holds for everything else; `None`: it is like everything else again.
    pub(super) fn set_peer(&mut self, peer: &str, level: Option<LevelFilter>) {
        match level {
            Some(level) => drop(self.peers.insert(peer.to_owned(), level)),
            None => drop(self.peers.remove(peer)),
        }
    }

    /// What holds for everything, as directives.
    pub(super) fn everything(&self) -> String {
        self.everything.to_string()
    }

    /// Peers with levels of their own, by name.
    pub(super) fn peers(&self) -> impl Iterator<Item = (&str, LevelFilter)> {
        self.peers.iter().map(|(peer, level)| (peer.as_str(), *level))
    }

    /// Whether a peer's level could decide about such a line.
    fn may_be_apart(&self, line: &Metadata<'_>) -> bool {
        !self.peers.is_empty() && line.is_event() && line.fields().field(PEER).is_some()
    }

    /// The level of the peer that a line is about, where it has one.
    fn of_peer(&self, line: &Event<'_>) -> Option<LevelFilter> {
        let mut about = About { peers: &self.peers, level: None };
        line.record(&mut about);
        about.level
    }
}

impl<S: Subscriber> Layer<S> for Levels {
    fn register_callsite(&self, line: &'static Metadata<'static>) -> Interest {
        let interest = Layer::<S>::register_callsite(&self.everything, line);
        if self.may_be_apart(line) { Interest::sometimes() } else { interest }
    }

    fn enabled(&self, line: &Metadata<'_>, context: Context<'_, S>) -> bool {
        self.may_be_apart(line) || self.everything.enabled(line, context)
    }

    fn event_enabled(&self, line: &Event<'_>, context: Context<'_, S>) -> bool {
        if !self.may_be_apart(line.metadata()) {
            return true;
        }
        match self.of_peer(line) {
            Some(level) => *line.metadata().level() <= level,
            None => self.everything.enabled(line.metadata(), context),
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        let everything = self.everything.max_level_hint()?;
        self.peers.values().copied().chain([everything]).max()
    }

    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, context: Context<'_, S>) {
        self.everything.on_new_span(attributes, id, context);
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, context: Context<'_, S>) {
        self.everything.on_record(id, values, context);
    }

    fn on_enter(&self, id: &span::Id, context: Context<'_, S>) {
        self.everything.on_enter(id, context);
    }

    fn on_exit(&self, id: &span::Id, context: Context<'_, S>) {
        self.everything.on_exit(id, context);
    }

    fn on_close(&self, id: span::Id, context: Context<'_, S>) {
        self.everything.on_close(id, context);
    }
}

/// Looks for the peer among the fields of a line.
struct About<'a> {
    peers: &'a BTreeMap<String, LevelFilter>,
    level: Option<LevelFilter>,
}

impl Visit for About<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == PEER {
            self.level = self.peers.get(&format!("{value:?}")).copied();
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == PEER {
            self.level = self.peers.get(value).copied();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing::subscriber::with_default;
    use tracing::{debug, info, trace};
    use tracing_subscriber::layer::SubscriberExt;
    use tracing_subscriber::{Registry, registry, reload};

    use super::*;

    /// Remembers the messages that pass.
    struct Passed(Arc<Mutex<Vec<String>>>);

    impl<S: Subscriber> Layer<S> for Passed {
        fn on_event(&self, line: &Event<'_>, _: Context<'_, S>) {
            struct Message(String);
            impl Visit for Message {
                fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
                    if field.name() == "message" {
                        self.0 = format!("{value:?}");
                    }
                }
            }
            let mut message = Message(String::new());
            line.record(&mut message);
            self.0.lock().expect("nobody panics with it").push(message.0);
        }
    }

    /// One line of each kind; the same places in the code each time, whose interest is remembered.
    fn speak() {
        let (tor, leaf) = ("tor", "leaf");
        trace!(peer = tor, "tor's trace");
        debug!(peer = %tor, "tor's debug");
        info!(peer = tor, "tor's info");
        debug!(peer = %leaf, "leaf's debug");
        info!(peer = leaf, "leaf's info");
        debug!("debug");
        info!("info");
    }

    #[test]
    fn a_peers_level_holds_for_its_lines_alone() {
        let passed = Arc::new(Mutex::new(Vec::new()));
        let (layer, levels) = reload::Layer::<_, Registry>::new(Levels::new(EnvFilter::new("info")));
        let said = |change: &dyn Fn(&mut Levels)| {
            levels.modify(change).expect("it is there");
            speak();
            std::mem::take(&mut *passed.lock().expect("nobody panics with it"))
        };
        with_default(registry().with(layer).with(Passed(Arc::clone(&passed))), || {
            let usual = ["tor's info", "leaf's info", "info"];
            assert_eq!(said(&|_| {}), usual);
            let louder = said(&|levels| levels.set_peer("tor", Some(LevelFilter::DEBUG)));
            assert_eq!(louder, ["tor's debug", "tor's info", "leaf's info", "info"]);
            let quieter = said(&|levels| levels.set_peer("tor", Some(LevelFilter::OFF)));
            assert_eq!(quieter, ["leaf's info", "info"]);
            let silent = said(&|levels| levels.set(EnvFilter::new("off")));
            assert_eq!(silent, [""; 0]);
            let alone = said(&|levels| levels.set_peer("tor", Some(LevelFilter::TRACE)));
            assert_eq!(alone, ["tor's trace", "tor's debug", "tor's info"]);
            let back = said(&|levels| {
                levels.set(EnvFilter::new("info"));
                levels.set_peer("tor", None);
            });
            assert_eq!(back, usual);
        });
    }
}
