//! How the page looks: on a telephone and on a desk, by day and by night.

use serde_json::json;
use tests::failure::Failure;
use tests::programs::prove;

use super::scene::{PAGE, Scene, TAKEN};

/// The least contrast of text on what is behind it that WCAG 2.2 calls enough (1.4.3).
const CONTRAST: f64 = 4.5;

/// The least contrast of any text there is.
const LEAST: &str = r"
const light = (colour) => {
  const [r, g, b] = colour.match(/[\d.]+/g).map(Number).map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const behind = (element) => {
  for (let one = element; one; one = one.parentElement) {
    const colour = getComputedStyle(one).backgroundColor;
    if (!/, 0\)$/.test(colour)) return colour;
  }
  return 'rgb(255, 255, 255)';
};
const texts = [...document.querySelectorAll('body *')].filter((element) =>
  element.getClientRects().length && [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
return texts.map((element) => {
  const [one, other] = [light(getComputedStyle(element).color), light(behind(element))].sort((a, b) => b - a);
  return [(one + 0.05) / (other + 0.05), element.textContent.trim().slice(0, 60)];
}).sort((a, b) => a[0] - b[0])[0]";

/// Views with something in each.
const VIEWS: [(&str, &str); 5] = [
    ("overview", "#overview"),
    ("sessions", "#sessions?peer=tor-b"),
    ("routes", "#routes?prefix=10.0.0.0/8&scope=longer"),
    ("explain", "#explain?prefix=10.9.9.0/24"),
    ("kernel", "#kernel"),
];

#[test]
fn it_fits_and_can_be_read() {
    prove(|| fits().expect("it does"));
}

fn fits() -> Result<(), Failure> {
    let scene = Scene::set()?;
    for scheme in ["light", "dark"] {
        scene.browser.prefer(scheme)?;
        for width in [360, 768, 1280] {
            scene.browser.resize(width, 800)?;
            for (name, view) in VIEWS {
                scene.browser.visit(&format!("{PAGE}/{view}"))?;
                scene.browser.until(&format!("{} && {}", ready(name), "document.title !== 'Caracal'"))?;
                let widths = "return [document.documentElement.scrollWidth, window.innerWidth]";
                assert_eq!(
                    scene.browser.run(widths)?,
                    json!([width, width]),
                    "{name} is wider than the window"
                );
                let least = scene.browser.run(LEAST)?;
                let contrast = least[0].as_f64().unwrap_or_default();
                assert!(contrast >= CONTRAST, "{name}, {scheme}: {least}");
                scene.keep_picture(&format!("{name}-{scheme}-{width}"))?;
            }
        }
    }
    let night = scene.browser.run("return getComputedStyle(document.body).backgroundColor")?;
    assert_eq!(night, json!("rgb(18, 22, 26)"));
    scene.is_clean()
}

/// Whether a view shows what it has to show.
fn ready(view: &str) -> String {
    match view {
        "overview" => "document.querySelectorAll('#rungs li').length === 5".to_owned(),
        "explain" => "document.querySelectorAll('#explain-steps li').length > 2".to_owned(),
        "kernel" => format!("document.getElementById('kernel-table').textContent.includes('{TAKEN}')"),
        _ => format!("document.querySelectorAll('#{view}-table tbody tr').length > 2"),
    }
}
