//! Products in vectors of NEON. Not products of f32.

use std::arch::aarch64::{
    vdup_n_s8, vdupq_n_s8, vdupq_n_s32, vget_low_s8, vmull_s8, vpadalq_s16, vreinterpretq_s8_s32,
};
use std::hint::black_box;

use super::{SUMS, in_vectors};
use crate::isa::Isa;
use crate::simd::dot;

in_vectors! {
    /// Fours of bytes.
    fn fours(NeonDot, "neon,dotprod", 16) {
        let x = vdupq_n_s8(black_box(3));
        sum = vdupq_n_s32(black_box(0)) => dot::<0>(sum, x, x)
    }

    /// Bytes widened to 16 bits: products of the sums themselves, or the compiler takes them out of the loop.
    fn widened(Neon, "neon", 8) {
        let x = vdup_n_s8(black_box(3));
        sum = vdupq_n_s32(black_box(1)) =>
            vpadalq_s16(sum, vmull_s8(vget_low_s8(vreinterpretq_s8_s32(sum)), x))
    }
}
