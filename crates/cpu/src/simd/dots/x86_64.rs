//! Products of groups with AVX-512, AVX-VNNI and AVX2. Not tiles of AMX.

use std::arch::x86_64::{
    __m128i, __m512bh, __m512i, _MM_HINT_T1, _mm_loadu_si128, _mm_prefetch, _mm_set1_epi32, _mm256_add_epi32,
    _mm256_cvtepi8_epi16, _mm256_dpbusd_avx_epi32, _mm256_hadd_epi32, _mm256_loadu_si256, _mm256_madd_epi16,
    _mm256_permute4x64_epi64, _mm256_set1_epi32, _mm256_setzero_si256, _mm256_slli_epi32,
    _mm256_storeu_si256, _mm256_sub_epi32, _mm512_and_si512, _mm512_dpbf16_ps, _mm512_dpbusd_epi32,
    _mm512_loadu_ps, _mm512_loadu_si512, _mm512_set1_epi8, _mm512_set1_epi32, _mm512_setzero_ps,
    _mm512_setzero_si512, _mm512_slli_epi32, _mm512_srli_epi16, _mm512_storeu_ps, _mm512_storeu_si512,
    _mm512_sub_epi8, _mm512_sub_epi32,
};
use std::sync::atomic::{Ordering, compiler_fence};

use super::{product, with_rows};
use crate::isa::Isa;

/// How far ahead of its use a panel is asked for, in bytes.
const AHEAD: usize = 8192;

/// Products of pairs of bfloat16, in f32. The token exists where the machine has [`Isa::Avx512Bf16`].
#[derive(Debug, Clone, Copy)]
pub struct PairDots(());

impl PairDots {
    /// The token, when this machine has the features.
    #[inline]
    pub fn detect() -> Option<PairDots> {
        Isa::Avx512Bf16.is_available().then_some(PairDots(()))
    }

    /// 1 to 12 rows of groups times 32 outputs; sums go to `out`, 32 to a row, onto what is there if `onto`.
    ///
    /// # Safety
    /// `x` points to `steps * rows * 16` groups, `w` to `steps * 512`; `out` takes `rows` rows.
    pub unsafe fn product(
        self,
        rows: usize,
        x: *const i32,
        w: *const i32,
        steps: usize,
        (out, onto): (*mut f32, bool),
    ) {
        with_rows!(rows of 1 2 3 4 5 6 7 8 9 10 11 12, pairs_tile(x, w, steps, (out, onto)));
    }
}

product!(dots_512, Avx512Vnni, tile_512 of 1 2 3 4 5 6 7 8 9 10 11 12);
product!(nibbles_512, Avx512Vnni, nibble_tile of 1 2 3 4 5 6);
product!(dots_256, AvxVnni, tile_256 of 1 2 3 4 5 6);
product!(widened, Avx2, widened_tile of 1 2 3 4 5 6 7 8 9 10 11 12);

/// The most rows whose products are done before memory has the next weights: one row, in one digit or in two.
const FEW: usize = 2;

/// Adds the products of `R` rows with steps of weights to the two vectors of sums of each row. Few rows wait for memory and
/// read weights in the order in which they lie; more take each group of a row once for both vectors.
macro_rules! add_products {
    ($acc:ident, $x:ident, $w:ident, $steps:ident, $($dot:tt)*) => {
        for step in 0..$steps {
            let (x, w) = ($x.add(step * R * 16), $w.add(step * 512));
            if R <= FEW {
                add_groups!($acc, x, w, [0], $($dot)*);
                add_groups!($acc, x, w, [1], $($dot)*);
            } else {
                add_groups!($acc, x, w, [0 1], $($dot)*);
            }
        }
    };
}

/// [`add_products`] of one step and of some of the vectors.
macro_rules! add_groups {
    ($acc:ident, $x:ident, $w:ident, [$($v:literal)*], |$sum:ident, $group:ident, $weights:ident| $dot:expr) => {
        for group in 0..16 {
            let mut weights = [_mm512_setzero_si512(); 2];
            $(
                let at = $w.add($v * 256 + group * 16);
                ask(at);
                weights[$v] = _mm512_loadu_si512(at.cast());
            )*
            // Without it compilers read what they have a use for first.
            compiler_fence(Ordering::SeqCst);
            for (r, acc) in $acc.iter_mut().enumerate() {
                let $group = _mm512_set1_epi32(*$x.add(r * 16 + group));
                $(
                    let ($sum, $weights) = (acc[$v], weights[$v]);
                    acc[$v] = $dot;
                )*
            }
        }
    };
}

#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
unsafe fn pairs_tile<const R: usize>(
    x: *const i32,
    w: *const i32,
    steps: usize,
    (out, onto): (*mut f32, bool),
) {
    let mut acc = [[_mm512_setzero_ps(); 2]; R];
    if onto {
        for (r, acc) in acc.iter_mut().enumerate() {
            for (v, sum) in acc.iter_mut().enumerate() {
                // SAFETY: `out` holds R rows of two vectors.
                *sum = unsafe { _mm512_loadu_ps(out.add(32 * r + 16 * v)) };
            }
        }
    }
    // SAFETY: the caller's contract.
    unsafe {
        add_products!(acc, x, w, steps, |sum, x, w| _mm512_dpbf16_ps(sum, pairs(x), pairs(w)));
    }
    for (r, acc) in acc.iter().enumerate() {
        for (v, sum) in acc.iter().enumerate() {
            // SAFETY: `out` takes R rows of two vectors.
            unsafe { _mm512_storeu_ps(out.add(32 * r + 16 * v), *sum) };
        }
    }
}

/// The instruction multiplies unsigned bytes by signed ones, so rows come with 128 added, which the weights' sums take
/// back.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn tile_512<const R: usize>(x: *const i32, [w, sums]: [*const i32; 2], steps: usize, out: *mut i32) {
    let mut acc = [[_mm512_setzero_si512(); 2]; R];
    // SAFETY: the caller's contract.
    unsafe {
        add_products!(acc, x, w, steps, |sum, x, w| _mm512_dpbusd_epi32(sum, x, w));
    }
    // SAFETY: the caller's contract.
    unsafe { take_back(&acc, sums, out) };
}

/// Writes sums to `out` without what the 128 that were added to rows have added to them.
///
/// # Safety
/// There are two vectors of `sums`, and `out` takes R rows of two vectors.
#[target_feature(enable = "avx512f")]
#[inline]
unsafe fn take_back<const R: usize>(acc: &[[__m512i; 2]; R], sums: *const i32, out: *mut i32) {
    for (r, acc) in acc.iter().enumerate() {
        for (v, sum) in acc.iter().enumerate() {
            // SAFETY: the caller's contract.
            unsafe {
                let extra = _mm512_slli_epi32::<7>(_mm512_loadu_si512(sums.add(16 * v).cast()));
                _mm512_storeu_si512(out.add(32 * r + 16 * v).cast(), _mm512_sub_epi32(*sum, extra));
            }
        }
    }
}

/// [`tile_512`] with weights of 4 bits, two in each byte as [`crate::kernels::linear::nibbles`] has them: of rows that wait
/// for memory, and so read weights in the order in which they lie.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn nibble_tile<const R: usize>(
    x: *const i32,
    [w, sums]: [*const i32; 2],
    steps: usize,
    out: *mut i32,
) {
    let (low, eight) = (_mm512_set1_epi8(15), _mm512_set1_epi8(8));
    let mut acc = [[_mm512_setzero_si512(); 2]; R];
    for step in 0..steps {
        for v in 0..2 {
            for pair in 0..8 {
                // SAFETY: within the step, by the caller's contract.
                unsafe {
                    let at = w.add(step * 256 + v * 128 + pair * 16);
                    ask(at);
                    let both = _mm512_loadu_si512(at.cast());
                    let halves = [both, _mm512_srli_epi16::<4>(both)];
                    for (half, w) in halves.into_iter().enumerate() {
                        let w = _mm512_sub_epi8(_mm512_and_si512(w, low), eight);
                        for (r, acc) in acc.iter_mut().enumerate() {
                            let x = _mm512_set1_epi32(*x.add((step * R + r) * 16 + 2 * pair + half));
                            acc[v] = _mm512_dpbusd_epi32(acc[v], x, w);
                        }
                    }
                }
            }
        }
    }
    // SAFETY: the caller's contract.
    unsafe { take_back(&acc, sums, out) };
}

/// As [`tile_512`], in half as many bits. Sixteen registers hold the sums of two rows, or of up to six rows of half the
/// outputs.
#[target_feature(enable = "avx2,avxvnni")]
unsafe fn tile_256<const R: usize>(x: *const i32, [w, sums]: [*const i32; 2], steps: usize, out: *mut i32) {
    // SAFETY: the caller's contract; half of the outputs lie 256 groups, 16 sums behind the others.
    unsafe {
        if R <= 2 {
            vectors_256::<R, 4>(x, [w, sums], steps, out);
        } else {
            vectors_256::<R, 2>(x, [w, sums], steps, out);
            vectors_256::<R, 2>(x, [w.add(256), sums.add(16)], steps, out.add(16));
        }
    }
}

/// `V` vectors of outputs.
///
/// # Safety
/// As in [`tile_256`]; `w`, `sums` and `out` are those of the first output.
#[target_feature(enable = "avx2,avxvnni")]
#[inline]
unsafe fn vectors_256<const R: usize, const V: usize>(
    x: *const i32,
    [w, sums]: [*const i32; 2],
    steps: usize,
    out: *mut i32,
) {
    let mut acc = [[_mm256_setzero_si256(); V]; R];
    for step in 0..steps {
        for group in 0..16 {
            // SAFETY: within the step, by the caller's contract.
            unsafe {
                let w = w.add(step * 512 + group * 16);
                ask(w);
                ask(w.add(256));
                let mut vectors = [_mm256_setzero_si256(); V];
                for (v, to) in vectors.iter_mut().enumerate() {
                    *to = _mm256_loadu_si256(w.add(v / 2 * 256 + v % 2 * 8).cast());
                }
                for (r, acc) in acc.iter_mut().enumerate() {
                    let x = _mm256_set1_epi32(*x.add((step * R + r) * 16 + group));
                    for (acc, w) in acc.iter_mut().zip(vectors) {
                        *acc = _mm256_dpbusd_avx_epi32(*acc, x, w);
                    }
                }
            }
        }
    }
    for (r, acc) in acc.into_iter().enumerate() {
        for (v, sum) in acc.into_iter().enumerate() {
            // SAFETY: there are sums for each output, and `out` takes R rows.
            unsafe {
                let extra = _mm256_slli_epi32::<7>(_mm256_loadu_si256(sums.add(8 * v).cast()));
                _mm256_storeu_si256(out.add(32 * r + 8 * v).cast(), _mm256_sub_epi32(sum, extra));
            }
        }
    }
}

/// Asks for what lies some way ahead.
#[inline(always)]
fn ask(w: *const i32) {
    // SAFETY: prefetch takes any address.
    unsafe { _mm_prefetch::<_MM_HINT_T1>(w.cast::<i8>().wrapping_add(AHEAD)) };
}

/// Sixteen groups as pairs of bfloat16.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
#[inline]
fn pairs(groups: __m512i) -> __m512bh {
    // SAFETY: any bits are pairs.
    unsafe { std::mem::transmute::<__m512i, __m512bh>(groups) }
}

/// Row by row: a vector holds four outputs, two sums of two products each.
#[target_feature(enable = "avx2")]
#[allow(clippy::cast_ptr_alignment)] // The loads need no alignment.
unsafe fn widened_tile<const R: usize>(x: *const i32, [w, _]: [*const i32; 2], steps: usize, out: *mut i32) {
    for r in 0..R {
        let mut acc = [_mm256_setzero_si256(); 8];
        for step in 0..steps {
            for group in 0..16 {
                // SAFETY: within the step, by the caller's contract.
                unsafe {
                    let x = *x.add((step * R + r) * 16 + group);
                    let x = _mm256_cvtepi8_epi16(_mm_set1_epi32(x));
                    let w = w.add(step * 512 + group * 16);
                    for (i, acc) in acc.iter_mut().enumerate() {
                        let w = w.add(i / 4 * 256 + i % 4 * 4).cast::<__m128i>();
                        let products = _mm256_madd_epi16(_mm256_cvtepi8_epi16(_mm_loadu_si128(w)), x);
                        *acc = _mm256_add_epi32(*acc, products);
                    }
                }
            }
        }
        for (i, pair) in acc.chunks_exact(2).enumerate() {
            // Sums of neighbours come as outputs 0, 1, 4, 5 and 2, 3, 6, 7.
            let sums = _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_hadd_epi32(pair[0], pair[1]));
            // SAFETY: `out` takes R rows of 32.
            unsafe { _mm256_storeu_si256(out.add(r * 32 + i * 8).cast(), sums) };
        }
    }
}
