//! What may stand behind `where`: as much of BIRD's filter language as its clients write.

use std::net::IpAddr;

use bgp_core::speaker::RouteView;
use bgp_core::wire::AsPath;
use ipnet::IpNet;

use super::command::Wrong;
use super::route_command::net;
use super::words::Words;

/// Tests of which all have to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition(Vec<Test>);

/// One test.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    /// `net.type = NET_IP4`
    Ipv4(bool),
    /// `from = ADDRESS`
    From(IpAddr),
    /// `net ~ [ … ]`
    Net(Vec<Pattern>),
    /// `bgp_path.last = ASN`: the origin.
    LastAs(u32),
    /// `bgp_path.first = ASN`: the neighbour.
    FirstAs(u32),
}

/// Prefixes that share the bits of one, with lengths in a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pattern {
    net: IpNet,
    shortest: u8,
    longest: u8,
}

impl Pattern {
    fn matches(&self, prefix: &IpNet) -> bool {
        let lengths = self.shortest..=self.longest;
        lengths.contains(&prefix.prefix_len()) && (self.net.contains(prefix) || prefix.contains(&self.net))
    }
}

impl Condition {
    /// Whether all of it holds of a path that was heard from `from`.
    pub(super) fn holds(&self, path: &RouteView, from: Option<IpAddr>) -> bool {
        self.0.iter().all(|test| match test {
            Test::Ipv4(wanted) => path.prefix.addr().is_ipv4() == *wanted,
            Test::From(address) => from == Some(*address),
            Test::Net(patterns) => patterns.iter().any(|pattern| pattern.matches(&path.prefix)),
            Test::LastAs(asn) => asns(&path.route.attributes.as_path).last() == Some(*asn),
            Test::FirstAs(asn) => asns(&path.route.attributes.as_path).next() == Some(*asn),
        })
    }
}

fn asns(path: &AsPath) -> impl Iterator<Item = u32> {
    path.segments().flat_map(|segment| segment.asns().map(|asn| asn.0).collect::<Vec<_>>())
}

/// Reads what follows `where`.
pub(super) fn condition(words: &mut Words<'_>) -> Result<Condition, Wrong> {
    let mut tests = vec![test(words)?];
    while words.has_mark("&&") || words.exactly(&["and"]).is_some() {
        tests.push(test(words)?);
    }
    Ok(Condition(tests))
}

fn test(words: &mut Words<'_>) -> Result<Test, Wrong> {
    match words.word()? {
        "net" => {
            words.mark("~")?;
            Ok(Test::Net(patterns(words)?))
        }
        "net.type" => {
            words.mark("=")?;
            match words.word()? {
                "NET_IP4" => Ok(Test::Ipv4(true)),
                "NET_IP6" => Ok(Test::Ipv4(false)),
                other => Err(Wrong::Unexpected(other.to_owned())),
            }
        }
        "from" => {
            words.mark("=")?;
            number(words).map(Test::From)
        }
        "bgp_path.last" => {
            words.mark("=")?;
            number(words).map(Test::LastAs)
        }
        "bgp_path.first" => {
            words.mark("=")?;
            number(words).map(Test::FirstAs)
        }
        other => Err(Wrong::Unexpected(other.to_owned())),
    }
}

fn number<T: std::str::FromStr>(words: &mut Words<'_>) -> Result<T, Wrong> {
    let word = words.word()?;
    word.parse().map_err(|_| Wrong::Unexpected(word.to_owned()))
}

fn patterns(words: &mut Words<'_>) -> Result<Vec<Pattern>, Wrong> {
    words.mark("[")?;
    let mut patterns = vec![pattern(words)?];
    while words.has_mark(",") {
        patterns.push(pattern(words)?);
    }
    words.mark("]")?;
    Ok(patterns)
}

fn pattern(words: &mut Words<'_>) -> Result<Pattern, Wrong> {
    let net = net(words)?;
    let (length, most) = (net.prefix_len(), net.max_prefix_len());
    let (shortest, longest) = if words.has_mark("+") {
        (length, most)
    } else if words.has_mark("-") {
        (0, length)
    } else if words.has_mark("{") {
        let shortest = number(words)?;
        words.mark(",")?;
        let longest = number(words)?;
        words.mark("}")?;
        if shortest > longest || longest > most {
            return Err(Wrong::Unexpected(format!("lengths {{{shortest},{longest}}}")));
        }
        (shortest, longest)
    } else {
        (length, length)
    };
    Ok(Pattern { net, shortest, longest })
}

#[cfg(test)]
mod tests {
    use super::super::command::{Command, parse};
    use super::*;

    fn read(text: &str) -> Option<Condition> {
        match parse(&format!("show route where {text}")) {
            Ok(Command::Route(route)) => route.condition,
            _ => None,
        }
    }

    #[test]
    fn prefixes_match_as_in_filters() {
        let matches = |pattern: &str, prefix: &str| {
            let Some(Condition(tests)) = read(&format!("net ~ [ {pattern} ]")) else {
                panic!("{pattern} is a pattern")
            };
            let Some(Test::Net(patterns)) = tests.first() else { panic!("{tests:?}") };
            patterns.iter().any(|pattern| pattern.matches(&prefix.parse().expect("a prefix")))
        };
        assert!(matches("10.0.0.0/8", "10.0.0.0/8") && !matches("10.0.0.0/8", "10.1.0.0/16"));
        assert!(matches("10.0.0.0/8+", "10.1.0.0/16") && !matches("10.0.0.0/8+", "11.0.0.0/16"));
        assert!(matches("10.1.0.0/16-", "10.0.0.0/8") && !matches("10.1.0.0/16-", "10.1.1.0/24"));
        assert!(matches("10.0.0.0/8{16,24}", "10.1.0.0/20") && !matches("10.0.0.0/8{16,24}", "10.0.0.0/8"));
        assert!(matches("10.0.0.0/8, fd00::/8+", "fd00:1::/64"));
        assert!(!matches("0.0.0.0/0+", "::/0"), "families stay apart");
    }

    #[test]
    fn tests_are_joined_by_and() {
        let both = read("from = 10.0.0.1 && bgp_path.last = 65001 and net.type = NET_IP6").expect("three");
        assert_eq!(both.0.len(), 3);
    }

    #[test]
    fn anything_else_is_refused_rather_than_guessed() {
        for text in ["true", "from = x", "net ~ 10.0.0.0/8", "net ~ [ ]", "net.len = 3", "bgp_path ~ [1]"] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(read("net ~ [ 10.0.0.0/8{24,16} ]"), None);
        assert_eq!(read("net ~ [ 10.0.0.0/8{24,33} ]"), None);
    }
}
