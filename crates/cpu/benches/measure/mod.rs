//! Ratios measured in turns within one process, and the machine's peaks that they are measured against. Not
//! criterion: it times one thing after another, and a shared machine changes between.

#![allow(dead_code)] // Each bench uses its part.
#![allow(clippy::inline_always)] // Bodies must be inlined into the function that carries the target features.

use std::hint::black_box;
use std::time::Instant;

use cpu::simd::{Body, Simd, dispatch};
use cpu::{Isa, Pool};

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

/// Multiply-adds in registers: [`peak_flop`] operations a thread.
pub fn peak(isa: Isa, pool: &Pool) {
    pool.run(pool.threads(), &|_| {
        black_box(dispatch(isa, Peak));
    });
}

const PEAK_STEPS: usize = 100_000;

/// The operations of [`peak`] a thread.
pub fn peak_flop(isa: Isa) -> f64 {
    (2 * 12 * isa.lanes() * PEAK_STEPS) as f64
}

struct Peak;

impl Body for Peak {
    type Out = f32;
    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> f32 {
        let mut acc: [S::V; 12] = std::array::from_fn(|i| s.splat(black_box(i as f32)));
        let (a, b) = (s.splat(black_box(0.999)), s.splat(black_box(1e-3)));
        for _ in 0..PEAK_STEPS {
            for acc in &mut acc {
                *acc = s.fma(*acc, a, b);
            }
        }
        acc.into_iter().map(|v| s.reduce_add(v)).sum()
    }
}

/// Reads all of `data` once, in equal parts by the threads.
pub fn stream(isa: Isa, pool: &Pool, data: &[f32]) {
    let threads = pool.threads();
    pool.run(threads, &|part| {
        let part = &data[part * data.len() / threads..(part + 1) * data.len() / threads];
        black_box(dispatch(isa, Stream(part)));
    });
}

struct Stream<'a>(&'a [f32]);

impl Body for Stream<'_> {
    type Out = f32;
    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> f32 {
        let mut acc = [s.splat(0.0); 4];
        for chunk in self.0.chunks_exact(4 * S::LANES) {
            s.prefetch(chunk.as_ptr().wrapping_add(1024).cast());
            for (i, acc) in acc.iter_mut().enumerate() {
                // SAFETY: the chunk holds four vectors.
                *acc = s.add(*acc, unsafe { s.load(chunk.as_ptr().add(i * S::LANES)) });
            }
        }
        acc.into_iter().map(|v| s.reduce_add(v)).sum()
    }
}
