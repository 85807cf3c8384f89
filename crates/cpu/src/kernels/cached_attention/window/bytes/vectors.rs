//! The products of bytes in vectors: sixteen positions or columns are the lanes, each row of digits a vector of sums. Not
//! the weights between them.
//!
//! The instruction multiplies unsigned bytes by signed ones. Keys and values come with 128 added, which sums of digits take
//! back.

use std::arch::x86_64::{
    __m512i, _mm512_cvtepi32_ps, _mm512_dpbusd_epi32, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_loadu_si512,
    _mm512_maskz_loadu_epi8, _mm512_mul_ps, _mm512_reduce_add_epi32, _mm512_set1_epi8, _mm512_set1_epi32,
    _mm512_set1_ps, _mm512_setzero_si512, _mm512_storeu_ps, _mm512_storeu_si512, _mm512_unpackhi_epi32,
    _mm512_unpackhi_epi64, _mm512_unpacklo_epi32, _mm512_unpacklo_epi64, _mm512_xor_si512,
};

use graph::ops::quantize::BASE;

use super::{QUERIES, ROWS, STEP, woven};
use crate::isa::Isa;
use crate::kernels::cached_attention::window::{D, TILE, ask};
use crate::simd::{quarters, with_rows};

/// Positions that are scored together.
const GROUP: usize = 16;
/// How many positions ahead of their use keys and values are asked for.
const AHEAD: usize = 128;

/// Rows of D values, one for each position, and what is read after them: asked for while these are read, since memory is
/// what few queries wait for.
#[derive(Clone, Copy)]
pub(super) struct Stream {
    /// The first row.
    pub(super) rows: *const i8,
    /// How many rows are seen.
    pub(super) positions: usize,
    /// The first of the rows that follow.
    pub(super) next: *const i8,
}

impl Stream {
    /// Asks for what is read some positions after the `count` from `at`.
    #[inline(always)]
    fn ask(&self, at: usize, count: usize) {
        let ahead = at + AHEAD;
        let from = match ahead.checked_sub(self.positions) {
            None => self.rows.wrapping_add(ahead * D),
            Some(beyond) => self.next.wrapping_add(beyond * D),
        };
        ask(from.cast(), count * D);
    }
}

/// The token of [`Isa::Avx512Vnni`]; only [`Vectors::detect`] makes one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Vectors(());

impl Vectors {
    /// The token, when this machine has the path.
    pub(super) fn detect() -> Option<Vectors> {
        Isa::Avx512Vnni.is_available().then_some(Vectors(()))
    }
}

/// Writes the scores of every position with the first `count` queries to `scores[query][position]`.
///
/// # Safety
/// There are as many `keys` as they say, and never fewer than a step; so there are of `key_factors`.
#[inline(always)]
pub(super) unsafe fn score(
    _: Vectors,
    keys: Stream,
    (queries, count): (&[f32], usize),
    (key_factors, factors): (&[f32], &[f32; QUERIES]),
    scores: &mut [f32],
) {
    assert!(queries.len() == TILE && scores.len() >= QUERIES * keys.positions.next_multiple_of(STEP));
    let factors = (key_factors.as_ptr(), factors);
    let to = (scores.as_mut_ptr(), scores.len() / QUERIES);
    // The token exists; the caller's contract, and what was asserted.
    with_rows!(count of 1 2 3 4 5 6 7 8, score_of(keys, queries.as_ptr().cast(), factors, to));
}

/// Adds the values of all positions, times the digits of the weights of the first `count` queries: rows of D sums,
/// woven as [`woven`] leaves them.
///
/// # Safety
/// There are as many `values` as they say; digits beyond them are zero, up to the next four.
#[inline(always)]
pub(super) unsafe fn gather(_: Vectors, values: Stream, (weights, count): (&[u8], usize), sums: &mut [f32]) {
    assert!(weights.len() >= ROWS * values.positions.next_multiple_of(STEP));
    assert!(sums.len() == ROWS * D);
    let weights = (weights.as_ptr(), weights.len() / ROWS);
    let sums: *mut i32 = sums.as_mut_ptr().cast();
    let mut first = 0;
    while first < count {
        // Registers hold the sums of three.
        let group = match count - first {
            3 | 5.. => 3,
            left => left.min(2),
        };
        let weights = (weights.0.wrapping_add(first * weights.1), weights.1);
        let sums = sums.wrapping_add(first * D);
        // The token exists; the caller's contract, and what was asserted.
        with_rows!(group of 1 2 3, gather_of(values, weights, sums));
        first += group;
    }
}

/// The scores of `N` queries; those of query `i` go to `out[i * stride..]`.
///
/// # Safety
/// As [`score`] says; `words` are a tile of fours of digits.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn score_of<const N: usize>(
    stream: Stream,
    words: *const i32,
    (key_factors, factors): (*const f32, &[f32; QUERIES]),
    (out, stride): (*mut f32, usize),
) {
    let Stream { rows: keys, positions, .. } = stream;
    let mut extra = _mm512_setzero_si512();
    for four in 0..D / 4 {
        // SAFETY: the tile has a row of sixteen for each four.
        let digits = unsafe { _mm512_loadu_si512(words.add(four * ROWS).cast()) };
        extra = _mm512_dpbusd_epi32(extra, _mm512_set1_epi8(i8::MIN), digits);
    }
    let mut extras = [0_i32; ROWS];
    // SAFETY: it takes a vector.
    unsafe { _mm512_storeu_si512(extras.as_mut_ptr().cast(), extra) };
    for step in (0..positions).step_by(GROUP) {
        // The last group starts early, so that it reads no further than the slot; what it says twice is the same. What it
        // says of positions that nobody sees is not used.
        let at = step.min(positions.saturating_sub(GROUP));
        stream.ask(step, GROUP);
        let mut sums = [[_mm512_setzero_si512(); 2]; N];
        for (query, sums) in sums.iter_mut().enumerate() {
            for (digit, sum) in sums.iter_mut().enumerate() {
                *sum = _mm512_set1_epi32(-extras[digit * QUERIES + query]);
            }
        }
        macro_rules! add_half {
            ($half:expr) => {
                // SAFETY: the rows are within the slot.
                let pairs = unsafe { columns_of::<$half>(keys.add(at * D)) };
                for (c, pair) in pairs.iter().enumerate() {
                    for (quarter, keys) in quarters(pair).iter().enumerate() {
                        for (query, sums) in sums.iter_mut().enumerate() {
                            for (digit, sum) in sums.iter_mut().enumerate() {
                                let four = 4 * quarter + 2 * $half + c;
                                // SAFETY: the tile has a row of sixteen for each four.
                                let word = unsafe { *words.add(four * ROWS + digit * QUERIES + query) };
                                *sum = _mm512_dpbusd_epi32(*sum, *keys, _mm512_set1_epi32(word));
                            }
                        }
                    }
                }
            };
        }
        // By halves, so that the second is turned while the first is multiplied, and registers hold both.
        add_half!(0);
        add_half!(1);
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

/// Two of the four fours of columns that each quarter of a row has, of sixteen rows of keys with 128 added: the first two,
/// or the others where `HALF` is 1. Each is four vectors, of four rows each, whose quarters are those of the rows.
///
/// # Safety
/// `rows` points to sixteen.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn columns_of<const HALF: usize>(rows: *const i8) -> [[__m512i; 4]; 2] {
    let mut columns = [[_mm512_setzero_si512(); 4]; 2];
    let [first, second] = &mut columns;
    for (i, (first, second)) in first.iter_mut().zip(second).enumerate() {
        let mut four = [_mm512_setzero_si512(); 4];
        for (j, row) in four.iter_mut().enumerate() {
            // SAFETY: the caller's contract.
            let keys = unsafe { _mm512_loadu_si512(rows.add((4 * i + j) * D).cast()) };
            *row = _mm512_xor_si512(keys, _mm512_set1_epi8(i8::MIN));
        }
        let [a, b, c, d] = four;
        let (ab, cd) = if HALF == 0 {
            (_mm512_unpacklo_epi32(a, b), _mm512_unpacklo_epi32(c, d))
        } else {
            (_mm512_unpackhi_epi32(a, b), _mm512_unpackhi_epi32(c, d))
        };
        *first = _mm512_unpacklo_epi64(ab, cd);
        *second = _mm512_unpackhi_epi64(ab, cd);
    }
    columns
}

/// The sums of `N` queries, which registers hold from the first position to the last.
///
/// # Safety
/// As [`gather`] says.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn gather_of<const N: usize>(stream: Stream, (weights, stride): (*const u8, usize), out: *mut i32) {
    let Stream { rows: values, positions, .. } = stream;
    let mut sums = [[[_mm512_setzero_si512(); 4]; 2]; N];
    for (query, sums) in sums.iter_mut().enumerate() {
        for (digit, sums) in sums.iter_mut().enumerate() {
            // SAFETY: the row of digits.
            let extra = unsafe { 128 * sum(weights.add((digit * QUERIES + query) * stride), positions) };
            *sums = [_mm512_set1_epi32(-extra); 4];
        }
    }
    macro_rules! add {
        ($at:expr, $count:expr) => {
            // SAFETY: the rows are within the slot.
            let fours = unsafe { woven::<{ i8::MIN }>(values.add($at * D), $count) };
            for (query, sums) in sums.iter_mut().enumerate() {
                for (digit, sums) in sums.iter_mut().enumerate() {
                    let at = (digit * QUERIES + query) * stride + $at;
                    // SAFETY: the row of digits.
                    let word = _mm512_set1_epi32(unsafe { weights.add(at).cast::<i32>().read_unaligned() });
                    for (sum, values) in sums.iter_mut().zip(&fours) {
                        *sum = _mm512_dpbusd_epi32(*sum, *values, word);
                    }
                }
            }
        };
    }
    let whole = positions / 4 * 4;
    for at in (0..whole).step_by(4) {
        stream.ask(at, 4);
        add!(at, 4);
    }
    if whole < positions {
        add!(whole, positions - whole);
    }
    for (query, sums) in sums.iter().enumerate() {
        for (digit, sums) in sums.iter().enumerate() {
            for (tile, sum) in sums.iter().enumerate() {
                let at = (digit * QUERIES + query) * D + tile * 16;
                // SAFETY: the row of sums.
                unsafe { _mm512_storeu_si512(out.add(at).cast(), *sum) };
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes of all values, the least and the greatest too.
    fn bytes(seed: usize, len: usize) -> Vec<i8> {
        (0..len).map(|i| ((i * 2_654_435_761 + seed * 40_503) >> 7 & 255) as u8 as i8).collect()
    }

    #[test]
    fn sums_are_those_of_plain_loops() {
        let Some(vectors) = Vectors::detect() else { return };
        for (count, positions) in [(1, 64), (2, 65), (3, 66), (4, 67), (5, 80), (6, 127), (7, 128), (8, 129)]
        {
            let (keys, digits) = (bytes(1, positions * D), bytes(2, ROWS * D));
            let stream = Stream { rows: keys.as_ptr(), positions, next: keys.as_ptr() };
            let mut queries = vec![0_f32; TILE];
            for (i, word) in queries.iter_mut().enumerate() {
                let (four, row) = (i / ROWS, i % ROWS);
                let word_of: [u8; 4] = std::array::from_fn(|j| digits[row * D + 4 * four + j] as u8);
                *word = f32::from_bits(u32::from_le_bytes(word_of));
            }
            let key_factors: Vec<f32> = (0..positions).map(|j| 1.0 + j as f32 / 64.0).collect();
            let factors = [1.0, 0.5, 0.25, 0.125, 3.0, 5.0, 7.0, 9.0];
            let stride = positions.next_multiple_of(STEP);
            let mut scores = vec![f32::NAN; QUERIES * stride];
            let of = (key_factors.as_slice(), &factors);
            // SAFETY: there are as many keys and factors.
            unsafe { score(vectors, stream, (&queries, count), of, &mut scores) };
            for (query, row) in scores.chunks_exact(stride).enumerate().take(count) {
                for (j, &got) in row.iter().enumerate().take(positions) {
                    let [first, second] = [query, QUERIES + query].map(|row| {
                        let both = digits[row * D..][..D].iter().zip(&keys[j * D..][..D]);
                        both.map(|(&a, &b)| i32::from(a) * i32::from(b)).sum::<i32>() as f32
                    });
                    let want = second.mul_add(1.0 / BASE, first) * (key_factors[j] * factors[query]);
                    assert_eq!(got.to_bits(), want.to_bits(), "query {query} of {count}, position {j}");
                }
            }

            let mut weights = bytes(3, ROWS * stride);
            weights.chunks_exact_mut(stride).for_each(|row| row[positions..].fill(0));
            let weight_bytes: Vec<u8> = weights.iter().map(|&x| x as u8).collect();
            let mut sums = vec![f32::NAN; ROWS * D];
            // SAFETY: there are as many values; weights beyond them are zero.
            unsafe { gather(vectors, stream, (&weight_bytes, count), &mut sums) };
            for row in (0..ROWS).filter(|row| row % QUERIES < count) {
                for column in 0..D {
                    let products = (0..positions)
                        .map(|j| i32::from(weights[row * stride + j]) * i32::from(keys[j * D + column]));
                    // Fours of columns go to four vectors in turn.
                    let place = column / 4 % 4 * 16 + column / 16 * 4 + column % 4;
                    let got = sums[row * D + place].to_bits().cast_signed();
                    assert_eq!(got, products.sum::<i32>(), "row {row} of {count} queries, column {column}");
                }
            }
        }
    }
}
