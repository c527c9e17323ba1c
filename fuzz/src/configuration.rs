//! Configuration texts.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use bgp_daemon::config::{Diagnostic, Host, load_text, render};

/// Any text is read or refused with a reason; every place named exists; reading twice says the same.
pub fn configuration(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    // Keys are read from files, and a device can be a file without an end.
    if text.contains("/dev") || text.contains("/proc") {
        return;
    }
    let read = || load_text(Path::new("/nonexistent/caracal.toml"), &text, &Paper);
    let first = read();
    match &first {
        Ok(loaded) => assert!(!loaded.warnings.iter().any(Diagnostic::is_error), "an error was no error"),
        Err(diagnostics) => assert!(diagnostics.iter().any(Diagnostic::is_error), "refused for no error"),
    }
    let diagnostics = first.as_ref().map_or_else(Clone::clone, |loaded| loaded.warnings.clone());
    for diagnostic in &diagnostics {
        if let Some(location) = &diagnostic.location {
            assert!((1..=text.matches('\n').count() + 1).contains(&location.line), "{diagnostic}");
        }
    }
    let page = render(&diagnostics);
    assert_eq!(page.is_empty(), diagnostics.is_empty());
    assert!(!page.chars().any(|it| it.is_control() && it != '\n'), "a terminal would obey {page:?}");
    assert_eq!(first, read());
}

/// A host on paper.
struct Paper;

impl Host for Paper {
    fn variable(&self, name: &str) -> Option<String> {
        match name {
            "POD_IP" => Some("192.0.2.7".to_owned()),
            "BGP_KEY" => Some("key".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        }
    }

    fn addresses(&self) -> Vec<(String, IpAddr)> {
        vec![
            ("lo".to_owned(), Ipv4Addr::LOCALHOST.into()),
            ("eth0".to_owned(), Ipv4Addr::new(192, 0, 2, 7).into()),
            ("eth0".to_owned(), Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 7).into()),
            ("eth0".to_owned(), Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 7).into()),
        ]
    }

    fn interface_index(&self, name: &str) -> Option<u32> {
        (name == "eth0").then_some(2)
    }
}
