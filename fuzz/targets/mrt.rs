//! The engine around [`fuzz::mrt`].
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| fuzz::bounded(fuzz::mrt, octets));
