//! What is wrong with a configuration and where, printed with the line and a caret under the words.

use std::fmt;
use std::path::PathBuf;

use super::confidential::shown_line;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The configuration cannot be used.
    Error,
    /// It can, but may not do what its author thinks.
    Warning,
}

impl Severity {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// One thing that is wrong. Displays as several lines, the last one ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// Where, if it is somewhere.
    pub location: Option<Location>,
    /// What to do about it.
    pub hint: Option<String>,
}

/// A place in a file, with the text that stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The line, without its end, without the values of keys that are not known, which may be secret, and with nothing
    /// in it that a terminal would obey; of a long one a part.
    pub text: String,
    /// How many characters of `text` stand before those that are meant.
    pub indent: usize,
    /// How many characters of `text` are meant, at least 1.
    pub width: usize,
}

impl Location {
    /// The place of `span` in the text of `file`; a span over several lines is cut to its first.
    #[must_use]
    pub fn of(file: PathBuf, text: &str, span: std::ops::Range<usize>) -> Self {
        let before = text.get(..span.start).unwrap_or(text);
        let begin = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = text.get(begin..).unwrap_or_default().split(['\n', '\r']).next().unwrap_or_default();
        let ahead = before.get(begin..).unwrap_or_default().chars().count();
        let meant = text.get(span.start..span.end).unwrap_or_default().lines().next().unwrap_or_default();
        let indent = ahead.min(LEAD);
        let line = shown_line(before.get(..begin).unwrap_or_default(), line);
        let shown = line.chars().skip(ahead - indent).take(WINDOW);
        Self {
            file,
            line: before.matches('\n').count() + 1,
            column: ahead + 1,
            text: shown.map(|character| if character.is_control() { ' ' } else { character }).collect(),
            indent,
            width: meant.trim_end().chars().count().clamp(1, WINDOW - LEAD),
        }
    }
}

impl Diagnostic {
    /// Whether the configuration cannot be used because of it.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.severity.as_str(), harmless(&self.message))?;
        let mut gutter = 1;
        if let Some(Location { file, line, column, text, indent, width }) = &self.location {
            let number = line.to_string();
            gutter = number.len();
            writeln!(f, "{:gutter$}--> {}:{line}:{column}", "", file.display())?;
            writeln!(f, "{:gutter$} |", "")?;
            writeln!(f, "{number} | {text}")?;
            writeln!(f, "{:gutter$} | {:indent$}{}", "", "", "^".repeat(*width))?;
        }
        if let Some(hint) = &self.hint {
            writeln!(f, "{:gutter$} = help: {}", "", harmless(hint))?;
        }
        Ok(())
    }
}

/// The text without what a terminal would obey: keys are quoted as they are, and TOML has escapes.
fn harmless(text: &str) -> String {
    text.chars().map(|it| if it.is_control() && it != '\n' { ' ' } else { it }).collect()
}

/// All of them, a blank line between, and a count at the end.
#[must_use]
pub fn render(diagnostics: &[Diagnostic]) -> String {
    let mut text: String = diagnostics.iter().map(|diagnostic| format!("{diagnostic}\n")).collect();
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let counts = [(errors, "error"), (diagnostics.len() - errors, "warning")];
    let counts: Vec<String> = counts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, noun)| format!("{count} {noun}{}", if count == 1 { "" } else { "s" }))
        .collect();
    if !counts.is_empty() {
        text.push_str(&counts.join(", "));
        text.push('\n');
    }
    text
}

/// Most characters of a line that are shown.
const WINDOW: usize = 200;
/// Most of them before the place that is meant.
const LEAD: usize = 120;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_the_words() {
        let text = "asn = 1\nhold_time = \"1s\"\r\nfamilies = []\n";
        let diagnostic = Diagnostic {
            severity: Severity::Error,
            message: "a hold time is 0 or at least 3 seconds".to_owned(),
            location: Some(Location::of("c.toml".into(), text, 20..24)),
            hint: Some("write \"3s\"".to_owned()),
        };
        let expected = concat!(
            "error: a hold time is 0 or at least 3 seconds\n",
            " --> c.toml:2:13\n",
            "  |\n",
            "2 | hold_time = \"1s\"\n",
            "  |             ^^^^\n",
            "  = help: write \"3s\"\n",
        );
        assert_eq!(diagnostic.to_string(), expected);
        assert_eq!(render(&[diagnostic]), format!("{expected}\n1 error\n"));
    }

    #[test]
    fn of_a_long_line_a_part_is_shown() {
        let text = format!("a = \"{}\"", "x".repeat(100_000));
        let location = Location::of("c.toml".into(), &text, 50_000..90_000);
        assert_eq!((location.column, location.text.len()), (50_001, WINDOW));
        assert!(location.indent + location.width <= WINDOW);
    }

    #[test]
    fn a_terminal_obeys_nothing_in_a_message() {
        let message = "unknown key `\u{1b}[31mred`".to_owned();
        let hint = Some("\u{7}".to_owned());
        let text = Diagnostic { severity: Severity::Error, message, location: None, hint }.to_string();
        assert!(!text.contains(['\u{1b}', '\u{7}']), "{text:?}");
    }

    #[test]
    fn a_place_outside_the_text_or_inside_a_character_is_survived() {
        for span in [0..0, 5..100, 100..100, 1..2] {
            let location = Location::of("c.toml".into(), "é\u{1b}[31m", span);
            assert!(!location.text.contains('\u{1b}'));
            assert!(location.width >= 1 && location.indent < location.column);
        }
    }
}
