//! `explain`: where a prefix comes from and what became of it, with the file and the line that decided.

use serde_json::Value;

use crate::host::Host;

/// The steps of a stage: whom they are about, whether they let the prefix through, and why.
fn steps(told: &Value, stage: &str) -> Vec<(String, bool, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let steps = told["steps"].as_array().into_iter().flatten().filter(|step| step["stage"] == stage);
    steps.map(|step| (text(&step["subject"]), step["passed"] == true, text(&step["reason"]))).collect()
}

/// The number of the line of its configuration that has `text`.
fn line(host: &Host, text: &str) -> String {
    let file = std::fs::read_to_string(host.path("caracal.toml")).expect("a file");
    let number = 1 + file.lines().position(|line| line.contains(text)).expect("such a line");
    format!("{}:{number}", host.path("caracal.toml").display())
}

/// Two daemons: the first announces three prefixes, of which the second refuses one and changes another.
fn pair() -> [Host; 2] {
    let [mut a, mut b] = [Host::new(), Host::new()];
    let announced = ["10.1.0.0/24", "10.2.0.0/24", "10.3.0.0/24"];
    let originated = announced.map(|prefix| format!("[[originate]]\nprefix = \"{prefix}\"\n")).concat();
    a.run(&format!("{}{originated}", b.as_peer("b", &a, "")));
    b.run(&format!(
        "{}[[policy]] # from-a\nname = \"from-a\"\n[[policy.rules]]\nname = \"dear\"\naction = \"next\"\n\
         match = {{ prefix = [\"10.2.0.0/16+\"] }}\nset = {{ local_preference = 300 }}\n\
         [[policy.rules]]\nname = \"known\"\naction = \"accept\"\nmatch = {{ prefix = [\"10.0.0.0/15+\", \"10.2.0.0/16+\"] }}\n",
        a.as_peer("a", &b, "passive = true\nimport = \"from-a\"")
    ));
    b.until("three routes", || b.json(&["routes"]).as_array().is_some_and(|routes| routes.len() == 3));
    [a, b]
}

#[test]
fn a_prefix_is_followed_from_the_file_to_the_peer() {
    let [a, b] = pair();
    let told = a.json(&["explain", "10.1.0.0/24"]);
    let origin = steps(&told, "origin");
    let place = line(&a, "10.1.0.0/24");
    assert!(origin[0].2.starts_with(&format!("configured: [[originate]] at {place}, since ")), "{origin:?}");
    let export = steps(&told, "export");
    let place = line(&a, "rules = [");
    let expected = format!("policy elsewhere, rule all ({place}); advertised");
    assert_eq!(export, [("static to b".to_owned(), true, expected)]);
    assert!(steps(&told, "kernel").is_empty(), "it is left alone");

    let told = b.json(&["explain", "10.1.0.7"]);
    let origin = steps(&told, "origin");
    assert!(origin[0].2.starts_with(&format!("announced by {}, AS 64512, since ", a.address)), "{origin:?}");
    let next_hop = steps(&told, "next hop");
    let expected = "192.0.2.1 counts as reachable: the kernel's table is not asked".to_owned();
    assert_eq!(next_hop, [("a".to_owned(), true, expected)]);
    let export = steps(&told, "export");
    assert_eq!(export, [("a to a".to_owned(), false, "it came from this peer".to_owned())]);
}

#[test]
fn import_is_told_rule_by_rule_and_what_is_refused_is_kept() {
    let [_a, b] = pair();
    let [dear, known] = ["dear", "known"].map(|name| {
        let file = std::fs::read_to_string(b.path("caracal.toml")).expect("a file");
        let before = file[..file.find(&format!("name = \"{name}\"")).expect("the rule")].lines().count();
        format!("policy from-a, rule {name} ({}:{before})", b.path("caracal.toml").display())
    });
    let import = |prefix: &str| b.json(&["explain", prefix, "--import", "--peer", "a"]);
    let told = import("10.2.0.0/24");
    let reason = format!("accepted by {known}, after changes by {dear}; changed: local_preference");
    assert_eq!(steps(&told, "import"), [("a".to_owned(), true, reason)]);
    assert!(steps(&told, "export").is_empty());

    let told = import("10.3.0.0/24");
    let (who, passed, reason) = steps(&told, "import").remove(0);
    // It says nothing of a default, so that of all policies holds, and its table stands for it.
    let place = line(&b, "[[policy]] # from-a");
    let expected = format!("import policy rejected it: default of policy from-a ({place})");
    assert_eq!((who.as_str(), passed, reason), ("a", false, expected));
    let tried = told["steps"][1]["tried"].clone();
    assert_eq!(
        tried,
        serde_json::json!([
            format!("{dear} does not match: prefix"),
            format!("{known} does not match: prefix")
        ])
    );
    let text = String::from_utf8_lossy(&b.ask(&["explain", "10.3.0.0/24", "--import"]).stdout).into_owned();
    assert!(text.contains(&format!("{known} does not match: prefix")), "{text}");

    let nothing = import("10.9.0.0/24");
    assert!(steps(&nothing, "import")[0].2.starts_with("not announced, or withdrawn"), "{nothing}");
    let inside = "what is known inside of it: `caracal routes 10.9.0.0/24 --longer`";
    assert_eq!(nothing["hints"], serde_json::json!([inside]));
    assert_eq!(b.ask(&["explain", "10.9.0.0/24", "--import", "--peer", "a"]).status.code(), Some(1));
    assert_eq!(b.ask(&["explain", "10.1.0.0/24", "--kernel", "--peer", "a"]).status.code(), Some(2));
}

#[test]
fn a_peer_that_is_down_is_told_nothing() {
    let mut a = Host::new();
    a.run(
        "[[originate]]\nprefix = \"10.1.0.0/24\"\n\
         [[peer]]\nname = \"tor\"\naddress = \"192.0.2.9\"\nasn = 65001\nenabled = false\n",
    );
    let told = a.json(&["explain", "10.1.0.0/24", "--peer", "tor"]);
    let expected = [("tor".to_owned(), false, "no session: it is Idle".to_owned())];
    assert_eq!(steps(&told, "export"), expected);
    assert_eq!(told["steps"][2]["towards"], "tor");
    assert_eq!(told["hints"], serde_json::json!(["why tor has no session: `caracal explain peer tor`"]));
    let code = |words: &[&str]| a.ask(&[&["explain", "10.1.0.0/24"], words].concat()).status.code();
    assert_eq!(
        (code(&["--peer", "tor"]), code(&[])),
        (Some(1), Some(0)),
        "it is known, and not told to that peer"
    );
}

/// One command says what else the same peer loses, with the command that lists it.
#[test]
fn what_else_is_refused_is_counted() {
    let [mut a, mut b] = [Host::new(), Host::new()];
    let announced = ["10.1.0.0/24", "10.2.0.0/24", "10.3.0.0/24"];
    let originated = announced.map(|prefix| format!("[[originate]]\nprefix = \"{prefix}\"\n")).concat();
    a.run(&format!("{}{originated}", b.as_peer("b", &a, "")));
    b.run(&a.as_peer("a", &b, "passive = true\nimport = \"reject-all\""));
    let refused = |b: &Host| b.json(&["routes", "--rejected"]).as_array().map(Vec::len);
    b.until("three refusals", || refused(&b) == Some(3));
    let text = String::from_utf8_lossy(&b.ask(&["explain", "10.1.0.0/24"]).stdout).into_owned();
    let hint = "\nhint: 2 more ipv4 paths of a refused: `caracal routes --in a --rejected`\n";
    assert!(text.ends_with(hint), "{text}");
    assert_eq!(b.ask(&["explain", "10.1.0.0/24", "--import"]).status.code(), Some(1), "it is refused");
    assert_eq!(a.ask(&["explain", "10.1.0.0/24", "--peer", "b"]).status.code(), Some(0), "it is told");
    let inside = String::from_utf8_lossy(&b.ask(&["explain", "10.1.0.7"]).stdout).into_owned();
    assert!(inside.starts_with("10.1.0.0/24, which covers 10.1.0.7\n"), "{inside}");
    let unknown = String::from_utf8_lossy(&b.ask(&["explain", "10.1.0.128/25"]).stdout).into_owned();
    let first = "10.1.0.0/24, which covers 10.1.0.128/25: of that itself nothing is known\n";
    assert!(unknown.starts_with(first), "{unknown}");
}
