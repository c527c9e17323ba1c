//! Words that are understood, and what they mean.

use super::*;
use crate::api::{Of, Scope, Selection};

fn selection(words: &[&str]) -> Selection {
    let words = ["caracal", "routes"].iter().chain(words);
    match Arguments::try_parse_from(words).expect("valid words").verb {
        Verb::Ask(Ask::Routes(routes)) => routes.selection(),
        other => panic!("parsed {other:?}"),
    }
}

#[test]
fn the_definition_is_consistent() {
    Arguments::command().debug_assert();
}

#[test]
fn words_become_a_selection() {
    assert_eq!(selection(&[]), Selection::default());
    let out = selection(&["10.0.0.0/8", "--longer", "--out", "tor", "--family", "ipv4"]);
    let expected = Selection {
        prefix: Some("10.0.0.0/8".to_owned()),
        scope: Scope::Longer,
        of: Of::Out,
        peer: Some("tor".to_owned()),
        family: Some("ipv4".to_owned()),
        ..Selection::default()
    };
    assert_eq!(out, expected);
    assert_eq!(selection(&["--in", "a"]).of, Of::In);
    let refused = selection(&["--in", "a", "--rejected"]);
    assert_eq!((refused.of, refused.peer.as_deref()), (Of::Rejected, Some("a")));
    let narrow = selection(&["--community", "64512:*", "--origin-as", "65001", "--since", "5m"]);
    assert_eq!((narrow.origin_as, narrow.since), (Some(65001), Some(300)));
    assert_eq!(selection(&["--origin-as", "1.10"]).origin_as, Some(65546), "as a configuration may write it");
    assert!(Arguments::try_parse_from(["caracal", "routes", "--since", "soon"]).is_err());
}

#[test]
fn options_may_follow_the_verb() {
    let words = ["caracal", "peers", "-o", "json", "--socket", "/tmp/s", "--timeout", "2.5"];
    let arguments = Arguments::try_parse_from(words).expect("valid words");
    assert_eq!(arguments.global.output, Output::Json);
    assert_eq!(arguments.global.patience(), Duration::from_millis(2500));
}

#[test]
fn a_scope_needs_a_prefix() {
    assert!(Arguments::try_parse_from(["caracal", "routes", "--longer"]).is_err());
}

/// The examples of a verb's help as the words that a shell makes of them.
fn examples_of(verb: &Command) -> Vec<Vec<String>> {
    let help = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
    let lines =
        help.lines().skip_while(|line| *line != "Examples:").skip(1).take_while(|line| !line.is_empty());
    lines.map(|line| words(line.trim().trim_start_matches("sudo "))).collect()
}

/// Words up to a comment, which two blanks separate, or to what is not for us.
fn words(line: &str) -> Vec<String> {
    let ours = line.split("  ").next().unwrap_or_default();
    let mut words = Vec::new();
    for (number, part) in ours.split('\'').enumerate() {
        if number % 2 == 1 {
            words.push(part.to_owned());
        } else if let Some((before, _)) = part.split_once(['|', '<', '>']) {
            words.extend(before.split_whitespace().map(str::to_owned));
            break;
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

#[test]
fn every_verb_has_examples_that_are_understood() {
    for verb in Arguments::command().get_subcommands().filter(|verb| !verb.is_hide_set()) {
        let examples = examples_of(verb);
        assert!(!examples.is_empty(), "`{}` has no examples", verb.get_name());
        for example in examples {
            assert_eq!(example[..2], ["caracal", verb.get_name()], "it is about another verb");
            if let Err(error) = Arguments::try_parse_from(&example) {
                panic!("{example:?}: {error}");
            }
        }
    }
}
