//! Who is served: so many connections at once, and a few more for probes and scrapes alone, so that whoever fills
//! the others does not make a daemon look dead.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use tokio::net::TcpStream;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tracing::debug;

use super::limits::{self, Limits};

/// Connections served at once; one more makes those leave that have nothing under way.
const CONNECTIONS: usize = 64;

/// Connections beyond these.
const RESERVE: usize = 8;

/// How long who is asked to leave has for that before a newcomer gets a place of the reserve.
const ROOM: Duration = Duration::from_millis(100);

/// The places, and what is answered at them.
#[derive(Clone, Debug)]
pub(super) struct Places {
    ordinary: Arc<Semaphore>,
    reserve: Arc<Semaphore>,
    pressure: Arc<Notify>,
    /// Everything there is.
    routes: Router,
    /// What is answered at a place of the reserve.
    vital: Router,
}

impl Places {
    /// All of them free.
    pub(super) fn new(routes: Router, vital: Router) -> Self {
        let places = |count| Arc::new(Semaphore::new(count));
        Self {
            ordinary: places(CONNECTIONS),
            reserve: places(RESERVE),
            pressure: Arc::default(),
            routes,
            vital,
        }
    }

    /// Serves a newcomer as soon as there is a place.
    pub(super) async fn seat(&self, stream: TcpStream) {
        let (place, routes, limits) = self.find().await;
        let (routes, pressure) = (routes.clone(), Arc::clone(&self.pressure));
        tokio::spawn(async move {
            if let Err(error) = limits::serve(stream, routes, limits, &pressure).await {
                debug!(event = "http.client", reason = %error);
            }
            drop(place);
        });
    }

    /// A place, what is answered there, and what it may cost.
    async fn find(&self) -> (Option<OwnedSemaphorePermit>, &Router, Limits) {
        if self.ordinary.available_permits() == 0 {
            self.pressure.notify_waiters();
        }
        let ordinary = || Arc::clone(&self.ordinary).acquire_owned();
        if let Ok(place) = timeout(ROOM, ordinary()).await {
            return (place.ok(), &self.routes, limits::ORDINARY);
        }
        tokio::select! {
            biased;
            place = ordinary() => (place.ok(), &self.routes, limits::ORDINARY),
            place = Arc::clone(&self.reserve).acquire_owned() => (place.ok(), &self.vital, limits::RESERVED),
        }
    }
}

/// What those hear at a place of the reserve who ask for more than signs of life.
pub(super) async fn busy() -> Response {
    let words = "every place is taken: ask again in a moment\n";
    (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "1")], words).into_response()
}
