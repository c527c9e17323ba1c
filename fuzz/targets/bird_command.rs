//! The engine around [`fuzz::bird_command`].
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| fuzz::bounded(fuzz::bird_command, octets));
