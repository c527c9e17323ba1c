//! What can be asked, and how it is written. Keywords may be cut short where no other begins the same way.

use std::fmt;

use super::lexer::{Token, tokens};
use super::route_command::{RouteCommand, route};
use super::words::{Words, is_short_for};

/// A command line, understood.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// `show status`
    Status,
    /// `show protocols [all] [NAME | "PATTERN"]`
    Protocols {
        /// In full.
        all: bool,
        /// Of which.
        which: Which,
    },
    /// `show route …`
    Route(Box<RouteCommand>),
    /// `show memory`
    Memory,
    /// `show interfaces [summary]`
    Interfaces {
        /// A line for each.
        summary: bool,
    },
    /// `show symbols [KIND | NAME]`
    Symbols(Option<String>),
    /// `configure`, `configure soft`: ours never disturbs what did not change.
    Configure,
    /// `configure check`
    Check,
    /// `configure confirm`
    Confirm,
    /// `configure undo`
    Undo,
    /// `enable`, `disable`, `restart`, `reload` and a protocol.
    Act {
        /// What.
        action: Action,
        /// Of which.
        which: Which,
        /// What the peer is told where its session ends.
        text: String,
    },
    /// `restrict`
    Restrict,
    /// `echo …`: there is no log to echo.
    Echo,
    /// Something to show that we never have, in BIRD's words.
    Absent(&'static str),
    /// Something that a BIRD does and we do not: what instead.
    Unsupported(&'static str),
}

/// Which protocols are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// All.
    Every,
    /// The one of this name.
    Name(String),
    /// Those whose names match.
    Pattern(String),
}

/// What is to be done with a protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Start it.
    Enable,
    /// End it and leave it.
    Disable,
    /// End it and start it.
    Restart,
    /// Have its routes told again, both ways.
    Reload,
    /// Have its routes told to us again.
    ReloadIn,
    /// Tell it ours again.
    ReloadOut,
}

/// A line that is no command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It ends too soon.
    Short,
    /// This cannot stand where it stands.
    Unexpected(String),
    /// A prefix with bits behind its length, and the one that may be meant.
    HostBits(String, String),
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short => f.write_str("unexpected END"),
            Self::Unexpected(what) => write!(f, "unexpected {what}"),
            Self::HostBits(said, meant) => write!(f, "Invalid prefix {said}, maybe you wanted {meant}"),
        }
    }
}

/// Understands a line.
///
/// # Errors
///
/// [`Wrong`] says what cannot stand where.
pub fn parse(line: &str) -> Result<Command, Wrong> {
    let tokens = tokens(line).map_err(|it| Wrong::Unexpected(format!("character {it:?}")))?;
    let mut words = Words::new(&tokens);
    let command = command(&mut words)?;
    words.end()?;
    Ok(command)
}

const VERBS: &[&str] = &[
    "show",
    "configure",
    "enable",
    "disable",
    "restart",
    "reload",
    "restrict",
    "echo",
    "down",
    "eval",
    "debug",
    "mrtdump",
    "dump",
    "graceful",
    "timeformat",
];

fn command(words: &mut Words<'_>) -> Result<Command, Wrong> {
    Ok(match words.keyword(VERBS)? {
        "show" => return show(words),
        "configure" => return configure(words),
        "enable" => act(Action::Enable, words)?,
        "disable" => act(Action::Disable, words)?,
        "restart" => act(Action::Restart, words)?,
        "reload" => match words.exactly(&["in", "out"]) {
            Some("in") => act(Action::ReloadIn, words)?,
            Some(_) => act(Action::ReloadOut, words)?,
            None => act(Action::Reload, words)?,
        },
        "restrict" => Command::Restrict,
        "echo" => {
            words.next().ok_or(Wrong::Short)?;
            words.rest();
            Command::Echo
        }
        verb => {
            words.rest();
            Command::Unsupported(unsupported(verb))
        }
    })
}

fn act(action: Action, words: &mut Words<'_>) -> Result<Command, Wrong> {
    let which = words.required()?;
    Ok(Command::Act { action, which, text: words.text() })
}

/// What takes the place of a verb that we do not have.
fn unsupported(verb: &str) -> &'static str {
    match verb {
        "down" => "down is not supported: stop the service, or leave for good with `caracal drain`",
        "eval" => "eval is not supported: there is no filter language here",
        "debug" => "debug is not supported: `caracal log LEVEL` changes how much is logged",
        "mrtdump" => "mrtdump is not supported",
        "dump" => "dump is not supported: `caracal routes -o ndjson` lists every path",
        "graceful" => "graceful restart is what a stopped daemon does by itself: stop the service",
        _ => "timeformat is not supported: times have the form that clients of this dialect read",
    }
}

const SHOWN: &[&str] = &[
    "status",
    "protocols",
    "route",
    "memory",
    "interfaces",
    "symbols",
    "bfd",
    "ospf",
    "rip",
    "babel",
    "static",
];

fn show(words: &mut Words<'_>) -> Result<Command, Wrong> {
    Ok(match words.keyword(SHOWN)? {
        "status" => Command::Status,
        "protocols" => {
            let all = words.exactly(&["all"]).is_some();
            Command::Protocols { all, which: words.which()?.unwrap_or(Which::Every) }
        }
        "route" => Command::Route(Box::new(route(words)?)),
        "memory" => Command::Memory,
        "interfaces" => {
            let summary = match words.next() {
                Some(Token::Word(word)) if is_short_for(word, "summary") => true,
                Some(other) => return Err(Wrong::Unexpected(other.to_string())),
                None => false,
            };
            Command::Interfaces { summary }
        }
        "symbols" => Command::Symbols(words.name()?),
        "bfd" => {
            words.keyword(&["sessions"])?;
            words.rest();
            Command::Absent("There is no BFD protocol running")
        }
        other => {
            words.rest();
            match other {
                "ospf" => Command::Absent("There is no OSPF protocol running"),
                "rip" => Command::Absent("There is no RIP protocol running"),
                "babel" => Command::Absent("There is no Babel protocol running"),
                _ => Command::Absent("show static is not supported: show route protocol static1"),
            }
        }
    })
}

const CONFIGURE: &[&str] = &["soft", "check", "confirm", "undo", "timeout", "status"];

fn configure(words: &mut Words<'_>) -> Result<Command, Wrong> {
    const FILE: &str = "configure FILE is not supported: the daemon reads the file it was started with";
    const TIMED: &str =
        "configure timeout is not supported: `caracal apply FILE --confirm 60s` tries a configuration";
    const STATUS: &str = "configure status is not supported: `caracal status` says what is on trial";
    match words.peek() {
        None => return Ok(Command::Configure),
        Some(Token::Text(_)) => {
            words.rest();
            return Ok(Command::Unsupported(FILE));
        }
        Some(_) => {}
    }
    let command = match words.keyword(CONFIGURE)? {
        "soft" => Command::Configure,
        "check" => Command::Check,
        "confirm" => Command::Confirm,
        "undo" => Command::Undo,
        other => {
            words.rest();
            return Ok(Command::Unsupported(if other == "status" { STATUS } else { TIMED }));
        }
    };
    if let Some(Token::Text(_)) = words.peek() {
        words.rest();
        return Ok(Command::Unsupported(FILE));
    }
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_may_be_cut_short_where_that_is_clear() {
        assert_eq!(parse("sh st"), Err(Wrong::Unexpected("st".to_owned())), "status or static");
        assert_eq!(parse("sh stat"), Err(Wrong::Unexpected("stat".to_owned())));
        assert_eq!(parse("sh statu"), Ok(Command::Status));
        let all = Command::Protocols { all: true, which: Which::Name("x".to_owned()) };
        assert_eq!(parse("s p all x"), Ok(all));
        let a = Command::Protocols { all: false, which: Which::Name("a".to_owned()) };
        assert_eq!(parse("show protocols a"), Ok(a), "a name, not the beginning of `all`");
    }

    #[test]
    fn protocols_are_named_matched_or_all() {
        let act = |line| match parse(line) {
            Ok(Command::Act { action, which, .. }) => (action, which),
            other => panic!("{line}: {other:?}"),
        };
        assert_eq!(act("disable all"), (Action::Disable, Which::Every));
        assert_eq!(act("enable \"tor*\""), (Action::Enable, Which::Pattern("tor*".to_owned())));
        assert_eq!(act("reload in 'tor-a'"), (Action::ReloadIn, Which::Name("tor-a".to_owned())));
        assert_eq!(act("restart x \"why\""), (Action::Restart, Which::Name("x".to_owned())));
        assert_eq!(parse("enable"), Err(Wrong::Short));
    }

    #[test]
    fn what_is_left_over_is_an_error() {
        for line in
            ["", "show", "help", "show status extra", "show foo", "restrict me", "echo", "show 'status'"]
        {
            assert!(parse(line).is_err(), "{line:?}");
        }
    }

    #[test]
    fn what_only_a_bird_can_do_is_said() {
        assert!(matches!(parse("show bfd sessions x"), Ok(Command::Absent(_))));
        for line in ["down", "eval 1", "configure timeout 60", "configure \"x\"", "conf timeo"] {
            assert!(matches!(parse(line), Ok(Command::Unsupported(_))), "{line:?}");
        }
        assert_eq!(parse("configure soft"), Ok(Command::Configure));
        assert_eq!(parse("conf check"), Ok(Command::Check));
    }
}
