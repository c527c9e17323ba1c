//! Keys, which stand in files or in the environment and never in the configuration itself.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::document::Node;
use super::host::Host;
use super::report::{Problem, Report};
use super::settings::Secret;
use super::value::{path, string};

/// The key in a file, without the line end that editors leave there. A relative path starts at the
/// folder of the configuration.
pub(super) fn from_file(node: &Node, folder: &Path, report: &Report) -> Result<Secret, Problem> {
    let file = folder.join(path(node)?);
    let fail =
        |error: std::io::Error| Problem::at(node.place, format!("cannot read {}: {error}", file.display()));
    let opened = File::open(&file).map_err(fail)?;
    let mode = opened.metadata().map_err(fail)?.permissions().mode();
    let mut octets = Vec::new();
    // No further than it takes to see that it is too long: the file may be a device without an end.
    opened.take(MD5_LIMIT as u64 + 3).read_to_end(&mut octets).map_err(fail)?;
    if mode & 0o004 != 0 {
        let problem = Problem::at(node.place, format!("everybody on this host can read {}", file.display()));
        report.warn(problem.hint(format!("chmod o= {}", file.display())));
    }
    let line = octets.strip_suffix(b"\n").unwrap_or(&octets);
    checked(line.strip_suffix(b"\r").unwrap_or(line), node)
}

/// The key in an environment variable.
pub(super) fn from_environment(node: &Node, host: &dyn Host) -> Result<Secret, Problem> {
    let name = string(node)?;
    let value = host.variable(name);
    let value =
        value.ok_or_else(|| Problem::at(node.place, format!("there is no environment variable {name}")))?;
    checked(value.as_bytes(), node)
}

fn checked(octets: &[u8], node: &Node) -> Result<Secret, Problem> {
    match octets.len() {
        1..=MD5_LIMIT => Ok(Secret::new(octets)),
        0 => Err(Problem::at(node.place, "the key is empty")),
        _ => {
            let message = format!("the key has more than {MD5_LIMIT} octets, which is what TCP MD5 takes");
            Err(Problem::at(node.place, message))
        }
    }
}

/// What the kernel's TCP_MD5SIG takes.
const MD5_LIMIT: usize = 80;
