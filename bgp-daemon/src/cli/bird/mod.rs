//! What the program does where it is installed as `bird`, `bird6`, `birdcl` or `birdcl6`.

mod client;
mod companion;
mod daemon;
mod options;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use bgp_core::Family;

/// What BIRD's programs end with where they fail, whatever the reason.
const FAILED: u8 = 1;

/// A program of BIRD's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Program {
    /// The daemon, which speaks for both families.
    Daemon,
    /// The daemon of the other family, which ours speaks for.
    Companion,
    /// The client for the socket of a family.
    Client(Family),
}

impl Program {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "bird" => Self::Daemon,
            "bird6" => Self::Companion,
            "birdcl" | "birdc" => Self::Client(Family::IPV4),
            "birdcl6" | "birdc6" => Self::Client(Family::IPV6),
            _ => return None,
        })
    }
}

/// Runs the program that these arguments name; `None` where it is none of BIRD's.
pub(super) fn main(arguments: impl IntoIterator<Item = OsString>) -> Option<ExitCode> {
    let mut arguments = arguments.into_iter();
    let name = arguments.next()?;
    let name = Path::new(&name).file_name()?.to_str()?;
    let outcome = match Program::named(name)? {
        Program::Daemon => daemon::main(arguments),
        Program::Companion => companion::main(arguments),
        Program::Client(family) => client::main(arguments, family),
    };
    Some(outcome.unwrap_or_else(|error| {
        eprintln!("{name}: {error}");
        ExitCode::from(FAILED)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_birds_names_mean_something() {
        assert_eq!(Program::named("bird6"), Some(Program::Companion));
        assert_eq!(Program::named("birdcl6"), Some(Program::Client(Family::IPV6)));
        assert_eq!(Program::named("caracal"), None);
        assert!(main([OsString::from("/usr/bin/caracal")]).is_none());
        assert!(main([]).is_none());
    }
}
