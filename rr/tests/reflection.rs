//! Three reflectors over loopback: what one client says, the other hears.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

const PORT: u16 = 11791;
const PATIENCE: Duration = Duration::from_secs(60);
const PROGRAM: &str = env!("CARGO_BIN_EXE_caracal-rr");

struct Reflector {
    folder: TempDir,
    process: Child,
}

impl Reflector {
    fn run(address: &str, more: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let text = format!(
            "asn = 64512\nrouter_id = \"{address}\"\n\
             [listen]\naddresses = [\"{address}\"]\nport = {PORT}\n\
             [control]\nsocket = \"{}\"\n\
             [[policy]]\nname = \"elsewhere\"\ndefault = \"reject\"\n\
             rules = [{{ name = \"all\", action = \"accept\", set = {{ next_hop = \"192.0.2.1\" }} }}]\n{more}",
            folder.path().join("socket").display()
        );
        let file = folder.path().join("caracal.toml");
        fs::write(&file, text).expect("a writable file");
        let mut command = Command::new(PROGRAM);
        command.arg("run").arg("--config").arg(file).stdin(Stdio::null()).stderr(Stdio::null());
        Self { process: command.spawn().expect("the program starts"), folder }
    }

    fn json(&self, words: &[&str]) -> Option<Value> {
        let socket: PathBuf = self.folder.path().join("socket");
        let mut command = Command::new(PROGRAM);
        let output = command.args(words).args(["-o", "json", "--socket"]).arg(socket).output();
        serde_json::from_slice(&output.expect("the program starts").stdout).ok()
    }
}

impl Drop for Reflector {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn until<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(Instant::now() < deadline, "{what} never came true");
        sleep(Duration::from_millis(20));
    }
}

fn peer(name: &str, remote: &str, local: &str, more: &str) -> String {
    format!(
        "[[peer]]\nname = \"{name}\"\naddress = \"{remote}\"\nport = {PORT}\nasn = 64512\n\
         local_address = \"{local}\"\nconnect_retry = \"1s\"\n{more}\n"
    )
}

#[test]
fn a_route_of_one_client_reaches_the_other_with_its_originator() {
    let [.., high, low] = std::process::id().to_be_bytes();
    let [r, a, b] = [1, 2, 3].map(|host| format!("127.{}.{low}.{host}", high | 0x80));
    let clients = [peer("a", &a, &r, "client = true"), peer("b", &b, &r, "client = true")].concat();
    let reflector = Reflector::run(&r, &clients);
    let block = "[[originate]]\nprefix = \"10.1.0.0/24\"\nkind = \"announce\"\n";
    let to_r = peer("r", &r, &a, "export = \"elsewhere\"");
    let _one = Reflector::run(&a, &format!("{to_r}{block}"));
    let other = Reflector::run(&b, &peer("r", &r, &b, ""));
    let route = until("the route", || other.json(&["routes", "10.1.0.0/24"])?.get(0).cloned());
    assert_eq!(route["originator_id"], json!(a));
    assert_eq!(route["cluster_list"], json!([r]));
    assert_eq!(route["next_hop"], json!("192.0.2.1"));
    let status = until("an answer", || reflector.json(&["status"]));
    assert_eq!(status["role"], json!("reflector"));
    assert_eq!(status["kernel"], json!(null), "a reflector leaves the kernel alone");
}
