//! What can be done to a peer.

use clap::ValueEnum;

use crate::api::Action;

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum PeerAction {
    /// Start it
    Enable,
    /// Shut its session down and leave it down
    Disable,
    /// End its session and start again
    Reset,
    /// Ask it for its routes again
    RefreshIn,
    /// Send it ours again
    RefreshOut,
}

impl From<PeerAction> for Action {
    fn from(action: PeerAction) -> Self {
        match action {
            PeerAction::Enable => Self::Enable,
            PeerAction::Disable => Self::Disable,
            PeerAction::Reset => Self::Reset,
            PeerAction::RefreshIn => Self::RefreshIn,
            PeerAction::RefreshOut => Self::RefreshOut,
        }
    }
}
