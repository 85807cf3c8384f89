//! Attention of bfloat16 where the machine multiplies it. Not for machines that widen.
//!
//! The first phase packs, as in f32. The second takes a block of queries of one head, and some of its keys at a time:
//! scores are sums of products in f32, and weights are powers of their distance to the greatest of the first keys. A
//! weight may be far above 1: what bfloat16 rounds away does not depend on it, and a row is divided by the sum of its
//! weights as they were rounded. Where that sum is so great that f32 may not hold its products, the block starts again
//! with the greatest scores of all keys. Heads of 64 columns in tiles have an order of their own: `tiled.rs`.

#[cfg(target_arch = "x86_64")]
mod tiled;

use std::ops::Range;

use super::AttentionDims;
use crate::aligned::bytes_mut;
use crate::isa::Isa;
use crate::kernels::linear::Out;
use crate::kernels::linear::groups::{
    Factor, GROUPS, NarrowRows, PANEL, STEP_BYTES, STEP_WORDS, Weights, beginning, steps, turn_panel,
};
use crate::kernels::linear::narrow::{Engine, MAX_SUMS, tile_rows, words_mut};
use crate::kernels::rows::{Shared, SharedRows};
use crate::kernels::scratch::{Shares, scratch_len};
use crate::kernels::{Cx, cut, shares};
use crate::math;
use crate::simd::{Body, Simd, dispatch};

/// `softmax(q k^T * scale) v` for each of `heads` heads: as [`super::Attention`], of bfloat16.
#[derive(Debug, Clone, Copy)]
pub struct NarrowAttention<'a> {
    /// `[queries, heads * d]`.
    pub q: NarrowRows<'a>,
    /// `[keys, heads * d]`.
    pub k: NarrowRows<'a>,
    /// `[keys, heads * d]`.
    pub v: NarrowRows<'a>,
    /// Heads; they divide the columns.
    pub heads: usize,
    /// The factor of the scores.
    pub scale: f32,
}

impl NarrowAttention<'_> {
    /// Its sizes.
    ///
    /// # Panics
    /// When shapes, those of `[rows, cols]` of the result among them, don't fit, or there are no keys.
    pub(super) fn dims(&self, [rows, cols]: [usize; 2]) -> AttentionDims {
        let width = self.q.width() / 2;
        let d = width.checked_div(self.heads).expect("attention has heads");
        let dims = AttentionDims { queries: self.q.rows(), keys: self.k.rows(), heads: self.heads, d };
        assert!(dims.keys > 0, "attention to no keys");
        assert_eq!(dims.d * dims.heads, width, "heads divide the columns");
        let widths = (self.k.width(), self.v.width(), 2 * cols);
        assert_eq!(widths, (2 * width, 2 * width, 2 * width), "columns of attention");
        assert_eq!((self.v.rows(), rows), (dims.keys, dims.queries), "rows of attention");
        dims
    }
}

impl AttentionDims {
    /// Steps of one head of a query.
    fn query_steps(&self) -> usize {
        steps(2 * self.d)
    }

    /// Panels of keys of one head, each of which is a step of the weights.
    fn key_panels(&self) -> usize {
        self.keys.div_ceil(PANEL)
    }

    /// The words of one head's packed keys.
    fn key_words(&self) -> usize {
        self.key_panels() * self.query_steps() * STEP_WORDS
    }

    /// The words of one head's packed values.
    fn value_words(&self) -> usize {
        self.d.div_ceil(PANEL) * self.key_panels() * STEP_WORDS
    }

    /// Rows of a block of queries.
    fn block_rows(&self, isa: Isa) -> usize {
        #[cfg(target_arch = "x86_64")]
        if (isa, self.d) == (Isa::Amx, tiled::D) {
            return tiled::QUERIES;
        }
        tile_rows(isa)
    }

    /// The scratch of one thread: a block of queries, the sums of its values, its scores with some keys, its weights.
    fn narrow_thread_len(&self, isa: Isa) -> usize {
        let block = tile_rows(isa) * STEP_BYTES / size_of::<f32>();
        block * self.query_steps() + self.d.div_ceil(PANEL) * MAX_SUMS + KEY_PANELS * (MAX_SUMS + block)
    }
}

/// Panels of keys whose scores and weights are there at a time.
const KEY_PANELS: usize = 8;

/// The f32 values of scratch that [`narrow_attention`] needs.
pub fn narrow_attention_scratch(isa: Isa, threads: usize, dims: AttentionDims) -> usize {
    let packed = dims.heads * (dims.key_words() + dims.value_words());
    packed + scratch_len(threads, dims.narrow_thread_len(isa))
}

/// Writes `[queries, heads * d]` to `out`.
///
/// # Panics
/// When shapes don't fit, there are no keys, the scratch is shorter than [`narrow_attention_scratch`], or the path
/// multiplies no bfloat16.
pub fn narrow_attention(cx: Cx<'_>, args: &NarrowAttention<'_>, out: Out<'_, '_>) {
    let Out { mut rows, scratch } = out;
    let dims = args.dims([rows.rows(), rows.cols()]);
    let (threads, key_words) = (cx.pool.threads(), dims.key_words());
    assert!(scratch.len() >= narrow_attention_scratch(cx.isa, threads, dims), "short scratch");
    let (packed, scratch) = scratch.split_at_mut(dims.heads * (key_words + dims.value_words()));
    let (keys, values) = words_mut(packed).split_at_mut(dims.heads * key_words);
    let (shared_keys, shared_values) = (Shared::new(keys), Shared::new(values));
    let units = dims.heads * dims.key_panels();
    let parts = shares(cx.pool, units);
    cx.pool.run(parts, &|part| {
        let (keys, values) = (shared_keys, shared_values);
        dispatch(cx.isa, Pack { args, dims, keys, values, units: cut(part, parts, units) });
    });
    let (keys, values) = (&*keys, &*values);
    let out = rows.shared();
    let scratch = Shares::new(scratch, threads, dims.narrow_thread_len(cx.isa));
    let units = dims.heads * dims.queries.div_ceil(dims.block_rows(cx.isa));
    let parts = shares(cx.pool, units);
    cx.pool.run_on(parts, &|thread, part| {
        // SAFETY: no two parts run on one thread at the same time.
        let scratch = unsafe { scratch.of(thread) };
        let units = cut(part, parts, units);
        dispatch(cx.isa, Attend { isa: cx.isa, args, dims, keys, values, out, units, scratch });
    });
}

/// Packs keys and values; a unit is one head's keys of one panel, which are one step of the values.
struct Pack<'a> {
    args: &'a NarrowAttention<'a>,
    dims: AttentionDims,
    keys: Shared<'a, i32>,
    values: Shared<'a, i32>,
    units: Range<usize>,
}

impl Body for Pack<'_> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let (dims, panels) = (self.dims, self.dims.key_panels());
        let len = dims.query_steps() * STEP_WORDS;
        for unit in self.units {
            let (head, panel) = (unit / panels, unit % panels);
            let columns = 2 * head * dims.d..2 * (head + 1) * dims.d;
            // SAFETY: each unit is in one part and has its own panel of keys.
            let to = unsafe { self.keys.slice(unit * len, len) };
            let rows = self.args.k.columns(columns.start, columns.len());
            turn_panel(s, rows, panel * PANEL, to);
            for first in (0..dims.d).step_by(PANEL) {
                let at = head * dims.value_words() + (first / PANEL * panels + panel) * STEP_WORDS;
                // SAFETY: each unit is in one part and has its own step of each panel of values.
                let to = unsafe { self.values.slice(at, STEP_WORDS) };
                for group in 0..GROUPS {
                    let rows = [2 * group, 2 * group + 1].map(|i| panel * PANEL + i);
                    let row =
                        |key| if key < dims.keys { &self.args.v.row(key)[columns.clone()] } else { &[] };
                    let [low, high] = rows.map(|key| row(key).get(2 * first..).unwrap_or_default());
                    for half in 0..2 {
                        let from = |row: &[u8]| beginning(row.get(half * PANEL..).unwrap_or_default());
                        interleave(from(low), from(high), &mut to[half * 256 + group * 16..]);
                    }
                }
            }
        }
    }
}

/// Sixteen bfloat16 of one row and of another as words of two.
#[inline(always)]
fn interleave(low: [u8; PANEL], high: [u8; PANEL], words: &mut [i32]) {
    let pairs = low.as_chunks::<2>().0.iter().zip(high.as_chunks::<2>().0);
    for (word, (low, high)) in words.iter_mut().zip(pairs) {
        let [low, high] = [low, high].map(|half| u32::from(u16::from_ne_bytes(*half)));
        *word = (high << 16 | low).cast_signed();
    }
}

/// Computes blocks of query rows; a unit is one head's block.
struct Attend<'a, 's> {
    isa: Isa,
    args: &'a NarrowAttention<'a>,
    dims: AttentionDims,
    keys: &'a [i32],
    values: &'a [i32],
    out: SharedRows<'a>,
    units: Range<usize>,
    scratch: &'s mut [f32],
}

/// The most rows of a block.
const MAX_ROWS: usize = 32;
/// The score of a key that is none: its weight is 0 whatever the others'.
const LEAST: f32 = -1e30;
/// What a row's weights add up to at most: their products with values are still far from what f32 holds.
const MOST: f32 = 1e30;

impl Body for Attend<'_, '_> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, s: S) {
        let engine = Engine::new(self.isa, Factor::Bf16);
        let scratch = std::mem::take(&mut self.scratch);
        #[cfg(target_arch = "x86_64")]
        if let (Engine::Tiles(tiles, _), tiled::D) = (&engine, self.dims.d) {
            return self.run_in_tiles(s, tiles, scratch);
        }
        let (dims, height) = (self.dims, self.dims.block_rows(self.isa));
        let key_words = dims.key_words();
        // 2^(x log2 e) is e^x.
        let factor = self.args.scale * std::f32::consts::LOG2_E;
        let blocks = dims.queries.div_ceil(height);
        let mut buffers = Buffers::cut(scratch, dims, height);
        for unit in self.units {
            let (head, first) = (unit / blocks, unit % blocks * height);
            let rows = height.min(dims.queries - first);
            let columns = self.args.q.columns(2 * head * dims.d, 2 * dims.d);
            engine.fill(columns, first, rows, buffers.queries);
            let block = Block {
                engine: &engine,
                dims,
                rows,
                height,
                factor,
                keys: &self.keys[head * key_words..][..key_words],
                values: &self.values[head * dims.value_words()..][..dims.value_words()],
            };
            let mut sums = block.attend(s, None, &mut buffers);
            if !sums[..rows].iter().all(|sum| *sum < MOST) {
                let greatest = block.greatest(s, &mut buffers);
                sums = block.attend(s, Some(greatest), &mut buffers);
            }
            for (r, sum) in sums.into_iter().enumerate().take(rows) {
                for (panel, totals) in buffers.totals.chunks_exact(MAX_SUMS).enumerate() {
                    let columns = head * dims.d + panel * PANEL..(head + 1) * dims.d;
                    write(self.out, (first + r, columns), &totals[r * PANEL..][..PANEL], sum);
                }
            }
        }
    }
}

/// Writes weighted values, whose weights add up to `sum`, to as many of the columns of a row.
#[inline(always)]
pub(super) fn write(out: SharedRows<'_>, (row, columns): (usize, Range<usize>), totals: &[f32], sum: f32) {
    let factor = 1.0 / sum;
    // SAFETY: each head's block of rows is in one part.
    let to = unsafe { out.slice(row, columns.end) };
    for (to, x) in to[columns].iter_mut().zip(totals) {
        *to = x * factor;
    }
}

/// What a thread writes on the way.
struct Buffers<'s> {
    /// A packed block of queries.
    queries: &'s mut [u8],
    /// The sums of its weighted values.
    totals: &'s mut [f32],
    /// Its scores with some keys.
    scores: &'s mut [f32],
    /// The weights that they become.
    weights: &'s mut [u8],
}

impl<'s> Buffers<'s> {
    fn cut(scratch: &'s mut [f32], dims: AttentionDims, height: usize) -> Self {
        let row_len = height * STEP_BYTES / size_of::<f32>();
        let (queries, scratch) = scratch.split_at_mut(row_len * dims.query_steps());
        let (totals, scratch) = scratch.split_at_mut(dims.d.div_ceil(PANEL) * MAX_SUMS);
        let (scores, weights) = scratch.split_at_mut(KEY_PANELS * MAX_SUMS);
        Buffers { queries: bytes_mut(queries), totals, scores, weights: bytes_mut(weights) }
    }
}

/// A block of queries with the keys and values of their head.
struct Block<'a> {
    engine: &'a Engine,
    dims: AttentionDims,
    rows: usize,
    /// The rows that its packed form has room for.
    height: usize,
    /// Times a score, it is the power of two of its weight.
    factor: f32,
    keys: &'a [i32],
    values: &'a [i32],
}

impl Block<'_> {
    /// Scores up to [`KEY_PANELS`] panels of keys from panel `first`; gives how many.
    #[inline(always)]
    fn score(&self, first: usize, queries: &[u8], scores: &mut [f32]) -> usize {
        let panels = KEY_PANELS.min(self.dims.key_panels() - first);
        let len = self.keys.len() / self.dims.key_panels();
        let keys = self.keys[first * len..][..panels * len].chunks_exact(len);
        for (keys, scores) in keys.zip(scores.chunks_exact_mut(MAX_SUMS)) {
            self.engine.multiply(self.rows, queries, Weights { words: keys, sums: &[] }, scores);
        }
        let valid = PANEL.min(self.dims.keys - (first + panels - 1) * PANEL);
        for row in scores[(panels - 1) * MAX_SUMS..].chunks_exact_mut(PANEL).take(self.rows) {
            row[valid..].fill(LEAST);
        }
        panels
    }

    /// Each row's greatest score of all.
    #[inline(always)]
    fn greatest<S: Simd>(&self, s: S, buffers: &mut Buffers<'_>) -> [f32; MAX_ROWS] {
        let mut greatest = [LEAST; MAX_ROWS];
        for first in (0..self.dims.key_panels()).step_by(KEY_PANELS) {
            let panels = self.score(first, buffers.queries, buffers.scores);
            raise(s, &buffers.scores[..panels * MAX_SUMS], &mut greatest[..self.rows]);
        }
        greatest
    }

    /// Adds up weighted values in `totals`, and gives the sums of the weights. A weight is 1 for a score that is the row's
    /// `greatest`; that of the first keys, if `None`.
    #[inline(always)]
    fn attend<S: Simd>(
        &self,
        s: S,
        greatest: Option<[f32; MAX_ROWS]>,
        buffers: &mut Buffers<'_>,
    ) -> [f32; MAX_ROWS] {
        let rows = self.rows;
        let mut sums = [s.splat(0.0); MAX_ROWS];
        let mut shifts = greatest.unwrap_or([LEAST; MAX_ROWS]);
        for first in (0..self.dims.key_panels()).step_by(KEY_PANELS) {
            let panels = self.score(first, buffers.queries, buffers.scores);
            let scores = &buffers.scores[..panels * MAX_SUMS];
            if first == 0 && greatest.is_none() {
                raise(s, scores, &mut shifts[..rows]);
            }
            let weights = &mut buffers.weights[..panels * self.height * STEP_BYTES];
            weigh(s, self.engine, (scores, self.factor), &shifts[..rows], weights, &mut sums);
            let values = self.values.chunks_exact(self.dims.key_panels() * STEP_WORDS);
            for (values, total) in values.zip(buffers.totals.chunks_exact_mut(MAX_SUMS)) {
                let values =
                    Weights { words: &values[first * STEP_WORDS..][..panels * STEP_WORDS], sums: &[] };
                if first == 0 {
                    self.engine.multiply(rows, weights, values, total);
                } else {
                    self.engine.multiply_onto(rows, weights, values, total);
                }
            }
        }
        let mut totals = [0.0; MAX_ROWS];
        for (total, sum) in totals.iter_mut().zip(sums) {
            *total = s.reduce_add(sum);
        }
        totals
    }
}

/// Raises each row's greatest score to those of some panels.
#[inline(always)]
fn raise<S: Simd>(s: S, scores: &[f32], greatest: &mut [f32]) {
    for (r, greatest) in greatest.iter_mut().enumerate() {
        let mut most = s.splat(*greatest);
        for scores in scores.chunks(MAX_SUMS) {
            for v in scores[r * PANEL..][..PANEL].chunks_exact(S::LANES) {
                // SAFETY: the chunk holds a vector.
                most = s.max(unsafe { s.load(v.as_ptr()) }, most);
            }
        }
        *greatest = s.reduce_max(most);
    }
}

/// Turns scores into weights in their block, powers of their distance to the row's greatest, and adds them up.
#[inline(always)]
fn weigh<S: Simd>(
    s: S,
    engine: &Engine,
    (scores, factor): (&[f32], f32),
    greatest: &[f32],
    to: &mut [u8],
    sums: &mut [S::V; MAX_ROWS],
) {
    let (panels, rows) = (scores.len() / MAX_SUMS, greatest.len());
    let place = |at: [usize; 2]| engine.place(at, rows, panels);
    let stride = place([0, 1]) - place([0, 0]);
    assert!(to.len() >= place([rows - 1, panels - 1]) + STEP_BYTES && rows <= MAX_ROWS);
    for (r, (sum, greatest)) in sums.iter_mut().zip(greatest).enumerate() {
        let line = [s.splat(factor), s.splat(-factor * greatest)];
        let first = place([r, 0]);
        let mut total = *sum;
        for panel in 0..panels {
            for column in (0..PANEL).step_by(2 * S::LANES) {
                // SAFETY: the scores hold the row of each panel, and the weights its step; the path multiplies bfloat16.
                unsafe {
                    let from = scores.as_ptr().add(panel * MAX_SUMS + r * PANEL + column);
                    let to = to.as_mut_ptr().add(first + panel * stride + 2 * column);
                    total = s.add(total, weigh_pair(s, from, line, to.cast()));
                }
            }
        }
        *sum = total;
    }
}

/// Two vectors of weights `2^(factor * score + shift)`, rounded to bfloat16; gives the sums of what they are then, so that
/// their parts of their sum add up to 1.
///
/// # Safety
/// `scores` points to two vectors, `to` to as many places; the path multiplies bfloat16.
#[inline(always)]
pub(crate) unsafe fn weigh_pair<S: Simd>(
    s: S,
    scores: *const f32,
    [factor, shift]: [S::V; 2],
    to: *mut u16,
) -> S::V {
    // SAFETY: the caller's contract.
    unsafe {
        let weight = |scores: *const f32| math::exp2_coarse(s, s.fma(s.load(scores), factor, shift));
        let [low, high] = s.store_bf16_pair(to, [weight(scores), weight(scores.add(S::LANES))]);
        s.add(low, high)
    }
}

#[cfg(test)]
pub(super) mod tests;
