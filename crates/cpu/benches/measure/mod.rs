//! Ratios measured in turns within one process, over values that are always the same. Not criterion: it times one
//! thing after another, and a shared machine changes between.

use std::time::Instant;

/// The least seconds of each of `runs` over `rounds` turns.
pub fn in_turns(rounds: usize, runs: &mut [&mut dyn FnMut()]) -> Vec<f64> {
    let mut least = vec![f64::INFINITY; runs.len()];
    for _ in 0..rounds {
        for (run, least) in runs.iter_mut().zip(&mut least) {
            let start = Instant::now();
            run();
            *least = least.min(start.elapsed().as_secs_f64());
        }
    }
    least
}

/// Values in -1..1, always the same.
pub fn noise(len: usize) -> Vec<f32> {
    (0..len as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 8) as f32 / (1u32 << 23) as f32 - 1.0).collect()
}
