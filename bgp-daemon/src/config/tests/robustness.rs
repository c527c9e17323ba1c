//! No text makes the reader panic, and every place it names exists.

use proptest::prelude::*;

use super::super::{Diagnostic, render};
use super::read;

const EXAMPLES: [&str; 4] = super::examples::TEXTS;

fn read_and_render(text: &str) {
    let diagnostics: Vec<Diagnostic> = read(text).map_or_else(|wrong| wrong, |loaded| loaded.warnings);
    for diagnostic in &diagnostics {
        if let Some(location) = &diagnostic.location {
            assert!(location.line <= text.matches('\n').count() + 1, "{diagnostic}");
        }
    }
    assert_eq!(render(&diagnostics).is_empty(), diagnostics.is_empty());
}

#[test]
fn deep_nesting_is_refused() {
    read_and_render(&format!("a = {}", "[".repeat(50_000)));
    read_and_render(&format!("a = {}", "{b=".repeat(50_000)));
    read_and_render(&format!("{}a = 1", "b.".repeat(5_000)));
    read_and_render(&format!("[{}a]", "b.".repeat(5_000)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_text_is_survived(text in "(?s).{0,200}") {
        read_and_render(&text);
    }

    #[test]
    fn a_damaged_example_is_survived(
        example in 0..EXAMPLES.len(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), 0..12usize, "[\\PC\n]{0,6}"), 1..4),
    ) {
        let mut text: Vec<char> = EXAMPLES[example].chars().collect();
        for (at, length, insert) in damage {
            let start = at.index(text.len() + 1);
            let end = (start + length).min(text.len());
            text.splice(start..end, insert.chars());
        }
        read_and_render(&text.into_iter().collect::<String>());
    }

    #[test]
    fn values_in_each_others_places_are_survived(
        example in 0..EXAMPLES.len(),
        from in any::<prop::sample::Index>(),
        to in any::<prop::sample::Index>(),
    ) {
        let mut lines: Vec<String> = EXAMPLES[example].lines().map(str::to_owned).collect();
        let value = |line: &str| line.split_once(" = ").map(|(_, value)| value.to_owned());
        let (from, to) = (from.index(lines.len()), to.index(lines.len()));
        if let (Some(value), Some((key, _))) = (value(&lines[from]), lines[to].clone().split_once(" = ")) {
            lines[to] = format!("{key} = {value}");
        }
        read_and_render(&lines.join("\n"));
    }
}
