//! NOTIFICATION: why a session ends.

use bytes::Bytes;

/// NOTIFICATION error codes ([RFC 4271 §4.5](https://www.rfc-editor.org/rfc/rfc4271#section-4.5)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorCode {
    /// 1.
    MessageHeader,
    /// 2.
    OpenMessage,
    /// 3.
    UpdateMessage,
    /// 4.
    HoldTimerExpired,
    /// 5.
    FiniteStateMachine,
    /// 6.
    Cease,
    /// 7, [RFC 7313](https://www.rfc-editor.org/rfc/rfc7313).
    RouteRefreshMessage,
    /// 8, RFC 9687.
    SendHoldTimerExpired,
    /// A code nobody registered.
    Other(u8),
}

/// A NOTIFICATION message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// Error code.
    pub code: ErrorCode,
    /// Error subcode, meaningful with the code.
    pub subcode: u8,
    /// The data field.
    pub data: Bytes,
}
