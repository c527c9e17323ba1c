//! Shell patterns over interface names.

use std::fmt;
use std::sync::Arc;

/// A shell pattern for interface names: `*` any run, `?` any one octet, a backslash takes the next one literally.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern(Arc<str>);

impl Pattern {
    /// The pattern as written; every text is one.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// Whether the whole of `name` fits.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        fits(self.0.as_bytes(), name.as_bytes())
    }
}

impl From<&str> for Pattern {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Matches from the left; on a mismatch the last star swallows one octet more. Linear in practice,
/// and interface names have at most 15 octets.
fn fits(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern, name) {
        ([], rest) => rest.is_empty(),
        ([b'*', after @ ..], _) => (0..=name.len()).any(|taken| fits(after, &name[taken..])),
        ([b'\\', literal, after @ ..], [octet, rest @ ..]) => literal == octet && fits(after, rest),
        ([b'?', after @ ..], [_, rest @ ..]) => fits(after, rest),
        ([literal, after @ ..], [octet, rest @ ..]) => literal == octet && fits(after, rest),
        (_, []) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_fits_the_whole_name_or_not_at_all() {
        let table = [
            ("cali*", "cali1234", true),
            ("cali*", "cali", true),
            ("cali*", "xcali", false),
            ("*.cali", "vxlan.cali", true),
            ("eth?", "eth0", true),
            ("eth?", "eth10", false),
            ("eth\\*", "eth*", true),
            ("eth\\*", "eth0", false),
            ("*a*b*", "xxaxxbxx", true),
            ("", "", true),
            ("", "lo", false),
        ];
        for (pattern, name, fits) in table {
            assert_eq!(Pattern::new(pattern).matches(name), fits, "{pattern} against {name}");
        }
    }
}
