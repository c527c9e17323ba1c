//! Takes keys out of what is to be given away.

use crate::config::Secret;

/// The keys that are known, longest first, each as it stands and as JSON would write it.
#[derive(Default)]
pub(super) struct Redactor(Vec<String>);

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redactor({} keys)", self.0.len())
    }
}

/// What stands in the place of a key.
const STARS: &str = "********";

/// A shorter key is guessed at once and would be found in every word.
const LEAST: usize = 4;

impl Redactor {
    /// One that knows these keys.
    pub(super) fn of(keys: &[Secret]) -> Self {
        Self::knowing(keys.iter().map(|key| String::from_utf8_lossy(key.reveal()).into_owned()))
    }

    fn knowing(secrets: impl Iterator<Item = String>) -> Self {
        let mut known = Vec::new();
        for secret in secrets.filter(|secret| secret.len() >= LEAST) {
            let json = serde_json::Value::from(secret.as_str()).to_string();
            known.extend(json.get(1..json.len() - 1).map(str::to_owned));
            known.push(secret);
        }
        known.sort_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
        known.dedup();
        Self(known)
    }

    /// The same without a key in it.
    pub(super) fn redact(&self, octets: Vec<u8>) -> Vec<u8> {
        if self.0.is_empty() {
            return octets;
        }
        self.redact_text(&String::from_utf8_lossy(&octets)).into_bytes()
    }

    /// The same of a text.
    pub(super) fn redact_text(&self, text: &str) -> String {
        let found = self.0.iter().filter(|secret| text.contains(secret.as_str()));
        found.fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), STARS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_is_left_however_it_is_written() {
        let keys = ["geheim", "geheimer", "with \"quotes\" \\", "abc"].map(str::to_owned);
        let redactor = Redactor::knowing(keys.into_iter());
        let json = serde_json::json!({ "a": "with \"quotes\" \\", "b": "x geheimer y" }).to_string();
        let shown = String::from_utf8(redactor.redact(json.into_bytes())).expect("text");
        assert_eq!(shown, r#"{"a":"********","b":"x ******** y"}"#);
        assert_eq!(redactor.redact_text("abc stays"), "abc stays", "it would be found everywhere");
        assert_eq!(format!("{redactor:?}"), "Redactor(4 keys)");
    }
}
