//! The engine around [`fuzz::session`].
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| fuzz::bounded(fuzz::session, octets));
