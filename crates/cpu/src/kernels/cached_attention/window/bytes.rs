//! Keys and values of bytes: eight queries at once, in two digits as the weights of the values are. Tiles or vectors
//! multiply them, and give the same sums.

mod tiles;
mod vectors;

use std::arch::x86_64::{
    __m512i, _mm_storeu_ps, _mm_storeu_si128, _mm512_add_ps, _mm512_cvtepi32_epi8, _mm512_cvtepi32_ps,
    _mm512_cvtps_epi32, _mm512_extractf32x4_ps, _mm512_loadu_si512, _mm512_maskz_loadu_ps, _mm512_mul_ps,
    _mm512_set1_epi8, _mm512_set1_ps, _mm512_setzero_si512, _mm512_sub_ps, _mm512_unpackhi_epi8,
    _mm512_unpackhi_epi16, _mm512_unpacklo_epi8, _mm512_unpacklo_epi16, _mm512_xor_si512,
};
use std::ops::Range;

use graph::ops::quantize::{BASE, MOST};

use super::{D, Narrow, TILE, columns};
use crate::aligned::bytes_mut;
use crate::isa::Isa;
use crate::kernels::cached_attention::CachedAttention;
use crate::kernels::quantize::{greatest, quantize_row};
use crate::kernels::rows::SharedRows;
use crate::kernels::vectors::{Identity, exp_in_place, max};
use crate::simd::{Amx, Simd, Tiles};
use vectors::{Stream, Vectors};

/// Queries that are taken together.
const QUERIES: usize = 8;
/// Their digits: the first of each, then the second.
const ROWS: usize = 2 * QUERIES;
/// Positions of a step.
const STEP: usize = 64;

/// What multiplies bytes, ready on this thread.
pub(crate) enum Products {
    Tiles(Tiles),
    Vectors(Vectors),
}

impl Narrow for i8 {
    const QUERIES: usize = QUERIES;
    type Products = Products;

    fn takes(isa: Isa) -> bool {
        matches!(isa, Isa::Avx512Vnni | Isa::Avx512Bf16 | Isa::Amx)
    }

    fn products(isa: Isa) -> Products {
        match isa {
            Isa::Amx => Products::Tiles(Tiles::new(Amx::detect().expect("amx is not available"))),
            _ => Products::Vectors(Vectors::detect().expect("avx512_vnni is not available")),
        }
    }

    /// A head's queries, tiles of scores and of values, outputs, scores, weights.
    fn scratch(positions: usize) -> usize {
        let positions = positions.next_multiple_of(STEP);
        TILE + 4 * TILE + 4 * TILE + ROWS * D + QUERIES * positions + ROWS * positions / size_of::<f32>()
    }

    #[inline(always)]
    unsafe fn attend<S: Simd>(
        s: S,
        products: &Products,
        args: &CachedAttention<'_, i8>,
        (rows, head): (Range<usize>, usize),
        (scratch, out): (&mut [f32], SharedRows<'_>),
    ) {
        let (queries, rest) = scratch.split_at_mut(TILE);
        let (turned, rest) = rest.split_at_mut(4 * TILE);
        let (woven, rest) = rest.split_at_mut(4 * TILE);
        let (sums, rest) = rest.split_at_mut(ROWS * D);
        let (slot, len) = (args.slot(rows.start, 0), args.len(rows.start));
        let positions = len.next_multiple_of(STEP);
        let (scores, rest) = rest.split_at_mut(QUERIES * positions);
        let weights = &mut bytes_mut(rest)[..ROWS * positions];
        let [key_factors, value_factors] = args.factors_of(rows.start, head).expect("bytes have factors");
        let at = (slot * args.heads + head) * args.positions * D;
        let factors = pack_queries(s, args, rows.clone(), head, queries);
        let [keys, values] = [args.keys, args.values].map(|rows| rows.as_ptr().wrapping_add(at));
        let factors = (key_factors, &factors);
        // SAFETY: the head holds `args.positions` rows from `at`, a step or more, and `len` of them are seen.
        unsafe {
            match products {
                Products::Tiles(on) => tiles::score(on, (keys, len), queries, factors, turned, scores),
                Products::Vectors(on) => {
                    let keys = Stream { rows: keys, positions: len, next: values };
                    vectors::score(*on, keys, (queries, rows.len()), factors, scores);
                }
            }
        }
        let greatest = greatest(s, &value_factors[..len]);
        let inverse = if greatest > 0.0 { MOST / greatest } else { 0.0 };
        let mut totals = [1.0; QUERIES];
        for (r, total) in totals.iter_mut().enumerate().take(rows.len()) {
            let row = &mut scores[r * positions..][..len];
            let most = max(s, row, Identity);
            *total = exp_in_place(s, row, most);
            let to = [r, QUERIES + r].map(|row| weights.as_mut_ptr().wrapping_add(row * positions));
            // SAFETY: the rows of the weights hold whole steps.
            unsafe { digits(row, value_factors, inverse, to) };
        }
        // SAFETY: as for the keys; digits are zero up to the next sixteen.
        unsafe {
            match products {
                Products::Tiles(on) => tiles::gather(on, (values, len), weights, woven, sums),
                Products::Vectors(on) => {
                    let next = keys.wrapping_add(args.positions * D);
                    let values = Stream { rows: values, positions: len, next };
                    vectors::gather(*on, values, (weights, rows.len()), sums);
                }
            }
        }
        for (r, (i, total)) in rows.zip(totals).enumerate() {
            let sums = [r, QUERIES + r].map(|row| &sums[row * D..][..D]);
            // SAFETY: the caller's contract; rows of sums and of results have D columns.
            unsafe { unwoven(sums, greatest / MOST / total, columns(out, i, head)) };
        }
    }
}

/// Fours of columns of each query's digits, for one head: a tile of sixteen fours of sixteen. Absent queries are zero. Gives
/// what the products of each query are times to be scores.
#[inline(always)]
fn pack_queries<S: Simd>(
    s: S,
    args: &CachedAttention<'_, i8>,
    rows: Range<usize>,
    head: usize,
    out: &mut [f32],
) -> [f32; QUERIES] {
    out.fill(0.0);
    let mut factors = [0.0; QUERIES];
    for (c, (i, factor)) in rows.zip(&mut factors).enumerate() {
        let mut bytes = [0; 2 * D];
        *factor = quantize_row(s, &args.q.row(i)[head * D..][..D], &mut bytes) * args.scale;
        for (digit, bytes) in bytes.chunks_exact(D).enumerate() {
            for (four, word) in bytes.as_chunks().0.iter().enumerate() {
                out[four * ROWS + digit * QUERIES + c] = f32::from_bits(u32::from_le_bytes(*word));
            }
        }
    }
    factors
}

/// Writes the two digits of `weights * factors * inverse`, up to the next sixteen.
///
/// # Safety
/// There are as many factors as weights; the rows of digits take whole sixteens.
#[target_feature(enable = "avx512f")]
unsafe fn digits(weights: &[f32], factors: &[f32], inverse: f32, [first, second]: [*mut u8; 2]) {
    for i in (0..weights.len()).step_by(16) {
        let mask = (0xffff_u32 >> (16 - (weights.len() - i).min(16))) as u16;
        // SAFETY: the mask ends with the weights; the caller vouches for the rest.
        unsafe {
            let weight = _mm512_maskz_loadu_ps(mask, weights.as_ptr().add(i));
            let factor = _mm512_maskz_loadu_ps(mask, factors.as_ptr().add(i));
            let value = _mm512_mul_ps(weight, _mm512_mul_ps(factor, _mm512_set1_ps(inverse)));
            let digit = _mm512_cvtps_epi32(value);
            let left = _mm512_sub_ps(value, _mm512_cvtepi32_ps(digit));
            let next = _mm512_cvtps_epi32(_mm512_mul_ps(left, _mm512_set1_ps(BASE)));
            _mm_storeu_si128(first.add(i).cast(), _mm512_cvtepi32_epi8(digit));
            _mm_storeu_si128(second.add(i).cast(), _mm512_cvtepi32_epi8(next));
        }
    }
}

/// Four positions of 64 columns, a column's together. Of each sixteen columns the first vector has the first four, the
/// second the next. Bits of `FLIP` are turned over. Positions beyond `count` are zero before.
///
/// # Safety
/// `rows` points to `count` rows.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn woven<const FLIP: i8>(rows: *const i8, count: usize) -> [__m512i; 4] {
    let mut four = [_mm512_setzero_si512(); 4];
    for (i, row) in four.iter_mut().enumerate() {
        if i < count {
            // SAFETY: the row is one of the caller's.
            *row = unsafe { _mm512_loadu_si512(rows.add(i * D).cast()) };
        }
        if FLIP != 0 {
            *row = _mm512_xor_si512(*row, _mm512_set1_epi8(FLIP));
        }
    }
    let [a, b, c, d] = four;
    let low = [_mm512_unpacklo_epi8(a, b), _mm512_unpacklo_epi8(c, d)];
    let high = [_mm512_unpackhi_epi8(a, b), _mm512_unpackhi_epi8(c, d)];
    [
        _mm512_unpacklo_epi16(low[0], low[1]),
        _mm512_unpackhi_epi16(low[0], low[1]),
        _mm512_unpacklo_epi16(high[0], high[1]),
        _mm512_unpackhi_epi16(high[0], high[1]),
    ]
}

/// Columns in their order again, of both digits together, times `factor`: see [`woven`].
///
/// # Safety
/// Sums and results have D columns.
#[target_feature(enable = "avx512f")]
unsafe fn unwoven([first, second]: [&[f32]; 2], factor: f32, out: &mut [f32]) {
    for tile in 0..4 {
        // SAFETY: the caller's contract.
        unsafe {
            let first = _mm512_cvtepi32_ps(_mm512_loadu_si512(first.as_ptr().add(16 * tile).cast()));
            let second = _mm512_cvtepi32_ps(_mm512_loadu_si512(second.as_ptr().add(16 * tile).cast()));
            let sums = _mm512_add_ps(first, _mm512_mul_ps(second, _mm512_set1_ps(1.0 / BASE)));
            let sums = _mm512_mul_ps(sums, _mm512_set1_ps(factor));
            let to = out.as_mut_ptr().add(4 * tile);
            _mm_storeu_ps(to, _mm512_extractf32x4_ps::<0>(sums));
            _mm_storeu_ps(to.add(16), _mm512_extractf32x4_ps::<1>(sums));
            _mm_storeu_ps(to.add(32), _mm512_extractf32x4_ps::<2>(sums));
            _mm_storeu_ps(to.add(48), _mm512_extractf32x4_ps::<3>(sums));
        }
    }
}
