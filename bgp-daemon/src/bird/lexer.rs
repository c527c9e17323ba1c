//! A command line cut into words.

use std::fmt;

/// A piece of a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A keyword, a name, a number, an address or a prefix.
    Word(&'a str),
    /// A name in single quotes: never a keyword.
    Symbol(&'a str),
    /// A text in double quotes: a pattern or a reason.
    Text(&'a str),
    /// One of `= ~ [ ] { } , + -`, or `&&`.
    Mark(&'a str),
}

impl fmt::Display for Token<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(text) | Self::Mark(text) => f.write_str(text),
            Self::Symbol(text) => write!(f, "'{text}'"),
            Self::Text(text) => write!(f, "\"{text}\""),
        }
    }
}

/// Cuts `line` up; what cannot be a part of any command is the error.
pub(super) fn tokens(line: &str) -> Result<Vec<Token<'_>>, char> {
    let mut tokens = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '\'' => quoted(rest, first).map(|(text, length)| (Token::Symbol(text), length))?,
            '"' => quoted(rest, first).map(|(text, length)| (Token::Text(text), length))?,
            '=' | '~' | '[' | ']' | '{' | '}' | ',' | '+' | '-' => (Token::Mark(&rest[..1]), 1),
            '&' if rest.starts_with("&&") => (Token::Mark(&rest[..2]), 2),
            _ => {
                let length = word(rest);
                if length == 0 {
                    return Err(first);
                }
                (Token::Word(&rest[..length]), length)
            }
        };
        tokens.push(token);
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

/// How long the word at the beginning of `text` is. A dash inside belongs to it, as in a name of ours.
fn word(text: &str) -> usize {
    let mut length = 0;
    let mut rest = text.chars();
    while let Some(it) = rest.next() {
        let goes_on = || rest.as_str().starts_with(|next: char| next.is_ascii_alphanumeric());
        let belongs = is_of_a_word(it) || it == '-' && length > 0 && goes_on();
        if !belongs {
            break;
        }
        length += it.len_utf8();
    }
    length
}

const fn is_of_a_word(it: char) -> bool {
    it.is_ascii_alphanumeric() || matches!(it, '_' | '.' | ':' | '/' | '%' | '*' | '?')
}

/// The text between two quotes, and how much of the line it takes with them.
fn quoted(text: &str, quote: char) -> Result<(&str, usize), char> {
    let inside = &text[1..];
    let end = inside.find(quote).ok_or(quote)?;
    Ok((&inside[..end], end + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_where_bird_cuts_it() {
        let cut =
            tokens(r#"show route 'a b' "c*" where net~[tor-a-,10.0.0.0/8+,2001:db8::/32{33,64}]&&x.y = 1"#);
        let text: Vec<String> = cut.expect("all of it is known").iter().map(ToString::to_string).collect();
        let expected = "show|route|'a b'|\"c*\"|where|net|~|[|tor-a|-|,|10.0.0.0/8|+|,|2001:db8::/32|{|33|,|64|}|]|&&|x.y|=|1";
        assert_eq!(text.join("|"), expected);
    }

    #[test]
    fn what_is_no_part_of_a_command_is_named() {
        assert_eq!(tokens("show ; protocols"), Err(';'));
        assert_eq!(tokens("show 'route"), Err('\''));
        assert_eq!(tokens("a & b"), Err('&'));
        assert_eq!(tokens("\u{e4}"), Err('\u{e4}'));
        assert_eq!(tokens("  "), Ok(Vec::new()));
    }
}
