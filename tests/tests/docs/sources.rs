//! Code that a page shows is the code that is built.

use std::fs;

use crate::page::{all, root};

#[test]
fn code_that_is_shown_is_the_code_of_its_file() {
    let mut shown = 0;
    for page in all() {
        for block in &page.blocks {
            let Some(file) = block.words.iter().find_map(|word| word.strip_prefix("from=")) else { continue };
            let text =
                fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
            assert!(text.contains(&block.text), "{}: this is not in {file}", page.at(block.line));
            shown += 1;
        }
    }
    assert!(shown > 0, "no page shows code");
}
