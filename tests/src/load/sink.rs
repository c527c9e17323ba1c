//! One listener: how it hears, what it shall hold in the end, and what it watches for.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use super::client::HEADER;
use super::ledger::{Holding, Ledger, Standing};
use super::mark::Passage;
use super::register::Register;
use super::transcript::Transcript;
use super::update::Tally;

/// A listener's routes.
#[derive(Debug)]
pub struct Sink {
    hearing: Hearing,
    standing: Standing,
    wanted: Holding,
    watched: Option<Watched>,
}

/// How a listener hears.
#[derive(Debug)]
enum Hearing {
    /// What others hear too: so many messages so far.
    Shared(Rc<RefCell<Transcript>>, usize),
    /// What nobody else does.
    Alone(Ledger),
}

/// A route that shall come with a mark.
#[derive(Clone, Copy, Debug)]
struct Watched {
    number: u32,
    mark: u32,
}

impl Sink {
    /// A listener that hears what nobody else does: routes, but for its `own`, of `count` prefixes.
    #[must_use]
    pub fn alone(passage: Passage, count: usize, own: Range<u32>) -> Self {
        Self::new(Hearing::Alone(Ledger::new(passage, count, own)))
    }

    /// A listener that hears what others do. Where it comes to hear something else, it goes its own way.
    #[must_use]
    pub fn shared(transcript: &Rc<RefCell<Transcript>>) -> Self {
        Self::new(Hearing::Shared(Rc::clone(transcript), 0))
    }

    fn new(hearing: Hearing) -> Self {
        Self { hearing, standing: Standing::default(), wanted: Holding::default(), watched: None }
    }

    /// Its session begins, with path identifiers or without.
    pub(super) fn begin(&mut self, path_ids: bool) {
        match &mut self.hearing {
            Hearing::Alone(ledger) => ledger.begin(path_ids),
            Hearing::Shared(transcript, _) => {
                if !transcript.borrow_mut().begin(path_ids) {
                    let mut ledger = transcript.borrow().blank();
                    ledger.begin(path_ids);
                    self.hearing = Hearing::Alone(ledger);
                }
            }
        }
    }

    /// Sets what it shall hold in the end.
    pub const fn want(&mut self, wanted: Holding) {
        self.wanted = wanted;
    }

    /// Whether it holds exactly that.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.standing.held == self.wanted
    }

    /// What came to it, in numbers.
    #[must_use]
    pub const fn tally(&self) -> Tally {
        self.standing.tally
    }

    /// Watches for one route to come with a mark.
    pub const fn watch(&mut self, number: u32, mark: u32) {
        self.watched = Some(Watched { number, mark });
    }

    /// Whether what is watched for has not come yet.
    #[must_use]
    pub const fn is_watching(&self) -> bool {
        self.watched.is_some()
    }

    /// How many octets at the beginning are messages that others have heard at this place, and are thereby heard.
    pub(super) fn follow(&mut self, octets: &[u8]) -> usize {
        let Hearing::Shared(transcript, lines) = &mut self.hearing else { return 0 };
        if self.watched.is_some() {
            return 0;
        }
        let transcript = transcript.borrow();
        let (more, length) = transcript.agrees(*lines, octets);
        *lines += more;
        self.standing = transcript.standing(*lines);
        length
    }

    /// Takes an UPDATE; `None` where it makes no sense.
    pub(super) fn take(&mut self, message: &[u8], register: &Register) -> Option<()> {
        let body = message.get(HEADER..)?;
        self.look_out(body, register)?;
        match &mut self.hearing {
            Hearing::Alone(ledger) => {
                ledger.take(body, register)?;
                self.standing = ledger.standing();
            }
            Hearing::Shared(transcript, lines) => {
                let mut transcript = transcript.borrow_mut();
                let agrees = transcript.agrees(*lines, message).0 > 0;
                if !agrees && *lines < transcript.len() {
                    let mut ledger = transcript.ledger(*lines, register)?;
                    ledger.take(body, register)?;
                    self.standing = ledger.standing();
                    drop(transcript);
                    self.hearing = Hearing::Alone(ledger);
                    return Some(());
                }
                if !agrees {
                    transcript.append(message, register)?;
                }
                *lines += 1;
                self.standing = transcript.standing(*lines);
            }
        }
        Some(())
    }

    /// Looks whether an UPDATE has what is watched for.
    fn look_out(&mut self, body: &[u8], register: &Register) -> Option<()> {
        let Some(Watched { number, mark }) = self.watched else { return Some(()) };
        let reading = match &self.hearing {
            Hearing::Alone(ledger) => ledger.reading(),
            Hearing::Shared(transcript, _) => transcript.borrow().reading(),
        };
        let mut is_there = false;
        reading.update(body, register, &mut Tally::default(), |route| {
            is_there |= (route.number, route.mark) == (number, mark);
        })?;
        self.watched = self.watched.filter(|_| !is_there);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use bgp_core::wire::AsPath;
    use bgp_core::{Asn, Family};
    use bytes::Bytes;

    use super::*;
    use crate::load::feed::{Voice, holding};
    use crate::load::table::{Table, View};

    const DAEMON: Asn = Asn(64512);

    fn voice(passage: Passage) -> Voice {
        Voice { asn: Asn(65001), address: Ipv4Addr::new(192, 0, 2, 1), passage }
    }

    fn table() -> Table {
        Table::generate(Family::IPV4, 500, 7, View::ONLY)
    }

    /// A sink that wants what `said` is before the daemon, and hears `heard`.
    fn hear(passage: Passage, said: &Table, heard: &[Bytes]) -> Sink {
        let mut marks = vec![0; said.prefixes.len()];
        voice(passage).apply(said, &mut marks);
        let mut sink = Sink::alone(passage, marks.len(), 0..0);
        sink.want(holding(&marks));
        listen(&mut sink, &Register::new(&said.prefixes), heard);
        sink
    }

    /// As a client does.
    fn listen(sink: &mut Sink, register: &Register, heard: &[Bytes]) {
        for mut octets in heard.iter().map(|buffer| &buffer[..]) {
            octets = &octets[sink.follow(octets)..];
            while let Some(length) = bgp_core::wire::frame(octets, 4096).expect("messages") {
                sink.take(&octets[..length], register).expect("an UPDATE");
                octets = &octets[length..];
                octets = &octets[sink.follow(octets)..];
            }
        }
    }

    #[test]
    fn what_was_said_is_what_is_wanted() {
        let table = table();
        let said = voice(Passage::Reflected).announcing(&table, 3);
        assert!(hear(Passage::Reflected, &table, &said).is_complete());
        assert!(!hear(Passage::Reflected, &table, &[]).is_complete());
    }

    #[test]
    fn a_daemon_in_the_path_is_no_difference_and_anybody_else_is_one() {
        let passage = Passage::Through(DAEMON);
        let table = table();
        for (number, complete) in [(DAEMON, true), (Asn(65003), false)] {
            let mut passed_on = table.clone();
            for set in &mut passed_on.sets {
                let path: Vec<Asn> = set.attributes.as_path.asns().collect();
                let path = [&[voice(passage).asn], path.as_slice()].concat();
                set.attributes.as_path = AsPath::from_sequence(&path);
            }
            let said = Voice { asn: number, ..voice(passage) }.announcing(&passed_on, 0);
            assert_eq!(hear(passage, &table, &said).is_complete(), complete, "{number}");
        }
    }

    #[test]
    fn one_route_too_few_or_changed_is_noticed() {
        let (table, voice) = (table(), voice(Passage::Reflected));
        let mut said = voice.announcing(&table, 0);
        said.push(voice.withdrawing(&table, &table.sets[5]));
        assert!(!hear(Passage::Reflected, &table, &said).is_complete());
        said.push(voice.announcing_set(&table, &table.sets[5]));
        assert!(hear(Passage::Reflected, &table, &said).is_complete());
        let mut other = table.clone();
        other.sets[5].attributes.communities = [bgp_core::wire::Community(1)].into();
        said.push(voice.announcing_set(&other, &other.sets[5]));
        assert!(!hear(Passage::Reflected, &table, &said).is_complete());
    }

    #[test]
    fn who_hears_what_others_heard_holds_what_they_held() {
        let (table, voice) = (table(), voice(Passage::Reflected));
        let register = Register::new(&table.prefixes);
        let said = voice.announcing(&table, 0);
        let withdrawal = [voice.withdrawing(&table, &table.sets[5])];
        let transcript = Rc::new(RefCell::new(Transcript::new(Passage::Reflected, table.prefixes.len())));
        let mut sinks = [(); 3].map(|()| Sink::shared(&transcript));
        listen(&mut sinks[0], &register, &said);
        listen(&mut sinks[0], &register, &withdrawal);
        listen(&mut sinks[1], &register, &said);
        // The last one misses a set in the middle.
        let missed = voice.announcing_set(&table, &table.sets[7]);
        let whole = said.concat();
        let at = whole.windows(missed.len()).position(|octets| octets == missed).expect("it was said");
        let (before, after) = (&whole[..at], &whole[at + missed.len()..]);
        listen(&mut sinks[2], &register, &[Bytes::copy_from_slice(before), Bytes::copy_from_slice(after)]);
        let mut marks = vec![0; table.prefixes.len()];
        voice.apply(&table, &mut marks);
        let without = |set: usize| {
            let mut marks = marks.clone();
            marks[table.sets[set].members.clone()].fill(0);
            holding(&marks)
        };
        let wanted = [without(5), holding(&marks), without(7)];
        for (number, (sink, wanted)) in sinks.iter_mut().zip(wanted).enumerate() {
            sink.want(wanted);
            assert!(sink.is_complete(), "listener {number}");
        }
        assert!(matches!(sinks[1].hearing, Hearing::Shared(..)));
        listen(&mut sinks[1], &register, &withdrawal);
        sinks[1].want(wanted[0]);
        assert!(sinks[1].is_complete() && sinks[1].tally() == sinks[0].tally());
    }

    #[test]
    fn what_is_watched_for_is_noticed_by_each() {
        let (table, voice) = (table(), voice(Passage::Reflected));
        let register = Register::new(&table.prefixes);
        let transcript = Rc::new(RefCell::new(Transcript::new(Passage::Reflected, table.prefixes.len())));
        let said = voice.announcing(&table, 0);
        let mark = voice.mark(&table.sets[3].attributes, Family::IPV4);
        for _ in 0..2 {
            let mut sink = Sink::shared(&transcript);
            sink.watch(table.sets[3].members.start as u32, mark);
            listen(&mut sink, &register, &said);
            assert!(!sink.is_watching());
            sink.watch(table.sets[3].members.start as u32, 0);
            listen(&mut sink, &register, &said);
            assert!(sink.is_watching());
        }
    }
}
