//! What single values mean: numbers, durations, addresses, prefixes, names. Each either is one or is
//! a problem with a place.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use bgp_core::{Asn, Family, RouterId};
use ipnet::IpNet;

use super::document::{Node, Value};
use super::report::Problem;
use super::suggest::did_you_mean;

type Read<T> = Result<T, Problem>;

fn expected<T>(what: &str, node: &Node) -> Read<T> {
    Err(unexpected(what, node))
}

fn unexpected(what: &str, node: &Node) -> Problem {
    Problem::at(node.place, format!("expected {what}, found {}", node.value.kind()))
}

pub(super) fn string(node: &Node) -> Read<&str> {
    match &node.value {
        Value::String(text) => Ok(text),
        Value::Integer(number) => Err(unexpected("a string", node).hint(format!("write \"{number}\""))),
        _ => expected("a string", node),
    }
}

pub(super) fn boolean(node: &Node) -> Read<bool> {
    let meant = match &node.value {
        Value::Boolean(truth) => return Ok(*truth),
        Value::Integer(0) => Some(false),
        Value::Integer(1) => Some(true),
        Value::String(word) => match word.to_lowercase().as_str() {
            "true" | "yes" | "on" => Some(true),
            "false" | "no" | "off" => Some(false),
            _ => None,
        },
        _ => None,
    };
    let hint = meant.map(|meant| format!("write {meant}, without quotes"));
    Err(unexpected("true or false", node).maybe(hint))
}

/// A whole number within bounds.
pub(super) fn within<T: TryFrom<i128>>(bounds: RangeInclusive<i128>) -> impl Fn(&Node) -> Read<T> {
    move |node| {
        let Value::Integer(number) = node.value else { return expected("a whole number", node) };
        let fits = bounds.contains(&number).then(|| T::try_from(number).ok()).flatten();
        fits.ok_or_else(|| {
            let (low, high) = (bounds.start(), bounds.end());
            Problem::at(node.place, format!("expected a number from {low} to {high}"))
        })
    }
}

/// Any number of 32 bits.
pub(super) fn number(node: &Node) -> Read<u32> {
    within(0..=i128::from(u32::MAX))(node)
}

/// A port.
pub(super) fn port(node: &Node) -> Read<u16> {
    within(1..=65535)(node)
}

/// A share of a whole.
pub(super) fn share(node: &Node) -> Read<f64> {
    let number = match node.value {
        Value::Float(number) => number,
        Value::Integer(0) => 0.0,
        Value::Integer(1) => 1.0,
        _ => return expected("a number from 0 to 1", node),
    };
    let fits = (0.0..=1.0).contains(&number);
    if fits { Ok(number) } else { Err(Problem::at(node.place, "expected a number from 0 to 1")) }
}

/// One of a few words.
pub(super) fn word<T: Copy>(words: &'static [(&'static str, T)]) -> impl Fn(&Node) -> Read<T> {
    move |node| {
        let text = string(node)?;
        words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning).ok_or_else(|| {
            let quoted: Vec<String> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
            let problem = Problem::at(node.place, format!("expected one of {}", quoted.join(", ")));
            problem.maybe(did_you_mean(text, words.iter().map(|(word, _)| *word)))
        })
    }
}

/// Anything that a type reads from text itself.
pub(super) fn parsed<T: FromStr<Err: std::fmt::Display>>(node: &Node) -> Read<T> {
    string(node)?.parse().map_err(|error: T::Err| Problem::at(node.place, error.to_string()))
}

pub(super) fn path(node: &Node) -> Read<PathBuf> {
    match string(node)? {
        "" => Err(Problem::at(node.place, "an empty path")),
        text => Ok(text.into()),
    }
}

/// A duration: numbers with units, `"90s"`, `"300ms"`, `"1h30m"`.
pub(super) fn duration(node: &Node) -> Read<Duration> {
    if let Value::Integer(number) = node.value {
        let problem = Problem::at(node.place, "a duration is a string with a unit");
        return Err(problem.hint(format!("write \"{number}s\"")));
    }
    let text = string(node)?;
    parse_duration(text).ok_or_else(|| {
        let problem = Problem::at(node.place, format!("{text:?} is not a duration"));
        problem.hint("write a number and a unit of ms, s, m, h or d, such as \"90s\"")
    })
}

/// A duration of whole seconds, at most `limit` of them.
pub(super) fn seconds(limit: u64) -> impl Fn(&Node) -> Read<Duration> {
    move |node| {
        let duration = duration(node)?;
        if duration.subsec_nanos() != 0 {
            return Err(Problem::at(node.place, "this goes out in whole seconds"));
        }
        if duration.as_secs() > limit {
            return Err(Problem::at(node.place, format!("at most {limit}s fit here")));
        }
        Ok(duration)
    }
}

/// The duration that a text says, as `90s` or `1h30m`.
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = None;
    while !rest.is_empty() {
        let digits = rest.find(|character: char| !character.is_ascii_digit())?;
        let (number, tail) = rest.split_at(digits);
        let letters = tail.find(|character: char| !character.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let milliseconds = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        let part = Duration::from_millis(number.parse::<u64>().ok()?.checked_mul(milliseconds)?);
        total = Some(part.checked_add(total.unwrap_or_default())?);
        rest = tail;
    }
    total
}

/// An AS number that somebody can have.
pub(super) fn asn(node: &Node) -> Read<Asn> {
    let asn = match &node.value {
        Value::Integer(number) => u32::try_from(*number)
            .map(Asn)
            .map_err(|_| Problem::at(node.place, "an AS number lies between 1 and 4294967295"))?,
        Value::String(text) => {
            parsed(node).map_err(|problem: Problem| problem.maybe(without_letters(text)))?
        }
        Value::Float(number) => {
            let problem = Problem::at(node.place, "an AS number with a dot has to be quoted");
            return Err(problem.hint(format!("write \"{number}\", exactly as assigned")));
        }
        _ => return expected("an AS number", node),
    };
    match asn {
        Asn(0) => Err(Problem::at(node.place, "AS 0 belongs to nobody (RFC 7607)")),
        Asn::TRANS => Err(Problem::at(node.place, "AS 23456 stands for numbers that do not fit (RFC 6793)")),
        asn => Ok(asn),
    }
}

/// The number of an AS that somebody has written as `AS64512`.
fn without_letters(text: &str) -> Option<String> {
    let number: Asn = text.get(2..).filter(|_| text.to_lowercase().starts_with("as"))?.parse().ok()?;
    Some(format!("write {number}"))
}

/// A router or cluster identifier.
pub(super) fn identifier(node: &Node) -> Read<RouterId> {
    match parsed::<Ipv4Addr>(node) {
        Ok(Ipv4Addr::UNSPECIFIED) => Err(Problem::at(node.place, "an identifier is not 0.0.0.0 (RFC 6286)")),
        Ok(address) => Ok(RouterId(address)),
        Err(_) => {
            let problem = Problem::at(node.place, "expected an identifier in the form of an IPv4 address");
            Err(problem.hint("any number unique in the network will do, such as \"192.0.2.1\""))
        }
    }
}

pub(super) fn family(node: &Node) -> Read<Family> {
    word(&[("ipv4", Family::IPV4), ("ipv6", Family::IPV6)])(node)
}

pub(super) fn address(node: &Node) -> Read<IpAddr> {
    let text = string(node)?;
    text.parse().map_err(|_| no_address(text, node))
}

/// What is said of a text where an address belongs.
pub(super) fn no_address(text: &str, node: &Node) -> Problem {
    let hint = match text.parse::<IpNet>() {
        Ok(net) => format!("write \"{}\", without a length", net.addr()),
        Err(_) => "write an IPv4 or IPv6 address; names are not looked up".to_owned(),
    };
    Problem::at(node.place, format!("{text:?} is not an address")).hint(hint)
}

/// An address with a port.
pub(super) fn endpoint(node: &Node) -> Read<SocketAddr> {
    let text = string(node)?;
    text.parse().map_err(|_| {
        let problem = Problem::at(node.place, format!("{text:?} is not an address with a port"));
        problem.hint("write \"127.0.0.1:9470\" or \"[::1]:9470\"")
    })
}

/// A prefix without host bits.
pub(super) fn prefix(node: &Node) -> Read<IpNet> {
    prefix_text(string(node)?).map_err(|(message, hint)| Problem::at(node.place, message).maybe(hint))
}

/// The same from a text, with message and hint where it is none.
pub(super) fn prefix_text(text: &str) -> Result<IpNet, (String, Option<String>)> {
    if let Ok(address) = text.parse::<IpAddr>() {
        let whole = IpNet::from(address);
        return Err((format!("{text:?} has no prefix length"), Some(format!("write \"{whole}\""))));
    }
    let form = "write an address and a length, such as \"10.244.0.0/16\" or \"fd00:10:244::/56\"";
    let net: IpNet =
        text.parse().map_err(|_| (format!("{text:?} is not a prefix"), Some(form.to_owned())))?;
    if net.addr() == net.network() {
        return Ok(net);
    }
    let intended = net.trunc();
    Err((format!("{text:?} has host bits set"), Some(format!("did you mean \"{intended}\"?"))))
}

/// A prefix, or an address that stands for itself alone.
pub(super) fn network(node: &Node) -> Read<IpNet> {
    match string(node)?.parse::<IpAddr>() {
        Ok(address) => Ok(address.into()),
        Err(_) => prefix(node),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_add_up() {
        let seconds = |text| parse_duration(text).map(|duration| duration.as_secs_f64());
        assert_eq!(seconds("90s"), Some(90.0));
        assert_eq!(seconds("300ms"), Some(0.3));
        assert_eq!(seconds("1h30m"), Some(5400.0));
        assert_eq!(seconds("2d"), Some(172_800.0));
        assert_eq!(seconds("0s"), Some(0.0));
        for wrong in
            ["", "90", "s", "1.5s", "-1s", "90 s", "1w", "99999999999999999999s", "18446744073709551615d"]
        {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn host_bits_name_the_prefix_that_was_meant() {
        let hint = |text| prefix_text(text).expect_err("no prefix").1;
        assert_eq!(hint("10.244.1.0/16"), Some("did you mean \"10.244.0.0/16\"?".to_owned()));
        assert_eq!(hint("2001:db8::1/64"), Some("did you mean \"2001:db8::/64\"?".to_owned()));
        assert_eq!(hint("10.0.0.1"), Some("write \"10.0.0.1/32\"".to_owned()));
        assert!(prefix_text("0.0.0.0/0").is_ok());
        assert!(prefix_text("10.0.0.0/33").is_err());
    }
}
