//! Probabilities against the network's formulas in NumPy over the same weights, which `make.py` wrote to
//! `cases/probabilities.json`. Not against the package's ONNX models, whose weights are others.

use audio::Sound;
use cpu::{Cpu, Isa};
use std::collections::HashMap;
use std::path::Path;
use vad::{CHUNK, Detector};

const RECORDING: &str = "../../tests/audio/sense-and-sensibility.flac";

fn recording() -> Vec<f32> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(RECORDING);
    let mut samples = Sound::open(&path).unwrap().samples().unwrap();
    let (mut sound, mut block) = (Vec::new(), [0i16; 4096]);
    loop {
        let n = samples.read(&mut block).unwrap();
        if n == 0 {
            return sound;
        }
        sound.extend(block[..n].iter().map(|x| f32::from(*x) / 32_768.0));
    }
}

/// The same noise as `make.py` makes.
fn noise(count: usize) -> Vec<f32> {
    let mut state = 1u32;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((state >> 8) as f32 / (1u32 << 23) as f32 - 1.0) * 0.25
    };
    (0..count).map(next).collect()
}

fn expected() -> HashMap<String, Vec<f32>> {
    serde_json::from_str(include_str!("cases/probabilities.json")).unwrap()
}

fn detect(detector: &mut Detector, sound: &[f32], block: usize) -> Vec<f32> {
    detector.reset();
    for block in sound.chunks(block) {
        detector.push(block).unwrap();
    }
    detector.finish().unwrap().to_vec()
}

#[test]
fn probabilities_are_those_of_the_formulas() {
    let sounds = [("speech", recording()), ("silence", vec![0.0; 30_000]), ("noise", noise(30_000))];
    let expected = expected();
    for isa in Isa::available() {
        let mut detector = Detector::new(&Cpu::with_isa(isa, 2)).unwrap();
        for (name, sound) in &sounds {
            let (got, expected) = (detect(&mut detector, sound, sound.len()), &expected[*name]);
            assert_eq!((got.len(), sound.len().div_ceil(CHUNK)), (expected.len(), expected.len()), "{name}");
            for (i, (got, expected)) in got.iter().zip(expected).enumerate() {
                assert!((got - expected).abs() < 1e-4, "{isa}: {name} {i}: {got}, expected {expected}");
            }
        }
    }
}

#[test]
fn bits_depend_on_neither_blocks_nor_threads() {
    let sound = recording();
    let whole = detect(&mut Detector::new(&Cpu::new(1)).unwrap(), &sound, sound.len());
    for threads in 1..=3 {
        let mut detector = Detector::new(&Cpu::new(threads)).unwrap();
        for block in [160, 511, 512, 513, 4_000, 100_003] {
            assert_eq!(detect(&mut detector, &sound, block), whole, "{threads} threads, blocks of {block}");
        }
    }
}

/// Live sound is asked for its probabilities at any moment.
#[test]
fn asking_early_changes_nothing() {
    let sound = &recording()[..20 * CHUNK + 100];
    let mut detector = Detector::new(&Cpu::new(1)).unwrap();
    let whole = detect(&mut detector, sound, sound.len());
    detector.reset();
    assert_eq!(detector.probabilities().unwrap(), [0.0; 0]);
    for (i, block) in sound.chunks(700).enumerate() {
        detector.push(block).unwrap();
        let chunks = (700 * i + block.len()) / CHUNK;
        assert_eq!(detector.probabilities().unwrap(), &whole[..chunks]);
    }
    assert_eq!(detector.finish().unwrap(), whole);
    assert_eq!(detector.finish().unwrap(), whole, "a sound ends once");
}

#[test]
fn no_sound_has_no_probabilities() {
    let mut detector = Detector::new(&Cpu::new(1)).unwrap();
    detector.push(&[]).unwrap();
    assert_eq!(detector.finish().unwrap(), [0.0; 0]);
    detector.push(&[0.1]).unwrap();
    assert_eq!(detector.finish().unwrap().len(), 1);
}
