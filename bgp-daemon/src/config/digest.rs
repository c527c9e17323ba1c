//! Which texts a configuration was read from, in one word.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// The SHA-256 of the texts that a configuration was read from: the file, then those it includes, in the order in
/// which they are read. Of a file that includes nothing it is what `sha256sum` says. Keys have files of their own
/// and are not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Digest(Box<[u8]>);

impl Digest {
    /// The digest of these texts, one after the other.
    pub(super) fn of<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        let mut hasher = Sha256::new();
        texts.for_each(|text| hasher.update(text));
        Self(hasher.finalize().as_slice().into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_everybody_calls_the_sum() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Digest::of(std::iter::empty()).to_string(), empty);
        assert_eq!(Digest::of(["ab", "c"].into_iter()), Digest::of(["abc"].into_iter()));
    }
}
