//! Any bytes as a sound: an error or up to 10 s of samples. Not a check of what comes out.

#![no_main]

use audio::{SAMPLE_RATE, Sound};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut input = bytes;
    let Ok(sound) = Sound::spool(&mut input) else { return };
    let Ok(mut samples) = sound.samples() else { return };
    let (mut block, mut total) = (vec![0; 4096], 0);
    while let Ok(n @ 1..) = samples.read(&mut block) {
        total += n;
        if total > 10 * SAMPLE_RATE as usize {
            break;
        }
    }
});
