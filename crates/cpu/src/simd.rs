//! One vocabulary of f32 vectors for every instruction set, and the dispatch that opens it. Not a general
//! SIMD library: it has the operations that the kernels use and no others.
//!
//! A kernel is a [`Body`] written once over [`Simd`]; [`dispatch`] runs it inside a function compiled for the
//! chosen [`Isa`]. A token (the `Simd` value itself) exists only after its features were detected, so holding
//! one proves that the instructions may run.

#[cfg(target_arch = "x86_64")]
mod amx;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod dots;
#[cfg(target_arch = "aarch64")]
mod neon;
mod scalar;

#[cfg(target_arch = "x86_64")]
pub use amx::{Amx, Tiles};
#[cfg(target_arch = "x86_64")]
pub use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub use avx512::Avx512;
#[cfg(target_arch = "x86_64")]
pub(crate) use avx512::quarters;
pub use dots::Fours;
#[cfg(target_arch = "x86_64")]
pub use dots::PairDots;
#[cfg(target_arch = "aarch64")]
pub(crate) use dots::dot;
#[cfg(target_arch = "x86_64")]
pub(crate) use dots::with_rows;
#[cfg(target_arch = "aarch64")]
pub use neon::Neon;
pub use scalar::Scalar;

use crate::isa::Isa;
use crate::math;
use graph::ops::quantize::nearest;

/// The most lanes of any path: the size of stack buffers that hold one vector.
pub const MAX_LANES: usize = 16;

/// The bfloat16 nearest to `x`, ties to even; a NaN stays one. Written so that compilers make vectors of it.
#[inline(always)]
pub(crate) fn to_bf16(x: f32) -> u16 {
    let bits = x.to_bits();
    let nearest = bits.wrapping_add(0x7fff + (bits >> 16 & 1));
    if x.is_nan() { (bits >> 16 | 0x40) as u16 } else { (nearest >> 16) as u16 }
}

/// Vector operations of one instruction set over `LANES` f32 values.
///
/// All float operations are IEEE 754 single precision, rounded to nearest even. Every method is meant to be
/// inlined into a [`Body`] that [`dispatch`] runs.
///
/// # Safety
/// The methods that take pointers are unsafe: a pointer must be valid for the stated number of elements; it
/// needs no alignment beyond its element's.
#[allow(clippy::missing_safety_doc)] // Stated once, above.
pub trait Simd: Copy + Send + Sync + 'static {
    /// `LANES` f32 values.
    type V: Copy;
    /// `LANES` i32 values.
    type I: Copy;
    /// `LANES` truth values.
    type M: Copy;
    /// Values in one vector.
    const LANES: usize;
    /// Rows of the register tile of matrix products: this many rows times two vectors of accumulators.
    const TILE_ROWS: usize;
    /// The path.
    const ISA: Isa;

    /// `x` in every lane.
    fn splat(self, x: f32) -> Self::V;
    /// `LANES` values from `p`.
    unsafe fn load(self, p: *const f32) -> Self::V;
    /// `n <= LANES` values from `p`, zero in the lanes above; reads nothing above.
    unsafe fn load_part(self, p: *const f32, n: usize) -> Self::V;
    /// `LANES` IEEE half values from `p`, widened (exact).
    unsafe fn load_f16(self, p: *const u16) -> Self::V;
    /// `LANES` signed bytes from `p`, as floats.
    #[inline(always)]
    unsafe fn load_i8(self, p: *const i8) -> Self::V {
        let mut lanes = [0.0f32; MAX_LANES];
        // SAFETY: the caller vouches for LANES bytes; the array holds MAX_LANES >= LANES values.
        unsafe {
            for (i, x) in lanes.iter_mut().enumerate().take(Self::LANES) {
                *x = f32::from(*p.add(i));
            }
            self.load(lanes.as_ptr())
        }
    }
    /// `LANES` bfloat16 values from `p`, widened (exact).
    unsafe fn load_bf16(self, p: *const u16) -> Self::V;
    /// Writes `LANES` values to `p`.
    unsafe fn store(self, p: *mut f32, v: Self::V);
    /// Writes the first `n <= LANES` values to `p`.
    unsafe fn store_part(self, p: *mut f32, v: Self::V, n: usize);
    /// Writes `LANES` values to `p` as the nearest bfloat16, ties to even; a NaN stays one.
    #[inline(always)]
    unsafe fn store_bf16(self, p: *mut u16, v: Self::V) {
        let mut lanes = [0.0f32; MAX_LANES];
        // SAFETY: the array holds MAX_LANES >= LANES values; the caller vouches for the pointer.
        unsafe {
            self.store(lanes.as_mut_ptr(), v);
            for (i, x) in lanes.iter().enumerate().take(Self::LANES) {
                p.add(i).write_unaligned(to_bf16(*x));
            }
        }
    }
    /// [`Simd::store_bf16`] of two vectors, one behind the other, by the machine's own instruction where `Self` has one,
    /// which takes what is too small for a normal number as 0; gives what it stored, in any order. The path must be one
    /// that multiplies bfloat16.
    #[inline(always)]
    unsafe fn store_bf16_pair(self, p: *mut u16, pair: [Self::V; 2]) -> [Self::V; 2] {
        // SAFETY: the caller's contract.
        unsafe {
            self.store_bf16(p, pair[0]);
            self.store_bf16(p.add(Self::LANES), pair[1]);
            [self.load_bf16(p), self.load_bf16(p.add(Self::LANES))]
        }
    }
    /// Writes `LANES` values to `p` as the nearest signed bytes, ties to even; each is from -127 to 127.
    #[inline(always)]
    unsafe fn store_i8(self, p: *mut i8, v: Self::V) {
        let mut lanes = [0.0f32; MAX_LANES];
        // SAFETY: the array holds MAX_LANES >= LANES values; the caller vouches for the pointer.
        unsafe {
            self.store(lanes.as_mut_ptr(), v);
            for (i, x) in lanes.iter().enumerate().take(Self::LANES) {
                *p.add(i) = nearest(*x);
            }
        }
    }
    /// Writes `4 * LANES` bytes to `p`, `2^(a x + b)` within a half and a 250th of it, and gives sums of them. The power is
    /// below 8, or above the logarithm of 255 by no more than rounding.
    #[inline(always)]
    unsafe fn store_exp2(self, p: *mut u8, four: [Self::V; 4], [a, b]: [Self::V; 2]) -> Self::I {
        let (mut bytes, mut sums) = ([self.splat_i(0); 4], self.splat_i(0));
        for (byte, x) in bytes.iter_mut().zip(four) {
            *byte = self.to_int(self.round(math::exp2_coarse(self, self.fma(x, a, b))));
            sums = self.add_i(sums, *byte);
        }
        // SAFETY: the caller vouches for the pointer.
        unsafe { self.store_bytes(p, bytes) };
        sums
    }
    /// Writes `4 * LANES` integers to `p`, each the nearest from 0 to 255.
    #[inline(always)]
    unsafe fn store_bytes(self, p: *mut u8, four: [Self::I; 4]) {
        for (i, v) in four.into_iter().enumerate() {
            let mut lanes = [0.0f32; MAX_LANES];
            // SAFETY: the array holds MAX_LANES >= LANES values; the caller vouches for the pointer.
            unsafe {
                self.store(lanes.as_mut_ptr(), self.of_bits(v));
                for (lane, x) in lanes.iter().enumerate().take(Self::LANES) {
                    *p.add(i * Self::LANES + lane) = x.to_bits().cast_signed().clamp(0, 255) as u8;
                }
            }
        }
    }
    /// Sixteen rows of words with the first of each together, then the second ones, and so on.
    #[inline(always)]
    fn turn(self, rows: &[[u8; 64]; 16], words: &mut [i32; 256]) {
        for (group, words) in words.chunks_exact_mut(16).enumerate() {
            for (word, row) in words.iter_mut().zip(rows) {
                let [a, b, c, d] = [0, 1, 2, 3].map(|byte| row[4 * group + byte]);
                *word = i32::from_ne_bytes([a, b, c, d]);
            }
        }
    }
    /// Asks for the cache line at `p` in the second-level cache, which has more requests under way than the first;
    /// `p` may point anywhere.
    fn prefetch(self, p: *const u8);

    /// `a + b`.
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a - b`.
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a * b`.
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a / b`.
    fn div(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a * b + c`, rounded once where the machine can.
    fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// `a > b ? a : b`, so `b` where either is NaN.
    fn max(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a < b ? a : b`, so `b` where either is NaN.
    fn min(self, a: Self::V, b: Self::V) -> Self::V;
    /// The square root.
    fn sqrt(self, a: Self::V) -> Self::V;
    /// The nearest integer, ties to even.
    fn round(self, a: Self::V) -> Self::V;
    /// `a < b`, false where either is NaN.
    fn lt(self, a: Self::V, b: Self::V) -> Self::M;
    /// Whether any lane is true.
    fn any(self, m: Self::M) -> bool;
    /// `m ? a : b`.
    fn select(self, m: Self::M, a: Self::V, b: Self::V) -> Self::V;

    /// The bits of `a`.
    fn bits(self, a: Self::V) -> Self::I;
    /// The floats with the bits `a`.
    fn of_bits(self, a: Self::I) -> Self::V;
    /// `x` in every lane.
    fn splat_i(self, x: i32) -> Self::I;
    /// `a + b`, wrapping.
    fn add_i(self, a: Self::I, b: Self::I) -> Self::I;
    /// `a - b`, wrapping.
    fn sub_i(self, a: Self::I, b: Self::I) -> Self::I;
    /// `a > b ? a : b`.
    fn max_i(self, a: Self::I, b: Self::I) -> Self::I;
    /// `a & b`.
    fn and_i(self, a: Self::I, b: Self::I) -> Self::I;
    /// `a | b`.
    fn or_i(self, a: Self::I, b: Self::I) -> Self::I;
    /// `a << n`, for `n < 32`.
    fn shl(self, a: Self::I, n: u32) -> Self::I;
    /// `a >> n` for `n < 32`, keeping the sign.
    fn sar(self, a: Self::I, n: u32) -> Self::I;
    /// The float nearest to each integer.
    fn to_float(self, a: Self::I) -> Self::V;
    /// The integer of each float; the floats hold integers within i32.
    fn to_int(self, a: Self::V) -> Self::I;

    /// The sum of the lanes by one fixed tree.
    fn reduce_add(self, a: Self::V) -> f32;
    /// [`Simd::reduce_add`] of each, with the same bits.
    #[inline(always)]
    fn reduce_add4(self, a: [Self::V; 4]) -> [f32; 4] {
        [self.reduce_add(a[0]), self.reduce_add(a[1]), self.reduce_add(a[2]), self.reduce_add(a[3])]
    }
    /// The greatest lane; which of two lanes stands for a NaN is not stated.
    fn reduce_max(self, a: Self::V) -> f32;

    /// The greatest lane.
    fn reduce_max_i(self, a: Self::I) -> i32;

    /// `-a`.
    #[inline(always)]
    fn neg(self, a: Self::V) -> Self::V {
        let sign = self.splat_i(i32::MIN);
        let bits = self.bits(a);
        // a ^ b == (a | b) - (a & b)
        self.of_bits(self.sub_i(self.or_i(bits, sign), self.and_i(bits, sign)))
    }

    /// `|a|`.
    #[inline(always)]
    fn abs(self, a: Self::V) -> Self::V {
        self.of_bits(self.and_i(self.bits(a), self.splat_i(i32::MAX)))
    }

    /// `x * 2^n` for whole numbers `n` in -252..=254, rounded at most once when the product is normal.
    #[inline(always)]
    fn scale2(self, x: Self::V, n: Self::V) -> Self::V {
        let n = self.to_int(n);
        let half = self.sar(n, 1);
        let rest = self.sub_i(n, half);
        let bias = self.splat_i(127);
        let a = self.of_bits(self.shl(self.add_i(half, bias), 23));
        let b = self.of_bits(self.shl(self.add_i(rest, bias), 23));
        self.mul(self.mul(x, a), b)
    }

    /// What `x`, not NaN and below 254, has above the whole number below it, and that number as [`Simd::scale2`] takes
    /// it: -252 for all that is less.
    #[inline(always)]
    fn split(self, x: Self::V) -> [Self::V; 2] {
        let x = self.max(x, self.splat(-252.0));
        let n = self.round(self.sub(x, self.splat(0.5)));
        [self.sub(x, n), n]
    }

    /// The first `n` lanes from `a`, the others from `b`.
    #[inline(always)]
    fn first(self, n: usize, a: Self::V, b: Self::V) -> Self::V {
        let mut lanes = [0.0f32; MAX_LANES];
        for (i, lane) in lanes.iter_mut().enumerate() {
            *lane = if i < n { -1.0 } else { 1.0 };
        }
        // SAFETY: the array holds MAX_LANES >= LANES values.
        let mask = self.lt(unsafe { self.load(lanes.as_ptr()) }, self.splat(0.0));
        self.select(mask, a, b)
    }
}

/// A computation written over any [`Simd`].
pub trait Body {
    /// What it gives back.
    type Out;
    /// Runs with the instructions of `s`; implementations are `#[inline(always)]`.
    fn run<S: Simd>(self, s: S) -> Self::Out;
}

/// Runs `body` with the f32 vectors of `isa`.
///
/// # Panics
/// When this machine can't run `isa`: a caller's bug, since paths come from [`Isa::available`].
pub fn dispatch<B: Body>(isa: Isa, body: B) -> B::Out {
    match isa.vectors() {
        Isa::Scalar => body.run(Scalar),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => Avx2::detect().expect("avx2 is not available").run(body),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => Avx512::detect().expect("avx512 is not available").run(body),
        #[cfg(target_arch = "aarch64")]
        Isa::Neon => Neon::detect().expect("neon is not available").run(body),
        #[allow(unreachable_patterns)] // The paths of the other architecture.
        other => panic!("{other} is not a path of this architecture"),
    }
}

#[cfg(test)]
mod tests;
