//! Fuzzes the reader of `model.bin`. Not its `config.json`, which is fixed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use whisper::weights::{FORMATS, Weights};

fuzz_target!(|data: &[u8]| {
    let format = FORMATS.iter().find(|format| format.name == "CTranslate2").expect("a known format");
    if let Ok((_, weights)) = Weights::from_bytes(format, data.to_vec(), b"{}") {
        for (_, view) in weights.tensors() {
            assert_eq!(view.bytes.len(), view.shape.iter().product::<usize>() * view.dtype.bytes());
        }
    }
});
