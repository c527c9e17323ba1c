//! Whole configurations: what they mean, and what is said of wrong ones.

mod examples;
mod includes;
mod meaning;
mod mistakes;
mod reference;
mod robustness;
mod secrets;

use std::net::IpAddr;
use std::path::Path;

use super::{Diagnostic, Host, Loaded, load_text};

/// A host in memory.
struct Paper;

impl Host for Paper {
    fn variable(&self, name: &str) -> Option<String> {
        (name == "POD_IP").then(|| "10.0.0.7".to_owned())
    }

    fn addresses(&self) -> Vec<(String, IpAddr)> {
        let address = |text: &str| text.parse().expect("an address");
        vec![
            ("lo".to_owned(), address("127.0.0.1")),
            ("kube-ipvs0".to_owned(), address("10.96.0.1")),
            ("eth0".to_owned(), address("192.168.56.101")),
            ("eth1".to_owned(), address("192.168.57.101")),
            ("eth0".to_owned(), address("fe80::1")),
        ]
    }

    fn interface_index(&self, name: &str) -> Option<u32> {
        (name == "eth1").then_some(3)
    }
}

fn read(text: &str) -> Result<Loaded, Vec<Diagnostic>> {
    load_text(Path::new("caracal.toml"), text, &Paper)
}

/// The settings of a text that has to be right, behind the two lines every configuration needs.
fn good(text: &str) -> Loaded {
    match read(&format!("asn = 64512\nrouter_id = \"192.168.56.101\"\n{text}")) {
        Ok(loaded) => loaded,
        Err(diagnostics) => panic!("{}", super::render(&diagnostics)),
    }
}

/// `line: message` of everything wrong with a text behind those two lines.
fn wrong(text: &str) -> Vec<String> {
    said(read(&format!("asn = 64512\nrouter_id = \"192.168.56.101\"\n{text}")))
}

fn said(result: Result<Loaded, Vec<Diagnostic>>) -> Vec<String> {
    let diagnostics = match result {
        Ok(loaded) => panic!("nothing but warnings: {:?}", loaded.warnings),
        Err(diagnostics) => diagnostics,
    };
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error());
    let line = |diagnostic: &Diagnostic| diagnostic.location.as_ref().map_or(0, |location| location.line);
    errors.map(|diagnostic| format!("{}: {}", line(diagnostic), diagnostic.message)).collect()
}
