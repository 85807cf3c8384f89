//! How much sound the detector hears in a second, and where its time goes. Not a comparison with other detectors.
//!
//! `cargo bench -p vad` prints seconds of sound per second for one and two threads, then the steps of a run.

use cpu::Cpu;
use std::time::Instant;
use vad::{Detector, SAMPLE_RATE};

/// Seconds of sound.
const SECONDS: usize = 600;
/// Samples of one push: a decoder's block.
const BLOCK: usize = 4096;
const ROUNDS: usize = 5;

fn hear(detector: &mut Detector, sound: &[f32]) -> f64 {
    let start = Instant::now();
    detector.reset();
    for block in sound.chunks(BLOCK) {
        detector.push(block).expect("the device runs the detector");
    }
    detector.finish().expect("the device runs the detector");
    start.elapsed().as_secs_f64()
}

fn main() {
    let sound: Vec<f32> = (0..SECONDS * SAMPLE_RATE)
        .map(|i| ((i as u32).wrapping_mul(2_654_435_761) >> 8) as f32 / (1u32 << 23) as f32 - 1.0)
        .collect();
    for threads in [1, 2] {
        let mut detector = Detector::new(&Cpu::new(threads)).expect("the device has every kernel");
        let least = (0..ROUNDS).map(|_| hear(&mut detector, &sound)).fold(f64::INFINITY, f64::min);
        println!("{threads} threads: {:.0} seconds of sound per second", SECONDS as f64 / least);
    }
    let mut detector = Detector::new(&Cpu::new(1)).expect("the device has every kernel");
    detector.executable().measure(Some(0));
    let whole = hear(&mut detector, &sound);
    let executable = detector.executable();
    let steps = executable.program().steps.iter().zip(executable.measured(0));
    for (step, time) in steps {
        let share = 100.0 * time.time.as_secs_f64() / whole;
        println!(
            "{share:5.1} % {}",
            executable.program().graph.node_text(executable.program().graph.node(step.node))
        );
    }
}
