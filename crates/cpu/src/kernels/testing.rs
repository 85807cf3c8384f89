//! Inputs and comparisons of the kernels' tests. Not used outside tests.

use crate::isa::Isa;
use crate::kernels::Cx;
use crate::pool::Pool;

/// `len` values in -1..1 from `seed`, always the same.
pub(crate) fn noise(seed: u64, len: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x2545_f491_4f6c_dd1d);
    (0..len)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
        })
        .collect()
}

/// Asserts that each value is within `tolerance` of the f64 one.
pub(crate) fn assert_close(got: &[f32], want: &[f64], tolerance: f64, what: &str) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (i, (&g, &w)) in got.iter().zip(want).enumerate() {
        assert!((f64::from(g) - w).abs() <= tolerance, "{what}: element {i} is {g}, expected {w}");
    }
}

/// Asserts that two results have the same bits.
pub(crate) fn assert_same_bits(a: &[f32], b: &[f32], what: &str) {
    assert_eq!(a.len(), b.len(), "{what}");
    for (i, (x, y)) in a.iter().zip(b).enumerate() {
        assert_eq!(x.to_bits(), y.to_bits(), "{what}: element {i} is {x} and {y}");
    }
}

/// Runs `test` on every path of this machine with 1 to 4 threads.
pub(crate) fn on_every_path(mut test: impl FnMut(Cx<'_>)) {
    for threads in 1..=4 {
        let pool = Pool::new(threads);
        for isa in Isa::available() {
            test(Cx { isa, pool: &pool });
        }
    }
}
