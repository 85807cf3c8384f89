//! Keys and values of bfloat16: sixteen queries at once, rounded to bfloat16 as the weights of the values are.

use std::arch::x86_64::{
    __m512, __m512i, _mm512_loadu_ps, _mm512_loadu_si512, _mm512_setzero_si512, _mm512_shuffle_f32x4,
    _mm512_storeu_ps, _mm512_storeu_si512, _mm512_unpackhi_epi16, _mm512_unpacklo_epi16,
};
use std::ops::Range;

use half::bf16;

use super::{AHEAD, D, Narrow, TILE, ask, columns, fours};
use crate::isa::Isa;
use crate::kernels::attention::narrow::weigh_pair;
use crate::kernels::cached_attention::CachedAttention;
use crate::kernels::rows::SharedRows;
use crate::simd::{Amx, Simd, Tiles, to_bf16};

/// Queries of a tile.
const QUERIES: usize = 16;
/// Positions of a step.
const STEP: usize = 32;

impl Narrow for bf16 {
    const QUERIES: usize = QUERIES;
    type Products = Tiles;

    fn takes(isa: Isa) -> bool {
        isa == Isa::Amx
    }

    fn products(_: Isa) -> Tiles {
        Tiles::new(Amx::detect().expect("amx is not available"))
    }

    /// A head's queries, tiles of scores and of values, outputs, scores, weights.
    fn scratch(positions: usize) -> usize {
        let positions = positions.next_multiple_of(STEP);
        2 * TILE + 2 * TILE + 4 * TILE + QUERIES * D + QUERIES * positions + QUERIES * positions / 2
    }

    #[inline(always)]
    unsafe fn attend<S: Simd>(
        s: S,
        tiles: &Tiles,
        args: &CachedAttention<'_, bf16>,
        (rows, head): (Range<usize>, usize),
        (scratch, out): (&mut [f32], SharedRows<'_>),
    ) {
        let (queries, rest) = scratch.split_at_mut(2 * TILE);
        let (turned, rest) = rest.split_at_mut(2 * TILE);
        let (woven, rest) = rest.split_at_mut(4 * TILE);
        let (sums, rest) = rest.split_at_mut(QUERIES * D);
        let (slot, len) = (args.slot(rows.start, 0), args.len(rows.start));
        let positions = len.next_multiple_of(STEP);
        let (scores, rest) = rest.split_at_mut(QUERIES * positions);
        let weights = &mut rest[..QUERIES * positions / 2];
        let at = (slot * args.heads + head) * args.positions * D;
        pack_queries(args, rows.clone(), head, queries);
        let keys = args.keys.as_ptr().wrapping_add(at);
        // SAFETY: the head holds `args.positions` rows from `at`, a step or more, and `len` of them are seen.
        unsafe { score(tiles, (keys, len), queries, turned, scores) };
        let factor = args.scale * std::f32::consts::LOG2_E;
        let totals = weigh(s, (scores, len, positions), (rows.len(), factor), weights);
        let values = args.values.as_ptr().wrapping_add(at);
        // SAFETY: as above.
        unsafe { gather(tiles, (values, len), weights, woven, sums) };
        for ((i, total), sums) in rows.zip(totals).zip(sums.chunks_exact(D)) {
            // SAFETY: the caller's contract.
            unwoven(sums, 1.0 / total, unsafe { columns(out, i, head) });
        }
    }
}

/// Pairs of columns of each query, for one head: two tiles of sixteen pairs of sixteen queries. Absent queries are zero.
fn pack_queries(args: &CachedAttention<'_, bf16>, rows: Range<usize>, head: usize, out: &mut [f32]) {
    out.fill(0.0);
    for (c, i) in rows.enumerate() {
        for (pair, x) in args.q.row(i)[head * D..][..D].chunks_exact(2).enumerate() {
            let word = u32::from(to_bf16(x[1])) << 16 | u32::from(to_bf16(x[0]));
            out[pair * QUERIES + c] = f32::from_bits(word);
        }
    }
}

/// Writes the products of every position with every query to `scores[query][position]`.
///
/// # Safety
/// `keys` points to `positions` rows of D values, and never to fewer than a step.
#[inline(always)]
unsafe fn score(
    tiles: &Tiles,
    (keys, positions): (*const bf16, usize),
    queries: &[f32],
    turned: &mut [f32],
    scores: &mut [f32],
) {
    let stride = scores.len() / QUERIES;
    for step in (0..positions).step_by(STEP) {
        // The last step starts early, so that it reads no further than the slot; what it says twice is the same. What it
        // says of positions that nobody sees is not used.
        let at = step.min(positions.saturating_sub(STEP));
        // SAFETY: the rows are within the slot; the tiles fit; prefetch takes any address.
        unsafe {
            ask(keys.wrapping_add((step + AHEAD) * D).cast(), STEP * size_of::<[bf16; D]>());
            tiles.two_of_32(keys.add(at * D).cast(), queries.as_ptr().cast(), turned.as_mut_ptr());
            for half in [0, 16] {
                turn(turned.as_ptr().add(half * QUERIES), scores.as_mut_ptr().add(at + half), stride);
            }
        }
    }
}

/// Turns the scores of the first `count` queries into `2^(factor * (score - greatest))` as bfloat16, zero beyond
/// `valid` positions, and gives the sum of each row.
#[inline(always)]
fn weigh<S: Simd>(
    s: S,
    (scores, valid, positions): (&mut [f32], usize, usize),
    (count, factor): (usize, f32),
    weights: &mut [f32],
) -> [f32; QUERIES] {
    let mut totals = [1.0; QUERIES];
    let rows = scores.chunks_exact_mut(positions).zip(weights.chunks_exact_mut(positions / 2));
    for ((row, weights), total) in rows.zip(&mut totals).take(count) {
        row[valid..].fill(f32::NEG_INFINITY);
        let mut greatest = s.splat(f32::NEG_INFINITY);
        for v in row.chunks_exact(S::LANES) {
            // SAFETY: the chunk holds a vector.
            greatest = s.max(unsafe { s.load(v.as_ptr()) }, greatest);
        }
        let shift = s.splat(-factor * s.reduce_max(greatest));
        let (line, mut sum) = ([s.splat(factor), shift], s.splat(0.0));
        let to = weights.as_mut_ptr().cast::<u16>();
        for (i, v) in row.chunks_exact(2 * S::LANES).enumerate() {
            // SAFETY: the chunk holds two vectors, and the weights a half of each score; tiles multiply bfloat16.
            sum = s.add(sum, unsafe { weigh_pair(s, v.as_ptr(), line, to.add(i * 2 * S::LANES)) });
        }
        *total = s.reduce_add(sum);
    }
    totals
}

/// Adds the values of all positions, times their weights: sixteen rows of D sums, woven as [`weave`] leaves them.
///
/// # Safety
/// `values` points to `positions` rows of D values.
#[inline(always)]
unsafe fn gather(
    tiles: &Tiles,
    (values, positions): (*const bf16, usize),
    weights: &[f32],
    woven: &mut [f32],
    sums: &mut [f32],
) {
    let stride = weights.len() / QUERIES * size_of::<f32>();
    let (to, steps) = (woven.as_mut_ptr(), positions.div_ceil(STEP));
    let fill = |step: usize| {
        let at = step * STEP;
        // SAFETY: as many rows as are woven are within the slot; prefetch takes any address.
        unsafe {
            ask(values.wrapping_add((at + AHEAD) * D).cast(), STEP * size_of::<[bf16; D]>());
            weave(values.wrapping_add(at * D), STEP.min(positions - at), to);
        }
    };
    // SAFETY: the weights hold sixteen rows of the steps, the tiles and the sums fit.
    unsafe { tiles.wide_16((weights.as_ptr().cast(), stride, steps), to.cast(), fill, sums.as_mut_ptr()) };
}

/// Pairs of positions of 64 columns as four tiles. Of each 32 columns the first tile has columns 0 to 3, 8 to 11 and so
/// on, the second the others. Positions beyond `count` are zero.
///
/// # Safety
/// `rows` points to `count` rows; `out` takes four tiles.
#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn weave(rows: *const bf16, count: usize, out: *mut f32) {
    let row = |j: usize, half: usize| -> __m512i {
        if j < count {
            // SAFETY: row j is one of the caller's.
            unsafe { _mm512_loadu_si512(rows.add(j * D + half * 32).cast()) }
        } else {
            _mm512_setzero_si512()
        }
    };
    for pair in 0..STEP / 2 {
        for half in 0..2 {
            let (a, b) = (row(2 * pair, half), row(2 * pair + 1, half));
            // SAFETY: pair is below sixteen, so both are within their tiles.
            unsafe {
                let to = out.add(2 * half * TILE + pair * 16);
                _mm512_storeu_si512(to.cast(), _mm512_unpacklo_epi16(a, b));
                _mm512_storeu_si512(to.add(TILE).cast(), _mm512_unpackhi_epi16(a, b));
            }
        }
    }
}

/// Columns in their order again, times `factor`: see [`weave`].
fn unwoven(sums: &[f32], factor: f32, out: &mut [f32]) {
    for (i, four) in out.chunks_exact_mut(4).enumerate() {
        let (half, within) = (i / 8, i % 8);
        let from = &sums[half * 32 + within % 2 * 16 + within / 2 * 4..][..4];
        four.iter_mut().zip(from).for_each(|(to, x)| *to = x * factor);
    }
}

/// Transposes a tile of sixteen rows of sixteen values; row `i` of the result goes to `out[i * stride..]`.
///
/// # Safety
/// `tile` points to the tile; `out` takes the rows.
#[target_feature(enable = "avx512f")]
unsafe fn turn(tile: *const f32, out: *mut f32, stride: usize) {
    // SAFETY: the caller's contract.
    let rows: [__m512; 16] = std::array::from_fn(|i| unsafe { _mm512_loadu_ps(tile.add(16 * i)) });
    let fours = fours(rows);
    // Then quarters: column j of quarter q is column 4 q + j.
    for j in 0..4 {
        let [a, b, c, d] = [fours[j], fours[4 + j], fours[8 + j], fours[12 + j]];
        let (ab, cd) = (_mm512_shuffle_f32x4::<0x88>(a, b), _mm512_shuffle_f32x4::<0x88>(c, d));
        let (ab_odd, cd_odd) = (_mm512_shuffle_f32x4::<0xdd>(a, b), _mm512_shuffle_f32x4::<0xdd>(c, d));
        let columns = [
            _mm512_shuffle_f32x4::<0x88>(ab, cd),
            _mm512_shuffle_f32x4::<0x88>(ab_odd, cd_odd),
            _mm512_shuffle_f32x4::<0xdd>(ab, cd),
            _mm512_shuffle_f32x4::<0xdd>(ab_odd, cd_odd),
        ];
        for (q, column) in columns.into_iter().enumerate() {
            // SAFETY: the caller's contract.
            unsafe { _mm512_storeu_ps(out.add((4 * q + j) * stride), column) };
        }
    }
}
