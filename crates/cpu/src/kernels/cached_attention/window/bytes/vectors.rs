//! The products of bytes in vectors: sixteen positions or columns are the lanes, each row of digits a vector of sums. Not
//! the weights between them.
//!
//! The instruction multiplies unsigned bytes by signed ones. Keys and values come with 128 added, which sums of digits take
//! back.

use std::arch::x86_64::{
    __m512i, _mm512_castps_si512, _mm512_castsi512_ps, _mm512_cvtepi32_ps, _mm512_dpbusd_epi32,
    _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_loadu_si512, _mm512_maskz_loadu_epi8, _mm512_mul_ps,
    _mm512_reduce_add_epi32, _mm512_set1_epi8, _mm512_set1_epi32, _mm512_set1_ps, _mm512_setzero_ps,
    _mm512_setzero_si512, _mm512_storeu_ps, _mm512_storeu_si512, _mm512_sub_epi32, _mm512_xor_si512,
};

use graph::ops::quantize::BASE;

use super::{QUERIES, ROWS, STEP, weave};
use crate::isa::Isa;
use crate::kernels::cached_attention::window::{D, TILE, ask, transposed};

/// Positions that are scored together.
const GROUP: usize = 16;
/// How many positions ahead of their use keys and values are asked for.
const AHEAD: usize = 64;

/// A call with the number of queries as a constant.
macro_rules! of_each {
    ($count:expr, $call:ident, $($args:expr),*) => {
        match $count {
            1 => $call::<1>($($args),*),
            2 => $call::<2>($($args),*),
            3 => $call::<3>($($args),*),
            4 => $call::<4>($($args),*),
            5 => $call::<5>($($args),*),
            6 => $call::<6>($($args),*),
            7 => $call::<7>($($args),*),
            _ => $call::<QUERIES>($($args),*),
        }
    };
}

/// The token of [`Isa::Avx512Vnni`]; only [`Vectors::detect`] makes one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Vectors(());

impl Vectors {
    /// The token, when this machine has the path.
    pub(super) fn detect() -> Option<Vectors> {
        Isa::Avx512Vnni.is_available().then_some(Vectors(()))
    }

    /// Writes the scores of every position with the first `count` queries to `scores[query][position]`.
    ///
    /// # Safety
    /// `keys` points to `positions` rows of D values, and never to fewer than a step, as `key_factors` does.
    #[inline(always)]
    pub(super) unsafe fn score(
        self,
        (keys, positions): (*const i8, usize),
        (queries, count): (&[f32], usize),
        (key_factors, factors): (&[f32], &[f32; QUERIES]),
        scores: &mut [f32],
    ) {
        assert!(queries.len() == TILE && scores.len() >= QUERIES * positions.next_multiple_of(STEP));
        let factors = (key_factors.as_ptr(), factors);
        let to = (scores.as_mut_ptr(), scores.len() / QUERIES);
        // SAFETY: the token exists; the caller's contract, and what was asserted.
        unsafe { of_each!(count, score, (keys, positions), queries.as_ptr().cast(), factors, to) };
    }

    /// Adds the values of all positions, times the digits of the weights of the first `count` queries: rows of D sums,
    /// woven as [`weave`] leaves them.
    ///
    /// # Safety
    /// `values` points to `positions` rows of D values; digits beyond them are zero, up to the next four.
    #[inline(always)]
    pub(super) unsafe fn gather(
        self,
        (values, positions): (*const i8, usize),
        (weights, count): (&[u8], usize),
        woven: &mut [f32],
        sums: &mut [f32],
    ) {
        assert!(weights.len() >= ROWS * positions.next_multiple_of(STEP));
        assert!(woven.len() == 4 * TILE && sums.len() == ROWS * D);
        let weights = (weights.as_ptr(), weights.len() / ROWS);
        let (woven, sums) = (woven.as_mut_ptr(), sums.as_mut_ptr().cast());
        // SAFETY: the token exists; the caller's contract, and what was asserted.
        unsafe { of_each!(count, gather, (values, positions), weights, woven, sums) };
    }
}

/// The scores of `N` queries; those of query `i` go to `out[i * stride..]`.
///
/// # Safety
/// As [`Vectors::score`] says; `words` are a tile of fours of digits.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn score<const N: usize>(
    (keys, positions): (*const i8, usize),
    words: *const i32,
    (key_factors, factors): (*const f32, &[f32; QUERIES]),
    (out, stride): (*mut f32, usize),
) {
    let mut extra = _mm512_setzero_si512();
    for four in 0..D / 4 {
        // SAFETY: the tile has a row of sixteen for each four.
        let digits = unsafe { _mm512_loadu_si512(words.add(four * ROWS).cast()) };
        extra = _mm512_dpbusd_epi32(extra, _mm512_set1_epi8(i8::MIN), digits);
    }
    let mut starts = [0_i32; ROWS];
    // SAFETY: it takes a vector.
    unsafe {
        _mm512_storeu_si512(starts.as_mut_ptr().cast(), _mm512_sub_epi32(_mm512_setzero_si512(), extra))
    };
    for step in (0..positions).step_by(GROUP) {
        // The last group starts early, so that it reads no further than the slot; what it says twice is the same. What it
        // says of positions that nobody sees is not used.
        let at = step.min(positions.saturating_sub(GROUP));
        ask(keys.wrapping_add((step + AHEAD) * D).cast(), GROUP * D);
        // SAFETY: the rows are within the slot.
        let fours = unsafe { fours_of(keys.add(at * D)) };
        let mut sums = [[_mm512_setzero_si512(); 2]; N];
        for (query, sums) in sums.iter_mut().enumerate() {
            for (digit, sum) in sums.iter_mut().enumerate() {
                *sum = _mm512_set1_epi32(starts[digit * QUERIES + query]);
            }
        }
        for (four, keys) in fours.iter().enumerate() {
            for (query, sums) in sums.iter_mut().enumerate() {
                for (digit, sum) in sums.iter_mut().enumerate() {
                    // SAFETY: the tile has a row of sixteen for each four.
                    let word = unsafe { *words.add(four * ROWS + digit * QUERIES + query) };
                    *sum = _mm512_dpbusd_epi32(*sum, *keys, _mm512_set1_epi32(word));
                }
            }
        }
        // SAFETY: there are as many factors as rows.
        let key_factors = unsafe { _mm512_loadu_ps(key_factors.add(at)) };
        for (query, [first, second]) in sums.iter().enumerate() {
            let (first, second) = (_mm512_cvtepi32_ps(*first), _mm512_cvtepi32_ps(*second));
            let products = _mm512_fmadd_ps(second, _mm512_set1_ps(1.0 / BASE), first);
            let factors = _mm512_mul_ps(key_factors, _mm512_set1_ps(factors[query]));
            // SAFETY: rows of scores hold whole steps, or the group ends with the positions.
            unsafe { _mm512_storeu_ps(out.add(query * stride + at), _mm512_mul_ps(products, factors)) };
        }
    }
}

/// Sixteen rows of keys, 128 added, on their side: each vector has the same four columns of all.
///
/// # Safety
/// `rows` points to as many.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn fours_of(rows: *const i8) -> [__m512i; GROUP] {
    let mut keys = [_mm512_setzero_ps(); GROUP];
    for (i, key) in keys.iter_mut().enumerate() {
        // SAFETY: the caller's contract.
        let row = unsafe { _mm512_loadu_si512(rows.add(i * D).cast()) };
        *key = _mm512_castsi512_ps(_mm512_xor_si512(row, _mm512_set1_epi8(i8::MIN)));
    }
    let turned = transposed(keys);
    let mut fours = [_mm512_setzero_si512(); GROUP];
    for (four, turned) in fours.iter_mut().zip(turned) {
        *four = _mm512_castps_si512(turned);
    }
    fours
}

/// The sums of `N` queries.
///
/// # Safety
/// As [`Vectors::gather`] says.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn gather<const N: usize>(
    (values, positions): (*const i8, usize),
    (weights, stride): (*const u8, usize),
    woven: *mut f32,
    out: *mut i32,
) {
    for query in 0..N {
        for row in [query, QUERIES + query] {
            // SAFETY: rows of digits and of sums.
            unsafe {
                let start = _mm512_set1_epi32(-128 * sum(weights.add(row * stride), positions));
                for tile in 0..4 {
                    _mm512_storeu_si512(out.add(row * D + tile * 16).cast(), start);
                }
            }
        }
    }
    for at in (0..positions).step_by(STEP) {
        let count = STEP.min(positions - at);
        // SAFETY: as many rows as are woven are within the slot.
        unsafe {
            ask(values.wrapping_add((at + AHEAD) * D).cast(), STEP * D);
            weave::<{ i8::MIN }>(values.add(at * D), count, woven);
            for tile in 0..4 {
                let woven = woven.add(tile * TILE);
                add::<N>((woven.cast(), count.div_ceil(4)), (weights.add(at), stride), out.add(tile * 16));
            }
        }
    }
}

/// Adds fours of positions of sixteen columns, times the digits of `N` queries.
///
/// # Safety
/// `woven` points to `count` vectors; rows of weights have as many words and lie `stride` bytes apart; `out` takes sixteen
/// sums of each row.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn add<const N: usize>(
    (woven, count): (*const i32, usize),
    (weights, stride): (*const u8, usize),
    out: *mut i32,
) {
    let place = |query: usize, digit: usize| digit * QUERIES + query;
    let mut sums = [[_mm512_setzero_si512(); 2]; N];
    for (query, sums) in sums.iter_mut().enumerate() {
        for (digit, sum) in sums.iter_mut().enumerate() {
            // SAFETY: the caller's contract.
            *sum = unsafe { _mm512_loadu_si512(out.add(place(query, digit) * D).cast()) };
        }
    }
    for four in 0..count {
        // SAFETY: the caller's contract.
        let values = unsafe { _mm512_loadu_si512(woven.add(four * 16).cast()) };
        for (query, sums) in sums.iter_mut().enumerate() {
            for (digit, sum) in sums.iter_mut().enumerate() {
                let at = place(query, digit) * stride + 4 * four;
                // SAFETY: the caller's contract.
                let word = unsafe { weights.add(at).cast::<i32>().read_unaligned() };
                *sum = _mm512_dpbusd_epi32(*sum, values, _mm512_set1_epi32(word));
            }
        }
    }
    for (query, sums) in sums.iter().enumerate() {
        for (digit, sum) in sums.iter().enumerate() {
            // SAFETY: the caller's contract.
            unsafe { _mm512_storeu_si512(out.add(place(query, digit) * D).cast(), *sum) };
        }
    }
}

/// The sum of `count` digits.
///
/// # Safety
/// `digits` points to as many.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn sum(digits: *const u8, count: usize) -> i32 {
    let mut sums = _mm512_setzero_si512();
    for at in (0..count).step_by(64) {
        let mask = u64::MAX >> (64 - (count - at).min(64));
        // SAFETY: the mask ends with the digits.
        let digits = unsafe { _mm512_maskz_loadu_epi8(mask, digits.add(at).cast()) };
        sums = _mm512_dpbusd_epi32(sums, _mm512_set1_epi8(1), digits);
    }
    _mm512_reduce_add_epi32(sums)
}
