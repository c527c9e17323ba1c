//! The engine around [`fuzz::prefix_set`].
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| fuzz::bounded(fuzz::prefix_set, octets));
