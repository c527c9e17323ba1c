//! Manual pages: one for the program and one for each verb, from what `--help` says.

use std::fs;
use std::io;
use std::path::Path;

use clap::Command;
use clap_mangen::Man;

use super::arguments::command;
use crate::config::Role;

/// Writes every page into `folder`: `caracal.1`, `caracal-peers.1` and so on.
pub(super) fn write(role: Role, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut program = command(role).disable_help_subcommand(true);
    program.build();
    let manual = format!("{} manual", program.get_name());
    let page = |command: &Command| Man::new(command.clone()).manual(&manual).generate_to(folder).map(drop);
    page(&program)?;
    program.get_subcommands().filter(|verb| !verb.is_hide_set()).try_for_each(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_has_a_page_and_the_first_page_names_them_all() {
        for role in [Role::Node, Role::Reflector] {
            let folder = tempfile::tempdir().expect("a folder");
            write(role, folder.path()).expect("pages");
            let name = role.program();
            let text = |page: &str| {
                fs::read_to_string(folder.path().join(page)).unwrap_or_else(|_| panic!("no {page}"))
            };
            let first = text(&format!("{name}.1"));
            for verb in command(role).get_subcommands().filter(|verb| !verb.is_hide_set()) {
                let page = text(&format!("{name}-{}.1", verb.get_name()));
                let about = verb.get_about().map(ToString::to_string).unwrap_or_default();
                let start = about.split_whitespace().next().unwrap_or_default();
                assert!(page.contains(start) && page.contains(".SH NAME"), "{page}");
                assert!(
                    first.contains(&format!("{name}-{}", verb.get_name()).replace('-', "\\-")),
                    "{first}"
                );
            }
        }
    }
}
