//! A block of queries with the keys and values of their head. Not how either becomes bytes.

use super::pack::{KEY_PANELS, VALUE_STEPS, block_words, factor_of_keys, keys, values};
use super::{KEYS, MAX_ROWS};
use crate::aligned::bytes_mut;
use crate::kernels::linear::groups::{PANEL, STEP_BYTES};
use crate::kernels::linear::narrow::{Engine, MAX_SUMS};
use crate::math;
use crate::simd::Simd;

/// The power that the totals of no key stand at.
const LEAST: f32 = -1e30;
/// How many powers of two above its totals a row's weights may be: floats hold their sums by far.
const FAR: f32 = 64.0;
/// The least factor of a sum of products of bytes: that of a key that is none is so far below 0 that its weight is none, and
/// those that are far nearer to 0 than they could be, 2^20 times this, are still next to 0.
const LEAST_FACTOR: f32 = 1e-8;

/// What a thread writes on the way.
pub(super) struct Buffers<'s> {
    /// A packed block of queries.
    pub(super) queries: &'s mut [u8],
    /// Its weights with a block of keys.
    weights: &'s mut [u8],
    /// The scores that they are made of: sums of products of bytes.
    scores: &'s mut [f32],
    /// The products of weights with a panel of values.
    products: &'s mut [f32],
    /// Those of all blocks, added up.
    pub(super) totals: &'s mut [f32],
}

impl<'s> Buffers<'s> {
    /// For blocks of `height` rows.
    pub(super) fn cut(scratch: &'s mut [f32], d: usize, height: usize) -> Self {
        let block = height * STEP_BYTES / size_of::<f32>();
        let (queries, scratch) = scratch.split_at_mut(block);
        let (weights, scratch) = scratch.split_at_mut(VALUE_STEPS * block);
        let (scores, scratch) = scratch.split_at_mut(KEY_PANELS * MAX_SUMS);
        let (products, totals) = scratch.split_at_mut(MAX_SUMS);
        let totals = &mut totals[..d.div_ceil(PANEL) * MAX_SUMS];
        Buffers { queries: bytes_mut(queries), weights: bytes_mut(weights), scores, products, totals }
    }
}

/// A block of queries.
pub(super) struct Block<'a> {
    pub(super) engine: &'a Engine,
    /// Columns of the head.
    pub(super) d: usize,
    /// Keys of the head.
    pub(super) keys: usize,
    /// Queries of the block.
    pub(super) rows: usize,
    /// Times a score of a row, they are the power of two of its weight.
    pub(super) factors: [f32; MAX_ROWS],
    /// The packed keys and values of the head.
    pub(super) packed: &'a [i32],
}

impl Block<'_> {
    /// Adds up weighted values in `totals`, and gives the sums of the weights.
    #[inline(always)]
    pub(super) fn attend<S: Simd>(&self, s: S, buffers: &mut Buffers<'_>) -> [f32; MAX_ROWS] {
        let most = f32::from(u8::MAX).log2();
        let mut sums = [s.splat(0.0); MAX_ROWS];
        // The power of a weight that is one in the totals.
        let mut unit = [LEAST; MAX_ROWS];
        buffers.totals.fill(0.0);
        for (i, packed) in self.packed.chunks_exact(block_words(self.d)).enumerate() {
            self.score(packed, self.keys - i * KEYS, buffers);
            let of_keys = factor_of_keys(packed);
            let (mut factors, mut greatest) = ([0.0; MAX_ROWS], [LEAST; MAX_ROWS]);
            for r in 0..self.rows {
                factors[r] = (self.factors[r] * of_keys).max(LEAST_FACTOR);
                greatest[r] = factors[r] * greatest_score(s, buffers.scores, r) as f32;
            }
            let mut counts = [s.splat_i(0); MAX_ROWS];
            for r in 0..self.rows {
                let line = [s.splat(factors[r]), s.splat(most - greatest[r])];
                counts[r] = weigh(s, (buffers.scores, r), line, self.rows, buffers.weights);
            }
            for r in 0..self.rows {
                if greatest[r] > unit[r] + FAR {
                    let fall = s.splat((unit[r] - greatest[r]).exp2());
                    sums[r] = s.mul(sums[r], fall);
                    scale(s, buffers.totals, r, fall);
                    unit[r] = greatest[r];
                }
            }
            let mut scales = [0.0; MAX_ROWS];
            for v in (0..MAX_ROWS).step_by(S::LANES) {
                // SAFETY: each holds a vector from `v`.
                unsafe {
                    let powers = s.sub(s.load(greatest.as_ptr().add(v)), s.load(unit.as_ptr().add(v)));
                    s.store(scales.as_mut_ptr().add(v), math::exp2_coarse(s, powers));
                }
            }
            for r in 0..self.rows {
                sums[r] = s.fma(s.to_float(counts[r]), s.splat(scales[r]), sums[r]);
            }
            self.engine.take_unsigned(buffers.weights);
            self.add(s, packed, &scales, buffers);
        }
        let mut totals = [0.0; MAX_ROWS];
        for (total, sum) in totals.iter_mut().zip(sums) {
            *total = s.reduce_add(sum);
        }
        totals
    }

    /// The scores of a block of keys, `count` and what is behind them; the least of all for those that are none.
    #[inline(always)]
    fn score(&self, packed: &[i32], count: usize, buffers: &mut Buffers<'_>) {
        for (panel, scores) in buffers.scores.chunks_exact_mut(MAX_SUMS).enumerate() {
            self.engine.multiply(self.rows, buffers.queries, keys(packed, panel), scores);
            let valid = count.saturating_sub(panel * PANEL);
            if valid < PANEL {
                hide(&mut scores[..self.rows * PANEL], valid);
            }
        }
    }

    /// Adds the products of the weights with a block of values, times the scale of each row.
    #[inline(always)]
    fn add<S: Simd>(&self, s: S, packed: &[i32], scales: &[f32; MAX_ROWS], buffers: &mut Buffers<'_>) {
        for (panel, totals) in buffers.totals.chunks_exact_mut(MAX_SUMS).enumerate() {
            let (values, factors) = values(packed, panel);
            let products = &mut *buffers.products;
            self.engine.multiply_unsigned(self.rows, buffers.weights, values, products);
            assert!(totals.len() >= self.rows * PANEL && products.len() >= self.rows * PANEL);
            for (r, scale) in scales.iter().enumerate().take(self.rows) {
                let scale = s.splat(*scale);
                for v in (0..PANEL).step_by(S::LANES) {
                    // SAFETY: each row, and the factors, which are bits of floats, hold a vector from `v`.
                    unsafe {
                        let at = totals.as_mut_ptr().add(r * PANEL + v);
                        let sum = s.to_float(s.bits(s.load(products.as_ptr().add(r * PANEL + v))));
                        let factor = s.mul(s.load(factors.as_ptr().add(v).cast()), scale);
                        s.store(at, s.fma(sum, factor, s.load(at)));
                    }
                }
            }
        }
    }
}

/// Makes scores with other keys than the first `valid` the least of all. Of the last block alone.
#[cold]
#[inline(never)]
fn hide(scores: &mut [f32], valid: usize) {
    for row in scores.chunks_exact_mut(PANEL) {
        row[valid..].fill(f32::from_bits(i32::MIN.cast_unsigned()));
    }
}

/// The greatest of a row's scores with a block of keys, as a sum of products of bytes.
#[inline(always)]
fn greatest_score<S: Simd>(s: S, scores: &[f32], r: usize) -> i32 {
    let mut greatest = s.splat_i(i32::MIN);
    for panel in scores.chunks_exact(MAX_SUMS) {
        for v in panel[r * PANEL..][..PANEL].chunks_exact(S::LANES) {
            // SAFETY: the chunk holds a vector.
            greatest = s.max_i(s.bits(unsafe { s.load(v.as_ptr()) }), greatest);
        }
    }
    s.reduce_max_i(greatest)
}

/// Writes the weights of row `r` to its part of each step of `rows` rows: two to the power of what the line makes of
/// a score; gives sums of them.
#[inline(always)]
fn weigh<S: Simd>(s: S, (scores, r): (&[f32], usize), line: [S::V; 2], rows: usize, to: &mut [u8]) -> S::I {
    assert!(scores.len() == KEY_PANELS * MAX_SUMS && r < rows && rows <= MAX_ROWS);
    assert!(to.len() >= VALUE_STEPS * rows * STEP_BYTES);
    let mut count = s.splat_i(0);
    for first in (0..KEYS).step_by(4 * S::LANES) {
        let mut four = [s.splat(0.0); 4];
        for (i, score) in four.iter_mut().enumerate() {
            let key = first + i * S::LANES;
            // SAFETY: the row holds a vector from the key on.
            let sums =
                unsafe { s.load(scores.as_ptr().add(key / PANEL * MAX_SUMS + r * PANEL + key % PANEL)) };
            *score = s.to_float(s.bits(sums));
        }
        let place = (first / STEP_BYTES * rows + r) * STEP_BYTES + first % STEP_BYTES;
        // SAFETY: the row's part of the step holds four vectors of bytes from there.
        count = s.add_i(count, unsafe { s.store_exp2(to.as_mut_ptr().add(place), four, line) });
    }
    count
}

/// Multiplies row `r` of the totals of each panel.
#[inline(always)]
fn scale<S: Simd>(s: S, totals: &mut [f32], r: usize, factor: S::V) {
    for totals in totals.chunks_exact_mut(MAX_SUMS) {
        for row in totals[r * PANEL..][..PANEL].chunks_exact_mut(S::LANES) {
            // SAFETY: the chunk holds a vector.
            unsafe { s.store(row.as_mut_ptr(), s.mul(s.load(row.as_ptr()), factor)) };
        }
    }
}
