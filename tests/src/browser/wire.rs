//! WebDriver on the wire: a request with JSON, an answer with JSON, a connection for each.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use crate::failure::{Doing, Failure};

/// The `value` of the answer to a command.
pub(super) fn ask(
    driver: SocketAddr,
    method: &str,
    path: &str,
    words: &Value,
    patience: Duration,
) -> Result<Value, Failure> {
    let body = if words.is_null() { String::new() } else { words.to_string() };
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {driver}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let doing = || format!("ask chromedriver {path} {body:.200}");
    let answer = exchange(driver, &request, patience).doing_with(doing)?;
    let (_, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    let mut told: Value = serde_json::from_str(body).doing_with(doing)?;
    let value = told["value"].take();
    match value["error"].as_str() {
        Some(error) => Err(Failure::new(doing(), format!("{error}: {}", value["message"]))),
        None => Ok(value),
    }
}

/// The whole answer to a request. The driver may keep the connection: the length it names is the end.
fn exchange(driver: SocketAddr, request: &str, patience: Duration) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(driver)?;
    stream.set_read_timeout(Some(patience))?;
    stream.write_all(request.as_bytes())?;
    let (mut answer, mut part) = (Vec::new(), [0; 16 * 1024]);
    while !is_whole(&answer) {
        let count = stream.read(&mut part)?;
        if count == 0 {
            break;
        }
        answer.extend(part.get(..count).unwrap_or_default());
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn is_whole(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(answer.get(..end).unwrap_or_default()).to_ascii_lowercase();
    let length =
        head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    length.is_some_and(|length| answer.len() >= end + 4 + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_as_long_as_it_says() {
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
        assert!(!is_whole(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"));
        assert!(!is_whole(&[head, b"{".as_slice()].concat()));
        assert!(is_whole(&[head, b"{}".as_slice()].concat()));
    }
}
