//! A page of Markdown as the tests read it: code blocks, code in lines, headings, links.

use std::fs;
use std::path::{Path, PathBuf};

/// A page.
pub(crate) struct Page {
    /// Its path from the top of the repository.
    pub(crate) path: PathBuf,
    /// Its blocks of code.
    pub(crate) blocks: Vec<Block>,
    /// What is not in a block: line number and text.
    pub(crate) prose: Vec<(usize, String)>,
}

/// A fenced block of code.
pub(crate) struct Block {
    /// The line of its opening fence.
    pub(crate) line: usize,
    /// Its language, the first word behind the fence.
    pub(crate) language: String,
    /// The other words behind the fence.
    pub(crate) words: Vec<String>,
    /// What is in it.
    pub(crate) text: String,
}

/// The top of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a package is in the workspace").to_owned()
}

/// Every page that readers of the project see.
pub(crate) fn all() -> Vec<Page> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for folder in ["", "docs", "deploy", "tests/mutations", "fuzz"] {
        let entries = fs::read_dir(root().join(folder)).expect("a folder of the repository");
        let files = entries.map(|entry| Path::new(folder).join(entry.expect("an entry").file_name()));
        paths.extend(files.filter(|path| path.extension().is_some_and(|extension| extension == "md")));
    }
    paths.sort();
    let pages: Vec<Page> = paths.iter().map(Page::read).collect();
    assert!(pages.len() > 5, "the pages are not where they were");
    pages
}

impl Page {
    /// Reads the page at `path`, from the top of the repository.
    pub(crate) fn read(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        let text = fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        let mut page = Self { path: path.to_owned(), blocks: Vec::new(), prose: Vec::new() };
        let mut open: Option<Block> = None;
        for (number, line) in (1..).zip(text.lines()) {
            match (line.trim_start().strip_prefix("```"), &mut open) {
                (Some(_), Some(_)) => page.blocks.extend(open.take()),
                (Some(info), None) => open = Some(Block::opened(number, info)),
                (None, Some(block)) => block.text.extend([line, "\n"]),
                (None, None) => page.prose.push((number, line.to_owned())),
            }
        }
        assert!(open.is_none(), "{}: a block is not closed", path.display());
        page
    }

    /// The anchors of its headings, as GitHub makes them.
    pub(crate) fn anchors(&self) -> Vec<String> {
        let headings = self.prose.iter().filter(|(_, line)| line.starts_with('#'));
        let title = |line: &str| line.trim_start_matches('#').trim().to_lowercase();
        let kept = |letter: &char| letter.is_alphanumeric() || "-_ ".contains(*letter);
        let anchor = |(_, line): &(usize, String)| title(line).chars().filter(kept).collect::<String>();
        headings.map(|heading| anchor(heading).replace(' ', "-")).collect()
    }

    /// Where its links lead, with their lines.
    pub(crate) fn links(&self) -> impl Iterator<Item = (usize, &str)> {
        self.prose.iter().flat_map(|(number, line)| {
            let targets = line.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
            targets.map(|(target, _)| (*number, target))
        })
    }

    /// What stands in backticks in its text, with its lines.
    pub(crate) fn spans(&self) -> impl Iterator<Item = (usize, &str)> {
        let code = |line: &'_ (usize, String)| line.1.matches('`').count() >= 2;
        self.prose
            .iter()
            .filter(move |line| code(line))
            .flat_map(|(number, line)| line.split('`').skip(1).step_by(2).map(|span| (*number, span)))
    }

    /// Its name and a line, for messages.
    pub(crate) fn at(&self, line: usize) -> String {
        format!("{}:{line}", self.path.display())
    }
}

impl Block {
    fn opened(line: usize, info: &str) -> Self {
        let mut words = info.split_whitespace().map(str::to_owned);
        let language = words.next().unwrap_or_default();
        Self { line, language, words: words.collect(), text: String::new() }
    }

    /// Whether a word stands behind the fence.
    pub(crate) fn is(&self, word: &str) -> bool {
        self.words.iter().any(|there| there == word)
    }

    /// The file that the reader is to make of it.
    pub(crate) fn file(&self) -> Option<&str> {
        self.words.iter().find_map(|word| word.strip_prefix("file="))
    }

    /// Its lines with their numbers in the page.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (self.line + 1..).zip(self.text.lines())
    }
}
