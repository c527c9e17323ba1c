//! Every command line of `caracal` in the documentation is one that the program takes.

use bgp_daemon::cli;
use bgp_daemon::config::Role;

use crate::page::{Block, all};

/// Commands in a line of a block: what the reader types, without prompt and comment.
fn typed<'b>(block: &'b Block, line: &'b str) -> Option<&'b str> {
    let line = match block.language.as_str() {
        "console" => line.strip_prefix("$ ")?,
        "sh" => line,
        _ => return None,
    };
    Some(line.split_once(" #").map_or(line, |(command, _)| command))
}

/// The words of every call of one of our programs in a command line.
fn calls(line: &str) -> Vec<Vec<String>> {
    let apart = ["&&", "||", "|", ";", "&", ">", "<", "$(", ")"]
        .iter()
        .fold(line.to_owned(), |line, sign| line.replace(sign, "\n"));
    let commands = apart.lines().map(|command| words(command.trim()));
    commands
        .filter_map(|words| {
            let program = words.iter().position(|word| is_ours(word))?;
            let before: Vec<&str> = words[..program].iter().map(String::as_str).collect();
            let called = matches!(
                before[..],
                [] | ["sudo"] | ["ip", "netns", "exec", _] | ["!"] | ["until"] | ["while"]
            );
            called.then(|| words[program..].to_vec())
        })
        .collect()
}

fn is_ours(word: &str) -> bool {
    ["caracal", "caracal-rr"].contains(&word.rsplit('/').next().unwrap_or(word))
}

/// Words as a shell takes them apart, quotes off.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for letter in command.chars() {
        match (letter, quote) {
            (letter, Some(open)) if letter == open => quote = None,
            ('"' | '\'', None) => quote = Some(letter),
            (' ', None) => words.push(String::new()),
            (letter, _) => words.last_mut().expect("there is one").push(letter),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// What the program says to its arguments, if it does not take them.
fn refusal(words: &[String]) -> Option<String> {
    let role = if words[0].ends_with("-rr") { Role::Reflector } else { Role::Node };
    let error = cli::command(role).try_get_matches_from(words).err()?;
    error.use_stderr().then(|| error.to_string())
}

#[test]
fn every_command_in_a_block_is_taken() {
    let mut taken = 0;
    for page in all() {
        for block in &page.blocks {
            for (number, line) in block.lines() {
                for call in typed(block, line).map(calls).unwrap_or_default() {
                    let refusal = refusal(&call);
                    assert_eq!(
                        refusal,
                        None,
                        "{}: {}",
                        page.at(number),
                        refusal.as_deref().unwrap_or_default()
                    );
                    taken += 1;
                }
            }
        }
    }
    assert!(taken > 20, "only {taken} commands were found");
}

#[test]
fn every_verb_in_a_line_exists() {
    let command = cli::command(Role::Node);
    let known = |verb: &str| verb == "help" || command.find_subcommand(verb).is_some();
    let mut found = 0;
    // What has changed since tells of verbs as they were.
    for page in all().iter().filter(|page| !page.path.ends_with("CHANGELOG.md")) {
        for (line, span) in page.spans() {
            let mut words = span.split_whitespace();
            if !words.next().is_some_and(is_ours) {
                continue;
            }
            let verb = words.next().unwrap_or("help").trim_end_matches(',');
            let is_verb = !verb.starts_with('-') && verb.chars().all(|letter| letter.is_ascii_lowercase());
            assert!(!is_verb || known(verb), "{}: `{span}`: there is no verb {verb}", page.at(line));
            found += 1;
        }
    }
    assert!(found > 20, "only {found} verbs were found");
}

#[test]
fn what_is_not_a_command_is_refused() {
    let refused = |line: &str| calls(line).iter().filter(|call| refusal(call).is_some()).count();
    assert_eq!(refused("sudo caracal peer tor-a && caracal routes --lnoger"), 1);
    assert_eq!(refused("caracal explain peer 'tor a' | grep caracal"), 0);
    assert_eq!(refused("ip netns exec node caracal walk > file"), 1);
}
