//! A file of the page as it is sent: plain or packed, and not at all to a browser that has it.

use std::io::Write as _;

use axum::body::Bytes;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

/// A browser keeps a file and asks each time whether it is still the same: a newer daemon behind the same address is
/// noticed at once.
const KEEP: &str = "no-cache";

/// A file, packed once when the daemon starts.
#[derive(Clone, Debug)]
pub(super) struct File {
    kind: &'static str,
    plain: &'static str,
    packed: Bytes,
    /// Weak, because it names the file in both of its forms.
    tag: String,
}

impl File {
    /// A file of a media type.
    pub(super) fn new(kind: &'static str, plain: &'static str) -> Self {
        let mut packer = GzEncoder::new(Vec::new(), Compression::best());
        let packed = packer.write_all(plain.as_bytes()).and_then(|()| packer.finish());
        let packed = packed.expect("memory takes everything").into();
        let digest = Sha256::digest(plain.as_bytes());
        let digest: String = digest.iter().take(8).map(|octet| format!("{octet:02x}")).collect();
        Self { kind, plain, packed, tag: format!("W/\"{digest}\"") }
    }

    /// What is answered to a request with these headers.
    pub(super) fn answer(&self, asked: &HeaderMap) -> Response {
        let kept = [(ETAG, self.tag.as_str()), (CACHE_CONTROL, KEEP), (VARY, ACCEPT_ENCODING.as_str())];
        if words(asked, &IF_NONE_MATCH).any(|word| word == self.tag || word == "*") {
            return (StatusCode::NOT_MODIFIED, kept).into_response();
        }
        let kind = [(CONTENT_TYPE, self.kind)];
        if words(asked, &ACCEPT_ENCODING).any(takes_gzip) {
            return (kept, kind, [(CONTENT_ENCODING, "gzip")], self.packed.clone()).into_response();
        }
        (kept, kind, self.plain).into_response()
    }
}

/// The members of a list in headers.
fn words<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}

/// Whether a coding that somebody accepts is gzip, and not with a weight of nothing
/// ([RFC 9110 §12.5.3](https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3)).
fn takes_gzip(coding: &str) -> bool {
    let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
    let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok());
    name.trim().eq_ignore_ascii_case("gzip") && weight.is_some_and(|weight| weight > 0.0)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    const TEXT: &str = "export const address = (view, words) => view + words;\n";

    fn answer(headers: &[(HeaderName, &str)]) -> Response {
        let headers = headers.iter().map(|(name, value)| (name.clone(), value.parse().expect("a value")));
        File::new("text/javascript", TEXT).answer(&headers.collect())
    }

    #[test]
    fn it_is_packed_for_whoever_can_unpack_it() {
        for (accepted, packed) in [
            ("gzip", true),
            ("br, GZIP ; q=0.5", true),
            ("deflate, gzip;q=0", false),
            ("identity", false),
            ("x-gzip", false),
            ("", false),
        ] {
            let answer = answer(&[(ACCEPT_ENCODING, accepted)]);
            assert_eq!(answer.headers().contains_key(CONTENT_ENCODING), packed, "{accepted}");
            assert_eq!(answer.headers()[VARY], "accept-encoding");
        }
        let mut text = String::new();
        let file = File::new("text/javascript", TEXT);
        flate2::read::GzDecoder::new(&*file.packed).read_to_string(&mut text).expect("it is gzip");
        assert_eq!(text, TEXT);
    }

    #[test]
    fn it_is_not_sent_twice() {
        let first = answer(&[]);
        let tag = first.headers()[ETAG].to_str().expect("text").to_owned();
        assert_eq!(
            answer(&[(IF_NONE_MATCH, &format!("\"else\", {tag}"))]).status(),
            StatusCode::NOT_MODIFIED
        );
        assert_eq!(answer(&[(IF_NONE_MATCH, "\"else\"")]).status(), StatusCode::OK);
        let other = File::new("text/javascript", "export const nothing = 0;\n");
        assert_ne!(other.tag, tag, "another text has another name");
    }
}
