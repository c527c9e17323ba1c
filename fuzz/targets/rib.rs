//! The engine around [`fuzz::rib`].
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| fuzz::bounded(fuzz::rib, octets));
