//! Telling the service manager how we are (`sd_notify`): one datagram, if anybody listens.

use std::env;
use std::ffi::OsStr;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use tracing::debug;

/// Sends `state`, for example `READY=1`, to the socket in `NOTIFY_SOCKET`.
pub(crate) fn tell(state: &str) {
    let Some(place) = env::var_os("NOTIFY_SOCKET") else { return };
    let address = match place.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(&place),
    };
    let sent = address.and_then(|address| UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address));
    if let Err(error) = sent {
        debug!(event = "notify.failed", state, reason = %error);
    }
}

/// How long the service manager waits between two `WATCHDOG=1` before it takes us for stuck; `None`: it does not.
pub(crate) fn patience() -> Option<Duration> {
    let variable = |name| env::var_os(name);
    asked(variable("WATCHDOG_USEC").as_deref(), variable("WATCHDOG_PID").as_deref(), std::process::id())
}

/// What is asked of process `us`, in microseconds; another process is meant where a number is given that is not ours.
fn asked(period: Option<&OsStr>, process: Option<&OsStr>, us: u32) -> Option<Duration> {
    let number = |text: &OsStr| text.to_str().and_then(|text| text.parse::<u64>().ok());
    let ours = process.is_none_or(|process| number(process) == Some(us.into()));
    let period = period.and_then(number).filter(|period| ours && *period > 0)?;
    Some(Duration::from_micros(period))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watchdog_is_ours_where_it_names_us_or_nobody() {
        let microseconds = |period: &str, process: Option<&str>| {
            asked(Some(period.as_ref()), process.map(OsStr::new), 7).map(|period| period.as_micros())
        };
        assert_eq!(microseconds("30000000", Some("7")), Some(30_000_000));
        assert_eq!(microseconds("30000000", None), Some(30_000_000));
        assert_eq!(microseconds("30000000", Some("8")), None, "a parent's");
        assert_eq!(microseconds("30000000", Some("")), None);
        assert_eq!(microseconds("0", Some("7")), None);
        assert_eq!(microseconds("soon", Some("7")), None);
        assert_eq!(asked(None, Some("7".as_ref()), 7), None);
    }
}
