//! What holds for every answer: whom a request may name as the host, and what a browser may do with the answer.

use std::net::{IpAddr, SocketAddr};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};

/// Nothing but what comes from here, no inline code, no frames, no forms.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Puts the guard around every route of a server that listens on `address`.
pub(super) fn around(routes: Router, address: SocketAddr) -> Router {
    let local = address.ip().is_loopback();
    routes.layer(from_fn_with_state(local, check))
}

async fn check(State(local): State<bool>, request: Request, next: Next) -> Response {
    if local && !is_local(request.headers()) {
        return seal(foreign());
    }
    seal(next.run(request).await)
}

/// A page of somebody else whose name was made to point at this host's loopback (DNS rebinding) comes with that
/// name. Who means this host writes an address or `localhost`.
fn is_local(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(HOST) else { return true };
    let Ok(host) = host.to_str() else { return false };
    let bare = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|octet| octet.is_ascii_digit()));
    let name = bare.map_or(host, |(name, _)| name);
    let inner = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name.eq_ignore_ascii_case("localhost") || inner.parse::<IpAddr>().is_ok()
}

fn foreign() -> Response {
    (StatusCode::MISDIRECTED_REQUEST, "this server answers to its address or to localhost\n").into_response()
}

fn seal(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_and_localhost_mean_this_host() {
        let local = |host: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_str(host).expect("a value"));
            is_local(&headers)
        };
        for host in ["localhost", "LocalHost:9470", "127.0.0.1", "127.0.0.1:9470", "[::1]:9470", "[::1]"] {
            assert!(local(host), "{host}");
        }
        for host in
            ["", "evil.example", "evil.example:9470", "127.0.0.1.evil.example:9470", "localhost.evil:1"]
        {
            assert!(!local(host), "{host}");
        }
        assert!(is_local(&HeaderMap::new()), "HTTP/1.0 has none");
    }
}
