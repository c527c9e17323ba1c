//! Aligned columns for people, coloured where somebody watches.

use std::io::{self, IsTerminal, Write};

/// What a cell's colour says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Tone {
    /// Nothing.
    #[default]
    Plain,
    /// As it should be.
    Good,
    /// On its way.
    Fair,
    /// Not as it should be.
    Bad,
    /// Of less interest.
    Dim,
}

impl Tone {
    const fn code(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Good => Some("\x1b[32m"),
            Self::Fair => Some("\x1b[33m"),
            Self::Bad => Some("\x1b[31m"),
            Self::Dim => Some("\x1b[2m"),
        }
    }
}

/// How a column is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    /// For words.
    Left,
    /// For numbers.
    Right,
}

/// One cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    /// A cell in a tone. Control characters, which could come from a peer, lose their power.
    pub(super) fn new(text: &str, tone: Tone) -> Self {
        Self { text: text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect(), tone }
    }

    /// It with its colour, as wide as `width` at least.
    pub(super) fn padded(&self, width: usize, colour: Colour) -> String {
        let padding = " ".repeat(width.saturating_sub(self.width()));
        format!("{}{padding}", colour.paint(&self.text, self.tone))
    }

    fn width(&self) -> usize {
        self.text.chars().count()
    }
}

impl<T: ToString> From<T> for Cell {
    fn from(value: T) -> Self {
        Self::new(&value.to_string(), Tone::Plain)
    }
}

/// A table: its columns are fixed first, then come rows of as many cells.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    columns: Vec<(&'static str, Align)>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// An empty table with these columns.
    pub(super) fn new(columns: &[(&'static str, Align)]) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Adds a row.
    pub(super) fn row(&mut self, cells: Vec<Cell>) {
        debug_assert_eq!(cells.len(), self.columns.len(), "a row has a cell for every column");
        self.rows.push(cells);
    }

    /// Writes it.
    pub(super) fn write(&self, out: &mut dyn Write, colour: Colour) -> io::Result<()> {
        let titles: Vec<Cell> = self.columns.iter().map(|(title, _)| Cell::new(title, Tone::Dim)).collect();
        let mut widths: Vec<usize> = titles.iter().map(Cell::width).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.width().max(*width);
            }
        }
        self.line(out, &titles, &widths, colour)?;
        self.rows.iter().try_for_each(|row| self.line(out, row, &widths, colour))
    }

    fn line(&self, out: &mut dyn Write, row: &[Cell], widths: &[usize], colour: Colour) -> io::Result<()> {
        let last = row.iter().rposition(|cell| !cell.text.is_empty());
        let columns = row.iter().zip(widths).zip(&self.columns).enumerate();
        for (place, ((cell, &width), (_, align))) in columns.take_while(|(place, _)| Some(*place) <= last) {
            let gap = if place == 0 { "" } else { "  " };
            let padding = " ".repeat(width - cell.width());
            let text = colour.paint(&cell.text, cell.tone);
            match align {
                Align::Right => write!(out, "{gap}{padding}{text}")?,
                Align::Left if Some(place) == last => write!(out, "{gap}{text}")?,
                Align::Left => write!(out, "{gap}{text}{padding}")?,
            }
        }
        writeln!(out)
    }
}

/// Whether colours are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Colour {
    /// Somebody watches.
    On,
    /// A file or a pipe, or the user asked for none.
    Off,
}

impl Colour {
    /// On where standard output is a terminal and `NO_COLOR` is not set.
    pub(super) fn of_terminal() -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        if !plain && io::stdout().is_terminal() { Self::On } else { Self::Off }
    }

    /// `text` with a tone.
    pub(super) fn paint(self, text: &str, tone: Tone) -> String {
        match (self, tone.code()) {
            (Self::On, Some(code)) if !text.is_empty() => format!("{code}{text}\x1b[0m"),
            _ => text.to_owned(),
        }
    }
}

/// A length of time in its two largest units: `3d4h`, `12m5s`.
pub(super) fn age(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes, seconds % 60) {
        (0, 0, 0, seconds) => format!("{seconds}s"),
        (0, 0, minutes, seconds) => format!("{minutes}m{seconds:02}s"),
        (0, hours, minutes, _) => format!("{hours}h{minutes:02}m"),
        (days, hours, _, _) => format!("{days}d{hours:02}h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(table: &Table, colour: Colour) -> String {
        let mut out = Vec::new();
        table.write(&mut out, colour).expect("memory takes everything");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn columns_are_aligned_and_lines_have_no_trailing_blanks() {
        let mut table = Table::new(&[("NAME", Align::Left), ("ASN", Align::Right), ("ERROR", Align::Left)]);
        table.row(vec!["a".into(), 64512.into(), "".into()]);
        table.row(vec!["longer".into(), 1.into(), "refused".into()]);
        let expected = "NAME      ASN  ERROR\na       64512\nlonger      1  refused\n";
        assert_eq!(written(&table, Colour::Off), expected);
    }

    #[test]
    fn colour_does_not_move_columns() {
        let mut table = Table::new(&[("STATE", Align::Left), ("X", Align::Left)]);
        table.row(vec![Cell::new("Established", Tone::Good), "x".into()]);
        let text = written(&table, Colour::On);
        let plain = text.replace("\x1b[32m", "").replace("\x1b[2m", "").replace("\x1b[0m", "");
        assert_eq!(plain, written(&table, Colour::Off));
        assert_ne!(plain, text);
    }

    #[test]
    fn a_terminal_does_not_obey_a_cell() {
        assert_eq!(Cell::new("\x1b[31m", Tone::Plain).text, "\u{fffd}[31m");
    }

    #[test]
    fn an_age_shows_its_two_largest_units() {
        let cases =
            [(0, "0s"), (59, "59s"), (60, "1m00s"), (125, "2m05s"), (3605, "1h00m"), (90_061, "1d01h")];
        for (seconds, text) in cases {
            assert_eq!(age(seconds), text);
        }
    }
}
