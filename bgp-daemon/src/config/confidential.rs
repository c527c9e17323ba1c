//! What of a configuration a stranger may read: the values of keys that are known to hold nothing secret, and no others.
//!
//! A key has no place in a configuration, and a daemon refuses one that has any; but somebody may have written one, under
//! whatever name. So it is not secrets that are listed here.

use super::suggest::distance;

/// Whether the value of a key may be shown: the key is known, or is a known one misspelt that sounds like no secret.
pub(super) fn is_shown(name: &str) -> bool {
    KNOWN.contains(&name) || (!speaks_of_secrets(name) && is_misspelt(name))
}

/// Whether a key is a known one but for a slip: a letter, or two of a long word.
fn is_misspelt(name: &str) -> bool {
    let slips = if name.len() < LONG { 1 } else { 2 };
    let length = name.chars().count();
    // The distance is only reckoned where it can be small: a line may have a long name at every octet.
    KNOWN.iter().any(|known| known.len().abs_diff(length) <= slips && distance(name, known) <= slips)
}

/// So many octets are a long word.
const LONG: usize = 8;

/// Whether a text, such as a comment or the name of a key, is about a secret.
pub(super) fn speaks_of_secrets(text: &str) -> bool {
    let text = text.to_lowercase();
    WORDS.iter().any(|word| text.contains(word))
}

/// What a stranger may read of a line, of which `before` is all that stands before it: nothing of one that goes on with
/// the value of a key whose value may not be shown, or that stands in a section which is not known.
pub(super) fn shown_line(before: &str, line: &str) -> String {
    let hides = |line: &str| without_values(line) != line;
    let is_in_hidden_value = || {
        let last = before.lines().rev().find(|line| begins_anew(line) || hides(line));
        last.is_some_and(hides) && !begins_anew(line)
    };
    let head = before.lines().rev().find(|line| line.trim_start().starts_with('['));
    let is_in_hidden_section = head.is_some_and(|head| !begins_anew(head));
    if is_in_hidden_section || is_in_hidden_value() { stars(line) } else { without_values(line) }
}

/// Whether a line is the head of a known section, or assigns something to a known key: no value goes on here.
fn begins_anew(line: &str) -> bool {
    let head = line.split('#').next().unwrap_or_default().trim();
    let head = head.strip_prefix('[').and_then(|line| line.strip_suffix(']'));
    let head = head.map(|it| it.strip_prefix('[').and_then(|it| it.strip_suffix(']')).unwrap_or(it));
    let key = head.or_else(|| line.split_once('=').map(|(key, _)| key));
    key.is_some_and(|key| key.split('.').all(|part| is_shown(part.trim())))
}

/// A line with a star for each character of what is assigned to a key whose value may not be shown, and for what follows
/// it: an unknown key, and the quote it ends with may be what is missing.
pub(super) fn without_values(line: &str) -> String {
    let hidden = line.match_indices('=').find(|(at, _)| !is_key_shown(&line[..*at]));
    let (shown, value) = line.split_at(hidden.map_or(line.len(), |(at, _)| at + 1));
    shown.to_owned() + &stars(value)
}

/// A star for each character that is more than a space.
fn stars(text: &str) -> String {
    text.chars().map(|it| if it.is_whitespace() { it } else { '*' }).collect()
}

/// Whether the key that something is assigned to behind `before` may be shown: every part of it, where it is dotted.
fn is_key_shown(before: &str) -> bool {
    let key = before.rsplit(['{', ',']).next().unwrap_or_default().trim();
    if ['"', '\''].iter().any(|quote| key.matches(*quote).count() % 2 == 1) {
        // What was taken for its beginning is within its quotes.
        return false;
    }
    // In front of a bare key there may be words of a comment.
    let bare = key.rsplit(char::is_whitespace).next().filter(|_| !key.contains(['"', '\'']));
    let mut parts = bare.unwrap_or(key).split('.').map(|part| part.trim_matches(['"', '\'', ' ', '\t']));
    parts.all(|part| part.is_empty() || is_shown(part))
}

/// Words of texts about secrets.
const WORDS: [&str; 10] =
    ["password", "passwd", "passphrase", "secret", "token", "key", "md5", "psk", "auth", "credential"];

/// Every key of every section, but `password`; a test compares them with those that are read.
pub(super) const KNOWN: &[&str] = &[
    "action",
    "add_communities",
    "add_path",
    "add_path_send",
    "address",
    "addresses",
    "allow_own_as",
    "as_path_length",
    "as_path_prefix",
    "asn",
    "bird",
    "bird_aliases",
    "client",
    "client_to_client",
    "cluster_id",
    "communities",
    "community",
    "compat",
    "connect_retry",
    "control",
    "default",
    "description",
    "dialect",
    "direct",
    "direct_exclude_interfaces",
    "dynamic_peers",
    "enabled",
    "export",
    "families",
    "family",
    "first_contact",
    "format",
    "graceful_restart",
    "group",
    "headless",
    "hold_time",
    "http",
    "import",
    "include",
    "inherit",
    "interface",
    "ipv4",
    "ipv6",
    "kernel",
    "kind",
    "learn",
    "learn_exclude_interfaces",
    "learned_from",
    "level",
    "limit",
    "listen",
    "local_address",
    "local_asn",
    "local_preference",
    "log",
    "long_lived",
    "match",
    "max",
    "max_prefixes",
    "max_wait",
    "med",
    "metric",
    "metrics",
    "min",
    "mode",
    "multihop",
    "multipath",
    "name",
    "next_hop",
    "next_hop_address",
    "next_hop_objects",
    "not",
    "notification",
    "on_exit",
    "origin",
    "origin_asn",
    "originate",
    "passive",
    "password_env",
    "password_file",
    "peer",
    "peer_type",
    "per_peer",
    "policy",
    "port",
    "prefix",
    "prepend",
    "protocol",
    "remove_communities",
    "restart_after",
    "restart_time",
    "role",
    "router_id",
    "rules",
    "send_hold_time",
    "set",
    "socket",
    "sockets",
    "source",
    "source_address",
    "sweep_limit",
    "table",
    "ttl_security",
    "tunnel",
    "v4",
    "v6",
    "via",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_not_shown() {
        for name in ["hold_time", "password_file", "password_env", "hold_tiem", "adress"] {
            assert!(is_shown(name), "{name}");
        }
        for name in
            ["password", "key", "md5", "md5_key", "secret", "token", "psk", "tcp_ao", "x", "", "Passwort"]
        {
            assert!(!is_shown(name), "{name}");
        }
    }

    #[test]
    fn a_line_ends_where_something_unknown_is_assigned() {
        assert_eq!(without_values("password = \"hush hush\""), "password = ***** *****");
        assert_eq!(
            without_values("peer = [{ 'md5'=\"hush\", asn = 1 }]"),
            "peer = [{ 'md5'=******* *** * * **"
        );
        assert_eq!(without_values("key = \"hush"), "key = *****", "the quote is what is missing");
        assert_eq!(without_values("peer.\"bgp key\" = 'hush'"), "peer.\"bgp key\" = ******");
        assert_eq!(without_values("log.md5.level = 'hush'"), "log.md5.level = ******");
        assert_eq!(without_values("\"my port\" = 'hush'"), "\"my port\" = ******");
        assert_eq!(without_values("\"a,port\" = 'hush'"), "\"a,port\" = ******");
        for line in ["password_file = \"key\"", "set = { med = 1 }", "[[peer]]", "= 1", "hold_tiem = \"90s\""]
        {
            assert_eq!(without_values(line), line);
        }
    }

    #[test]
    fn a_line_that_goes_on_with_something_hidden_is_hidden() {
        for before in
            ["password = [\n", "password = [\n  # asn = 1\n  1,\n", "key = \"\"\"\n", "[peer]\nkey = {\n"]
        {
            assert_eq!(shown_line(before, "  \"hush\" \"x\""), "  ****** ***", "{before}");
            assert_eq!(shown_line(before, "[\"hush=\"]"), "*********", "{before}");
        }
        assert_eq!(shown_line("[vault]\nport = 1\n", "name = \"hush\" x"), "**** * ****** *");
        for (before, line) in [
            ("password = \"x\"\n[[peer]] # tor\n", "asn 1"),
            ("password = \"x\"\nasn = 1\n", "name \"a\""),
            ("prefix = [\n", "  10.0.0.0/8 \"x\""),
            ("", "asn 1"),
        ] {
            assert_eq!(shown_line(before, line), line, "{before}");
        }
    }
}
