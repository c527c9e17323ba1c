//! Debian's Chromium, without a screen, driven as a person would: keys, addresses, and a look at what is there.
//!
//! It is told what to do in [WebDriver](https://www.w3.org/TR/webdriver2/) by way of chromedriver. That is JSON over
//! HTTP, and of it a handful of commands, so there is no library for it here.

mod wire;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::failure::{Doing, Failure};
use crate::netns::Netns;
use crate::process::Daemon;
use crate::sandbox::SCRATCH;
use crate::wait;

/// Where Debian puts them.
const DRIVER: &str = "/usr/bin/chromedriver";
const CHROMIUM: &str = "/usr/bin/chromium";
/// Where the driver listens, in the namespace that it has to itself or shares with a daemon.
const PORT: u16 = 9515;
/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Without a screen, as root, and without a word to anybody but who is asked.
const ARGUMENTS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
];

/// Keys without a letter, [as WebDriver numbers them](https://www.w3.org/TR/webdriver2/#keyboard-actions).
pub mod key {
    /// Moves on.
    pub const TAB: &str = "\u{e004}";
    /// Follows a link, sends a form.
    pub const ENTER: &str = "\u{e007}";
    /// Leaves.
    pub const ESCAPE: &str = "\u{e00c}";
}

/// A browser with one window; dropping it kills it.
#[derive(Debug)]
pub struct Browser {
    place: Arc<Netns>,
    session: String,
    _driver: Daemon,
}

impl Browser {
    /// Starts one in `place`, inside a sandbox.
    ///
    /// # Errors
    /// Where it is not installed, or does not start.
    pub fn open(place: &Arc<Netns>) -> Result<Self, Failure> {
        for (program, package) in [(DRIVER, "chromium-driver"), (CHROMIUM, "chromium")] {
            if !Path::new(program).exists() {
                let why = format!("not installed: tests/peers installs {package}");
                return Err(Failure::new(format!("start {program}"), why));
            }
        }
        let home = Path::new(SCRATCH).join("chromium");
        fs::create_dir_all(&home).doing("make a folder for Chromium")?;
        let mut command = Command::new(DRIVER);
        command.arg(format!("--port={PORT}")).env("HOME", &home).env("TMPDIR", &home);
        let log = Path::new(SCRATCH).join("chromedriver.log");
        let driver = Daemon::start("chromedriver", &mut command, place, &log)?;
        let mut browser = Self { place: Arc::clone(place), session: String::new(), _driver: driver };
        wait::until("chromedriver", PATIENCE, || browser.ask("GET", "/status", &Value::Null))?;
        let folder = format!("--user-data-dir={}", home.display());
        let arguments: Vec<&str> = ARGUMENTS.into_iter().chain([folder.as_str()]).collect();
        let wanted = json!({
            "goog:chromeOptions": { "binary": CHROMIUM, "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
            // A dialog makes the next command fail.
            "unhandledPromptBehavior": "ignore",
        });
        let session = json!({ "capabilities": { "alwaysMatch": wanted } });
        let session = browser.ask("POST", "/session", &session)?;
        let id = session["sessionId"].as_str().unwrap_or_default();
        browser.session = format!("/session/{id}");
        Ok(browser)
    }

    /// Goes to an address, as if it had been typed in.
    pub fn visit(&self, url: &str) -> Result<(), Failure> {
        self.command("url", &json!({ "url": url })).map(drop)
    }

    /// What a script says that has been given to the page; it ends with `return`.
    pub fn run(&self, script: &str) -> Result<Value, Failure> {
        self.command("execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// Waits until an expression is true of the page.
    pub fn until(&self, holds: &str) -> Result<(), Failure> {
        let script = format!("return Boolean({holds}) || document.body.innerText");
        wait::until(holds, PATIENCE, || match self.run(&script) {
            Ok(Value::Bool(true)) => Ok(()),
            Ok(Value::String(text)) => Err(text),
            other => Err(format!("{other:?}")),
        })
    }

    /// Presses keys, one after another.
    pub fn press(&self, keys: &str) -> Result<(), Failure> {
        let stroke = |letter: char| {
            let letter = letter.to_string();
            [json!({ "type": "keyDown", "value": letter }), json!({ "type": "keyUp", "value": letter })]
        };
        let strokes: Vec<Value> = keys.chars().flat_map(stroke).collect();
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": strokes });
        self.command("actions", &json!({ "actions": [keyboard] })).map(drop)
    }

    /// Gives the page so many pixels.
    pub fn resize(&self, width: u32, height: u32) -> Result<(), Failure> {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.develop("Emulation.setDeviceMetricsOverride", &size).map(drop)
    }

    /// Prefers the colour scheme `light` or `dark`.
    pub fn prefer(&self, scheme: &str) -> Result<(), Failure> {
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.develop("Emulation.setEmulatedMedia", &features).map(drop)
    }

    /// The whole page as a picture, PNG.
    pub fn picture(&self) -> Result<Vec<u8>, Failure> {
        let words = json!({ "format": "png", "captureBeyondViewport": true });
        let told = self.develop("Page.captureScreenshot", &words)?;
        BASE64_STANDARD.decode(told["data"].as_str().unwrap_or_default()).doing("read a picture")
    }

    /// What the console has complained of since it was asked last.
    pub fn complaints(&self) -> Result<Vec<String>, Failure> {
        let entries = self.command("se/log", &json!({ "type": "browser" }))?;
        let entries = entries.as_array().cloned().unwrap_or_default();
        Ok(entries.iter().map(|entry| format!("{} {}", entry["level"], entry["message"])).collect())
    }

    /// The addresses outside of the browser that have been asked since this was asked last.
    pub fn requests(&self) -> Result<Vec<String>, Failure> {
        let requests = self.events("Network.requestWillBeSent")?;
        let urls = requests.iter().filter_map(|params| params["request"]["url"].as_str());
        let inside = ["about:", "chrome:", "data:"];
        let is_inside = |url: &&str| inside.iter().any(|scheme| url.starts_with(scheme));
        Ok(urls.filter(|url| !is_inside(url)).map(str::to_owned).collect())
    }

    /// The values of a header in what has been asked since this, or [`Self::requests`], was asked last.
    pub fn headers(&self, name: &str) -> Result<Vec<String>, Failure> {
        let requests = self.events("Network.requestWillBeSentExtraInfo")?;
        let values = requests.iter().filter_map(|params| params["headers"][name].as_str());
        Ok(values.map(str::to_owned).collect())
    }

    /// What the developer's protocol has told of one kind since its log was read last.
    fn events(&self, method: &str) -> Result<Vec<Value>, Failure> {
        let entries = self.command("se/log", &json!({ "type": "performance" }))?;
        let params = |entry: &Value| {
            let mut message: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
            (message["message"]["method"] == method).then(|| message["message"]["params"].take())
        };
        Ok(entries.as_array().into_iter().flatten().filter_map(params).collect())
    }

    /// A command of the [developer's protocol](https://chromedevtools.github.io/devtools-protocol/).
    fn develop(&self, command: &str, words: &Value) -> Result<Value, Failure> {
        self.command("goog/cdp/execute", &json!({ "cmd": command, "params": words }))
    }

    fn command(&self, command: &str, words: &Value) -> Result<Value, Failure> {
        self.ask("POST", &format!("{}/{command}", self.session), words)
    }

    fn ask(&self, method: &str, path: &str, words: &Value) -> Result<Value, Failure> {
        let driver = (std::net::Ipv4Addr::LOCALHOST, PORT).into();
        self.place.run(|| wire::ask(driver, method, path, words, PATIENCE))?
    }
}
