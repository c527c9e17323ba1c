//! Whose daemons are in a cluster.

use std::fmt;
use std::str::FromStr;

/// Whose a daemon is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Make {
    /// Ours.
    Caracal,
    /// BIRD 2.
    Bird,
    /// FRR.
    Frr,
}

/// Whose the hosts' daemons are and whose the reflectors': `caracal`, or `caracal+bird` where they differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// On the hosts.
    pub hosts: Make,
    /// On the reflectors.
    pub reflectors: Make,
}

impl FromStr for Make {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "caracal" => Ok(Self::Caracal),
            "bird" => Ok(Self::Bird),
            "frr" => Ok(Self::Frr),
            other => Err(format!("no daemon is called {other:?}; there are caracal, bird and frr")),
        }
    }
}

impl FromStr for Shape {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let (hosts, reflectors) = word.split_once('+').unwrap_or((word, word));
        Ok(Self { hosts: hosts.parse()?, reflectors: reflectors.parse()? })
    }
}

impl fmt::Display for Make {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Caracal => "caracal",
            Self::Bird => "bird",
            Self::Frr => "frr",
        })
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.hosts == self.reflectors {
            true => write!(f, "{}", self.hosts),
            false => write!(f, "{}+{}", self.hosts, self.reflectors),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_reads_as_it_is_written() {
        for word in ["caracal", "bird", "caracal+bird", "frr+caracal"] {
            assert_eq!(word.parse::<Shape>().expect("a shape").to_string(), word);
        }
        assert!("quagga".parse::<Shape>().is_err());
    }
}
