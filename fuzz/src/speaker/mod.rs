//! A whole speaker, to which anything can happen.

mod driver;
mod inputs;
mod setting;

use crate::draw::Draw;
use driver::Driver;

/// Most inputs of one run.
const INPUTS: usize = 256;

/// An octet of configuration, then inputs: nothing panics, every connection is closed exactly once,
/// every state follows from the one before, everything sent is whole messages, time always goes on, and
/// a speaker that is told to stop does.
pub fn speaker(octets: &[u8]) {
    let mut draw = Draw::new(octets);
    let mut driver = Driver::new(setting::config(draw.octet()));
    for _ in 0..INPUTS {
        if draw.is_empty() {
            break;
        }
        inputs::happen(&mut driver, &mut draw);
        driver.drain();
    }
    driver.look();
    driver.stop(draw.octet());
}
