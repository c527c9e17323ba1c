//! The engine around [`fuzz::framing`].
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| fuzz::bounded(fuzz::framing, octets));
