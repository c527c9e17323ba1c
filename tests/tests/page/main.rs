//! The status page in a real browser, before a daemon with real sessions and a kernel of its own.
//!
//! Pictures of what was seen are left in `target/page`: whoever changes the page looks at them.

mod events;
mod look;
mod scene;

use serde_json::{Value, json};
use tests::browser::key;
use tests::failure::Failure;
use tests::programs::prove;

use scene::{LAST_WORDS, MARKUP, PAGE, SCRIPT, Scene, TAKEN};

/// The text of an element, spaces as one.
fn text(scene: &Scene, id: &str) -> Result<String, Failure> {
    let script = format!("return document.getElementById('{id}').innerText.replace(/\\s+/g, ' ').trim()");
    Ok(scene.browser.run(&script)?.as_str().unwrap_or_default().to_owned())
}

/// The texts of the rows of a table.
fn rows(scene: &Scene, id: &str) -> Result<Vec<String>, Failure> {
    let script = format!(
        "return [...document.querySelectorAll('#{id} tbody tr')].map((row) => row.innerText.replace(/\\s+/g, ' '))"
    );
    let rows = scene.browser.run(&script)?;
    Ok(rows.as_array().into_iter().flatten().filter_map(|row| Some(row.as_str()?.to_owned())).collect())
}

/// The row that begins with a name.
fn row(scene: &Scene, id: &str, name: &str) -> Result<String, Failure> {
    let rows = rows(scene, id)?;
    Ok(rows
        .iter()
        .find(|row| row.starts_with(name))
        .unwrap_or_else(|| panic!("no {name} in {rows:#?}"))
        .clone())
}

fn assert_has(text: &str, wanted: &[&str]) {
    for words in wanted {
        assert!(text.contains(words), "no {words:?} in {text:?}");
    }
}

#[test]
fn what_is_told_is_shown_and_stays_text() {
    prove(|| shown().expect("the page shows it"));
}

fn shown() -> Result<(), Failure> {
    let scene = Scene::set()?;
    scene.show("")?;
    assert_has(
        &text(&scene, "verdict")?,
        &["2 of 3 peers are not Established", "The kernel refuses 1 route"],
    );
    assert_has(&text(&scene, "facts")?, &["1 of 4", "1 disabled", "IPv4 prefixes", "generation 1"]);
    assert_has(&text(&scene, "rungs")?, &["configured", "1 of 3 configured peers are Established"]);
    scene.keep_picture("overview")?;
    scene.show("#constructor")?;
    let hidden = "return document.getElementById('view-overview').hidden";
    assert_eq!(scene.browser.run(hidden)?, json!(false), "what is the name of no view changes nothing");

    scene.show("#sessions")?;
    scene.browser.until("document.querySelectorAll('#sessions-table tbody tr').length === 4")?;
    assert_has(&row(&scene, "sessions-table", "tor-a")?, &["Established", "rack 7, upper switch", "65001"]);
    assert_has(&row(&scene, "sessions-table", "tor-b")?, &[MARKUP, LAST_WORDS]);
    assert_has(&row(&scene, "sessions-table", "spine-1")?, &[SCRIPT, "refused"]);
    let ours = "document.querySelectorAll('img').length === 1 && document.querySelectorAll('script').length === 1 \
                && !document.querySelector('td b, td img, td script')";
    assert_eq!(scene.browser.run(&format!("return {ours}"))?, json!(true), "something became an element");
    scene.browser.until("document.querySelector('#sessions-table svg .line')?.points.length >= 2")?;
    scene.keep_picture("sessions")?;

    scene.show("#sessions?peer=tor-b")?;
    assert_has(&text(&scene, "peer")?, &["tor-b", MARKUP, LAST_WORDS, "Routes received"]);
    scene.keep_picture("peer")?;

    scene.show("#kernel")?;
    scene.browser.until("document.querySelectorAll('#kernel-table tbody tr').length === 1")?;
    assert_has(
        &row(&scene, "kernel-table", TAKEN)?,
        &["diverged", "via 10.0.0.2", "(static) holds metric 0"],
    );
    scene.keep_picture("kernel")?;
    scene.is_clean()
}

#[test]
fn what_is_asked_has_an_address() {
    prove(|| asked().expect("the page answers"));
}

/// Opens the address of now once more, and nothing has changed.
fn opens_anew(scene: &Scene, id: &str) -> Result<(), Failure> {
    let seen = rows(scene, id)?;
    let address = scene.browser.run("return location.href")?;
    scene.browser.visit("about:blank")?;
    scene.browser.visit(address.as_str().unwrap_or_default())?;
    scene.browser.until(&format!("document.querySelectorAll('#{id} tbody tr').length === {}", seen.len()))?;
    let timeless = |rows: Vec<String>| -> Vec<String> {
        let word = |word: &&str| {
            !word.ends_with(['s', 'm']) || !word.starts_with(|first: char| first.is_ascii_digit())
        };
        rows.iter().map(|row| row.split(' ').filter(word).collect::<Vec<&str>>().join(" ")).collect()
    };
    assert_eq!(timeless(rows(scene, id)?), timeless(seen));
    Ok(())
}

fn asked() -> Result<(), Failure> {
    let scene = Scene::set()?;
    let browser = &scene.browser;
    scene.show("#routes")?;
    browser.run("document.getElementById('routes-scope').value = 'longer'")?;
    browser.run("document.getElementById('routes-prefix').focus()")?;
    browser.press(&format!("10.0.0.0/8{}", key::ENTER))?;
    browser.until("document.querySelectorAll('#routes-table tbody tr').length > 3")?;
    assert_eq!(
        browser.run("return location.href")?,
        json!(format!("{PAGE}/#routes?prefix=10.0.0.0%2F8&scope=longer&of=all"))
    );
    assert_has(&row(&scene, "routes-table", "10.20.30.0/24")?, &["best", "tor-a", "10.0.0.2", "65001"]);
    opens_anew(&scene, "routes-table")?;
    scene.keep_picture("routes")?;

    browser.visit(&format!("{PAGE}/#routes?of=rejected"))?;
    browser.until("document.querySelectorAll('#routes-table tbody tr').length === 1")?;
    assert_has(&row(&scene, "routes-table", "192.168.17.0/24")?, &["import policy rejected it"]);

    browser.run("document.querySelector('#routes-table a').click()")?;
    browser.until("document.querySelectorAll('#explain-steps li').length > 1")?;
    assert_has(&text(&scene, "explain-steps")?, &["import", "no-private"]);
    opens_anew(&scene, "explain-table")?;
    scene.keep_picture("explain-refused")?;

    scene.show("#explain")?;
    browser.run("document.getElementById('explain-prefix').focus()")?;
    browser.press(&format!("10.20.30.7{}", key::ENTER))?;
    browser.until("document.querySelectorAll('#explain-steps li').length > 3")?;
    assert_has(&text(&scene, "explain-note")?, &["10.20.30.0/24"]);
    assert_has(&text(&scene, "explain-steps")?, &["import", "decision", "export", "kernel"]);
    opens_anew(&scene, "explain-table")?;
    scene.keep_picture("explain")?;

    browser.visit(&format!("{PAGE}/#explain?prefix=10.0.0.1%2F8&peer={}", "%3Cimg%20src%3Dx%3E"))?;
    browser.until("document.getElementById('explain-note').classList.contains('bad')")?;
    // The refusal itself is an answer with a status, of which the console tells; nothing else is there.
    let complaints = browser.complaints()?;
    assert!(complaints.iter().all(|words| words.contains("/api/v1/explain")), "{complaints:?}");
    scene.is_clean()
}

#[test]
fn a_daemon_that_goes_is_missed_and_nobody_else_is_asked() {
    prove(|| missed().expect("the page notices"));
}

fn missed() -> Result<(), Failure> {
    let mut scene = Scene::set()?;
    scene.show("#sessions")?;
    scene.is_clean()?;
    let elsewhere = "return fetch('http://10.0.0.2:9470/').then(() => 'asked', (error) => 'kept from it')";
    assert_eq!(scene.browser.run(elsewhere)?, json!("kept from it"));
    let inline = "const script = document.createElement('script'); script.textContent = 'document.title = \"pwned\"'; \
                  document.body.append(script); return document.title";
    assert_ne!(scene.browser.run(inline)?, json!("pwned"));
    let complaints = scene.browser.complaints()?;
    assert_eq!(
        complaints.iter().filter(|words| words.contains("violates the following")).count(),
        2,
        "{complaints:#?}"
    );
    let seen = rows(&scene, "sessions-table")?;
    scene.end_node()?;
    scene.browser.until("document.getElementById('fresh').textContent.startsWith('no answer')")?;
    assert_eq!(rows(&scene, "sessions-table")?.len(), seen.len(), "what was known last stays");
    scene.keep_picture("gone")
}

/// What is in the keyboard's focus, and whether somebody can see that it is.
fn focus(scene: &Scene) -> Result<(String, bool), Failure> {
    let script = "const one = document.activeElement, style = getComputedStyle(one); \
                  return [one.id || one.textContent.trim().split(' ')[0] || one.tagName, \
                          style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0]";
    let told = scene.browser.run(script)?;
    Ok((told[0].as_str().unwrap_or_default().to_owned(), told[1] == Value::Bool(true)))
}

#[test]
fn a_keyboard_is_enough() {
    prove(|| typed().expect("keys do it"));
}

fn typed() -> Result<(), Failure> {
    let scene = Scene::set()?;
    let browser = &scene.browser;
    scene.show("#sessions")?;
    browser.until("document.querySelectorAll('#sessions-table tbody tr').length === 4")?;
    let mut seen = Vec::new();
    for _ in 0..13 {
        browser.press(key::TAB)?;
        let (name, visible) = focus(&scene)?;
        assert!(visible, "nobody sees that {name} has the focus");
        seen.push(name);
    }
    let expected = [
        "skip",
        "Overview",
        "Sessions",
        "Routes",
        "Explain",
        "Kernel",
        "Events",
        "sessions-filter",
        "sessions-down",
        "Peer",
        "Address",
        "AS",
        "State",
    ];
    assert_eq!(seen, expected, "in the order in which it is read");

    browser.press(key::ENTER)?;
    let order = "document.querySelector('th[aria-sort=descending]')?.textContent === 'State'";
    browser.until(order)?;
    assert_eq!(focus(&scene)?.0, "State", "whoever sorts keeps the place");
    assert_has(&rows(&scene, "sessions-table")?[0], &["tor-a"]);

    browser.press("/")?;
    browser.until("document.activeElement.id === 'sessions-filter'")?;
    browser.press("refused")?;
    browser.until("document.querySelectorAll('#sessions-table tbody tr').length === 1")?;
    browser.press(key::ESCAPE)?;
    browser.press("3")?;
    browser.until("!document.getElementById('view-routes').hidden")?;
    browser.press("/")?;
    browser.until("document.activeElement.id === 'routes-prefix'")?;
    browser.press(&format!("10.20.30.0/24{}", key::ENTER))?;
    browser.until("document.querySelectorAll('#routes-table tbody tr').length === 1")?;
    scene.is_clean()
}
