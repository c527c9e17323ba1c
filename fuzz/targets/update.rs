//! The engine around [`fuzz::update`].
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| fuzz::bounded(fuzz::update, octets));
