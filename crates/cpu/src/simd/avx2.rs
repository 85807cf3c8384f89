//! The AVX2 path with FMA and F16C: 8 lanes, 16 registers. Not for machines that lack any of the three.

#![allow(clippy::cast_ptr_alignment)] // Only unaligned loads take such pointers.

use std::arch::x86_64::{
    __m128i, __m256, __m256i, _CMP_LT_OQ, _CMP_UNORD_Q, _MM_HINT_T1, _mm_add_ps, _mm_add_ss,
    _mm_cvtsi32_si128, _mm_cvtsi128_si32, _mm_cvtss_f32, _mm_loadl_epi64, _mm_loadu_si128, _mm_max_epi32,
    _mm_max_ps, _mm_max_ss, _mm_movehl_ps, _mm_packs_epi16, _mm_packs_epi32, _mm_packus_epi32, _mm_prefetch,
    _mm_shuffle_epi32, _mm_shuffle_ps, _mm_storel_epi64, _mm_storeu_si128, _mm256_add_epi32, _mm256_add_ps,
    _mm256_and_si256, _mm256_blendv_epi8, _mm256_blendv_ps, _mm256_castps_si256, _mm256_castps256_ps128,
    _mm256_castsi256_ps, _mm256_castsi256_si128, _mm256_cmp_ps, _mm256_cvtepi8_epi32, _mm256_cvtepi32_ps,
    _mm256_cvtepu16_epi32, _mm256_cvtph_ps, _mm256_cvtps_epi32, _mm256_div_ps, _mm256_extractf128_ps,
    _mm256_extracti128_si256, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_loadu_si256, _mm256_maskload_ps,
    _mm256_maskstore_ps, _mm256_max_epi32, _mm256_max_ps, _mm256_min_ps, _mm256_movemask_ps, _mm256_mul_ps,
    _mm256_or_si256, _mm256_packs_epi32, _mm256_packus_epi16, _mm256_permute_ps, _mm256_permute2f128_ps,
    _mm256_permutevar8x32_epi32, _mm256_round_ps, _mm256_set1_epi32, _mm256_set1_ps, _mm256_setr_epi32,
    _mm256_shuffle_ps, _mm256_sll_epi32, _mm256_slli_epi32, _mm256_sqrt_ps, _mm256_sra_epi32,
    _mm256_srli_epi32, _mm256_storeu_ps, _mm256_storeu_si256, _mm256_sub_epi32, _mm256_sub_ps,
};

use super::{Body, Simd};
use crate::isa::Isa;

/// The token of [`Isa::Avx2`]; only [`Avx2::detect`] makes one.
#[derive(Debug, Clone, Copy)]
pub struct Avx2(());

impl Avx2 {
    /// The token, when this machine has the features.
    #[inline]
    pub fn detect() -> Option<Self> {
        Isa::Avx2.is_available().then_some(Self(()))
    }

    /// Runs `body` compiled for this path.
    #[inline]
    pub fn run<B: Body>(self, body: B) -> B::Out {
        #[target_feature(enable = "avx,avx2,fma,f16c")]
        unsafe fn entry<B: Body>(token: Avx2, body: B) -> B::Out {
            body.run(token)
        }
        // SAFETY: the token exists, so the features were detected.
        unsafe { entry(self, body) }
    }
}

/// Methods that are one instruction each.
macro_rules! instructions {
    ($(fn $name:ident($($arg:ident: $ty:ty),*) -> $out:ty = $body:expr;)*) => { $(
        #[inline(always)]
        fn $name(self, $($arg: $ty),*) -> $out {
            // SAFETY: the token exists, so the features were detected.
            unsafe { $body }
        }
    )* };
}

/// Eight set words, then eight clear ones: the mask of the first n lanes starts 8 - n words in.
static LANE_MASKS: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];

#[inline(always)]
fn first_lanes(_token: Avx2, n: usize) -> __m256i {
    let from = &LANE_MASKS[8 - n..][..8];
    // SAFETY: the token proves the features; the slice holds eight words.
    unsafe { _mm256_loadu_si256(from.as_ptr().cast::<__m256i>()) }
}

impl Simd for Avx2 {
    type V = __m256;
    type I = __m256i;
    type M = __m256;
    const LANES: usize = 8;
    const TILE_ROWS: usize = 6;
    const ISA: Isa = Isa::Avx2;

    #[inline(always)]
    unsafe fn load(self, p: *const f32) -> __m256 {
        // SAFETY: the token proves the features, the caller the pointer.
        unsafe { _mm256_loadu_ps(p) }
    }
    #[inline(always)]
    unsafe fn load_part(self, p: *const f32, n: usize) -> __m256 {
        // SAFETY: the token proves the features, the caller the pointer; masked lanes are not read.
        unsafe { _mm256_maskload_ps(p, first_lanes(self, n)) }
    }
    #[inline(always)]
    unsafe fn load_f16(self, p: *const u16) -> __m256 {
        // SAFETY: the token proves the features, the caller the pointer.
        unsafe { _mm256_cvtph_ps(_mm_loadu_si128(p.cast::<__m128i>())) }
    }
    #[inline(always)]
    unsafe fn load_i8(self, p: *const i8) -> __m256 {
        // SAFETY: the token proves the features, the caller the pointer.
        unsafe { _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(p.cast::<__m128i>()))) }
    }
    #[inline(always)]
    unsafe fn load_bf16(self, p: *const u16) -> __m256 {
        // SAFETY: the token proves the features, the caller the pointer.
        unsafe {
            let wide = _mm256_cvtepu16_epi32(_mm_loadu_si128(p.cast::<__m128i>()));
            _mm256_castsi256_ps(_mm256_slli_epi32::<16>(wide))
        }
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32, v: __m256) {
        // SAFETY: the token proves the features, the caller the pointer.
        unsafe { _mm256_storeu_ps(p, v) }
    }
    #[inline(always)]
    unsafe fn store_part(self, p: *mut f32, v: __m256, n: usize) {
        // SAFETY: the token proves the features, the caller the pointer; masked lanes are not written.
        unsafe { _mm256_maskstore_ps(p, first_lanes(self, n), v) }
    }
    #[inline(always)]
    unsafe fn store_i8(self, p: *mut i8, v: __m256) {
        // SAFETY: the token proves the features, the caller the pointer.
        unsafe {
            let wide = _mm256_cvtps_epi32(v);
            let half = _mm_packs_epi32(_mm256_castsi256_si128(wide), _mm256_extracti128_si256::<1>(wide));
            _mm_storel_epi64(p.cast::<__m128i>(), _mm_packs_epi16(half, half));
        }
    }
    #[inline(always)]
    unsafe fn store_bytes(self, p: *mut u8, [a, b, c, d]: [__m256i; 4]) {
        // SAFETY: the token proves the features, the caller the pointer.
        unsafe {
            // Halves of each vector lie apart.
            let bytes = _mm256_packus_epi16(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d));
            let order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
            _mm256_storeu_si256(p.cast::<__m256i>(), _mm256_permutevar8x32_epi32(bytes, order));
        }
    }
    #[inline(always)]
    unsafe fn store_bf16(self, p: *mut u16, v: __m256) {
        // SAFETY: the token proves the features, the caller the pointer.
        unsafe {
            let bits = _mm256_castps_si256(v);
            let odd = _mm256_and_si256(_mm256_srli_epi32::<16>(bits), _mm256_set1_epi32(1));
            let up = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
            let nan = _mm256_castps_si256(_mm256_cmp_ps::<_CMP_UNORD_Q>(v, v));
            let up = _mm256_blendv_epi8(up, _mm256_or_si256(bits, _mm256_set1_epi32(0x0040_0000)), nan);
            let up = _mm256_srli_epi32::<16>(up);
            let half = _mm_packus_epi32(_mm256_castsi256_si128(up), _mm256_extracti128_si256::<1>(up));
            _mm_storeu_si128(p.cast::<__m128i>(), half);
        }
    }
    #[inline(always)]
    fn prefetch(self, p: *const u8) {
        // SAFETY: a prefetch never faults.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(p.cast()) }
    }

    instructions! {
        fn splat(x: f32) -> __m256 = _mm256_set1_ps(x);
        fn add(a: __m256, b: __m256) -> __m256 = _mm256_add_ps(a, b);
        fn sub(a: __m256, b: __m256) -> __m256 = _mm256_sub_ps(a, b);
        fn mul(a: __m256, b: __m256) -> __m256 = _mm256_mul_ps(a, b);
        fn div(a: __m256, b: __m256) -> __m256 = _mm256_div_ps(a, b);
        fn fma(a: __m256, b: __m256, c: __m256) -> __m256 = _mm256_fmadd_ps(a, b, c);
        fn max(a: __m256, b: __m256) -> __m256 = _mm256_max_ps(a, b);
        fn min(a: __m256, b: __m256) -> __m256 = _mm256_min_ps(a, b);
        fn sqrt(a: __m256) -> __m256 = _mm256_sqrt_ps(a);
        fn round(a: __m256) -> __m256 = _mm256_round_ps::<8>(a);
        fn lt(a: __m256, b: __m256) -> __m256 = _mm256_cmp_ps::<_CMP_LT_OQ>(a, b);
        fn any(m: __m256) -> bool = _mm256_movemask_ps(m) != 0;
        fn select(m: __m256, a: __m256, b: __m256) -> __m256 = _mm256_blendv_ps(b, a, m);
        fn bits(a: __m256) -> __m256i = _mm256_castps_si256(a);
        fn of_bits(a: __m256i) -> __m256 = _mm256_castsi256_ps(a);
        fn splat_i(x: i32) -> __m256i = _mm256_set1_epi32(x);
        fn add_i(a: __m256i, b: __m256i) -> __m256i = _mm256_add_epi32(a, b);
        fn sub_i(a: __m256i, b: __m256i) -> __m256i = _mm256_sub_epi32(a, b);
        fn max_i(a: __m256i, b: __m256i) -> __m256i = _mm256_max_epi32(a, b);
        fn and_i(a: __m256i, b: __m256i) -> __m256i = _mm256_and_si256(a, b);
        fn or_i(a: __m256i, b: __m256i) -> __m256i = _mm256_or_si256(a, b);
        fn shl(a: __m256i, n: u32) -> __m256i = _mm256_sll_epi32(a, _mm_cvtsi32_si128(n as i32));
        fn sar(a: __m256i, n: u32) -> __m256i = _mm256_sra_epi32(a, _mm_cvtsi32_si128(n as i32));
        fn to_float(a: __m256i) -> __m256 = _mm256_cvtepi32_ps(a);
        fn to_int(a: __m256) -> __m256i = _mm256_cvtps_epi32(a);
    }

    #[inline(always)]
    fn first(self, n: usize, a: __m256, b: __m256) -> __m256 {
        let mask = self.of_bits(first_lanes(self, n));
        self.select(mask, a, b)
    }
    #[inline(always)]
    fn reduce_add(self, a: __m256) -> f32 {
        // SAFETY: the token exists, so the features were detected.
        unsafe {
            let a = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps::<1>(a));
            let a = _mm_add_ps(a, _mm_movehl_ps(a, a));
            _mm_cvtss_f32(_mm_add_ss(a, _mm_shuffle_ps::<1>(a, a)))
        }
    }
    #[inline(always)]
    fn reduce_add4(self, [a, b, c, d]: [__m256; 4]) -> [f32; 4] {
        // SAFETY: the token exists, so the features were detected.
        unsafe {
            // Halves of two vectors side by side, then lanes 0 + 2 and 1 + 3, as in `reduce_add`.
            let ac =
                _mm256_add_ps(_mm256_permute2f128_ps::<0x20>(a, c), _mm256_permute2f128_ps::<0x31>(a, c));
            let bd =
                _mm256_add_ps(_mm256_permute2f128_ps::<0x20>(b, d), _mm256_permute2f128_ps::<0x31>(b, d));
            let low = _mm256_shuffle_ps::<0b01_00_01_00>(ac, bd);
            let high = _mm256_shuffle_ps::<0b11_10_11_10>(ac, bd);
            let x = _mm256_add_ps(low, high);
            let x = _mm256_add_ps(x, _mm256_permute_ps::<0b11_11_01_01>(x));
            let mut lanes = [0.0; 8];
            _mm256_storeu_ps(lanes.as_mut_ptr(), x);
            [lanes[0], lanes[2], lanes[4], lanes[6]]
        }
    }
    #[inline(always)]
    fn reduce_max_i(self, a: __m256i) -> i32 {
        // SAFETY: the token exists, so the features were detected.
        unsafe {
            let a = _mm_max_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256::<1>(a));
            let a = _mm_max_epi32(a, _mm_shuffle_epi32::<0b01_00_11_10>(a));
            _mm_cvtsi128_si32(_mm_max_epi32(a, _mm_shuffle_epi32::<0b10_11_00_01>(a)))
        }
    }
    #[inline(always)]
    fn reduce_max(self, a: __m256) -> f32 {
        // SAFETY: the token exists, so the features were detected.
        unsafe {
            let a = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps::<1>(a));
            let a = _mm_max_ps(a, _mm_movehl_ps(a, a));
            _mm_cvtss_f32(_mm_max_ss(a, _mm_shuffle_ps::<1>(a, a)))
        }
    }
}
