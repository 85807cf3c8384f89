//! The AVX-512 path: 16 lanes, 32 registers, masked tails. Not products of bytes or halves.

#![allow(clippy::cast_ptr_alignment)] // Only unaligned loads take such pointers.

use std::arch::asm;
use std::arch::x86_64::{
    __m128i, __m256i, __m512, __m512i, __mmask16, _CMP_LT_OQ, _CMP_UNORD_Q, _MM_HINT_T1, _mm_add_ps,
    _mm_add_ss, _mm_cvtsi32_si128, _mm_cvtsi128_si32, _mm_cvtss_f32, _mm_loadu_si128, _mm_max_epi32,
    _mm_max_ps, _mm_max_ss, _mm_movehl_ps, _mm_prefetch, _mm_shuffle_epi32, _mm_shuffle_ps, _mm_storeu_ps,
    _mm_storeu_si128, _mm256_add_ps, _mm256_castps256_ps128, _mm256_castsi256_si128, _mm256_extractf128_ps,
    _mm256_extracti128_si256, _mm256_loadu_si256, _mm256_max_epi32, _mm256_max_ps, _mm256_storeu_si256,
    _mm512_abs_epi16, _mm512_add_epi32, _mm512_add_ps, _mm512_adds_epu16, _mm512_and_si512,
    _mm512_castps_si512, _mm512_castps512_ps128, _mm512_castps512_ps256, _mm512_castsi512_ps,
    _mm512_castsi512_si256, _mm512_cmp_ps_mask, _mm512_cvtepi8_epi32, _mm512_cvtepi32_epi8,
    _mm512_cvtepi32_epi16, _mm512_cvtepi32_ps, _mm512_cvtepu16_epi32, _mm512_cvtph_ps, _mm512_cvtps_epi32,
    _mm512_div_ps, _mm512_extractf32x8_ps, _mm512_extracti32x8_epi32, _mm512_fmadd_ps, _mm512_loadu_ps,
    _mm512_loadu_si512, _mm512_mask_blend_ps, _mm512_mask_or_epi32, _mm512_mask_storeu_ps,
    _mm512_maskz_compress_ps, _mm512_maskz_loadu_ps, _mm512_max_epi32, _mm512_max_ps, _mm512_min_ps,
    _mm512_mul_ps, _mm512_mulhi_epu16, _mm512_or_si512, _mm512_packs_epi32, _mm512_packus_epi16,
    _mm512_permute_ps, _mm512_permutexvar_epi32, _mm512_reduce_ps, _mm512_roundscale_ps, _mm512_sad_epu8,
    _mm512_scalef_ps, _mm512_set1_epi16, _mm512_set1_epi32, _mm512_set1_ps, _mm512_setr_epi32,
    _mm512_setzero_si512, _mm512_shuffle_f32x4, _mm512_shuffle_i32x4, _mm512_sll_epi32, _mm512_slli_epi16,
    _mm512_slli_epi32, _mm512_sqrt_ps, _mm512_sra_epi32, _mm512_srli_epi16, _mm512_srli_epi32,
    _mm512_storeu_ps, _mm512_storeu_si512, _mm512_sub_epi16, _mm512_sub_epi32, _mm512_sub_ps,
    _mm512_unpackhi_epi32, _mm512_unpackhi_epi64, _mm512_unpacklo_epi32, _mm512_unpacklo_epi64,
};

use super::{Body, Simd};
use crate::isa::Isa;

/// The token of [`Isa::Avx512`]; only [`Avx512::detect`] makes one.
#[derive(Debug, Clone, Copy)]
pub struct Avx512(());

impl Avx512 {
    /// The token, when this machine has the features.
    #[inline]
    pub fn detect() -> Option<Self> {
        Isa::Avx512.is_available().then_some(Self(()))
    }

    /// Runs `body` compiled for this path.
    #[inline]
    pub fn run<B: Body>(self, body: B) -> B::Out {
        #[target_feature(enable = "avx,avx2,fma,f16c,avx512f,avx512dq,avx512bw,avx512vl")]
        unsafe fn entry<B: Body>(token: Avx512, body: B) -> B::Out {
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

impl Simd for Avx512 {
    type V = __m512;
    type I = __m512i;
    type M = __mmask16;
    const LANES: usize = 16;
    const TILE_ROWS: usize = 12;
    const ISA: Isa = Isa::Avx512;

    #[inline(always)]
    unsafe fn load(self, p: *const f32) -> __m512 {
        // SAFETY: the token proves the features, the caller the pointer.
        unsafe { _mm512_loadu_ps(p) }
    }
    #[inline(always)]
    unsafe fn load_part(self, p: *const f32, n: usize) -> __m512 {
        // SAFETY: the token proves the features, the caller the pointer; masked lanes are not read.
        unsafe { _mm512_maskz_loadu_ps(first_lanes(n), p) }
    }
    #[inline(always)]
    unsafe fn load_f16(self, p: *const u16) -> __m512 {
        // SAFETY: the token proves the features, the caller the pointer.
        unsafe { _mm512_cvtph_ps(_mm256_loadu_si256(p.cast::<__m256i>())) }
    }
    #[inline(always)]
    unsafe fn load_i8(self, p: *const i8) -> __m512 {
        // SAFETY: the token proves the features, the caller the pointer.
        unsafe { _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(p.cast::<__m128i>()))) }
    }
    #[inline(always)]
    unsafe fn load_bf16(self, p: *const u16) -> __m512 {
        // SAFETY: the token proves the features, the caller the pointer.
        unsafe {
            let wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256(p.cast::<__m256i>()));
            _mm512_castsi512_ps(_mm512_slli_epi32::<16>(wide))
        }
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32, v: __m512) {
        // SAFETY: the token proves the features, the caller the pointer.
        unsafe { _mm512_storeu_ps(p, v) }
    }
    #[inline(always)]
    unsafe fn store_part(self, p: *mut f32, v: __m512, n: usize) {
        // SAFETY: the token proves the features, the caller the pointer; masked lanes are not written.
        unsafe { _mm512_mask_storeu_ps(p, first_lanes(n), v) }
    }
    #[inline(always)]
    unsafe fn store_i8(self, p: *mut i8, v: __m512) {
        // SAFETY: the token proves the features, the caller the pointer.
        unsafe { _mm_storeu_si128(p.cast::<__m128i>(), _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(v))) }
    }
    #[inline(always)]
    unsafe fn store_exp2(self, p: *mut u8, four: [__m512; 4], [a, b]: [__m512; 2]) -> __m512i {
        // SAFETY: the token proves the features, the caller the pointer.
        unsafe {
            // How far above 8 powers are, in 256ths, which is below 0: what is too far for an integer is the least one.
            let unit = _mm512_set1_ps(256.0);
            let (a, b) = (_mm512_mul_ps(a, unit), _mm512_fmadd_ps(b, unit, _mm512_set1_ps(-8.0 * 256.0)));
            let mut above = [_mm512_setzero_si512(); 4];
            for (above, x) in above.iter_mut().zip(four) {
                *above = _mm512_cvtps_epi32(_mm512_fmadd_ps(x, a, b));
            }
            let low = byte_powers(_mm512_packs_epi32(above[0], above[1]));
            let high = byte_powers(_mm512_packs_epi32(above[2], above[3]));
            // Quarters of each vector lie apart.
            let order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
            let bytes = _mm512_packus_epi16(low, high);
            _mm512_storeu_si512(p.cast(), _mm512_permutexvar_epi32(order, bytes));
            _mm512_sad_epu8(bytes, _mm512_setzero_si512())
        }
    }
    #[inline(always)]
    unsafe fn store_bf16(self, p: *mut u16, v: __m512) {
        // SAFETY: the token proves the features, the caller the pointer.
        unsafe {
            let bits = _mm512_castps_si512(v);
            let odd = _mm512_and_si512(_mm512_srli_epi32::<16>(bits), _mm512_set1_epi32(1));
            let up = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
            let nan = _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(v, v);
            let up = _mm512_mask_or_epi32(up, nan, bits, _mm512_set1_epi32(0x0040_0000));
            let half = _mm512_cvtepi32_epi16(_mm512_srli_epi32::<16>(up));
            _mm256_storeu_si256(p.cast::<__m256i>(), half);
        }
    }
    #[inline(always)]
    unsafe fn store_bf16_pair(self, p: *mut u16, [low, high]: [__m512; 2]) -> [__m512; 2] {
        // SAFETY: the token proves the vectors, the caller the instruction and the pointer.
        unsafe {
            let pairs = nearest_bf16_pair(low, high);
            _mm512_storeu_si512(p.cast(), pairs);
            let upper = _mm512_and_si512(pairs, _mm512_set1_epi32(0xffff_0000_u32.cast_signed()));
            [_mm512_castsi512_ps(_mm512_slli_epi32::<16>(pairs)), _mm512_castsi512_ps(upper)]
        }
    }
    #[inline(always)]
    fn split(self, x: __m512) -> [__m512; 2] {
        // `scale2` rounds down itself, and takes any number.
        // SAFETY: the token proves the features.
        [unsafe { _mm512_reduce_ps::<1>(x) }, x]
    }
    #[inline(always)]
    fn turn(self, rows: &[[u8; 64]; 16], words: &mut [i32; 256]) {
        // SAFETY: the token proves the features.
        let mut columns = [[unsafe { _mm512_setzero_si512() }; 4]; 4];
        for (i, four) in rows.chunks_exact(4).enumerate() {
            // SAFETY: the token proves the features; the rows are vectors.
            unsafe {
                let [a, b] = [
                    _mm512_loadu_si512(four[0].as_ptr().cast()),
                    _mm512_loadu_si512(four[1].as_ptr().cast()),
                ];
                let [c, d] = [
                    _mm512_loadu_si512(four[2].as_ptr().cast()),
                    _mm512_loadu_si512(four[3].as_ptr().cast()),
                ];
                let (ab, cd) = (_mm512_unpacklo_epi32(a, b), _mm512_unpacklo_epi32(c, d));
                columns[0][i] = _mm512_unpacklo_epi64(ab, cd);
                columns[1][i] = _mm512_unpackhi_epi64(ab, cd);
                let (ab, cd) = (_mm512_unpackhi_epi32(a, b), _mm512_unpackhi_epi32(c, d));
                columns[2][i] = _mm512_unpacklo_epi64(ab, cd);
                columns[3][i] = _mm512_unpackhi_epi64(ab, cd);
            }
        }
        for (j, column) in columns.iter().enumerate() {
            // SAFETY: the token proves the features.
            let quarters = unsafe { quarters(column) };
            for (quarter, words_of) in quarters.iter().enumerate() {
                // SAFETY: the token proves the features; each group has sixteen words.
                unsafe {
                    _mm512_storeu_si512(words.as_mut_ptr().add(16 * (4 * quarter + j)).cast(), *words_of);
                }
            }
        }
    }
    #[inline(always)]
    fn prefetch(self, p: *const u8) {
        // SAFETY: a prefetch never faults.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(p.cast()) }
    }

    instructions! {
        fn splat(x: f32) -> __m512 = _mm512_set1_ps(x);
        fn add(a: __m512, b: __m512) -> __m512 = _mm512_add_ps(a, b);
        fn sub(a: __m512, b: __m512) -> __m512 = _mm512_sub_ps(a, b);
        fn mul(a: __m512, b: __m512) -> __m512 = _mm512_mul_ps(a, b);
        fn div(a: __m512, b: __m512) -> __m512 = _mm512_div_ps(a, b);
        fn fma(a: __m512, b: __m512, c: __m512) -> __m512 = _mm512_fmadd_ps(a, b, c);
        fn max(a: __m512, b: __m512) -> __m512 = _mm512_max_ps(a, b);
        fn min(a: __m512, b: __m512) -> __m512 = _mm512_min_ps(a, b);
        fn sqrt(a: __m512) -> __m512 = _mm512_sqrt_ps(a);
        fn round(a: __m512) -> __m512 = _mm512_roundscale_ps::<8>(a);
        fn lt(a: __m512, b: __m512) -> __mmask16 = _mm512_cmp_ps_mask::<_CMP_LT_OQ>(a, b);
        fn select(m: __mmask16, a: __m512, b: __m512) -> __m512 = _mm512_mask_blend_ps(m, b, a);
        fn bits(a: __m512) -> __m512i = _mm512_castps_si512(a);
        fn of_bits(a: __m512i) -> __m512 = _mm512_castsi512_ps(a);
        fn splat_i(x: i32) -> __m512i = _mm512_set1_epi32(x);
        fn add_i(a: __m512i, b: __m512i) -> __m512i = _mm512_add_epi32(a, b);
        fn sub_i(a: __m512i, b: __m512i) -> __m512i = _mm512_sub_epi32(a, b);
        fn max_i(a: __m512i, b: __m512i) -> __m512i = _mm512_max_epi32(a, b);
        fn and_i(a: __m512i, b: __m512i) -> __m512i = _mm512_and_si512(a, b);
        fn or_i(a: __m512i, b: __m512i) -> __m512i = _mm512_or_si512(a, b);
        fn shl(a: __m512i, n: u32) -> __m512i = _mm512_sll_epi32(a, _mm_cvtsi32_si128(n as i32));
        fn sar(a: __m512i, n: u32) -> __m512i = _mm512_sra_epi32(a, _mm_cvtsi32_si128(n as i32));
        fn to_float(a: __m512i) -> __m512 = _mm512_cvtepi32_ps(a);
        fn to_int(a: __m512) -> __m512i = _mm512_cvtps_epi32(a);
        fn scale2(x: __m512, n: __m512) -> __m512 = _mm512_scalef_ps(x, n);
        fn first(n: usize, a: __m512, b: __m512) -> __m512 = _mm512_mask_blend_ps(first_lanes(n), b, a);
    }

    #[inline(always)]
    fn any(self, m: __mmask16) -> bool {
        m != 0
    }
    #[inline(always)]
    fn reduce_add(self, a: __m512) -> f32 {
        // SAFETY: the token exists, so the features were detected.
        unsafe {
            let a = _mm256_add_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps::<1>(a));
            let a = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps::<1>(a));
            let a = _mm_add_ps(a, _mm_movehl_ps(a, a));
            _mm_cvtss_f32(_mm_add_ss(a, _mm_shuffle_ps::<1>(a, a)))
        }
    }
    #[inline(always)]
    fn reduce_add4(self, [a, b, c, d]: [__m512; 4]) -> [f32; 4] {
        // SAFETY: the token exists, so the features were detected.
        unsafe {
            // Quarters of the four vectors side by side: (0 + 2) + (1 + 3), as in `reduce_add`.
            let ab_low = _mm512_shuffle_f32x4::<0b01_00_01_00>(a, b);
            let ab_high = _mm512_shuffle_f32x4::<0b11_10_11_10>(a, b);
            let cd_low = _mm512_shuffle_f32x4::<0b01_00_01_00>(c, d);
            let cd_high = _mm512_shuffle_f32x4::<0b11_10_11_10>(c, d);
            let (ab, cd) = (_mm512_add_ps(ab_low, ab_high), _mm512_add_ps(cd_low, cd_high));
            let even = _mm512_shuffle_f32x4::<0b10_00_10_00>(ab, cd);
            let odd = _mm512_shuffle_f32x4::<0b11_01_11_01>(ab, cd);
            let x = _mm512_add_ps(even, odd);
            let x = _mm512_add_ps(x, _mm512_permute_ps::<0b11_10_11_10>(x));
            let x = _mm512_add_ps(x, _mm512_permute_ps::<0b01_01_01_01>(x));
            let first = _mm512_maskz_compress_ps(0x1111, x);
            let mut out = [0.0; 4];
            _mm_storeu_ps(out.as_mut_ptr(), _mm512_castps512_ps128(first));
            out
        }
    }
    #[inline(always)]
    fn reduce_max_i(self, a: __m512i) -> i32 {
        // SAFETY: the token exists, so the features were detected.
        unsafe {
            let a = _mm256_max_epi32(_mm512_castsi512_si256(a), _mm512_extracti32x8_epi32::<1>(a));
            let a = _mm_max_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256::<1>(a));
            let a = _mm_max_epi32(a, _mm_shuffle_epi32::<0b01_00_11_10>(a));
            _mm_cvtsi128_si32(_mm_max_epi32(a, _mm_shuffle_epi32::<0b10_11_00_01>(a)))
        }
    }
    #[inline(always)]
    fn reduce_max(self, a: __m512) -> f32 {
        // SAFETY: the token exists, so the features were detected.
        unsafe {
            let a = _mm256_max_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps::<1>(a));
            let a = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps::<1>(a));
            let a = _mm_max_ps(a, _mm_movehl_ps(a, a));
            _mm_cvtss_f32(_mm_max_ss(a, _mm_shuffle_ps::<1>(a, a)))
        }
    }
}

/// `256 * 2^(x / 256)` for each of 32 `x` below 0, by a square function of what whole powers of two leave, rounded.
#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn byte_powers(x: __m512i) -> __m512i {
    let x = _mm512_abs_epi16(x);
    let fraction = _mm512_slli_epi16::<8>(x);
    // 2^-f is 1 - f (0.67157 - 0.17157 f) within 0.003 of it: right at 0, a half and 1.
    let slope = _mm512_sub_epi16(
        _mm512_set1_epi16(44_012_u16.cast_signed()),
        _mm512_mulhi_epu16(fraction, _mm512_set1_epi16(11_244)),
    );
    let power = _mm512_sub_epi16(_mm512_set1_epi16(-1), _mm512_mulhi_epu16(fraction, slope));
    let whole = _mm512_srli_epi16::<8>(x);
    let shifted: __m512i;
    // The intrinsic asks of each count whether it is below 16, which the instruction does itself.
    // SAFETY: the function has the features.
    unsafe {
        asm!(
            "vpsrlvw {}, {}, {}", lateout(zmm_reg) shifted, in(zmm_reg) power, in(zmm_reg) whole,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    _mm512_srli_epi16::<8>(_mm512_adds_epu16(shifted, _mm512_set1_epi16(128)))
}

#[inline(always)]
fn first_lanes(n: usize) -> __mmask16 {
    debug_assert!(n <= 16);
    ((1u32 << n) - 1) as __mmask16
}

/// Transposes four vectors of four quarters.
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn quarters(rows: &[__m512i; 4]) -> [__m512i; 4] {
    let [a, b, c, d] = *rows;
    let (ab, cd) = (_mm512_shuffle_i32x4::<0x88>(a, b), _mm512_shuffle_i32x4::<0x88>(c, d));
    let (ab_odd, cd_odd) = (_mm512_shuffle_i32x4::<0xdd>(a, b), _mm512_shuffle_i32x4::<0xdd>(c, d));
    [
        _mm512_shuffle_i32x4::<0x88>(ab, cd),
        _mm512_shuffle_i32x4::<0x88>(ab_odd, cd_odd),
        _mm512_shuffle_i32x4::<0xdd>(ab, cd),
        _mm512_shuffle_i32x4::<0xdd>(ab_odd, cd_odd),
    ]
}

/// The nearest bfloat16 of `low`, then of `high`. The instruction is no part of this path's features: of those that the
/// path is compiled for, any function of it takes this one in.
///
/// # Safety
/// The machine has AVX-512 BF16.
#[target_feature(enable = "avx512f")]
#[inline]
unsafe fn nearest_bf16_pair(low: __m512, high: __m512) -> __m512i {
    let both;
    // SAFETY: the caller's contract; the instruction touches registers alone.
    unsafe {
        asm!(
            "vcvtne2ps2bf16 {both}, {high}, {low}",
            both = lateout(zmm_reg) both,
            high = in(zmm_reg) high,
            low = in(zmm_reg) low,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    both
}
