//! Attention in products of bytes: scores of each head's parts of queries and keys, and values times weights. Not of heads
//! wider than a step.
//!
//! The first phase packs [`KEYS`] keys at a time with their values, whose columns have a factor each. The second takes
//! a block of queries of one head to them, one block of keys after the other. A weight is a power of the distance to
//! the greatest score of its row with these keys alone, in steps of the 255th part of that one's: small weights that
//! stand beside the greatest of all would be lost, and a head that looks at one place and a little everywhere needs
//! both. A row's sum of weights is that of their bytes.

mod block;
mod pack;

use std::ops::Range;

use super::AttentionDims;
use super::narrow::{NarrowAttention, write};
use crate::isa::Isa;
use crate::kernels::linear::Out;
use crate::kernels::linear::groups::{Factor, PANEL, STEP_BYTES};
use crate::kernels::linear::narrow::{Engine, MAX_SUMS, tile_rows, words_mut};
use crate::kernels::rows::{Shared, SharedRows};
use crate::kernels::scratch::{Shares, scratch_len};
use crate::kernels::{Cx, cut, shares};
use crate::simd::{Body, Simd, dispatch};
use block::{Block, Buffers};
use pack::{block_words, fill, pack};

/// Keys of a block: their weights are two steps of bytes.
pub(crate) const KEYS: usize = 2 * STEP_BYTES;
/// The most rows of a block of queries.
const MAX_ROWS: usize = 16;

/// Whether attention of heads of `d` columns is faster in bytes: where vectors multiply them by an instruction of their own,
/// and a head is one step. Tiles would have to wait for vectors to make floats of sums.
pub fn in_bytes(isa: Isa, d: usize) -> bool {
    matches!(isa, Isa::AvxVnni | Isa::Avx512Vnni | Isa::Avx512Bf16 | Isa::NeonDot) && d <= STEP_BYTES
}

impl AttentionDims {
    fn key_blocks(&self) -> usize {
        self.keys.div_ceil(KEYS)
    }

    /// The scratch of one thread: a block of queries, its scores with a block of keys, the weights that they become, the
    /// sums of their products with values, and the totals of all blocks.
    fn byte_thread_len(&self, isa: Isa) -> usize {
        let block = tile_rows(isa) * STEP_BYTES / size_of::<f32>();
        (1 + KEYS / STEP_BYTES) * block + (KEYS / PANEL + 1 + self.d.div_ceil(PANEL)) * MAX_SUMS
    }
}

/// The f32 values of scratch that [`byte_attention`] needs.
pub fn byte_attention_scratch(isa: Isa, threads: usize, dims: AttentionDims) -> usize {
    let packed = dims.heads * dims.key_blocks() * block_words(dims.d);
    packed + scratch_len(threads, dims.byte_thread_len(isa))
}

/// Writes `[queries, heads * d]` to `out`.
///
/// # Panics
/// When shapes don't fit, there are no keys, heads are wider than a step, the scratch is shorter than
/// [`byte_attention_scratch`], or the path has no vectors that multiply bytes.
pub fn byte_attention(cx: Cx<'_>, args: &NarrowAttention<'_>, out: Out<'_, '_>) {
    let Out { mut rows, scratch } = out;
    let dims = args.dims([rows.rows(), rows.cols()]);
    assert!(dims.d <= STEP_BYTES, "a head of {} bytes", dims.d);
    let threads = cx.pool.threads();
    assert!(scratch.len() >= byte_attention_scratch(cx.isa, threads, dims), "short scratch");
    let (packed, scratch) = scratch.split_at_mut(dims.heads * dims.key_blocks() * block_words(dims.d));
    let packed = words_mut(packed);
    let shared = Shared::new(packed);
    let units = dims.heads * dims.key_blocks();
    let parts = shares(cx.pool, units);
    cx.pool.run(parts, &|part| {
        let packed = shared;
        dispatch(cx.isa, Pack { args, dims, packed, units: cut(part, parts, units) });
    });
    let packed = &*packed;
    let out = rows.shared();
    let scratch = Shares::new(scratch, threads, dims.byte_thread_len(cx.isa));
    let units = dims.heads * dims.queries.div_ceil(tile_rows(cx.isa));
    let parts = shares(cx.pool, units);
    cx.pool.run_on(parts, &|thread, part| {
        // SAFETY: no two parts run on one thread at the same time.
        let scratch = unsafe { scratch.of(thread) };
        let units = cut(part, parts, units);
        dispatch(cx.isa, Attend { isa: cx.isa, args, dims, packed, out, units, scratch });
    });
}

/// Packs keys and values; a unit is one head's block of keys.
struct Pack<'a> {
    args: &'a NarrowAttention<'a>,
    dims: AttentionDims,
    packed: Shared<'a, i32>,
    units: Range<usize>,
}

impl Body for Pack<'_> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let (d, blocks) = (self.dims.d, self.dims.key_blocks());
        let len = block_words(d);
        for unit in self.units {
            let (head, block) = (unit / blocks, unit % blocks);
            let [k, v] = [self.args.k, self.args.v].map(|x| x.columns(2 * head * d, 2 * d));
            // SAFETY: each unit is in one part and has its own block.
            let to = unsafe { self.packed.slice(unit * len, len) };
            pack(s, [k, v], block * KEYS, to);
        }
    }
}

/// Computes blocks of query rows; a unit is one head's block.
struct Attend<'a, 's> {
    isa: Isa,
    args: &'a NarrowAttention<'a>,
    dims: AttentionDims,
    packed: &'a [i32],
    out: SharedRows<'a>,
    units: Range<usize>,
    scratch: &'s mut [f32],
}

impl Body for Attend<'_, '_> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, s: S) {
        let engine = Engine::new(self.isa, Factor::Int8);
        let scratch = std::mem::take(&mut self.scratch);
        let (dims, height) = (self.dims, tile_rows(self.isa));
        let len = dims.key_blocks() * block_words(dims.d);
        // 2^(x log2 e) is e^x.
        let factor = self.args.scale * std::f32::consts::LOG2_E;
        let blocks = dims.queries.div_ceil(height);
        let mut buffers = Buffers::cut(scratch, dims.d, height);
        for unit in self.units {
            let (head, first) = (unit / blocks, unit % blocks * height);
            let rows = height.min(dims.queries - first);
            let columns = self.args.q.columns(2 * head * dims.d, 2 * dims.d);
            let mut factors = fill(s, &engine, columns, (first, rows), buffers.queries);
            for of_row in &mut factors {
                *of_row *= factor;
            }
            let packed = &self.packed[head * len..][..len];
            let block = Block { engine: &engine, d: dims.d, keys: dims.keys, rows, factors, packed };
            let sums = block.attend(s, &mut buffers);
            for (r, sum) in sums.into_iter().enumerate().take(rows) {
                for (panel, totals) in buffers.totals.chunks_exact(MAX_SUMS).enumerate() {
                    let columns = head * dims.d + panel * PANEL..(head + 1) * dims.d;
                    write(self.out, (first + r, columns), &totals[r * PANEL..][..PANEL], sum);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
