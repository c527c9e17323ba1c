//! Exit codes: a contract with scripts.

use std::io;
use std::process::ExitCode;

use super::client::ClientError;
use crate::api::RefusalCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// It did what was asked.
    Done = 0,
    /// What was asked about is not so.
    Not = 1,
    /// What was asked makes no sense.
    Usage = 2,
    /// The daemon cannot be reached.
    Unreachable = 3,
    /// The daemon, or the system before it, refused.
    Refused = 4,
    /// The configuration is not valid.
    Configuration = 5,
    /// The daemon took too long.
    TimedOut = 6,
    /// It would disturb more than is allowed.
    TooMuch = 7,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl From<&ClientError> for Exit {
    fn from(error: &ClientError) -> Self {
        match error {
            ClientError::Unreachable { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                Self::Refused
            }
            ClientError::Unreachable { .. } | ClientError::Ended | ClientError::Garbled(_) => {
                Self::Unreachable
            }
            ClientError::Timeout(_) => Self::TimedOut,
            ClientError::Unreadable { .. } => Self::Configuration,
            ClientError::Output(_) => Self::Not,
            ClientError::Refused(refusal) => match refusal.code {
                RefusalCode::Usage => Self::Usage,
                RefusalCode::NotFound => Self::Not,
                RefusalCode::Refused => Self::Refused,
                RefusalCode::Config => Self::Configuration,
                RefusalCode::Effect => Self::TooMuch,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Refusal;

    #[test]
    fn every_way_to_fail_has_its_code() {
        let unreachable = |kind: io::ErrorKind| {
            let error = ClientError::Unreachable { socket: "s".into(), source: kind.into() };
            Exit::from(&error) as u8
        };
        assert_eq!(unreachable(io::ErrorKind::NotFound), 3);
        assert_eq!(unreachable(io::ErrorKind::PermissionDenied), 4);
        assert_eq!(Exit::from(&ClientError::Timeout(std::time::Duration::ZERO)) as u8, 6);
        let refused = |code| {
            let message = String::new();
            Exit::from(&ClientError::Refused(Refusal { code, message })) as u8
        };
        assert_eq!(refused(RefusalCode::Usage), 2);
        assert_eq!(refused(RefusalCode::NotFound), 1);
        assert_eq!(refused(RefusalCode::Refused), 4);
        assert_eq!(refused(RefusalCode::Config), 5);
        assert_eq!(refused(RefusalCode::Effect), 7);
    }
}
