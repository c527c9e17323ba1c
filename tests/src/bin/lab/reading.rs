//! How closely a host's table is compared with what it should read.

use ::tests::cluster::compare;
use ::tests::kernel::Ip;

use crate::options::Options;
use crate::speaker::Speaker;

/// How closely.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// To the line.
    Exact,
    /// A route for every destination, in whatever words.
    Destinations,
}

impl Reading {
    /// How the tables of a speaker's host are read. Among others, FRR adds its link-local address to IPv6 next
    /// hops, which its peers may use.
    pub(crate) fn of(speaker: &Speaker, ip: Ip, options: &Options) -> Self {
        match ip {
            Ip::V4 if speaker.is_exact() => Self::Exact,
            Ip::V6 if speaker.is_exact() && !options.mixed => Self::Exact,
            Ip::V4 | Ip::V6 => Self::Destinations,
        }
    }

    /// Whether the table has what the line says.
    pub(crate) fn has(self, seen: &[String], line: &str) -> bool {
        match self {
            Self::Exact => seen.iter().any(|candidate| candidate == line),
            Self::Destinations => seen.iter().any(|candidate| destination(candidate) == destination(line)),
        }
    }

    /// The difference between a table and what it should read.
    pub(crate) fn judge(self, seen: &[String], expected: &[String]) -> Result<(), String> {
        match self {
            Self::Exact => compare(seen, expected),
            Self::Destinations => match expected.iter().find(|line| !self.has(seen, line)) {
                Some(line) => Err(format!("- {line}")),
                None => Ok(()),
            },
        }
    }
}

fn destination(line: &str) -> &str {
    line.trim_start_matches("blackhole ").split(' ').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_words_for_the_same_destination_do_for_a_foreign_daemon() {
        let seen = ["10.0.0.0/8 nhid 7 via 192.0.2.1 proto bgp metric 20".to_owned()];
        let line = "10.0.0.0/8 via 192.0.2.1 proto bird".to_owned();
        assert!(Reading::Destinations.has(&seen, &line));
        assert!(!Reading::Exact.has(&seen, &line));
        assert_eq!(
            Reading::Destinations.judge(&seen, &["blackhole 10.1.0.0/16".into()]),
            Err("- blackhole 10.1.0.0/16".into())
        );
    }
}
