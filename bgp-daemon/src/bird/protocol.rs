//! Replies as lines: `NNNN-text` while more follow, a space for the code when it stays the same, `NNNN text` at
//! the end.

use std::fmt::{self, Write};

/// What a reply is about, in the four digits that every client reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Code(pub(super) u16);

impl Code {
    pub(super) const DONE: Self = Self(0);
    pub(super) const WELCOME: Self = Self(1);
    pub(super) const READING: Self = Self(2);
    pub(super) const RECONFIGURED: Self = Self(3);
    pub(super) const ALREADY_DISABLED: Self = Self(8);
    pub(super) const DISABLED: Self = Self(9);
    pub(super) const ALREADY_ENABLED: Self = Self(10);
    pub(super) const ENABLED: Self = Self(11);
    pub(super) const RESTARTED: Self = Self(12);
    pub(super) const RUNNING: Self = Self(13);
    pub(super) const ROUTE_COUNT: Self = Self(14);
    pub(super) const RELOADING: Self = Self(15);
    pub(super) const RESTRICTED: Self = Self(16);
    pub(super) const CONFIRMED: Self = Self(18);
    pub(super) const NOTHING_TO_DO: Self = Self(19);
    pub(super) const CONFIGURATION_VALID: Self = Self(20);
    pub(super) const UNDOING: Self = Self(21);
    pub(super) const RECOVERING: Self = Self(24);
    pub(super) const VERSION: Self = Self(1000);
    pub(super) const INTERFACE: Self = Self(1001);
    pub(super) const PROTOCOL: Self = Self(1002);
    pub(super) const INTERFACE_ADDRESS: Self = Self(1003);
    pub(super) const INTERFACE_FLAGS: Self = Self(1004);
    pub(super) const INTERFACE_SUMMARY: Self = Self(1005);
    pub(super) const PROTOCOL_DETAIL: Self = Self(1006);
    pub(super) const ROUTE: Self = Self(1007);
    pub(super) const ROUTE_DETAIL: Self = Self(1008);
    pub(super) const SYMBOL: Self = Self(1010);
    pub(super) const STATUS: Self = Self(1011);
    pub(super) const ROUTE_ATTRIBUTE: Self = Self(1012);
    pub(super) const MEMORY: Self = Self(1018);
    pub(super) const PROTOCOL_HEADING: Self = Self(2002);
    pub(super) const INTERFACE_HEADING: Self = Self(2005);
    pub(super) const NO_ROUTE: Self = Self(8001);
    pub(super) const INVALID_CONFIGURATION: Self = Self(8002);
    pub(super) const NO_PROTOCOL: Self = Self(8003);
    pub(super) const NOT_RELOADED: Self = Self(8006);
    pub(super) const DENIED: Self = Self(8007);
    pub(super) const TOO_LONG: Self = Self(9000);
    pub(super) const NOT_UNDERSTOOD: Self = Self(9001);
    pub(super) const WRONG_KIND: Self = Self(9002);
}

/// A reply that is an error and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Complaint {
    pub(super) code: Code,
    pub(super) text: String,
}

impl Complaint {
    pub(super) fn new(code: Code, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }

    pub(super) fn not_understood(text: impl Into<String>) -> Self {
        Self::new(Code::NOT_UNDERSTOOD, text)
    }
}

/// What some clients read at once. Where the last line of a reply begins in one piece and ends in the next, they
/// wait for ever.
const PIECE: usize = 4096;
/// Longest last line that is kept in one piece.
const LAST: usize = 10;

/// Lines of one reply that have not been sent yet.
#[derive(Debug, Default)]
pub(super) struct Lines {
    text: String,
    /// The code of the line before.
    code: Option<Code>,
    /// Octets that were taken away already.
    taken: usize,
    /// Whether the last line is kept in one piece.
    pads: bool,
}

impl Lines {
    /// An empty reply. `pads` keeps its last line in one piece of 4096 octets, at the price of an empty line.
    pub(super) fn new(pads: bool) -> Self {
        Self { pads, ..Self::default() }
    }

    /// Adds a line after which more follow.
    pub(super) fn put(&mut self, code: Code, text: fmt::Arguments<'_>) {
        if self.code == Some(code) {
            self.text.push(' ');
        } else {
            write!(self.text, "{:04}-", code.0).expect(WRITABLE);
        }
        self.code = Some(code);
        self.write(text);
    }

    /// Adds the last line.
    pub(super) fn end(&mut self, code: Code, text: fmt::Arguments<'_>) {
        let at = (self.taken + self.text.len()) % PIECE;
        if self.pads && self.code.is_some() && at > PIECE - LAST {
            let rest = (PIECE - at).max(2);
            writeln!(self.text, "{:1$}", "", rest - 1).expect(WRITABLE);
        }
        write!(self.text, "{:04} ", code.0).expect(WRITABLE);
        self.write(text);
    }

    /// Adds the last line of a reply that needs none.
    pub(super) fn done(&mut self) {
        self.end(Code::DONE, format_args!(""));
    }

    /// How many octets wait.
    pub(super) const fn len(&self) -> usize {
        self.text.len()
    }

    /// What waits; more lines may follow.
    pub(super) fn take(&mut self) -> String {
        self.taken += self.text.len();
        std::mem::take(&mut self.text)
    }

    /// A line stays a line, whatever is in it.
    fn write(&mut self, text: fmt::Arguments<'_>) {
        let from = self.text.len();
        self.text.write_fmt(text).expect(WRITABLE);
        let is_bad = |it: char| it.is_control() && it != '\t';
        if self.text[from..].contains(is_bad) {
            let clean = self.text[from..].replace(is_bad, " ");
            self.text.replace_range(from.., &clean);
        }
        self.text.push('\n');
    }
}

const WRITABLE: &str = "writing to a string cannot fail";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_said_once() {
        let mut lines = Lines::new(false);
        lines.put(Code(2002), format_args!("name"));
        lines.put(Code(1002), format_args!("a"));
        lines.put(Code(1002), format_args!("b"));
        lines.put(Code(1006), format_args!(""));
        lines.put(Code(1006), format_args!(""));
        lines.put(Code(1002), format_args!("c"));
        lines.done();
        assert_eq!(lines.take(), "2002-name\n1002-a\n b\n1006-\n \n1002-c\n0000 \n");
    }

    #[test]
    fn a_line_cannot_be_broken_from_inside() {
        let mut lines = Lines::new(false);
        lines.put(Code(1006), format_args!("a\n0000 \r\u{1b}[2J\tb"));
        assert_eq!(lines.take(), "1006-a 0000   [2J\tb\n");
    }

    #[test]
    fn the_last_line_is_kept_in_one_piece() {
        for length in 4060..4120 {
            let mut lines = Lines::new(true);
            lines.put(Code(1006), format_args!("{:x<1$}", "", length));
            let first = lines.take();
            lines.done();
            let rest = lines.take();
            let end = first.len() + rest.len();
            let start = end - "0000 \n".len();
            assert_eq!(start / PIECE, (end - 1) / PIECE, "a body of {length}");
            assert!(rest.lines().all(|line| line.starts_with(' ') || line == "0000 "), "{rest:?}");
        }
    }
}
