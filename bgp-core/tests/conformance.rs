//! Every row of the table of messages a speaker has to judge: by its vectors, or by the test that has it.

mod corpus;
#[path = "corpus/session.rs"]
mod session;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use bgp_core::wire::{decode, frame};
use corpus::{Noise, Vector, mutilate, outcome, read, root};

/// The places of rows without a test by name: their vectors are judged by the codec alone, or by the
/// codec inside a session.
const PLACES: [&str; 2] = ["vectors", "session-vectors"];

/// What the place of a row begins with that is not built; the reason follows.
const LATER: &str = "later: ";

/// The tests of those who know routes, for whom a message that says too much is none that is wrong.
const SPEAKING: &str = "bgp-core/tests/speaker/speaking.rs::";

/// The tests of the codec.
const HERE: &str = "bgp-core/tests/";

/// What a session cannot be: one that did not announce extended messages, an internal one without AIGP.
const NOT_FOR_A_SESSION: [&str; 2] = ["HDR-03/", "A26-4/ibgp/"];

/// One row of `rows.csv`.
struct Row {
    id: String,
    session: String,
    /// One of [`PLACES`], `file::test`, or [`LATER`] and why.
    place: String,
}

fn rows() -> Vec<Row> {
    let text = fs::read_to_string(root().join("conformance/rows.csv")).expect("the rows");
    let row = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        match fields.as_slice() {
            [id, session, _, _, place] => {
                Row { id: (*id).to_owned(), session: (*session).to_owned(), place: (*place).to_owned() }
            }
            _ => panic!("not a row: {line}"),
        }
    };
    text.lines().skip(1).map(row).collect()
}

fn vectors() -> Vec<Vector> {
    read(&root().join("conformance/rfc7606.txt"))
}

/// The row of a vector: its name up to the first slash.
fn row_of(vector: &Vector) -> &str {
    vector.name.split('/').next().expect("a name")
}

/// What the octets lead to on the vector's session.
fn outcome_of(octets: &[u8], vector: &Vector) -> String {
    let dialect = vector.dialect();
    let framed = frame(octets, dialect.receive_limit);
    outcome(&framed.and_then(|_| decode(octets, &dialect)))
}

#[test]
fn every_vector_leads_to_what_its_row_wants() {
    let places: BTreeMap<String, String> = rows().into_iter().map(|row| (row.id, row.place)).collect();
    let mut wrong = Vec::new();
    let vectors = vectors();
    for vector in &vectors {
        let place = places.get(row_of(vector)).unwrap_or_else(|| panic!("{}: no such row", vector.name));
        let outcome = outcome_of(&vector.octets, vector);
        // What others judge has to reach them.
        let codec = place.starts_with(HERE) && !place.starts_with(SPEAKING);
        let is_elsewhere = place != "vectors" && !codec && outcome == "accept";
        if !vector.accepts(&outcome) && !is_elsewhere {
            wrong.push(format!("{}: wanted {}, got {outcome}", vector.name, vector.expected));
        }
        assert_eq!(vector.facts, "-", "{}: facts are not looked at here", vector.name);
    }
    assert_eq!(vectors.len(), 588);
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_session_judges_every_vector_as_its_row_wants() {
    let places: BTreeMap<String, String> = rows().into_iter().map(|row| (row.id, row.place)).collect();
    let mut wrong = Vec::new();
    for vector in vectors() {
        if NOT_FOR_A_SESSION.iter().any(|name| vector.name.starts_with(name)) {
            continue;
        }
        let outcome = session::outcome_of(&vector);
        let needs_routes = places[row_of(&vector)].starts_with(SPEAKING) && outcome == "accept";
        if !vector.accepts(&outcome) && !needs_routes {
            wrong.push(format!("{}: wanted {}, got {outcome}", vector.name, vector.expected));
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_row_has_a_place_where_it_is_judged() {
    let with_vectors: BTreeSet<String> = vectors().iter().map(|vector| row_of(vector).to_owned()).collect();
    let rows = rows();
    assert_eq!(rows.len(), 227);
    for Row { id, place, .. } in &rows {
        match place.split_once("::") {
            Some((file, test)) => assert!(has_test(file, test), "{id}: no test {test} in {file}"),
            None if place.ends_with("vectors") => assert!(with_vectors.contains(id), "{id} has no vector"),
            None if place.starts_with(LATER) => assert!(place.len() > LATER.len(), "{id}: why later?"),
            None => assert!(PLACES.contains(&place.as_str()), "{id}: nobody is called {place}"),
        }
    }
    let unique: BTreeSet<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(unique.len(), rows.len());
}

fn has_test(file: &str, test: &str) -> bool {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.contains(&format!("fn {test}("))
}

#[test]
fn rows_about_attributes_are_tried_on_external_and_internal_sessions() {
    let vectors = vectors();
    let tried =
        |id: &str, kind: &str| vectors.iter().any(|vector| vector.name.starts_with(&format!("{id}/{kind}/")));
    for Row { id, session, place } in rows() {
        let is_attribute = id.starts_with('A') && place == "vectors";
        if is_attribute && matches!(session.as_str(), "any" | "NEW" | "OLD") {
            // A row that needs the peer's own AS in front has its one vector on either kind.
            assert!(tried(&id, "ebgp") && tried(&id, "ibgp") || vectors_of(&vectors, &id) == 1, "{id}");
        }
    }
}

fn vectors_of(vectors: &[Vector], id: &str) -> usize {
    vectors.iter().filter(|vector| row_of(vector) == id).count()
}

#[test]
fn a_bad_attribute_costs_the_same_wherever_it_stands() {
    let mut turned = 0;
    for vector in vectors() {
        let Some(update) = Split::of(&vector.octets) else { continue };
        let straight = outcome_of(&vector.octets, &vector);
        for turn in 1..update.attributes.len() {
            assert_eq!(outcome_of(&update.turned(turn), &vector), straight, "{} turned {turn}", vector.name);
            turned += 1;
        }
    }
    assert!(turned > 1000, "{turned}");
}

/// An UPDATE with its attributes apart, where they can be told apart and are all different.
struct Split<'a> {
    before: &'a [u8],
    attributes: Vec<&'a [u8]>,
    after: &'a [u8],
}

impl<'a> Split<'a> {
    fn of(octets: &'a [u8]) -> Option<Self> {
        let number =
            |at: usize| Some(usize::from(u16::from_be_bytes(octets.get(at..at + 2)?.try_into().ok()?)));
        if octets.get(18) != Some(&2) {
            return None;
        }
        let start = 23 + number(19)?;
        let end = start + number(start - 2)?;
        let (before, mut rest) = (octets.get(..start)?, octets.get(start..end)?);
        let mut attributes = Vec::new();
        while !rest.is_empty() {
            let header = if rest.first()? & 0x10 == 0 { 3 } else { 4 };
            let length =
                rest.get(2..header)?.iter().fold(0, |length, octet| length << 8 | usize::from(*octet));
            let (attribute, left) = rest.split_at_checked(header + length)?;
            attributes.push(attribute);
            rest = left;
        }
        let codes: BTreeSet<u8> = attributes.iter().map(|attribute| attribute[1]).collect();
        (codes.len() == attributes.len()).then(|| Self { before, attributes, after: &octets[end..] })
    }

    fn turned(&self, turn: usize) -> Vec<u8> {
        let mut attributes = self.attributes.clone();
        attributes.rotate_left(turn);
        [self.before, &attributes.concat(), self.after].concat()
    }
}

#[test]
fn no_cut_and_no_flipped_bit_makes_the_decoder_panic() {
    let mut noise = Noise(7);
    for vector in vectors().iter().filter(|vector| vector.octets.len() > 19) {
        mutilate(vector, &mut noise);
    }
}
