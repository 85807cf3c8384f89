//! The most multiply-adds that the machine does in a second. Not a kernel: nothing is read from memory.

use std::hint::black_box;

use cpu::peaks::multiply_adds;
use cpu::{Isa, Pool};

const PEAK_STEPS: usize = 50_000;

/// Multiply-adds in registers: [`peak_flop`] operations a thread.
pub fn peak(isa: Isa, pool: &Pool) {
    pool.run(pool.threads(), &|_| {
        black_box(multiply_adds(isa, PEAK_STEPS));
    });
}

/// The operations of [`peak`] a thread.
pub fn peak_flop(isa: Isa) -> f64 {
    multiply_adds(isa, 1) as f64 * PEAK_STEPS as f64
}
