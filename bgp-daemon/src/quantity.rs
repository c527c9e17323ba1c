//! Numbers with what they count, for people.

use std::fmt::Display;

/// `1 peer`, `2 peers`.
pub(crate) fn quantity<N: Display + PartialEq + From<u8>>(number: N, one: &str, many: &str) -> String {
    let noun = if number == N::from(1) { one } else { many };
    format!("{number} {noun}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_no_plural() {
        let told = [0_u64, 1, 2].map(|number| quantity(number, "peer", "peers"));
        assert_eq!(told, ["0 peers", "1 peer", "2 peers"]);
    }
}
