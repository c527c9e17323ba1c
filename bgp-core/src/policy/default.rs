//! What happens where the operator configured no policy.
//!
//! [RFC 8212 §2]: routes of an external session are neither accepted nor sent without a policy.
//! Internal sessions, and the way to the kernel, pass everything.
//!
//! [RFC 8212 §2]: https://www.rfc-editor.org/rfc/rfc8212#section-2

use std::borrow::Cow;
use std::sync::Arc;

use crate::policy::{Decided, Policy, Recorder, Subject, Verdict, evaluate_recorded};

/// Evaluates the policies of a session, or what stands in for them.
#[must_use]
pub fn evaluate_session<'a>(policies: Option<&[Arc<Policy>]>, subject: &Subject<'a>) -> Verdict<'a> {
    evaluate_session_recorded(policies, subject, &mut ())
}

/// [`evaluate_session`], telling `recorder` about every rule tried.
#[must_use]
pub fn evaluate_session_recorded<'a>(
    policies: Option<&[Arc<Policy>]>,
    subject: &Subject<'a>,
    recorder: &mut impl Recorder,
) -> Verdict<'a> {
    match (policies, subject.peer) {
        (Some(policies), _) => evaluate_recorded(policies, subject, recorder),
        (None, Some(peer)) if !peer.internal => Verdict::Reject { by: Decided::Unconfigured },
        (None, _) => {
            let route = Cow::Borrowed(subject.route);
            Verdict::Accept { route, next_hop: None, sets_med: false, by: Decided::Unrestricted }
        }
    }
}
