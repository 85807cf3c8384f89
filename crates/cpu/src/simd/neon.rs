//! The NEON path: 4 lanes, 32 registers. Not for 32-bit ARM.

use std::arch::aarch64::{
    float32x4_t, int32x4_t, uint32x4_t, vabsq_f32, vaddq_f32, vaddq_s32, vaddq_u32, vandq_s32, vandq_u32,
    vbslq_f32, vbslq_u32, vceqq_f32, vcgtq_f32, vcltq_f32, vcombine_u8, vcombine_u16, vcvtnq_s32_f32,
    vcvtq_f32_s32, vdivq_f32, vdupq_n_f32, vdupq_n_s32, vdupq_n_u32, vfmaq_f32, vgetq_lane_f32, vld1q_f32,
    vmaxq_s32, vmaxvq_s32, vmaxvq_u32, vmulq_f32, vnegq_f32, vorrq_s32, vorrq_u32, vqmovn_u16, vqmovun_s32,
    vreinterpretq_f32_s32, vreinterpretq_s32_f32, vreinterpretq_u32_f32, vrndnq_f32, vshlq_s32, vshrn_n_u32,
    vshrq_n_u32, vsqrtq_f32, vst1_u16, vst1q_f32, vst1q_u8, vsubq_f32, vsubq_s32,
};

use super::{Body, Simd};
use crate::isa::Isa;

/// The token of [`Isa::Neon`]; only [`Neon::detect`] makes one.
#[derive(Debug, Clone, Copy)]
pub struct Neon(());

impl Neon {
    /// The token, when this machine has the feature.
    #[inline]
    pub fn detect() -> Option<Self> {
        Isa::Neon.is_available().then_some(Self(()))
    }

    /// Runs `body` compiled for this path.
    #[inline]
    pub fn run<B: Body>(self, body: B) -> B::Out {
        #[target_feature(enable = "neon")]
        unsafe fn entry<B: Body>(token: Neon, body: B) -> B::Out {
            body.run(token)
        }
        // SAFETY: the token exists, so the feature was detected.
        unsafe { entry(self, body) }
    }
}

/// Methods that are one or two instructions each.
macro_rules! instructions {
    ($(fn $name:ident($($arg:ident: $ty:ty),*) -> $out:ty = $body:expr;)*) => { $(
        #[inline(always)]
        #[allow(unused_unsafe)] // Some of these are safe functions where the feature is in the baseline.
        fn $name(self, $($arg: $ty),*) -> $out {
            // SAFETY: the token exists, so the feature was detected.
            unsafe { $body }
        }
    )* };
}

impl Simd for Neon {
    type V = float32x4_t;
    type I = int32x4_t;
    type M = uint32x4_t;
    const LANES: usize = 4;
    const TILE_ROWS: usize = 12;
    const ISA: Isa = Isa::Neon;

    #[inline(always)]
    unsafe fn load(self, p: *const f32) -> float32x4_t {
        // SAFETY: the token proves the feature, the caller the pointer.
        unsafe { vld1q_f32(p) }
    }
    #[inline(always)]
    unsafe fn load_part(self, p: *const f32, n: usize) -> float32x4_t {
        let mut lanes = [0.0f32; 4];
        for (i, lane) in lanes.iter_mut().enumerate().take(n) {
            // SAFETY: the caller vouches for n elements.
            *lane = unsafe { *p.add(i) };
        }
        // SAFETY: the token proves the feature; the array holds four values.
        unsafe { vld1q_f32(lanes.as_ptr()) }
    }
    #[inline(always)]
    unsafe fn load_f16(self, p: *const u16) -> float32x4_t {
        // SAFETY: the caller vouches for LANES elements.
        let lanes: [f32; 4] = std::array::from_fn(|i| half::f16::from_bits(unsafe { *p.add(i) }).to_f32());
        // SAFETY: the token proves the feature; the array holds four values.
        unsafe { vld1q_f32(lanes.as_ptr()) }
    }
    #[inline(always)]
    unsafe fn load_bf16(self, p: *const u16) -> float32x4_t {
        // SAFETY: the caller vouches for LANES elements.
        let lanes: [f32; 4] = std::array::from_fn(|i| f32::from_bits(u32::from(unsafe { *p.add(i) }) << 16));
        // SAFETY: the token proves the feature; the array holds four values.
        unsafe { vld1q_f32(lanes.as_ptr()) }
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32, v: float32x4_t) {
        // SAFETY: the token proves the feature, the caller the pointer.
        unsafe { vst1q_f32(p, v) }
    }
    #[inline(always)]
    unsafe fn store_part(self, p: *mut f32, v: float32x4_t, n: usize) {
        let mut lanes = [0.0f32; 4];
        // SAFETY: the token proves the feature; the array holds four values.
        unsafe { vst1q_f32(lanes.as_mut_ptr(), v) };
        for (i, lane) in lanes.into_iter().enumerate().take(n) {
            // SAFETY: the caller vouches for n elements.
            unsafe { *p.add(i) = lane };
        }
    }
    #[inline(always)]
    unsafe fn store_bf16(self, p: *mut u16, v: float32x4_t) {
        // SAFETY: the token proves the feature, the caller the pointer.
        unsafe {
            let bits = vreinterpretq_u32_f32(v);
            let odd = vandq_u32(vshrq_n_u32::<16>(bits), vdupq_n_u32(1));
            let up = vaddq_u32(bits, vaddq_u32(odd, vdupq_n_u32(0x7fff)));
            let nan = vorrq_u32(bits, vdupq_n_u32(0x0040_0000));
            vst1_u16(p, vshrn_n_u32::<16>(vbslq_u32(vceqq_f32(v, v), up, nan)));
        }
    }
    #[inline(always)]
    unsafe fn store_bytes(self, p: *mut u8, [a, b, c, d]: [int32x4_t; 4]) {
        // SAFETY: the token proves the feature, the caller the pointer.
        unsafe {
            let low = vqmovn_u16(vcombine_u16(vqmovun_s32(a), vqmovun_s32(b)));
            let high = vqmovn_u16(vcombine_u16(vqmovun_s32(c), vqmovun_s32(d)));
            vst1q_u8(p, vcombine_u8(low, high));
        }
    }
    #[inline(always)]
    fn prefetch(self, _p: *const u8) {}

    instructions! {
        fn splat(x: f32) -> float32x4_t = vdupq_n_f32(x);
        fn add(a: float32x4_t, b: float32x4_t) -> float32x4_t = vaddq_f32(a, b);
        fn sub(a: float32x4_t, b: float32x4_t) -> float32x4_t = vsubq_f32(a, b);
        fn mul(a: float32x4_t, b: float32x4_t) -> float32x4_t = vmulq_f32(a, b);
        fn div(a: float32x4_t, b: float32x4_t) -> float32x4_t = vdivq_f32(a, b);
        fn fma(a: float32x4_t, b: float32x4_t, c: float32x4_t) -> float32x4_t = vfmaq_f32(c, a, b);
        fn max(a: float32x4_t, b: float32x4_t) -> float32x4_t = vbslq_f32(vcgtq_f32(a, b), a, b);
        fn min(a: float32x4_t, b: float32x4_t) -> float32x4_t = vbslq_f32(vcltq_f32(a, b), a, b);
        fn sqrt(a: float32x4_t) -> float32x4_t = vsqrtq_f32(a);
        fn round(a: float32x4_t) -> float32x4_t = vrndnq_f32(a);
        fn lt(a: float32x4_t, b: float32x4_t) -> uint32x4_t = vcltq_f32(a, b);
        fn any(m: uint32x4_t) -> bool = vmaxvq_u32(m) != 0;
        fn select(m: uint32x4_t, a: float32x4_t, b: float32x4_t) -> float32x4_t = vbslq_f32(m, a, b);
        fn bits(a: float32x4_t) -> int32x4_t = vreinterpretq_s32_f32(a);
        fn of_bits(a: int32x4_t) -> float32x4_t = vreinterpretq_f32_s32(a);
        fn splat_i(x: i32) -> int32x4_t = vdupq_n_s32(x);
        fn add_i(a: int32x4_t, b: int32x4_t) -> int32x4_t = vaddq_s32(a, b);
        fn sub_i(a: int32x4_t, b: int32x4_t) -> int32x4_t = vsubq_s32(a, b);
        fn max_i(a: int32x4_t, b: int32x4_t) -> int32x4_t = vmaxq_s32(a, b);
        fn and_i(a: int32x4_t, b: int32x4_t) -> int32x4_t = vandq_s32(a, b);
        fn or_i(a: int32x4_t, b: int32x4_t) -> int32x4_t = vorrq_s32(a, b);
        fn shl(a: int32x4_t, n: u32) -> int32x4_t = vshlq_s32(a, vdupq_n_s32(n as i32));
        fn sar(a: int32x4_t, n: u32) -> int32x4_t = vshlq_s32(a, vdupq_n_s32(-(n as i32)));
        fn to_float(a: int32x4_t) -> float32x4_t = vcvtq_f32_s32(a);
        fn to_int(a: float32x4_t) -> int32x4_t = vcvtnq_s32_f32(a);
        fn neg(a: float32x4_t) -> float32x4_t = vnegq_f32(a);
        fn abs(a: float32x4_t) -> float32x4_t = vabsq_f32(a);
    }

    #[inline(always)]
    fn reduce_add(self, a: float32x4_t) -> f32 {
        // SAFETY: the token exists, so the feature was detected.
        unsafe {
            let even = vgetq_lane_f32::<0>(a) + vgetq_lane_f32::<2>(a);
            even + (vgetq_lane_f32::<1>(a) + vgetq_lane_f32::<3>(a))
        }
    }
    #[inline(always)]
    fn reduce_max_i(self, a: int32x4_t) -> i32 {
        // SAFETY: the token proves the feature.
        unsafe { vmaxvq_s32(a) }
    }
    #[inline(always)]
    fn reduce_max(self, a: float32x4_t) -> f32 {
        let m = |a: f32, b: f32| if a > b { a } else { b };
        let mut lanes = [0.0f32; 4];
        // SAFETY: the token proves the feature; the array holds four values.
        unsafe { vst1q_f32(lanes.as_mut_ptr(), a) };
        m(m(lanes[0], lanes[2]), m(lanes[1], lanes[3]))
    }
}
