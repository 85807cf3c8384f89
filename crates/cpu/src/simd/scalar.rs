//! The path of plain Rust. Not tuned: arrays of four floats that a compiler may turn into vectors.

use super::Simd;
use crate::isa::Isa;

/// The token of [`Isa::Scalar`]; every machine has it.
#[derive(Debug, Clone, Copy)]
pub struct Scalar;

const N: usize = 4;

#[inline(always)]
fn map2<A: Copy, B: Copy, C>(a: [A; N], b: [B; N], f: impl Fn(A, B) -> C) -> [C; N] {
    std::array::from_fn(|i| f(a[i], b[i]))
}

impl Simd for Scalar {
    type V = [f32; N];
    type I = [i32; N];
    type M = [bool; N];
    const LANES: usize = N;
    const TILE_ROWS: usize = 4;
    const ISA: Isa = Isa::Scalar;

    #[inline(always)]
    fn splat(self, x: f32) -> Self::V {
        [x; N]
    }
    #[inline(always)]
    unsafe fn load(self, p: *const f32) -> Self::V {
        // SAFETY: the caller vouches for LANES elements; an array has its element's alignment.
        unsafe { p.cast::<[f32; N]>().read() }
    }
    #[inline(always)]
    unsafe fn load_part(self, p: *const f32, n: usize) -> Self::V {
        // SAFETY: the caller vouches for n elements.
        std::array::from_fn(|i| if i < n { unsafe { *p.add(i) } } else { 0.0 })
    }
    #[inline(always)]
    unsafe fn load_f16(self, p: *const u16) -> Self::V {
        // SAFETY: the caller vouches for LANES elements.
        std::array::from_fn(|i| half::f16::from_bits(unsafe { *p.add(i) }).to_f32())
    }
    #[inline(always)]
    unsafe fn load_bf16(self, p: *const u16) -> Self::V {
        // SAFETY: the caller vouches for LANES elements.
        std::array::from_fn(|i| f32::from_bits(u32::from(unsafe { *p.add(i) }) << 16))
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32, v: Self::V) {
        // SAFETY: the caller vouches for LANES elements; an array has its element's alignment.
        unsafe { p.cast::<[f32; N]>().write(v) }
    }
    #[inline(always)]
    unsafe fn store_part(self, p: *mut f32, v: Self::V, n: usize) {
        for (i, x) in v.into_iter().enumerate().take(n) {
            // SAFETY: the caller vouches for n elements.
            unsafe { *p.add(i) = x }
        }
    }
    #[inline(always)]
    fn prefetch(self, _p: *const u8) {}

    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        map2(a, b, |a, b| a + b)
    }
    #[inline(always)]
    fn sub(self, a: Self::V, b: Self::V) -> Self::V {
        map2(a, b, |a, b| a - b)
    }
    #[inline(always)]
    fn mul(self, a: Self::V, b: Self::V) -> Self::V {
        map2(a, b, |a, b| a * b)
    }
    #[inline(always)]
    fn div(self, a: Self::V, b: Self::V) -> Self::V {
        map2(a, b, |a, b| a / b)
    }
    #[inline(always)]
    fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        self.add(self.mul(a, b), c)
    }
    #[inline(always)]
    fn max(self, a: Self::V, b: Self::V) -> Self::V {
        map2(a, b, |a, b| if a > b { a } else { b })
    }
    #[inline(always)]
    fn min(self, a: Self::V, b: Self::V) -> Self::V {
        map2(a, b, |a, b| if a < b { a } else { b })
    }
    #[inline(always)]
    fn sqrt(self, a: Self::V) -> Self::V {
        a.map(f32::sqrt)
    }
    #[inline(always)]
    fn round(self, a: Self::V) -> Self::V {
        a.map(f32::round_ties_even)
    }
    #[inline(always)]
    fn lt(self, a: Self::V, b: Self::V) -> Self::M {
        map2(a, b, |a, b| a < b)
    }
    #[inline(always)]
    fn any(self, m: Self::M) -> bool {
        m.into_iter().any(|x| x)
    }
    #[inline(always)]
    fn select(self, m: Self::M, a: Self::V, b: Self::V) -> Self::V {
        std::array::from_fn(|i| if m[i] { a[i] } else { b[i] })
    }

    #[inline(always)]
    fn bits(self, a: Self::V) -> Self::I {
        a.map(|x| x.to_bits() as i32)
    }
    #[inline(always)]
    fn of_bits(self, a: Self::I) -> Self::V {
        a.map(|x| f32::from_bits(x as u32))
    }
    #[inline(always)]
    fn splat_i(self, x: i32) -> Self::I {
        [x; N]
    }
    #[inline(always)]
    fn add_i(self, a: Self::I, b: Self::I) -> Self::I {
        map2(a, b, i32::wrapping_add)
    }
    #[inline(always)]
    fn sub_i(self, a: Self::I, b: Self::I) -> Self::I {
        map2(a, b, i32::wrapping_sub)
    }
    #[inline(always)]
    fn max_i(self, a: Self::I, b: Self::I) -> Self::I {
        map2(a, b, i32::max)
    }
    #[inline(always)]
    fn and_i(self, a: Self::I, b: Self::I) -> Self::I {
        map2(a, b, |a, b| a & b)
    }
    #[inline(always)]
    fn or_i(self, a: Self::I, b: Self::I) -> Self::I {
        map2(a, b, |a, b| a | b)
    }
    #[inline(always)]
    fn shl(self, a: Self::I, n: u32) -> Self::I {
        a.map(|x| x << n)
    }
    #[inline(always)]
    fn sar(self, a: Self::I, n: u32) -> Self::I {
        a.map(|x| x >> n)
    }
    #[inline(always)]
    fn to_float(self, a: Self::I) -> Self::V {
        a.map(|x| x as f32)
    }
    #[inline(always)]
    fn to_int(self, a: Self::V) -> Self::I {
        a.map(|x| x as i32)
    }

    #[inline(always)]
    fn reduce_add(self, a: Self::V) -> f32 {
        (a[0] + a[2]) + (a[1] + a[3])
    }
    #[inline(always)]
    fn reduce_max_i(self, a: Self::I) -> i32 {
        a[0].max(a[1]).max(a[2]).max(a[3])
    }
    #[inline(always)]
    fn reduce_max(self, a: Self::V) -> f32 {
        let m = |a: f32, b: f32| if a > b { a } else { b };
        m(m(a[0], a[2]), m(a[1], a[3]))
    }
}
