//! Error numbers and the kernel's words, by meaning.

use nix::errno::Errno;

use crate::{ObjectOperation, Operation, Refused};

/// What the kernel answered to one request; 0 is yes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) errno: i32,
    pub(super) text: String,
    /// The attribute of the request that the kernel points at.
    pub(super) attribute: Option<String>,
}

/// What was asked, as far as it matters to the meaning of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// To write a route at this metric.
    Write(u32),
    /// To make a next-hop object where the number is free.
    Make,
    /// To put another in its place.
    Change,
    /// To remove a route or an object.
    Remove,
}

impl From<&Operation> for Asked {
    fn from(operation: &Operation) -> Self {
        match operation {
            Operation::Create(route) | Operation::Replace(route) => Self::Write(route.metric),
            Operation::Remove(_) => Self::Remove,
        }
    }
}

impl From<&ObjectOperation> for Asked {
    fn from(operation: &ObjectOperation) -> Self {
        match operation {
            ObjectOperation::Create(_) => Self::Make,
            ObjectOperation::Replace(_) => Self::Change,
            ObjectOperation::Remove(_) => Self::Remove,
        }
    }
}

impl Answer {
    /// Yes, or the refusal by meaning.
    pub(super) fn result(self, asked: Asked) -> Result<(), Refused> {
        if self.errno == 0 { Ok(()) } else { Err(self.refused(asked)) }
    }

    fn refused(self, asked: Asked) -> Refused {
        let Self { errno, text, attribute } = self;
        let name = Errno::from_raw(errno);
        // IPv6 explains little: an unreachable gateway is EHOSTUNREACH without a word.
        let mut text = if text.is_empty() { name.desc().to_owned() } else { text };
        text.extend(attribute.iter().map(|attribute| format!(" ({attribute})")));
        match (name, asked) {
            (Errno::EEXIST, Asked::Write(metric)) => Refused::Exists { protocol: 0, metric },
            (Errno::EEXIST, Asked::Make) => Refused::Exists { protocol: 0, metric: 0 },
            (Errno::ESRCH | Errno::ENOENT, Asked::Remove | Asked::Change) => Refused::Gone,
            (Errno::ENETUNREACH | Errno::EHOSTUNREACH, _) => Refused::NoSuchNextHop { text },
            (Errno::EPERM | Errno::EACCES, _) => Refused::Denied { text },
            (Errno::ENODEV | Errno::ENETDOWN | Errno::ENXIO, _) => Refused::NoDevice { text },
            (Errno::EOPNOTSUPP | Errno::EAFNOSUPPORT | Errno::EPROTONOSUPPORT, _) => {
                Refused::Unsupported { text }
            }
            (Errno::ENOMEM | Errno::ENOBUFS | Errno::ENOSPC, _) => Refused::Exhausted { text },
            (Errno::EINVAL, _) => invalid(text),
            _ => Refused::Other { errno, text },
        }
    }
}

/// The kernel says EINVAL to next hops too; only its words tell (`fib_check_nh`, `ip6_route_check_nh`).
fn invalid(text: String) -> Refused {
    if text.contains("device is not up") || text.contains("Egress device") {
        Refused::NoDevice { text }
    } else if text.contains("exthop") || text.contains("ateway") {
        Refused::NoSuchNextHop { text }
    } else if text.contains("prefsrc") || text.contains("source address") {
        Refused::NoSuchSource { text }
    } else {
        Refused::Invalid { text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(errno: Errno, text: &str) -> &'static str {
        let answer = Answer { errno: errno as i32, text: text.into(), attribute: None };
        answer.result(Asked::Write(7)).map_or_else(|refused| refused.kind(), |()| "yes")
    }

    #[test]
    fn invalid_has_many_meanings() {
        assert_eq!(refused(Errno::EINVAL, "Nexthop has invalid gateway"), "no-such-next-hop");
        assert_eq!(refused(Errno::EINVAL, "Gateway can not be a local address"), "no-such-next-hop");
        assert_eq!(refused(Errno::EINVAL, "Nexthop device is not up"), "no-device");
        assert_eq!(refused(Errno::EINVAL, "Invalid prefsrc address"), "no-such-source");
        assert_eq!(refused(Errno::EINVAL, "Invalid prefix for given prefix length"), "invalid");
    }

    #[test]
    fn a_refusal_without_words_has_the_name_of_its_error() {
        let answer = Answer { errno: Errno::EHOSTUNREACH as i32, ..Answer::default() };
        let refused = answer.result(Asked::Write(0));
        assert_eq!(refused, Err(Refused::NoSuchNextHop { text: "No route to host".into() }));
    }

    #[test]
    fn a_refusal_names_the_attribute_that_the_kernel_points_at() {
        let attribute = Some("RTA_PREFSRC".into());
        let answer =
            Answer { errno: Errno::EINVAL as i32, text: "Invalid prefsrc address".into(), attribute };
        let text = "Invalid prefsrc address (RTA_PREFSRC)".into();
        assert_eq!(answer.result(Asked::Write(0)), Err(Refused::NoSuchSource { text }));
    }

    #[test]
    fn a_missing_route_is_gone_only_to_who_removes() {
        let answer = Answer { errno: Errno::ESRCH as i32, ..Answer::default() };
        assert_eq!(answer.clone().result(Asked::Remove), Err(Refused::Gone));
        assert_ne!(answer.result(Asked::Write(0)), Err(Refused::Gone));
    }
}
