//! Shell-style patterns over names: `*`, `?`, and a backslash before a character meant literally.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A pattern over interface or peer names, compiled when it is read.
///
/// Matching never backtracks further than to the last `*`, so it costs at most name times pattern.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Glob {
    text: Arc<str>,
    tokens: Box<[Token]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Token {
    Literal(char),
    One,
    Many,
}

/// Why a text is not a pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GlobError {
    /// Nothing would ever match.
    #[error("an empty pattern matches nothing")]
    Empty,
    /// The last character escapes nothing.
    #[error("the pattern ends in a backslash that escapes nothing")]
    DanglingEscape,
}

impl Glob {
    /// Whether the whole of `name` matches.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        let mut rest = name.chars();
        let mut position = 0;
        let mut retry = None;
        loop {
            let here = rest.clone();
            match (self.tokens.get(position), rest.next()) {
                (Some(Token::Many), _) => {
                    position += 1;
                    retry = Some((position, here.clone()));
                    rest = here;
                }
                (Some(Token::One), Some(_)) => position += 1,
                (Some(Token::Literal(wanted)), Some(found)) if *wanted == found => position += 1,
                (None, None) => return true,
                _ => {
                    // The last `*` takes one character more, if there is one.
                    let Some((after, from)) = &mut retry else { return false };
                    if from.next().is_none() {
                        return false;
                    }
                    position = *after;
                    rest = from.clone();
                }
            }
        }
    }

    /// The pattern as the operator wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for Glob {
    type Err = GlobError;

    fn from_str(text: &str) -> Result<Self, GlobError> {
        let mut tokens = Vec::with_capacity(text.len());
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            match character {
                '*' if tokens.last() == Some(&Token::Many) => {}
                '*' => tokens.push(Token::Many),
                '?' => tokens.push(Token::One),
                '\\' => tokens.push(Token::Literal(characters.next().ok_or(GlobError::DanglingEscape)?)),
                literal => tokens.push(Token::Literal(literal)),
            }
        }
        if tokens.is_empty() {
            return Err(GlobError::Empty);
        }
        Ok(Self { text: text.into(), tokens: tokens.into() })
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, name: &str) -> bool {
        pattern.parse::<Glob>().expect("a pattern").matches(name)
    }

    #[test]
    fn stars_and_question_marks_stand_for_what_they_do_in_a_shell() {
        assert!(matches("cali*", "cali92466c287a9"));
        assert!(matches("*.cali", "vxlan.cali"));
        assert!(matches("eth?", "eth0"));
        assert!(matches("*", ""));
        assert!(matches("a*b*c", "aXbYbc"));
        assert!(!matches("cali*", "eth0"));
        assert!(!matches("eth?", "eth"));
        assert!(!matches("*.cali", "vxlan.calico"));
        assert!(!matches("eth0", "eth00"));
    }

    #[test]
    fn a_backslash_takes_the_meaning_away() {
        assert!(matches(r"a\*", "a*"));
        assert!(!matches(r"a\*", "ab"));
        assert_eq!(r"a\".parse::<Glob>(), Err(GlobError::DanglingEscape));
        assert_eq!("".parse::<Glob>(), Err(GlobError::Empty));
    }

    #[test]
    fn many_stars_do_not_explode() {
        assert!(!matches("*a*a*a*a*a*a*a*a*b", &"a".repeat(2000)));
    }
}
