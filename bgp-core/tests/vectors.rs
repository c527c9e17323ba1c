//! Messages from other projects' tests, from captures and from real tables: what they must lead to, what
//! they say, and that saying it again says the same.

mod corpus;
#[path = "corpus/facts.rs"]
mod facts;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use bgp_core::wire::{Message, decode, encode, frame};
use bytes::BytesMut;
use corpus::{Noise, Vector, fits, mutilate, outcome, read, root};

/// The vectors of every file under `vectors/`, each with the file's name.
fn messages() -> Vec<(String, Vector)> {
    let mut files: Vec<PathBuf> = fs::read_dir(root().join("vectors"))
        .expect("the folder of vectors")
        .map(|entry| entry.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    files.sort();
    let name = |path: &Path| path.file_stem().expect("a name").to_string_lossy().into_owned();
    files.iter().flat_map(|path| read(path).into_iter().map(|vector| (name(path), vector))).collect()
}

/// What a vector led to: the header may already say that the rest is missing.
fn result_of(vector: &Vector) -> (String, Option<Message>) {
    match frame(&vector.octets, vector.dialect().receive_limit) {
        Ok(None) => ("incomplete".to_owned(), None),
        Ok(Some(length)) => {
            let result = decode(&vector.octets[..length], &vector.dialect());
            (outcome(&result), result.ok())
        }
        Err(malformed) => (outcome(&Err(malformed)), None),
    }
}

#[test]
fn every_message_leads_to_what_is_expected() {
    let mut count = 0;
    let mut wrong = Vec::new();
    for (file, vector) in messages() {
        let (outcome, _) = result_of(&vector);
        count += 1;
        if !vector.accepts(&outcome) {
            wrong.push(format!("{file} {}: wanted {}, got {outcome}", vector.name, vector.expected));
        }
    }
    assert_eq!(count, 3174);
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_message_says_what_its_source_says() {
    let mut wrong = Vec::new();
    for (file, vector) in messages() {
        let (outcome, message) = result_of(&vector);
        let Some(message) = message.filter(|_| fits(&outcome, &vector.expected)) else { continue };
        let mut found = facts::facts(&message);
        if outcome == "withdraw" {
            // What was announced is withdrawn instead, and of the attributes nothing is left.
            found = found.iter().map(|fact| fact.replace("withdrawn=", "nlri=")).collect();
        }
        let wanted = vector.facts.split(' ').filter(|fact| *fact != "-");
        let wanted = wanted.filter(|fact| outcome != "withdraw" || fact.starts_with("nlri="));
        for fact in wanted.filter(|fact| !found.iter().any(|found| found == fact)) {
            wrong.push(format!("{file} {}: wanted {fact} among {}", vector.name, found.join(" ")));
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn what_is_accepted_says_the_same_when_sent_again() {
    for (file, vector) in messages() {
        let (outcome, message) = result_of(&vector);
        let Some(message) = message.filter(|_| outcome == "accept" || outcome == "close") else { continue };
        let mut octets = BytesMut::new();
        encode(&message, &vector.dialect(), &mut octets);
        let mut again = BTreeSet::new();
        let mut rest = &octets[..];
        while let Some(length) = frame(rest, vector.dialect().receive_limit).expect("our own header") {
            assert!(length <= vector.dialect().send_limit, "{file} {}", vector.name);
            let message = decode(&rest[..length], &vector.dialect()).expect("our own message");
            if let Message::Update(update) = &message {
                assert_eq!(update.faults, [], "{file} {}", vector.name);
            }
            again.extend(facts::facts(&message).iter().flat_map(|fact| classic(fact)));
            rest = &rest[length..];
        }
        assert!(rest.is_empty(), "{file} {}", vector.name);
        let said: BTreeSet<String> = facts::facts(&message).iter().flat_map(|fact| classic(fact)).collect();
        assert_eq!(said, again, "{file} {}", vector.name);
    }
}

/// IPv4 unicast routes say the same in MP_REACH_NLRI and in the classic fields, where we send them.
fn classic(fact: &str) -> Vec<String> {
    match fact.split_once("=1/1/") {
        Some(("mp_unreach", "")) => vec![],
        Some(("mp_unreach", nlri)) => vec![format!("withdrawn={nlri}")],
        Some(("mp_reach", reach)) => match reach.split_once('/') {
            Some((next_hop, nlri)) if next_hop.len() == 8 => {
                vec![format!("next_hop={}", facts::dotted(next_hop)), format!("nlri={nlri}")]
            }
            _ => vec![fact.to_owned()],
        },
        _ => vec![fact.to_owned()],
    }
}

#[test]
fn no_cut_and_no_flipped_bit_makes_the_decoder_panic() {
    let mut noise = Noise(1);
    for (_, vector) in messages() {
        // One vector in eight is enough here; the fuzz targets do the rest.
        if noise.below(8) == 0 {
            mutilate(&vector, &mut noise);
        }
    }
}
