//! What keys do: sort, show, scroll, leave.

use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::rates::Row;
use crate::cli::table::Colour;

/// What is shown, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct View {
    pub(super) colour: Colour,
    pub(super) order: Order,
    pub(super) reversed: bool,
    pub(super) only_down: bool,
    /// Rows that are above the first one shown.
    pub(super) above: usize,
    /// Rows that there was room for.
    pub(super) room: usize,
}

/// What peers are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Name,
    /// Those that are down first.
    State,
    Age,
    /// Messages by the second, the most first.
    Messages,
    /// Routes, the most first.
    Routes,
}

/// What whoever pressed a key wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Desire {
    Stay,
    Leave,
}

impl View {
    /// Everybody, by name.
    pub(super) const fn new(colour: Colour) -> Self {
        Self { colour, order: Order::Name, reversed: false, only_down: false, above: 0, room: 1 }
    }

    /// Does what a key says; `count` is how many peers there are.
    pub(super) fn react(&mut self, event: &Event, count: usize) -> Desire {
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => self.press(*key, count),
            // The size may have changed: everything is drawn anew anyway.
            _ => Desire::Stay,
        }
    }

    fn press(&mut self, key: KeyEvent, count: usize) -> Desire {
        let last = count.saturating_sub(self.room);
        match key.code {
            KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => return Desire::Leave,
            KeyCode::Char('q') | KeyCode::Esc => return Desire::Leave,
            KeyCode::Char('n') => self.sort(Order::Name),
            KeyCode::Char('s') => self.sort(Order::State),
            KeyCode::Char('a') => self.sort(Order::Age),
            KeyCode::Char('m') => self.sort(Order::Messages),
            KeyCode::Char('r') => self.sort(Order::Routes),
            KeyCode::Char('d') => (self.only_down, self.above) = (!self.only_down, 0),
            KeyCode::Up => self.above = self.above.saturating_sub(1),
            KeyCode::Down => self.above = (self.above + 1).min(last),
            KeyCode::PageUp => self.above = self.above.saturating_sub(self.room),
            KeyCode::PageDown => self.above = (self.above + self.room).min(last),
            KeyCode::Home => self.above = 0,
            KeyCode::End => self.above = last,
            _ => {}
        }
        Desire::Stay
    }

    /// By something else; by the same the other way round.
    fn sort(&mut self, order: Order) {
        self.reversed = self.order == order && !self.reversed;
        (self.order, self.above) = (order, 0);
    }

    /// The peers to show, in order.
    pub(super) fn rows<'a>(&self, peers: &'a [Row]) -> Vec<&'a Row> {
        let is_up = |row: &Row| row.state == "Established";
        let mut rows: Vec<&Row> = peers.iter().filter(|row| !self.only_down || !is_up(row)).collect();
        rows.sort_by(|a, b| {
            let messages = |row: &Row| row.received_rate + row.sent_rate;
            let ordering = match self.order {
                Order::Name => std::cmp::Ordering::Equal,
                Order::State => is_up(a).cmp(&is_up(b)).then_with(|| a.state.cmp(&b.state)),
                Order::Age => a.age.cmp(&b.age),
                Order::Messages => messages(b).total_cmp(&messages(a)),
                Order::Routes => b.received.cmp(&a.received),
            };
            let ordering = ordering.then_with(|| a.name.cmp(&b.name));
            if self.reversed { ordering.reverse() } else { ordering }
        });
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(view: &mut View, code: KeyCode) -> Desire {
        view.react(&Event::Key(KeyEvent::new(code, KeyModifiers::NONE)), 100)
    }

    fn row(name: &str, state: &str, age: u64, rate: f64, received: u64) -> Row {
        let (name, state) = (name.to_owned(), state.to_owned());
        Row { name, state, age, received_rate: rate, received, ..Row::default() }
    }

    #[test]
    fn keys_sort_and_sort_the_other_way_round() {
        let rows = [
            row("c", "Established", 3, 1.0, 0),
            row("a", "Idle", 9, 0.0, 7),
            row("b", "Established", 1, 5.0, 9),
        ];
        let mut view = View::new(Colour::Off);
        let names = |view: &View| view.rows(&rows).iter().map(|row| &*row.name).collect::<String>();
        assert_eq!(names(&view), "abc");
        for (key, expected) in
            [('n', "cba"), ('s', "abc"), ('a', "bca"), ('m', "bca"), ('r', "bac"), ('r', "cab")]
        {
            press(&mut view, KeyCode::Char(key));
            assert_eq!(names(&view), expected, "after {key}");
        }
        press(&mut view, KeyCode::Char('d'));
        assert_eq!(names(&view), "a", "only those that are down");
    }

    #[test]
    fn scrolling_ends_at_the_ends() {
        let mut view = View { room: 30, ..View::new(Colour::Off) };
        for (key, above) in [
            (KeyCode::Up, 0),
            (KeyCode::PageDown, 30),
            (KeyCode::End, 70),
            (KeyCode::Down, 70),
            (KeyCode::PageUp, 40),
            (KeyCode::Home, 0),
        ] {
            press(&mut view, key);
            assert_eq!(view.above, above, "after {key:?}");
        }
    }

    #[test]
    fn there_are_three_ways_to_leave() {
        let mut view = View::new(Colour::Off);
        assert_eq!(press(&mut view, KeyCode::Char('q')), Desire::Leave);
        assert_eq!(press(&mut view, KeyCode::Esc), Desire::Leave);
        let interrupt = Event::Key(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL));
        assert_eq!(view.react(&interrupt, 1), Desire::Leave);
        assert_eq!(press(&mut view, KeyCode::Char('c')), Desire::Stay);
        assert_eq!(view.react(&Event::Resize(1, 1), 1), Desire::Stay);
    }
}
