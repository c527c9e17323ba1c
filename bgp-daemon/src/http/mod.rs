//! The web server: metrics, probes, the query API and the status page. It reads and never changes anything; it
//! listens where `[http]` says and nowhere else.

mod api;
mod gallery;
mod guard;
mod limits;
pub mod metrics;
mod page;
mod places;
mod probes;
mod trends;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tracing::warn;

use crate::api::{Refusal, RefusalCode};
use crate::config::{Http, Metrics};
use crate::control::Context;
use gallery::Gallery;
use places::Places;
use trends::Trends;

/// Connections the kernel may hold for us.
const BACKLOG: i32 = 128;

/// Pause after an `accept` that failed.
const BREATH: Duration = Duration::from_millis(100);

/// A bound web server.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    told: Metrics,
}

/// The web server cannot listen.
#[derive(Debug, thiserror::Error)]
#[error("[http]: cannot listen on {address}: {source}")]
pub struct BindError {
    address: SocketAddr,
    source: io::Error,
}

/// What every answer is made from.
#[derive(Clone, Debug)]
struct Shop {
    context: Context,
    gallery: Gallery,
    trends: Trends,
    /// What `/metrics` tells.
    told: Metrics,
    /// Places for streams.
    streams: Arc<Semaphore>,
}

impl Server {
    /// Binds the address of `[http]`.
    ///
    /// # Errors
    ///
    /// Where the system refuses.
    pub fn bind(Http { listen, metrics }: Http) -> Result<Self, BindError> {
        let bound = bind(listen).and_then(|listener| Ok((listener.local_addr()?, listener)));
        match bound {
            Ok((address, listener)) => Ok(Self { listener, address, told: metrics }),
            Err(source) => Err(BindError { address: listen, source }),
        }
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves readers until dropped.
    pub async fn serve(self, context: Context) {
        let gallery = Gallery::open(context.inbox.clone(), context.kernel.clone());
        let trends = Trends::keep(gallery.clone());
        let streams = Arc::new(Semaphore::new(api::STREAMS));
        let shop = Shop { context, gallery, trends, told: self.told, streams };
        let places = Places::new(routes(shop.clone(), self.address), vital(shop, self.address));
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => places.seat(stream).await,
                Err(error) => {
                    warn!(event = "http.accept", reason = %error);
                    tokio::time::sleep(BREATH).await;
                }
            }
        }
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        // "[::]" is every address of IPv6 and of no other family, as in `[listen]`.
        socket.set_only_v6(true)?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// Where it is told whether the daemon lives, who tells it, and what that is.
type Sign = (&'static str, fn() -> MethodRouter<Shop>, &'static str);

const SIGNS_OF_LIFE: [Sign; 3] = [
    ("/metrics", || get(metrics::answer), "Everything that is counted, for Prometheus"),
    (
        "/livez",
        || get(probes::alive),
        "Whether every part of the daemon answers; status 503 where one does not",
    ),
    ("/readyz", || get(probes::ready), "How far the daemon is from being ready; status 503 until it is"),
];

/// What tells whether the daemon lives.
fn signs_of_life() -> Router<Shop> {
    SIGNS_OF_LIFE.into_iter().fold(Router::new(), |routes, (path, answer, _)| routes.route(path, answer()))
}

/// What is answered where every ordinary place is taken.
fn vital(shop: Shop, listening: SocketAddr) -> Router {
    guard::around(signs_of_life().fallback(places::busy).with_state(shop), listening)
}

/// Every address that is answered, and what holds for all of them.
fn routes(shop: Shop, listening: SocketAddr) -> Router {
    let routes = signs_of_life()
        .nest(api::ROOT, api::routes())
        .merge(page::routes())
        .fallback(async || refused(&Refusal::not_found("there is nothing at this address")))
        .method_not_allowed_fallback(async || {
            (StatusCode::METHOD_NOT_ALLOWED, "this server only answers GET and HEAD\n").into_response()
        })
        .with_state(shop);
    guard::around(routes, listening)
}

/// Why there is no answer, in JSON, with the status that comes closest.
fn refused(refusal: &Refusal) -> Response {
    let status = match refusal.code {
        RefusalCode::Usage => StatusCode::BAD_REQUEST,
        RefusalCode::NotFound => StatusCode::NOT_FOUND,
        RefusalCode::Refused | RefusalCode::Config | RefusalCode::Effect => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, json(&serde_json::json!({ "error": refusal }))).into_response()
}

/// A body in JSON.
fn json<T: serde::Serialize>(value: &T) -> Response {
    let kind = [(axum::http::header::CONTENT_TYPE, "application/json")];
    match serde_json::to_vec(value) {
        Ok(mut body) => {
            body.push(b'\n');
            (kind, body).into_response()
        }
        // Nothing that is told here has keys that are no text.
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
