//! `show route` and its many words.

use std::net::IpAddr;

use ipnet::IpNet;

use super::command::Wrong;
use super::condition::{Condition, condition};
use super::lexer::Token;
use super::words::Words;

/// What `show route` was asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RouteCommand {
    /// Which prefixes.
    pub nets: Nets,
    /// With attributes.
    pub all: bool,
    /// Only the best path of each prefix.
    pub primary: bool,
    /// Only what was refused.
    pub filtered: bool,
    /// Only how many.
    pub count: bool,
    /// Of this table.
    pub table: Option<String>,
    /// From this protocol.
    pub protocol: Option<String>,
    /// As they are told to a protocol.
    pub told: Option<Told>,
    /// Only those of which this holds.
    pub condition: Option<Condition>,
}

/// Which prefixes are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Nets {
    /// All.
    #[default]
    Any,
    /// This one.
    Exactly(IpNet),
    /// The longest that covers this.
    For(IpNet),
    /// This one and those inside it.
    In(IpNet),
}

/// What a protocol is told, or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// What it is told.
    Export(String),
    /// What it is not told.
    NoExport(String),
}

const WORDS: &[&str] =
    &["all", "count", "export", "filtered", "for", "in", "noexport", "primary", "protocol", "table", "where"];

/// Reads what follows `show route`.
pub(super) fn route(words: &mut Words<'_>) -> Result<RouteCommand, Wrong> {
    let mut command = RouteCommand::default();
    while let Some(token) = words.peek() {
        if is_number(token) {
            command.choose(Nets::Exactly(net(words)?))?;
            continue;
        }
        match words.keyword(WORDS)? {
            "all" => command.all = true,
            "count" => command.count = true,
            "primary" => command.primary = true,
            "filtered" => command.filtered = true,
            "for" => command.choose(Nets::For(address_or_net(words)?))?,
            "in" => command.choose(Nets::In(net(words)?))?,
            "table" => once(&mut command.table, words.symbol()?, "a second table")?,
            "protocol" => once(&mut command.protocol, words.symbol()?, "a second protocol")?,
            "export" => once(&mut command.told, Told::Export(words.symbol()?), TOLD)?,
            "noexport" => once(&mut command.told, Told::NoExport(words.symbol()?), TOLD)?,
            _ => once(&mut command.condition, condition(words)?, "a second condition")?,
        }
    }
    Ok(command)
}

/// Whether it can only be meant as a prefix or an address.
fn is_number(token: &Token<'_>) -> bool {
    let begins = |word: &str| word.starts_with(|it: char| it.is_ascii_digit());
    matches!(token, Token::Word(word) if begins(word) || word.contains([':', '/']))
}

impl RouteCommand {
    fn choose(&mut self, nets: Nets) -> Result<(), Wrong> {
        match std::mem::replace(&mut self.nets, nets) {
            Nets::Any => Ok(()),
            _ => Err(Wrong::Unexpected("a second prefix".to_owned())),
        }
    }
}

const TOLD: &str = "a second protocol to export to";

/// Fills what may be said once; `again` is what it is called the second time.
fn once<T>(place: &mut Option<T>, value: T, again: &str) -> Result<(), Wrong> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(Wrong::Unexpected(again.to_owned())),
    }
}

/// A prefix.
pub(super) fn net(words: &mut Words<'_>) -> Result<IpNet, Wrong> {
    let word = words.word()?;
    let net: IpNet = word.parse().map_err(|_| Wrong::Unexpected(word.to_owned()))?;
    if net != net.trunc() {
        return Err(Wrong::HostBits(net.to_string(), net.trunc().to_string()));
    }
    Ok(net)
}

/// A prefix, or an address as the prefix that holds it alone.
fn address_or_net(words: &mut Words<'_>) -> Result<IpNet, Wrong> {
    if let Some(Token::Word(word)) = words.peek()
        && let Ok(address) = word.parse::<IpAddr>()
    {
        words.next();
        return Ok(address.into());
    }
    net(words)
}

#[cfg(test)]
mod tests {
    use super::super::command::{Command, parse};
    use super::*;

    fn read(line: &str) -> RouteCommand {
        match parse(line) {
            Ok(Command::Route(route)) => *route,
            other => panic!("{line}: {other:?}"),
        }
    }

    fn prefix(text: &str) -> IpNet {
        text.parse().expect("a prefix")
    }

    #[test]
    fn words_come_in_any_order() {
        let one = read("show route all protocol 'tor_1' where net.type = NET_IP4");
        let other = read("show route where net.type = NET_IP4 all protocol 'tor_1'");
        assert_eq!(one, other);
        assert!(one.all && one.condition.is_some() && one.protocol.as_deref() == Some("tor_1"));
    }

    #[test]
    fn prefixes_are_exact_covering_or_inside() {
        assert_eq!(read("show route 10.0.0.0/8").nets, Nets::Exactly(prefix("10.0.0.0/8")));
        assert_eq!(read("show route ::/0 all").nets, Nets::Exactly(prefix("::/0")));
        assert_eq!(read("show route for fd00::1").nets, Nets::For(prefix("fd00::1/128")));
        assert_eq!(read("show route for 10.0.0.0/8").nets, Nets::For(prefix("10.0.0.0/8")));
        assert_eq!(read("show route in 10.0.0.0/8 count").nets, Nets::In(prefix("10.0.0.0/8")));
        let wrong = parse("show route 10.1.2.3/16").expect_err("host bits");
        assert_eq!(wrong.to_string(), "Invalid prefix 10.1.2.3/16, maybe you wanted 10.1.0.0/16");
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        for line in [
            "show route 10.0.0.0/8 for 10.0.0.1",
            "show route export a noexport b",
            "show route protocol a protocol b",
            "show route table master4 table master6",
            "show route where from = 10.0.0.1 where net.type = NET_IP4",
            "show route 10.0.0.1",
            "show route fo",
            "show route protocol",
        ] {
            assert!(parse(line).is_err(), "{line:?}");
        }
        assert_eq!(read("sh ro exp a pri").told, Some(Told::Export("a".to_owned())));
    }
}
