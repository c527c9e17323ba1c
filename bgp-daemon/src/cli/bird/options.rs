//! Options as BIRD's programs take them: letters behind a dash, several in a word, a value in the same word or the
//! next.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// What was typed behind a program's name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Options {
    /// Letters in their order, with their values.
    pub(super) letters: Vec<(char, Option<OsString>)>,
    /// `--version` and its like, without the dashes.
    pub(super) words: Vec<String>,
    /// What is no option.
    pub(super) rest: Vec<OsString>,
}

impl Options {
    /// Reads `arguments`. `plain` are the letters that stand alone, `valued` those with a value. Options end at the
    /// first word that is none, or at `--`.
    pub(super) fn read(
        arguments: impl IntoIterator<Item = OsString>,
        plain: &str,
        valued: &str,
    ) -> Result<Self, String> {
        let mut options = Self::default();
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            match argument.as_bytes() {
                b"--" => break,
                [b'-', b'-', word @ ..] => options.words.push(String::from_utf8_lossy(word).into_owned()),
                [b'-', letters @ ..] if !letters.is_empty() => {
                    options.cluster(letters, &mut arguments, plain, valued)?;
                }
                _ => {
                    options.rest.push(argument);
                    break;
                }
            }
        }
        options.rest.extend(arguments);
        Ok(options)
    }

    /// Letters in one word, the last of which may have a value.
    fn cluster(
        &mut self,
        mut letters: &[u8],
        more: &mut impl Iterator<Item = OsString>,
        plain: &str,
        valued: &str,
    ) -> Result<(), String> {
        while let [letter, others @ ..] = letters {
            let letter = char::from(*letter);
            if valued.contains(letter) {
                let here = (!others.is_empty()).then(|| OsStr::from_bytes(others).to_owned());
                let value = here.or_else(|| more.next());
                let value = value.ok_or_else(|| format!("option requires an argument -- '{letter}'"))?;
                self.letters.push((letter, Some(value)));
                return Ok(());
            }
            if !plain.contains(letter) {
                return Err(format!("invalid option -- '{letter}'"));
            }
            self.letters.push((letter, None));
            letters = others;
        }
        Ok(())
    }

    /// The last value of a letter.
    pub(super) fn value(&self, letter: char) -> Option<&OsStr> {
        self.letters.iter().rev().find(|(its, _)| *its == letter)?.1.as_deref()
    }

    /// Whether a letter is there.
    pub(super) fn has(&self, letter: char) -> bool {
        self.letters.iter().any(|(its, _)| *its == letter)
    }

    /// What is no option, as one line.
    pub(super) fn line(&self) -> String {
        let words =
            self.rest.iter().map(|word| String::from_utf8_lossy(&word.clone().into_vec()).into_owned());
        words.collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Result<Options, String> {
        Options::read(words.iter().map(OsString::from), "Rdfp", "cs")
    }

    #[test]
    fn calicos_words_are_understood() {
        let options = read(&["-R", "-s", "/a.ctl", "-d", "-c", "/b.toml"]).expect("they are");
        assert!(options.has('R') && options.has('d') && options.rest.is_empty());
        assert_eq!(options.value('s'), Some(OsStr::new("/a.ctl")));
        assert_eq!(options.value('c'), Some(OsStr::new("/b.toml")));
    }

    #[test]
    fn letters_share_a_word_and_commands_end_them() {
        let options = read(&["-Rds/a.ctl", "show", "-x", "status"]).expect("options");
        assert_eq!(options.letters.len(), 3);
        assert_eq!(
            (options.value('s'), options.line()),
            (Some(OsStr::new("/a.ctl")), "show -x status".into())
        );
        assert_eq!(read(&["-x"]), Err("invalid option -- 'x'".to_owned()));
        assert_eq!(read(&["-s"]), Err("option requires an argument -- 's'".to_owned()));
    }
}
