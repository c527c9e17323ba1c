//! The engine around [`fuzz::configuration`].
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| fuzz::bounded(fuzz::configuration, octets));
