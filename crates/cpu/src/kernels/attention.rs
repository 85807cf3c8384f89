//! Attention of all queries to all keys of one window: the encoder's. Not for caches, tables or masks.
//!
//! Two phases share the threads. The first packs each head's keys (outputs of the score product) and values
//! (outputs of the weighted sum) into panels. The second takes a block of query rows of one head at a time: its
//! scores against all keys stay in a buffer that fits the second-level cache, and are turned into weights
//! there, already in the block layout that the product with the values reads. Nothing of size `[t, t]` exists.

mod bytes;
pub(crate) mod narrow;

use std::ops::Range;

use super::linear::Out;
use super::linear::pack::panel_width;
use super::linear::tile::{CHUNK, MAX_ROWS, MAX_TILE, block_len, fill_block, tile};
use super::linear::tile_rows;
use super::rows::{Rows, Shared, SharedRows};
use super::scratch::{Shares, scratch_len};
use super::{Cx, cut, shares};
use crate::isa::Isa;
use crate::math;
use crate::simd::{Body, Simd, dispatch};
pub use bytes::{byte_attention, byte_attention_scratch, in_bytes};
pub use narrow::{NarrowAttention, narrow_attention, narrow_attention_scratch};

/// `softmax(q k^T * scale) v` for each of `heads` heads of `d` values: columns `h * d..` of every matrix.
#[derive(Debug, Clone, Copy)]
pub struct Attention<'a> {
    /// `[queries, heads * d]`.
    pub q: Rows<'a>,
    /// `[keys, heads * d]`.
    pub k: Rows<'a>,
    /// `[keys, heads * d]`.
    pub v: Rows<'a>,
    /// Heads; they divide the columns.
    pub heads: usize,
    /// The factor of the scores.
    pub scale: f32,
}

/// The sizes of an [`Attention`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttentionDims {
    /// Rows of q.
    pub queries: usize,
    /// Rows of k and v.
    pub keys: usize,
    /// Heads.
    pub heads: usize,
    /// Values of one head.
    pub d: usize,
}

impl AttentionDims {
    /// Panels of keys of one head.
    fn panels(&self, isa: Isa) -> usize {
        self.keys.div_ceil(panel_width(isa))
    }

    /// The packed keys of one head.
    fn keys_len(&self, isa: Isa) -> usize {
        self.panels(isa) * panel_width(isa) * self.d
    }

    /// The packed values of one head.
    fn values_len(&self, isa: Isa) -> usize {
        self.d.next_multiple_of(panel_width(isa)) * self.keys
    }

    /// The scores of one block of queries: whole panels and whole chunks.
    fn scores_len(&self, isa: Isa) -> usize {
        block_len(tile_rows(isa), self.panels(isa) * panel_width(isa))
    }

    /// The scratch of one thread: a block of queries and its scores.
    fn thread_len(&self, isa: Isa) -> usize {
        block_len(tile_rows(isa), self.d) + self.scores_len(isa)
    }
}

/// The f32 values of scratch that [`attention`] needs.
pub fn attention_scratch(isa: Isa, threads: usize, dims: AttentionDims) -> usize {
    let packed = dims.heads * (dims.keys_len(isa) + dims.values_len(isa));
    packed + scratch_len(threads, dims.thread_len(isa))
}

/// Writes `[queries, heads * d]` to `out`.
///
/// # Panics
/// When shapes don't fit, there are no keys, or the scratch is shorter than [`attention_scratch`].
pub fn attention(cx: Cx<'_>, args: &Attention<'_>, out: Out<'_, '_>) {
    let Out { mut rows, scratch } = out;
    let width = args.q.cols();
    let dims = AttentionDims {
        queries: args.q.rows(),
        keys: args.k.rows(),
        heads: args.heads,
        d: width.checked_div(args.heads).expect("attention has heads"),
    };
    assert!(dims.keys > 0, "attention to no keys");
    assert_eq!(dims.d * dims.heads, width, "heads divide the columns");
    assert_eq!((args.k.cols(), args.v.cols(), rows.cols()), (width, width, width), "columns of attention");
    assert_eq!((args.v.rows(), rows.rows()), (dims.keys, dims.queries), "rows of attention");
    let threads = cx.pool.threads();
    assert!(scratch.len() >= attention_scratch(cx.isa, threads, dims), "short scratch");
    let (packed, scratch) =
        scratch.split_at_mut(dims.heads * (dims.keys_len(cx.isa) + dims.values_len(cx.isa)));
    let (keys, values) = packed.split_at_mut(dims.heads * dims.keys_len(cx.isa));
    let (shared_keys, shared_values) = (Shared::new(keys), Shared::new(values));
    let units = dims.heads * dims.panels(cx.isa);
    let parts = shares(cx.pool, units);
    cx.pool.run(parts, &|part| {
        let (keys, values) = (shared_keys, shared_values);
        dispatch(cx.isa, Pack { args, dims, keys, values, units: cut(part, parts, units) });
    });
    let (keys, values) = (&*keys, &*values);
    let out = rows.shared();
    let scratch = Shares::new(scratch, threads, dims.thread_len(cx.isa));
    let units = dims.heads * dims.queries.div_ceil(tile_rows(cx.isa));
    let parts = shares(cx.pool, units);
    cx.pool.run_on(parts, &|thread, part| {
        // SAFETY: no two parts run on one thread at the same time.
        let scratch = unsafe { scratch.of(thread) };
        dispatch(cx.isa, Attend { args, dims, keys, values, out, units: cut(part, parts, units), scratch });
    });
}

/// Packs keys and values; a unit is one head's keys of one panel.
struct Pack<'a> {
    args: &'a Attention<'a>,
    dims: AttentionDims,
    keys: Shared<'a, f32>,
    values: Shared<'a, f32>,
    units: Range<usize>,
}

impl Body for Pack<'_> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let AttentionDims { keys, d, .. } = self.dims;
        let width = 2 * S::LANES;
        let panels = self.dims.panels(S::ISA);
        for unit in self.units {
            let (head, panel) = (unit / panels, unit % panels);
            let rows = panel * width..keys.min((panel + 1) * width);
            // SAFETY: each unit is in one part and has its own panel of keys.
            let to = unsafe { self.keys.slice(unit * width * d, width * d) };
            for (lane, row) in rows.clone().enumerate() {
                for (i, &x) in self.args.k.row(row)[head * d..][..d].iter().enumerate() {
                    to[i * width + lane] = x;
                }
            }
            for lane in rows.len()..width {
                for i in 0..d {
                    to[i * width + lane] = 0.0;
                }
            }
            for first in (0..d).step_by(width) {
                let valid = width.min(d - first);
                let at = head * self.dims.values_len(S::ISA) + first * keys + rows.start * width;
                // SAFETY: each unit is in one part and has its own rows of values.
                let to = unsafe { self.values.slice(at, rows.len() * width) };
                for (row, to) in rows.clone().zip(to.chunks_exact_mut(width)) {
                    let from = &self.args.v.row(row)[head * d + first..][..valid];
                    if valid == width {
                        for v in [0, S::LANES] {
                            // SAFETY: both hold two vectors.
                            unsafe { s.store(to.as_mut_ptr().add(v), s.load(from.as_ptr().add(v))) };
                        }
                    } else {
                        to[..valid].copy_from_slice(from);
                        to[valid..].fill(0.0);
                    }
                }
            }
        }
    }
}

/// Computes blocks of query rows; a unit is one head's block.
struct Attend<'a, 's> {
    args: &'a Attention<'a>,
    dims: AttentionDims,
    keys: &'a [f32],
    values: &'a [f32],
    out: SharedRows<'a>,
    units: Range<usize>,
    scratch: &'s mut [f32],
}

impl Body for Attend<'_, '_> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let dims = self.dims;
        let blocks = dims.queries.div_ceil(S::TILE_ROWS);
        let (block, scores) = self.scratch.split_at_mut(block_len(S::TILE_ROWS, dims.d));
        for unit in self.units {
            let (head, first) = (unit / blocks, unit % blocks * S::TILE_ROWS);
            let rows = S::TILE_ROWS.min(dims.queries - first);
            let block = &mut block[..block_len(rows, dims.d)];
            let q = &self.args.q.row(first)[head * dims.d..];
            // SAFETY: q holds `rows` rows of d values at its stride from here; the block fits them.
            unsafe { fill_block(s, q.as_ptr(), [rows, dims.d, self.args.q.stride()], block.as_mut_ptr()) };
            for x in &mut *block {
                *x *= self.args.scale;
            }
            let keys = &self.keys[head * dims.keys_len(S::ISA)..][..dims.keys_len(S::ISA)];
            let greatest = scores_of(s, block, keys, [rows, dims.d, dims.keys], scores);
            let sums = weights_of(s, scores, [rows, dims.keys], greatest);
            let values = &self.values[head * dims.values_len(S::ISA)..][..dims.values_len(S::ISA)];
            let at = (first, head * dims.d);
            weighted_sum(s, scores, values, [rows, dims.keys, dims.d], (self.out, at, sums));
        }
    }
}

/// Fills the block of scores, -infinity past the last key, and gives the greatest of each row.
#[inline(always)]
fn scores_of<S: Simd>(
    s: S,
    q: &[f32],
    keys: &[f32],
    [rows, d, count]: [usize; 3],
    scores: &mut [f32],
) -> [f32; MAX_ROWS] {
    let lowest = s.splat(f32::NEG_INFINITY);
    let mut greatest = [lowest; MAX_ROWS];
    let width = 2 * S::LANES;
    for (panel, keys) in keys.chunks_exact(width * d).enumerate() {
        let mut buf = [std::mem::MaybeUninit::<f32>::uninit(); MAX_TILE];
        let buf = buf.as_mut_ptr().cast::<f32>();
        // SAFETY: the block and the panel have these dims.
        unsafe { tile(s, q.as_ptr(), keys.as_ptr(), [rows, d], buf) };
        for v in 0..2 {
            let col = panel * width + v * S::LANES;
            let valid = count.saturating_sub(col).min(S::LANES);
            let place = col / CHUNK * CHUNK * rows + col % CHUNK;
            assert!(place + (rows - 1) * CHUNK + S::LANES <= scores.len());
            for (r, greatest) in greatest.iter_mut().enumerate().take(rows) {
                // SAFETY: the tile holds rows of two vectors; the place is asserted.
                unsafe {
                    let mut x = s.load(buf.add((2 * r + v) * S::LANES));
                    if valid < S::LANES {
                        x = s.first(valid, x, lowest);
                    }
                    *greatest = s.max(x, *greatest);
                    s.store(scores.as_mut_ptr().add(place + r * CHUNK), x);
                }
            }
        }
    }
    let mut out = [0.0; MAX_ROWS];
    for (out, greatest) in out.iter_mut().zip(greatest) {
        *out = s.reduce_max(greatest);
    }
    out
}

/// Turns scores into `e^(score - greatest)` and gives the sum of each row.
#[inline(always)]
fn weights_of<S: Simd>(
    s: S,
    scores: &mut [f32],
    [rows, count]: [usize; 2],
    greatest: [f32; MAX_ROWS],
) -> [f32; MAX_ROWS] {
    let mut splats = [s.splat(0.0); MAX_ROWS];
    for (splats, greatest) in splats.iter_mut().zip(greatest) {
        *splats = s.splat(greatest);
    }
    let greatest = splats;
    let mut sums = [s.splat(0.0); MAX_ROWS];
    let covered = count.next_multiple_of(2 * S::LANES);
    assert!(block_len(rows, covered) <= scores.len());
    for col in (0..covered).step_by(S::LANES) {
        let place = col / CHUNK * CHUNK * rows + col % CHUNK;
        for r in 0..rows {
            let p = scores.as_mut_ptr().wrapping_add(place + r * CHUNK);
            // SAFETY: within the block, whose length is asserted.
            unsafe {
                let e = math::exp_nonpositive(s, s.sub(s.load(p), greatest[r]));
                s.store(p, e);
                sums[r] = s.add(sums[r], e);
            }
        }
    }
    let mut out = [0.0; MAX_ROWS];
    for (out, sum) in out.iter_mut().zip(sums) {
        *out = s.reduce_add(sum);
    }
    out
}

/// Writes the weighted sums of the values, divided by the sums of the weights, to rows and columns from `at`.
#[inline(always)]
fn weighted_sum<S: Simd>(
    s: S,
    weights: &[f32],
    values: &[f32],
    [rows, count, d]: [usize; 3],
    (out, at, sums): (SharedRows<'_>, (usize, usize), [f32; MAX_ROWS]),
) {
    let width = 2 * S::LANES;
    for (panel, values) in values.chunks_exact(width * count).enumerate() {
        let mut buf = [std::mem::MaybeUninit::<f32>::uninit(); MAX_TILE];
        let buf = buf.as_mut_ptr().cast::<f32>();
        // SAFETY: the block and the panel have these dims.
        unsafe { tile(s, weights.as_ptr(), values.as_ptr(), [rows, count], buf) };
        for (r, sum) in sums.iter().enumerate().take(rows) {
            let factor = s.splat(1.0 / sum);
            for v in 0..2 {
                let col = panel * width + v * S::LANES;
                let valid = d.saturating_sub(col).min(S::LANES);
                let to = out.row(at.0 + r).wrapping_add(at.1 + col);
                // SAFETY: the tile holds rows of two vectors; `valid` values are within the head's columns, and
                // each head's block of rows is in one part.
                unsafe {
                    let y = s.mul(s.load(buf.add((2 * r + v) * S::LANES)), factor);
                    if valid == S::LANES {
                        s.store(to, y);
                    } else {
                        s.store_part(to, y, valid);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
