//! The list of what is wrong, as it grows while a configuration is read.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use super::diagnostic::{Diagnostic, Location, Severity};
use super::digest::Digest;

/// A span of one of the files read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    file: usize,
    start: usize,
    end: usize,
}

/// What is wrong with one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    place: Option<Place>,
    message: String,
    hint: Option<String>,
}

impl Problem {
    pub(super) fn at(place: Place, message: impl Into<String>) -> Self {
        Self { place: Some(place), message: message.into(), hint: None }
    }

    /// One that is nowhere in a text, such as a file that is not there.
    pub(super) fn nowhere(message: impl Into<String>) -> Self {
        Self { place: None, message: message.into(), hint: None }
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// A hint that may not exist, such as a name that resembles the one written; the one there was stays then.
    pub(super) fn maybe(self, hint: Option<String>) -> Self {
        Self { hint: hint.or(self.hint), ..self }
    }
}

/// The files read so far and what is wrong with them.
///
/// Readers share it: each adds what it finds and goes on, so that one run tells everything. Hence the
/// interior mutability; nothing but the number of errors is ever read back before [`Report::finish`].
#[derive(Debug, Default)]
pub(super) struct Report {
    files: RefCell<Vec<(PathBuf, String)>>,
    problems: RefCell<Vec<(Severity, Problem)>>,
}

impl Report {
    /// Takes in the text of a file; places in it are made by the function returned.
    pub(super) fn add_file(
        &self,
        path: &Path,
        text: &str,
    ) -> impl Fn(std::ops::Range<usize>) -> Place + use<> {
        let mut files = self.files.borrow_mut();
        files.push((path.to_owned(), text.to_owned()));
        let file = files.len() - 1;
        move |span| Place { file, start: span.start, end: span.end }
    }

    /// The digest of the files read so far.
    pub(super) fn digest(&self) -> Digest {
        Digest::of(self.files.borrow().iter().map(|(_, text)| text.as_str()))
    }

    /// The files read, in that order.
    pub(super) fn files(self) -> Vec<(PathBuf, String)> {
        self.files.into_inner()
    }

    /// The beginning of the file everything starts with.
    pub(super) fn start_of_first(&self) -> Place {
        Place { file: 0, start: 0, end: 0 }
    }

    pub(super) fn error(&self, problem: Problem) {
        self.problems.borrow_mut().push((Severity::Error, problem));
    }

    pub(super) fn warn(&self, problem: Problem) {
        self.problems.borrow_mut().push((Severity::Warning, problem));
    }

    /// How many errors were found so far.
    pub(super) fn errors(&self) -> usize {
        self.problems.borrow().iter().filter(|(severity, _)| *severity == Severity::Error).count()
    }

    /// The value, or nothing and one error more.
    pub(super) fn keep<T>(&self, result: Result<T, Problem>) -> Option<T> {
        result.map_err(|problem| self.error(problem)).ok()
    }

    /// `file:line` of a place.
    pub(super) fn line_of(&self, place: Place) -> String {
        let files = self.files.borrow();
        let Some((path, text)) = files.get(place.file) else { return String::new() };
        let line = text.get(..place.start).unwrap_or(text).matches('\n').count() + 1;
        format!("{}:{line}", path.display())
    }

    /// Everything that was said, in the order of the text; a value that several peers inherit is
    /// complained about once. Past [`MOST_SHOWN`] the rest is only counted.
    pub(super) fn finish(self) -> Vec<Diagnostic> {
        let files = self.files.into_inner();
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|(_, problem)| problem.place);
        problems.dedup();
        count_the_rest(&mut problems);
        let located = |problem: Problem, severity| Diagnostic {
            severity,
            location: problem.place.and_then(|place| {
                let (path, text) = files.get(place.file)?;
                Some(Location::of(path.clone(), text, place.start..place.end))
            }),
            message: problem.message,
            hint: problem.hint,
        };
        problems.into_iter().map(|(severity, problem)| located(problem, severity)).collect()
    }
}

/// Most problems that are told one by one. A binary file taken for a configuration has one in each of its
/// octets, and finding the line of each would take the square of its length.
const MOST_SHOWN: usize = 100;

/// Puts one line in the place of what is more than [`MOST_SHOWN`], as bad as the worst of it.
fn count_the_rest(problems: &mut Vec<(Severity, Problem)>) {
    let rest = problems.split_off(problems.len().min(MOST_SHOWN));
    if let Some(worst) = rest.iter().map(|(severity, _)| *severity).min() {
        let more = rest.len();
        problems.push((worst, Problem::nowhere(format!("and {more} more problems, which are not shown"))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn past_a_hundred_problems_the_rest_is_counted_and_no_error_is_lost() {
        let report = Report::default();
        let place = report.add_file(Path::new("c.toml"), &"x".repeat(300));
        (0..MOST_SHOWN + 20).for_each(|at| report.warn(Problem::at(place(at..at + 1), format!("{at}"))));
        report.error(Problem::at(place(290..291), "the only error"));
        let diagnostics = report.finish();
        assert_eq!(diagnostics.len(), MOST_SHOWN + 1);
        let last = diagnostics.last().expect("the count");
        assert!(last.is_error(), "{last}");
        assert!(last.message.contains("21 more"), "{last}");
    }
}
