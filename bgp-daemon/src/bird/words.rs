//! The words of a command line, one after the other.

use super::command::{Which, Wrong};
use super::lexer::Token;

/// Whether `word` is the beginning of `keyword`, or all of it.
pub(super) fn is_short_for(word: &str, keyword: &str) -> bool {
    !word.is_empty() && keyword.starts_with(word)
}

/// The tokens of a line, read from left to right.
#[derive(Clone, Debug)]
pub(super) struct Words<'a> {
    tokens: &'a [Token<'a>],
    at: usize,
}

impl<'a> Words<'a> {
    /// All of them.
    pub(super) const fn new(tokens: &'a [Token<'a>]) -> Self {
        Self { tokens, at: 0 }
    }

    pub(super) fn peek(&self) -> Option<&'a Token<'a>> {
        self.tokens.get(self.at)
    }

    pub(super) fn next(&mut self) -> Option<&'a Token<'a>> {
        let token = self.tokens.get(self.at)?;
        self.at += 1;
        Some(token)
    }

    /// Takes everything that is left.
    pub(super) fn rest(&mut self) {
        self.at = self.tokens.len();
    }

    /// Nothing may be left.
    pub(super) fn end(&self) -> Result<(), Wrong> {
        self.peek().map_or(Ok(()), |token| Err(Wrong::Unexpected(token.to_string())))
    }

    /// One of `all`, which may be cut short.
    pub(super) fn keyword(&mut self, all: &[&'static str]) -> Result<&'static str, Wrong> {
        let token = self.next().ok_or(Wrong::Short)?;
        let wrong = || Wrong::Unexpected(token.to_string());
        let Token::Word(word) = token else { return Err(wrong()) };
        if let Some(exactly) = all.iter().find(|keyword| *keyword == word) {
            return Ok(exactly);
        }
        let mut begun = all.iter().filter(|keyword| is_short_for(word, keyword));
        match (begun.next(), begun.next()) {
            (Some(keyword), None) => Ok(keyword),
            _ => Err(wrong()),
        }
    }

    /// One of `all` in full, if it is next: where a name may stand too, nothing is cut short.
    pub(super) fn exactly(&mut self, all: &[&'static str]) -> Option<&'static str> {
        let Some(Token::Word(word)) = self.peek() else { return None };
        let found = all.iter().find(|keyword| *keyword == word)?;
        self.at += 1;
        Some(found)
    }

    /// This mark.
    pub(super) fn mark(&mut self, mark: &str) -> Result<(), Wrong> {
        match self.next().ok_or(Wrong::Short)? {
            Token::Mark(found) if *found == mark => Ok(()),
            other => Err(Wrong::Unexpected(other.to_string())),
        }
    }

    /// This mark, if it is next.
    pub(super) fn has_mark(&mut self, mark: &str) -> bool {
        let is_next = matches!(self.peek(), Some(Token::Mark(found)) if *found == mark);
        self.at += usize::from(is_next);
        is_next
    }

    /// A word of any kind.
    pub(super) fn word(&mut self) -> Result<&'a str, Wrong> {
        match self.next().ok_or(Wrong::Short)? {
            Token::Word(word) => Ok(word),
            other => Err(Wrong::Unexpected(other.to_string())),
        }
    }

    /// A name, if there is anything.
    pub(super) fn name(&mut self) -> Result<Option<String>, Wrong> {
        match self.next() {
            None => Ok(None),
            Some(Token::Word(name) | Token::Symbol(name)) => Ok(Some((*name).to_owned())),
            Some(other) => Err(Wrong::Unexpected(other.to_string())),
        }
    }

    /// The name of a table or protocol.
    pub(super) fn symbol(&mut self) -> Result<String, Wrong> {
        self.name()?.ok_or(Wrong::Short)
    }

    /// Some protocols, if any are named.
    pub(super) fn which(&mut self) -> Result<Option<Which>, Wrong> {
        match self.peek() {
            Some(Token::Text(pattern)) => {
                self.at += 1;
                Ok(Some(Which::Pattern((*pattern).to_owned())))
            }
            _ => Ok(self.name()?.map(Which::Name)),
        }
    }

    /// Some protocols, `all` for all.
    pub(super) fn required(&mut self) -> Result<Which, Wrong> {
        if self.exactly(&["all"]).is_some() {
            return Ok(Which::Every);
        }
        self.which()?.ok_or(Wrong::Short)
    }

    /// A text in quotes, if it is next.
    pub(super) fn text(&mut self) -> String {
        let Some(Token::Text(text)) = self.peek() else { return String::new() };
        self.at += 1;
        (*text).to_owned()
    }
}
