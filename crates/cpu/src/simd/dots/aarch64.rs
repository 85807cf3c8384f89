//! Products of fours of bytes with NEON, by the dot products of Armv8.2 and widened. Not products of bfloat16.

use std::arch::aarch64::{
    int8x16_t, int32x4_t, vdup_n_s32, vdupq_n_s8, vdupq_n_s32, vget_high_s8, vget_low_s8, vld1q_s8, vmull_s8,
    vpadalq_s16, vpaddq_s32, vreinterpret_s8_s32, vst1q_s32,
};
use std::arch::asm;

use super::product;

product!(dots, NeonDot, dots_tile of 1 2 3 4 5 6);
product!(widened, Neon, widened_tile of 1 2 3 4 5 6 7 8 9 10 11 12);

/// Four sums, each with the products of four bytes of `w` and the four bytes of lane `LANE` of `x` added. Stable Rust has
/// no intrinsic for it.
#[target_feature(enable = "neon,dotprod")]
#[inline]
pub(crate) fn dot<const LANE: i32>(mut sums: int32x4_t, w: int8x16_t, x: int8x16_t) -> int32x4_t {
    // SAFETY: the instruction of the feature, on registers alone.
    unsafe {
        asm!(
            "sdot {sums:v}.4s, {w:v}.16b, {x:v}.4b[{lane}]",
            sums = inout(vreg) sums,
            w = in(vreg) w,
            x = in(vreg) x,
            lane = const LANE,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    sums
}

/// Thirty-two registers hold the sums of three rows, or of up to six rows of half the outputs.
#[target_feature(enable = "neon,dotprod")]
unsafe fn dots_tile<const R: usize>(x: *const i32, [w, _]: [*const i32; 2], steps: usize, out: *mut i32) {
    // SAFETY: the caller's contract; half of the outputs lie 256 groups behind the others.
    unsafe {
        if R <= 3 {
            dots_vectors::<R, 8>(x, w, steps, out);
        } else {
            dots_vectors::<R, 4>(x, w, steps, out);
            dots_vectors::<R, 4>(x, w.add(256), steps, out.add(16));
        }
    }
}

/// `V` vectors of outputs.
///
/// # Safety
/// As in [`dots_tile`]; `w` and `out` are those of the first output.
#[target_feature(enable = "neon,dotprod")]
#[inline]
unsafe fn dots_vectors<const R: usize, const V: usize>(
    x: *const i32,
    w: *const i32,
    steps: usize,
    out: *mut i32,
) {
    let mut acc = [[vdupq_n_s32(0); V]; R];
    for step in 0..steps {
        for first in (0..16).step_by(4) {
            // SAFETY: within the step, by the caller's contract.
            unsafe {
                let mut rows = [vdupq_n_s8(0); R];
                for (r, to) in rows.iter_mut().enumerate() {
                    *to = vld1q_s8(x.add((step * R + r) * 16 + first).cast());
                }
                let w = w.add(step * 512 + first * 16);
                group::<R, V, 0>(&mut acc, rows, w);
                group::<R, V, 1>(&mut acc, rows, w.add(16));
                group::<R, V, 2>(&mut acc, rows, w.add(32));
                group::<R, V, 3>(&mut acc, rows, w.add(48));
            }
        }
    }
    for (r, acc) in acc.into_iter().enumerate() {
        for (v, sum) in acc.into_iter().enumerate() {
            // SAFETY: `out` takes R rows.
            unsafe { vst1q_s32(out.add(32 * r + 4 * v), sum) };
        }
    }
}

/// The products of one group, which lies in lane `LANE` of each row.
///
/// # Safety
/// `w` points to the group of the first output.
#[target_feature(enable = "neon,dotprod")]
#[inline]
unsafe fn group<const R: usize, const V: usize, const LANE: i32>(
    acc: &mut [[int32x4_t; V]; R],
    x: [int8x16_t; R],
    w: *const i32,
) {
    for v in 0..V {
        // SAFETY: within the panel, by the caller's contract.
        let w = unsafe { vld1q_s8(w.add(v / 4 * 256 + v % 4 * 4).cast()) };
        for (acc, x) in acc.iter_mut().zip(x) {
            acc[v] = dot::<LANE>(acc[v], w, x);
        }
    }
}

/// Row by row: a vector holds two outputs, two sums of two products each.
#[target_feature(enable = "neon")]
unsafe fn widened_tile<const R: usize>(x: *const i32, [w, _]: [*const i32; 2], steps: usize, out: *mut i32) {
    for r in 0..R {
        let mut acc = [[vdupq_n_s32(0); 2]; 8];
        for step in 0..steps {
            for group in 0..16 {
                // SAFETY: within the step, by the caller's contract.
                unsafe {
                    let x = vreinterpret_s8_s32(vdup_n_s32(*x.add((step * R + r) * 16 + group)));
                    let w = w.add(step * 512 + group * 16);
                    for (i, acc) in acc.iter_mut().enumerate() {
                        let w = vld1q_s8(w.add(i / 4 * 256 + i % 4 * 4).cast());
                        acc[0] = vpadalq_s16(acc[0], vmull_s8(vget_low_s8(w), x));
                        acc[1] = vpadalq_s16(acc[1], vmull_s8(vget_high_s8(w), x));
                    }
                }
            }
        }
        for (i, [low, high]) in acc.into_iter().enumerate() {
            // SAFETY: `out` takes R rows of 32.
            unsafe { vst1q_s32(out.add(32 * r + 4 * i), vpaddq_s32(low, high)) };
        }
    }
}
