//! The engine around [`fuzz::pair`].
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| fuzz::bounded(fuzz::pair, octets));
