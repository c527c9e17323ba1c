//! The engine around [`fuzz::storm`], which is many hours of many speakers: not bounded as one input of one is.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| fuzz::storm(octets));
