//! The word that was probably meant.

/// A hint naming the candidate that resembles `word` most, if one does.
pub(super) fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let limit = word.chars().count().div_ceil(3);
    candidates
        .into_iter()
        .map(|candidate| (!abbreviates(word, candidate), distance(word, candidate), candidate))
        .filter(|(differs, distance, _)| !differs || *distance <= limit)
        .min()
        .map(|(_, _, candidate)| format!("did you mean `{candidate}`?"))
}

/// The word is a beginning of the candidate (`local_pref`), or the candidate its first words (`next_hop_self`).
fn abbreviates(word: &str, candidate: &str) -> bool {
    const TELLING: usize = 3;
    let tail = word.strip_prefix(candidate);
    word.len() >= TELLING && (candidate.starts_with(word) || tail.is_some_and(|tail| tail.starts_with('_')))
}

/// Insertions, deletions and replacements between two words, case aside.
pub(super) fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (above, character) in from.to_lowercase().chars().enumerate() {
        let mut diagonal = above;
        let mut left = above + 1;
        for (cell, wanted) in row.iter_mut().skip(1).zip(&to) {
            let replaced = diagonal + usize::from(*wanted != character);
            diagonal = *cell;
            *cell = replaced.min(diagonal + 1).min(left + 1);
            left = *cell;
        }
        if let Some(first) = row.first_mut() {
            *first = above + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_counted_in_keystrokes() {
        assert_eq!(distance("hold_tiem", "hold_time"), 2);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
        assert_eq!(distance("Peer", "peer"), 0);
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn only_words_that_resemble_are_proposed() {
        let keys = ["hold_time", "families", "asn"];
        assert_eq!(did_you_mean("hold_tiem", keys), Some("did you mean `hold_time`?".to_owned()));
        assert_eq!(did_you_mean("zebra", keys), None);
    }

    #[test]
    fn a_word_is_known_by_its_beginning() {
        let keys = ["log", "local_asn", "local_preference", "next_hop", "next_hop_address"];
        assert_eq!(did_you_mean("local_pref", keys), Some("did you mean `local_preference`?".to_owned()));
        assert_eq!(did_you_mean("next_hop_self", keys), Some("did you mean `next_hop`?".to_owned()));
        assert_eq!(did_you_mean("loggings", keys), None, "it only begins with the same letters");
        assert_eq!(did_you_mean("ne", keys), None, "that could be anything");
    }
}
