//! The most multiply-adds that the machine does in a second. Not a kernel: nothing is read from memory.

#![allow(clippy::inline_always)] // Bodies must be inlined into the function that carries the target features.

use std::hint::black_box;

use cpu::simd::{Body, Simd, dispatch};
use cpu::{Isa, Pool};

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
