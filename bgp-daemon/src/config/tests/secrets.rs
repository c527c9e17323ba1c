//! Secrets: wherever in a configuration somebody writes one, nobody who is told about the configuration reads it.

use std::fs;

use proptest::prelude::*;

use super::{Paper, load_text};
use crate::config::confidential::is_shown;
use crate::config::{keys, redacted, render};

/// What somebody might call a secret who does not know how we do: nothing that is called otherwise here.
fn name() -> impl Strategy<Value = String> {
    let apt =
        ["password", "key", "md5", "secret", "token", "psk", "auth_key", "bgp-password", "TCP_AO", "pw"];
    let any = "[a-z_]{3,12}".prop_filter("a key of ours, or nearly one", |name| !is_shown(name));
    prop_oneof![prop::sample::select(apt.to_vec()).prop_map(str::to_owned), any]
}

/// Ways to write a secret into a file under a name, and whether that is TOML.
const WAYS: [(&str, bool); 15] = [
    ("NAME = \"SECRET\"\n", true),
    ("[[peer]]\naddress = \"10.0.0.2\"\nasn = 64512\nNAME = 'SECRET'\n", true),
    ("[[peer]]\naddress = \"10.0.0.2\"\nasn = 64512\nmax_prefixes = { ipv4 = 1, NAME = \"SECRET\" }\n", true),
    ("[kernel]\n\"NAME\" = \"SECRET\"\n", true),
    ("[log]\nNAME.level = \"SECRET\"\n", true),
    ("[NAME]\nname = \"SECRET\"\n", true),
    ("[[NAME]]\nname = [\"SECRET\"]\n", true),
    ("NAME = [\n  \"one\",\n  \"SECRET\",\n]\n", true),
    ("NAME = '''\nSECRET'''\n", true),
    ("# NAME = \"SECRET\"\n", true),
    ("NAME = SECRET\n", false),
    ("NAME = \"SECRET\n", false),
    ("NAME = [\n  \"SECRET\" \"more\",\n]\n", false),
    ("[NAME]\nname = \"SECRET\" more\n", false),
    ("\"NAME,hold_time\" = \"SECRET\" more\n", false),
];

proptest! {
    #[test]
    fn a_secret_is_told_to_nobody_however_it_is_written(
        name in name(),
        secret in "[b-df-hj-np-tv-z]{4}[A-Z0-9]{6,20}",
        (way, is_toml) in prop::sample::select(WAYS.to_vec()),
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("caracal.toml");
        let said = way.replace("NAME", &name).replace("SECRET", &secret);
        let text = format!("asn = 64512\nrouter_id = \"192.168.56.101\"\n{said}");
        fs::write(&file, &text).expect("a writable file");
        let told = match load_text(&file, &text, &Paper) {
            Ok(loaded) => format!("{}{:?}", render(&loaded.warnings), loaded.settings),
            Err(wrong) => render(&wrong),
        };
        prop_assert!(!told.contains(&secret), "{}", told);
        let shown: Vec<Option<String>> = redacted(&file).into_iter().map(|(_, text)| text).collect();
        prop_assert_eq!(shown.len(), 1);
        prop_assert_eq!(shown[0].is_some(), is_toml);
        prop_assert!(!shown.iter().flatten().any(|text| text.contains(&secret)), "{:?}", shown);
        let known = keys(&file, &Paper).iter().any(|key| {
            String::from_utf8_lossy(key.reveal()).contains(&secret)
        });
        prop_assert!(known || !is_toml || way.starts_with('#'), "nobody would look for it in a bundle");
    }
}

#[test]
fn what_is_no_secret_is_shown_as_it_stands() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("caracal.toml");
    let text = "# a node below two switches\nasn = 64512\nrouter_id = \"192.168.56.101\"\n[[peer]]\n\
                address = \"10.0.0.2\"\nasn = 64512 # iBGP\npassword_file = \"tor\"\nhold_tiem = \"90s\"\n\
                [compat.bird]\nsockets = { v4 = \"/run/bird.ctl\" }\n[[policy]]\nname = \"p\"\nrules = [\n  \
                { match = { not = { prefix = [\"10.0.0.0/8+\"] } }, set = { prepend = [1] }, action = \"accept\" },\n]\n";
    fs::write(&file, text).expect("a writable file");
    assert_eq!(redacted(&file), [(file, Some(text.to_owned()))]);
}
