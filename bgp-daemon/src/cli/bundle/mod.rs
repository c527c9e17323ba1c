//! `bundle`: everything that somebody who is to help wants to see, in one file, without keys.

mod archive;
mod daemon;
mod host;
mod redactor;
mod scrape;

use std::io;
use std::path::PathBuf;
use std::time::SystemTime;

use self::archive::{Archive, Manifest};
use self::redactor::Redactor;
use super::client::{Client, ClientError};
use super::doctor;
use super::exit::Exit;
use super::show::Screen;
use super::table::{Align, Cell, Table, Tone};
use crate::clock::Timestamp;
use crate::config::{self, Role, ThisHost};
use crate::doctor::{Case, Environment, examine};

/// What is wanted of a bundle.
#[derive(Debug)]
pub(super) struct Wish {
    /// Where it is written; `None`: into this folder, under a name of its own.
    pub(super) file: Option<PathBuf>,
    /// The configuration; `None`: that of the daemon.
    pub(super) config: Option<PathBuf>,
    /// So many routes at most.
    pub(super) routes: usize,
}

/// Makes a bundle and prints what is in it.
pub(super) fn run(
    role: Role,
    client: &Client,
    wish: Wish,
    screen: &mut Screen<'_>,
) -> Result<Exit, ClientError> {
    let now = Timestamp(SystemTime::now());
    let case = doctor::case(role, client, wish.config);
    let folder =
        format!("{}-bundle-{}-{}", case.program, host::name(&case.root), now.to_string().replace(':', ""));
    let file = wish.file.unwrap_or_else(|| PathBuf::from(format!("{folder}.tar.gz")));
    let archive = gather(&case, client, wish.routes, Archive::new(folder, now, redactor(&case)));
    archive
        .write(&file)
        .map_err(|error| io::Error::new(error.kind(), format!("cannot write {}: {error}", file.display())))?;
    print(&archive.manifest(), &file.display().to_string(), screen)?;
    Ok(Exit::Done)
}

/// What knows every key of the configuration, as the daemon knows them.
fn redactor(case: &Case) -> Redactor {
    let Some((path, _)) = &case.config else { return Redactor::default() };
    let id = case.daemon.as_ref().ok().and_then(|running| running.id);
    Redactor::of(&match id.and_then(|id| Environment::of(&case.root, id)) {
        Some(host) => config::keys(path, &host),
        None => config::keys(path, &ThisHost),
    })
}

fn gather(case: &Case, client: &Client, routes: usize, mut archive: Archive) -> Archive {
    archive.add("doctor.json", "what `doctor` finds", pretty(&examine(case)));
    configuration(case, &mut archive);
    daemon::gather(case.daemon.as_ref(), client, routes, &mut archive);
    let web = case.config.as_ref().and_then(|(_, loaded)| loaded.as_ref().ok()?.settings.http.as_ref());
    let metrics = match (&case.daemon, web) {
        (Err((_, why)), _) => Err(why.clone()),
        (Ok(_), None) => Err("the configuration has no [http], or cannot be read".to_owned()),
        (Ok(_), Some(http)) => scrape::get(http.listen, "/metrics").map_err(|error| error.to_string()),
    };
    archive.add("metrics.txt", "/metrics", metrics);
    let id = case.daemon.as_ref().ok().and_then(|running| running.id);
    host::gather(&case.root, id, &mut archive);
    archive
}

/// The texts of the configuration, with stars for keys.
fn configuration(case: &Case, archive: &mut Archive) {
    const ABOUT: &str = "the configuration, with stars for keys";
    let Some((path, _)) = &case.config else {
        archive.add("configuration", ABOUT, Err::<String, _>("nobody knows where it is: --config FILE"));
        return;
    };
    let files = config::redacted(path);
    if files.is_empty() {
        archive.add("configuration", ABOUT, Err::<String, _>(format!("cannot read {}", path.display())));
    }
    for (path, text) in files {
        let name = format!(
            "configuration/{}",
            path.display().to_string().trim_start_matches('/').replace("..", "__")
        );
        let text = text.ok_or("its syntax is wrong, so that keys in it cannot be found");
        archive.add(name, ABOUT, text);
    }
}

/// JSON that people can read too.
fn pretty(value: &impl serde::Serialize) -> Result<Vec<u8>, String> {
    serde_json::to_vec_pretty(value).map_err(|error| error.to_string())
}

fn print(manifest: &Manifest<'_>, file: &str, screen: &mut Screen<'_>) -> io::Result<()> {
    if !screen.is_for_people() {
        return writeln!(screen.out, "{}", serde_json::json!({ "file": file, "manifest": manifest }));
    }
    let mut table = Table::new(&[("FILE", Align::Left), ("OCTETS", Align::Right), ("WHAT", Align::Left)]);
    for listed in &manifest.files {
        let about = if listed.cut { format!("{} (cut)", listed.about) } else { listed.about.to_owned() };
        table.row(vec![(&listed.name).into(), listed.octets.into(), about.into()]);
    }
    for missing in manifest.missing {
        table.row(vec![(&missing.name).into(), "-".into(), Cell::new(&missing.why, Tone::Fair)]);
    }
    table.write(screen.out, screen.colour)?;
    writeln!(screen.out, "\n{file} is written. No key is in it; addresses, names and AS numbers are.")
}
