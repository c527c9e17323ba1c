//! Why a session or an attempt ended, and how far it had got.

use std::fmt;

use crate::session::Down;
use crate::speaker::ConnectError;
use crate::wire::{Cease, ErrorCode, Notification};

/// What ended the last session or attempt. Its text is for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The connection could not be made.
    Connect(ConnectError),
    /// Nobody answered our attempt to connect for as long as it may take.
    Unanswered,
    /// A connection was there.
    Ended {
        /// What ended it.
        down: Down,
        /// The peer had said its OPEN.
        opened: bool,
    },
}

/// What failed, from the wire up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// There is no way to the address, or no address of ours to start from.
    Route,
    /// The host answers, and nobody listens there.
    Refused,
    /// Nothing answers: what a filter, a hop limit and a wrong TCP MD5 key look like.
    Unanswered,
    /// The connection was made and lost before the peer said an OPEN.
    Closed,
    /// The connection was lost after that, without a word.
    Lost,
    /// One side does not accept the other's OPEN ([RFC 4271 §6.2](https://www.rfc-editor.org/rfc/rfc4271#section-6.2)).
    Open,
    /// One side did not hear from the other, or could not make itself heard, for as long as agreed.
    HoldTimer,
    /// More prefixes than allowed ([RFC 4486 §4](https://www.rfc-editor.org/rfc/rfc4486#section-4)).
    Limit,
    /// One side does not want the connection: it is not meant for it, or one too many
    /// ([RFC 4486 §4](https://www.rfc-editor.org/rfc/rfc4486#section-4)).
    Rejected,
    /// The other one of two connections that were made at once was kept
    /// ([RFC 4271 §6.8](https://www.rfc-editor.org/rfc/rfc4271#section-6.8)).
    Collision,
    /// One side ran short of memory or the like ([RFC 4486 §4](https://www.rfc-editor.org/rfc/rfc4486#section-4)).
    Resources,
    /// BFD saw the way between the two fail ([RFC 9384](https://www.rfc-editor.org/rfc/rfc9384)).
    Bfd,
    /// An operator wished so, on one side: shut it down, reset it, or changed its configuration.
    Administrative,
    /// One side could not understand what the other said.
    Protocol,
}

impl Failure {
    /// What failed.
    #[must_use]
    pub fn layer(&self) -> Layer {
        match self {
            Self::Connect(ConnectError::Refused) => Layer::Refused,
            Self::Connect(ConnectError::Reset) => Layer::Closed,
            Self::Connect(ConnectError::TimedOut(_)) | Self::Unanswered => Layer::Unanswered,
            Self::Connect(ConnectError::Other(_)) => Layer::Route,
            Self::Ended { down, opened } => match (down.notification(), opened) {
                (Some(notification), _) => said(notification),
                (None, true) => Layer::Lost,
                (None, false) => Layer::Closed,
            },
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(error) => error.fmt(f),
            Self::Unanswered => f.write_str("no answer to our attempt to connect"),
            Self::Ended { down, .. } => down.fmt(f),
        }
    }
}

/// What a NOTIFICATION of either side is about. A hard reset is about what it wraps, where it does.
fn said(notification: &Notification) -> Layer {
    let inner = notification.inner();
    let notification = inner.as_ref().unwrap_or(notification);
    match notification.code {
        ErrorCode::OpenMessage => Layer::Open,
        ErrorCode::HoldTimerExpired | ErrorCode::SendHoldTimerExpired => Layer::HoldTimer,
        ErrorCode::Cease => notification.cause().map_or(Layer::Administrative, ceased),
        ErrorCode::MessageHeader
        | ErrorCode::UpdateMessage
        | ErrorCode::FiniteStateMachine
        | ErrorCode::RouteRefreshMessage
        | ErrorCode::Other(_) => Layer::Protocol,
    }
}

/// What a Cease is about ([RFC 4486 §3](https://www.rfc-editor.org/rfc/rfc4486#section-3)).
const fn ceased(cause: Cease) -> Layer {
    match cause {
        Cease::MaximumPrefixes => Layer::Limit,
        Cease::ConnectionRejected => Layer::Rejected,
        Cease::ConnectionCollision => Layer::Collision,
        Cease::OutOfResources => Layer::Resources,
        Cease::BfdDown => Layer::Bfd,
        Cease::AdministrativeShutdown
        | Cease::PeerDeconfigured
        | Cease::AdministrativeReset
        | Cease::OtherConfigurationChange
        | Cease::HardReset => Layer::Administrative,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Family;

    #[test]
    fn every_way_to_fail_has_its_layer() {
        let ended = |down, opened| Failure::Ended { down, opened };
        let told = |notification| ended(Down::Received(notification), true).layer();
        assert_eq!(told(Notification::new(ErrorCode::OpenMessage, 2)), Layer::Open);
        assert_eq!(told(Notification::new(ErrorCode::HoldTimerExpired, 0)), Layer::HoldTimer);
        assert_eq!(told(Notification::maximum_prefixes(Family::IPV4, 7)), Layer::Limit);
        assert_eq!(told(Notification::shutdown("")), Layer::Administrative);
        assert_eq!(told(Notification::new(ErrorCode::UpdateMessage, 1)), Layer::Protocol);
        assert_eq!(ended(Down::Lost, false).layer(), Layer::Closed);
        assert_eq!(ended(Down::Lost, true).layer(), Layer::Lost);
        let ceased = |cause| told(Notification::cease(cause));
        assert_eq!(ceased(Cease::PeerDeconfigured), Layer::Administrative);
        assert_eq!(ceased(Cease::ConnectionRejected), Layer::Rejected);
        assert_eq!(ceased(Cease::ConnectionCollision), Layer::Collision);
        assert_eq!(ceased(Cease::OutOfResources), Layer::Resources);
        assert_eq!(ceased(Cease::BfdDown), Layer::Bfd);
        assert_eq!(ceased(Cease::HardReset), Layer::Administrative, "it wraps nothing");
        assert_eq!(told(Notification::new(ErrorCode::HoldTimerExpired, 0).hard_reset()), Layer::HoldTimer);
        assert_eq!(told(Notification::maximum_prefixes(Family::IPV4, 7).hard_reset()), Layer::Limit);
        let dialed = |error| Failure::Connect(error).layer();
        assert_eq!(dialed(ConnectError::Refused), Layer::Refused);
        assert_eq!(dialed(ConnectError::Reset), Layer::Closed);
        assert_eq!(dialed(ConnectError::TimedOut("timed out".to_owned())), Layer::Unanswered);
        assert_eq!(dialed(ConnectError::Other("no route to host".to_owned())), Layer::Route);
        assert_eq!(Failure::Unanswered.layer(), Layer::Unanswered);
    }
}
