//! How much is logged, as it is asked and changed through the control socket.

use std::sync::Arc;

use super::answer::{Command, Context, command};
use super::query::find;
use super::reply::Failure;
use crate::api::LogLevel;
use crate::log;

/// How much is to be logged.
#[derive(Clone, Debug)]
pub enum Loudness {
    /// Of everything but the peers that have levels of their own: a level, directives, or `default`.
    OfEverything(String),
    /// Of one peer.
    OfPeer {
        /// Its name.
        peer: Arc<str>,
        /// A level, or `default`.
        level: String,
    },
}

/// How much is logged, after `order` where there is one: `PEER=LEVEL`, or what holds for everything else.
pub(super) async fn levels(context: &Context, order: Option<String>) -> Result<Vec<LogLevel>, Failure> {
    let change = match order {
        None => None,
        Some(order) => Some(read(context, order).await?),
    };
    command(context, |answer| Command::Log { change, answer }).await
}

/// Who is not a part of the program is a peer, and has to be one.
async fn read(context: &Context, order: String) -> Result<Loudness, Failure> {
    let is_peer = |name: &str| !name.is_empty() && !name.contains(',') && !log::is_ours(name);
    let Some((name, level)) = order.split_once('=').filter(|(name, _)| is_peer(name)) else {
        return Ok(Loudness::OfEverything(order));
    };
    let (name, level) = (name.to_owned(), level.to_owned());
    let peer = context.inbox.ask(move |speaker, _| find(&name, &speaker.view())).await??;
    Ok(Loudness::OfPeer { peer: peer.name, level })
}
