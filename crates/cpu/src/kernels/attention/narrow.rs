//! Attention of bfloat16 where the machine multiplies it: the same two phases as in f32. Not for machines that widen.
//!
//! Scores are sums of products of bfloat16, in f32. Weights are rounded to bfloat16 for the product with the values,
//! once their f32 sum is taken.

use std::ops::Range;

use super::AttentionDims;
use crate::isa::Isa;
use crate::kernels::linear::Out;
use crate::kernels::linear::groups::{
    Factor, GROUPS, NarrowRows, PANEL, STEP_BYTES, STEP_WORDS, Weights, steps,
};
use crate::kernels::linear::narrow::{Engine, MAX_SUMS, bytes_mut, tile_rows};
use crate::kernels::rows::{Shared, SharedRows};
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

impl AttentionDims {
    /// Steps of one head of a query or key.
    fn head_steps(&self) -> usize {
        steps(2 * self.d)
    }

    /// Panels of keys of one head, each of which is a step of the weights.
    fn key_panels(&self) -> usize {
        self.keys.div_ceil(PANEL)
    }

    /// The words of one head's packed keys.
    fn key_words(&self) -> usize {
        self.key_panels() * self.head_steps() * STEP_WORDS
    }

    /// The words of one head's packed values.
    fn value_words(&self) -> usize {
        self.d.div_ceil(PANEL) * self.key_panels() * STEP_WORDS
    }

    /// The scratch of one thread: a block of queries, its scores, and its weights.
    fn narrow_thread_len(&self, isa: Isa) -> usize {
        let row = STEP_BYTES / size_of::<f32>();
        let block = tile_rows(isa) * row;
        block * self.head_steps() + self.key_panels() * (MAX_SUMS + block)
    }
}

/// The f32 values of scratch that [`narrow_attention`] needs.
pub fn narrow_attention_scratch(isa: Isa, threads: usize, dims: AttentionDims) -> usize {
    dims.heads * (dims.key_words() + dims.value_words()) + threads * dims.narrow_thread_len(isa)
}

/// Writes `[queries, heads * d]` to `out`.
///
/// # Panics
/// When shapes don't fit, there are no keys, the scratch is shorter than [`narrow_attention_scratch`] or the path
/// multiplies no bfloat16.
pub fn narrow_attention(cx: Cx<'_>, args: &NarrowAttention<'_>, out: Out<'_, '_>) {
    let Out { mut rows, scratch } = out;
    let width = args.q.width() / 2;
    let d = width.checked_div(args.heads).expect("attention has heads");
    let dims = AttentionDims { queries: args.q.rows(), keys: args.k.rows(), heads: args.heads, d };
    assert!(dims.keys > 0, "attention to no keys");
    assert_eq!(dims.d * dims.heads, width, "heads divide the columns");
    let widths = (args.k.width(), args.v.width(), 2 * rows.cols());
    assert_eq!(widths, (2 * width, 2 * width, 2 * width), "columns of attention");
    assert_eq!((args.v.rows(), rows.rows()), (dims.keys, dims.queries), "rows of attention");
    let threads = cx.pool.threads();
    assert!(scratch.len() >= narrow_attention_scratch(cx.isa, threads, dims), "short scratch");
    let (packed, scratch) = scratch.split_at_mut(dims.heads * (dims.key_words() + dims.value_words()));
    // SAFETY: any bits of an f32 are an i32, and the other way round.
    let packed = unsafe { std::slice::from_raw_parts_mut(packed.as_mut_ptr().cast::<i32>(), packed.len()) };
    let (keys, values) = packed.split_at_mut(dims.heads * dims.key_words());
    let (shared_keys, shared_values) = (Shared::new(keys), Shared::new(values));
    let units = dims.heads * dims.key_panels();
    let parts = shares(cx.pool, units);
    cx.pool.run(parts, &|part| {
        let (keys, values) = (shared_keys, shared_values);
        dispatch(cx.isa, Pack { args, dims, keys, values, units: cut(part, parts, units) });
    });
    let (keys, values) = (&*keys, &*values);
    let out = rows.shared();
    let scratch = Shared::new(scratch);
    let share = dims.narrow_thread_len(cx.isa);
    let units = dims.heads * dims.queries.div_ceil(tile_rows(cx.isa));
    let parts = shares(cx.pool, units);
    cx.pool.run_on(parts, &|thread, part| {
        // SAFETY: no two parts run on one thread at the same time.
        let scratch = unsafe { scratch.slice(thread * share, share) };
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
    fn run<S: Simd>(self, _: S) {
        let (dims, panels) = (self.dims, self.dims.key_panels());
        let len = dims.head_steps() * STEP_WORDS;
        for unit in self.units {
            let (head, panel) = (unit / panels, unit % panels);
            let columns = 2 * head * dims.d..2 * (head + 1) * dims.d;
            // SAFETY: each unit is in one part and has its own panel of keys.
            let to = unsafe { self.keys.slice(unit * len, len) };
            to.fill(0);
            for lane in 0..PANEL.min(dims.keys - panel * PANEL) {
                let row = &self.args.k.row(panel * PANEL + lane)[columns.clone()];
                for (group, bytes) in row.chunks(4).enumerate() {
                    let at = group / GROUPS * STEP_WORDS + lane / 16 * 256 + group % GROUPS * 16 + lane % 16;
                    let mut word = [0; 4];
                    word[..bytes.len()].copy_from_slice(bytes);
                    to[at] = i32::from_ne_bytes(word);
                }
            }
            for first in (0..dims.d).step_by(PANEL) {
                let at = head * dims.value_words() + (first / PANEL * panels + panel) * STEP_WORDS;
                // SAFETY: each unit is in one part and has its own step of each panel of values.
                let to = unsafe { self.values.slice(at, STEP_WORDS) };
                let row = |i: usize| {
                    let key = panel * PANEL + i;
                    let row = if key < dims.keys { &self.args.v.row(key)[columns.clone()] } else { &[] };
                    let mut values = [0_u16; PANEL];
                    let from = row.get(2 * first..).unwrap_or_default().chunks_exact(2);
                    for (value, b) in values.iter_mut().zip(from) {
                        *value = u16::from_ne_bytes([b[0], b[1]]);
                    }
                    values
                };
                for group in 0..GROUPS {
                    let (low, high) = (row(2 * group), row(2 * group + 1));
                    for half in 0..2 {
                        let to = &mut to[half * 256 + group * 16..][..16];
                        for (i, to) in to.iter_mut().enumerate() {
                            let (low, high) = (low[16 * half + i], high[16 * half + i]);
                            *to = (u32::from(high) << 16 | u32::from(low)).cast_signed();
                        }
                    }
                }
            }
        }
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

impl Body for Attend<'_, '_> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let (dims, height) = (self.dims, tile_rows(self.isa));
        let engine = Engine::new(self.isa, Factor::Bf16);
        let blocks = dims.queries.div_ceil(height);
        let steps = dims.head_steps();
        let row_len = height * STEP_BYTES / size_of::<f32>();
        let (queries, scratch) = self.scratch.split_at_mut(row_len * steps);
        let (scores, weights) = scratch.split_at_mut(dims.key_panels() * MAX_SUMS);
        let (queries, weights) = (bytes_mut(queries), bytes_mut(weights));
        // 2^(x log2 e) is e^x.
        let factor = self.args.scale * std::f32::consts::LOG2_E;
        for unit in self.units {
            let (head, first) = (unit / blocks, unit % blocks * height);
            let rows = height.min(dims.queries - first);
            engine.fill(self.args.q.columns(2 * head * dims.d, 2 * dims.d), first, rows, queries);
            let keys = &self.keys[head * dims.key_words()..][..dims.key_words()];
            let mut greatest = [s.splat(f32::NEG_INFINITY); MAX_ROWS];
            for (panel, keys) in keys.chunks_exact(steps * STEP_WORDS).enumerate() {
                let scores = &mut scores[panel * MAX_SUMS..][..MAX_SUMS];
                engine.multiply(rows, queries, Weights { words: keys, sums: &[] }, scores);
                let valid = PANEL.min(dims.keys - panel * PANEL);
                for (row, greatest) in scores.chunks_exact_mut(PANEL).zip(&mut greatest).take(rows) {
                    row[valid..].fill(f32::NEG_INFINITY);
                    let mut of_panel = *greatest;
                    for v in row.chunks_exact(S::LANES) {
                        // SAFETY: the chunk holds a vector.
                        of_panel = s.max(unsafe { s.load(v.as_ptr()) }, of_panel);
                    }
                    *greatest = of_panel;
                }
            }
            let sums = weights_of(s, &engine, scores, (greatest, factor), (rows, weights));
            let values = &self.values[head * dims.value_words()..][..dims.value_words()];
            for (panel, values) in values.chunks_exact(dims.key_panels() * STEP_WORDS).enumerate() {
                let buf = &mut scores[..MAX_SUMS];
                engine.multiply(rows, weights, Weights { words: values, sums: &[] }, buf);
                let valid = PANEL.min(dims.d - panel * PANEL);
                for (r, row) in buf.chunks_exact(PANEL).enumerate().take(rows) {
                    let factor = 1.0 / sums[r];
                    // SAFETY: the columns are within the row, and each head's block of rows is in one part.
                    let to = unsafe { self.out.slice(first + r, dims.heads * dims.d) };
                    let to = &mut to[head * dims.d + panel * PANEL..][..valid];
                    to.iter_mut().zip(row).for_each(|(to, x)| *to = x * factor);
                }
            }
        }
    }
}

/// Turns scores into `2^(factor * (score - greatest))` in the block of weights, and gives the sum of each row.
#[inline(always)]
fn weights_of<S: Simd>(
    s: S,
    engine: &Engine,
    scores: &[f32],
    (greatest, factor): ([S::V; MAX_ROWS], f32),
    (rows, weights): (usize, &mut [u8]),
) -> [f32; MAX_ROWS] {
    let panels = scores.len() / MAX_SUMS;
    let mut sums = [s.splat(0.0); MAX_ROWS];
    let mut shift = [s.splat(0.0); MAX_ROWS];
    for (shift, greatest) in shift.iter_mut().zip(greatest) {
        *shift = s.splat(-factor * s.reduce_max(greatest));
    }
    let factor = s.splat(factor);
    for (panel, scores) in scores.chunks_exact(MAX_SUMS).enumerate() {
        for (r, row) in scores.chunks_exact(PANEL).enumerate().take(rows) {
            let to = &mut weights[engine.place([r, panel], rows, panels)..][..STEP_BYTES];
            let (mut sum, shift) = (sums[r], shift[r]);
            for (row, to) in row.chunks_exact(S::LANES).zip(to.chunks_exact_mut(2 * S::LANES)) {
                // SAFETY: the chunks hold a vector, and a vector of bfloat16.
                unsafe {
                    let e = math::exp2_coarse(s, s.fma(s.load(row.as_ptr()), factor, shift));
                    sum = s.add(sum, e);
                    s.store_bf16(to.as_mut_ptr().cast(), e);
                }
            }
            sums[r] = sum;
        }
    }
    let mut out = [1.0; MAX_ROWS];
    for (out, sum) in out.iter_mut().zip(sums) {
        *out = s.reduce_add(sum);
    }
    out
}

#[cfg(test)]
mod tests;
