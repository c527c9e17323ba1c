//! BIRD's control protocol, in the dialects of 1.6 and 2: who is used to asking a BIRD asks us.
//!
//! Answers are made from the same pictures as those of our own control socket. A client that does not read costs
//! one task and one piece of a reply, and is given up after a minute. Nobody is thrown out for saying nothing, until
//! all places are taken: then whoever has said nothing for the longest time makes room.

mod act;
mod attributes;
mod capabilities;
mod channel;
mod client;
mod command;
mod condition;
mod desk;
mod lexer;
mod machine;
mod monitored;
mod protocol;
mod protocols;
mod reply;
mod roster;
mod route_amount;
mod route_command;
mod route_lines;
mod routes;
mod status;
mod times;
mod voice;
mod words;

pub use command::{Action, Command, Which, Wrong, parse};
pub use condition::Condition;
pub(crate) use monitored::{Moment, Monitored};
pub(crate) use roster::{Locals, locals};
pub use route_command::{Nets, RouteCommand, Told};

use std::path::Path;
use std::sync::Arc;

use bgp_core::Family;
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use tracing::debug;

use crate::config::{Bird, BirdSockets};
use crate::control::{Context, Socket, SocketError};
use desk::Desk;
use voice::Voice;

/// Clients served at once on a socket; one more makes the one that has been silent for longest leave.
const CLIENTS: usize = 64;

/// The sockets on which BIRD's protocol is answered; their files go when it is dropped.
#[derive(Debug)]
pub struct Sockets {
    bound: Vec<(Socket, Voice)>,
}

impl Sockets {
    /// Binds what `bird` asks for.
    ///
    /// # Errors
    ///
    /// See [`SocketError`]; none is left bound.
    pub fn bind(bird: &Bird) -> Result<Self, SocketError> {
        let bind = |path: &Path, family| {
            let socket = Socket::bind(path, bird.mode, bird.group)?;
            Ok((socket, Voice { dialect: bird.dialect, family }))
        };
        let bound = match &bird.sockets {
            BirdSockets::Both(path) => vec![bind(path, None)?],
            BirdSockets::Each { v4, v6 } => {
                let each = [(v4, Family::IPV4), (v6, Family::IPV6)];
                let each = each.into_iter().filter_map(|(path, family)| Some((path.as_deref()?, family)));
                each.map(|(path, family)| bind(path, Some(family))).collect::<Result<_, _>>()?
            }
        };
        Ok(Self { bound })
    }

    /// Serves clients until dropped.
    pub async fn serve(self, context: Context) {
        let mut sockets = JoinSet::new();
        for (socket, voice) in self.bound {
            sockets.spawn(attend(socket, Desk { context: context.clone(), voice, is_restricted: false }));
        }
        while sockets.join_next().await.is_some() {}
    }
}

async fn attend(socket: Socket, desk: Desk) {
    let places = Arc::new(Semaphore::new(CLIENTS));
    let pressure = Arc::new(Notify::new());
    loop {
        let stream = socket.accept().await;
        let place = match Arc::clone(&places).try_acquire_owned() {
            Ok(place) => place,
            Err(_) => {
                // Waiters are woken in the order in which they began to wait.
                pressure.notify_one();
                let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
                place
            }
        };
        let (desk, pressure) = (desk.clone(), Arc::clone(&pressure));
        tokio::spawn(async move {
            if let Err(error) = client::serve(stream, desk, &pressure).await {
                debug!(event = "bird.client", reason = %error);
            }
            drop(place);
        });
    }
}
