//! The engine around [`fuzz::speaker`].
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| fuzz::bounded(fuzz::speaker, octets));
