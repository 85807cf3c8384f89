//! Attention of some queries at once to the keys and values of one slot, which are multiplied as they are: the decoder's
//! to the window. Not its attention to its own past, whose rows a table scatters.
//!
//! Keys are read where they lie: sixteen positions are the rows of a tile and the queries its columns, or they are the
//! lanes of vectors. The scores become weights and are multiplied by the values, whose positions are woven on the way. What
//! a query gets does not depend on those beside it.

mod bytes;
mod pairs;

use std::arch::x86_64::{
    __m512, _MM_HINT_T1, _mm_prefetch, _mm512_castpd_ps, _mm512_castps_pd, _mm512_unpackhi_pd,
    _mm512_unpackhi_ps, _mm512_unpacklo_pd, _mm512_unpacklo_ps,
};
use std::ops::Range;

use super::CachedAttention;
use crate::isa::Isa;
use crate::kernels::linear::Out;
use crate::kernels::rows::SharedRows;
use crate::kernels::scratch::{Shares, scratch_len};
use crate::kernels::{Cx, cut};
use crate::simd::{Body, Simd, dispatch};

/// Columns of a head.
const D: usize = 64;
/// Positions of a slot, at least: those of the largest step.
const STEP: usize = 64;
/// f32 values of a tile.
const TILE: usize = 256;
/// How many positions ahead of their use keys and values are asked for.
const AHEAD: usize = 64;

/// Whether [`window_attention`] takes heads of `d` columns over slots of `positions` positions that `columns` name.
pub(crate) fn fits<E: Narrow>(isa: Isa, d: usize, positions: usize, columns: usize) -> bool {
    E::takes(isa) && d == D && positions >= STEP && columns == 1
}

/// A type that keys and values are multiplied in.
pub(crate) trait Narrow: Copy + Send + Sync + 'static {
    /// Queries that are taken together.
    const QUERIES: usize;

    /// What multiplies, ready on one thread.
    type Products;

    /// Whether the path multiplies the type.
    fn takes(isa: Isa) -> bool;

    /// # Panics
    /// When the machine lacks the path.
    fn products(isa: Isa) -> Self::Products;

    /// f32 values that [`Narrow::attend`] works in.
    fn scratch(positions: usize) -> usize;

    /// The attention of one head of the queries `at`, which have one slot and see as many of its positions, to the same
    /// head's columns of `out`.
    ///
    /// # Safety
    /// The arguments were checked, the queries are [`Narrow::QUERIES`] at most, and no other thread touches the columns.
    unsafe fn attend<S: Simd>(
        s: S,
        products: &Self::Products,
        args: &CachedAttention<'_, Self>,
        at: (Range<usize>, usize),
        to: (&mut [f32], SharedRows<'_>),
    );
}

/// The f32 values of scratch that [`window_attention`] needs.
pub(crate) fn window_attention_scratch<E: Narrow>(threads: usize, positions: usize) -> usize {
    scratch_len(threads, E::scratch(positions))
}

/// Writes `[n, heads * d]` to `out`: see [`super::cached_attention`].
///
/// # Panics
/// When it does not [fit](fits), shapes don't, an index is out of range, the scale is not positive, or the scratch is
/// shorter than [`window_attention_scratch`].
pub(crate) fn window_attention<E: Narrow>(cx: Cx<'_>, args: &CachedAttention<'_, E>, out: Out<'_, '_>) {
    let Out { mut rows, scratch } = out;
    args.check();
    let d = args.q.cols() / args.heads;
    assert!(fits::<E>(cx.isa, d, args.positions, args.columns), "attention of another kind");
    assert_eq!((rows.rows(), rows.cols()), (args.q.rows(), args.q.cols()), "shapes of attention");
    assert!(args.scale > 0.0, "a scale of {}", args.scale);
    let threads = cx.pool.threads();
    let scratch = Shares::new(scratch, threads, E::scratch(args.positions));
    let out = rows.shared();
    let parts = threads.min(args.heads);
    cx.pool.run_on(parts, &|thread, part| {
        // SAFETY: no two parts run on one thread at the same time.
        let scratch = unsafe { scratch.of(thread) };
        dispatch(cx.isa, Part { isa: cx.isa, args, heads: cut(part, parts, args.heads), out, scratch });
    });
}

/// Some heads of all queries.
struct Part<'a, 's, E> {
    isa: Isa,
    args: &'a CachedAttention<'a, E>,
    heads: Range<usize>,
    out: SharedRows<'a>,
    scratch: &'s mut [f32],
}

impl<E: Narrow> Body for Part<'_, '_, E> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Part { isa, args, heads, out, scratch } = self;
        let products = E::products(isa);
        let mut first = 0;
        while first < args.q.rows() {
            let (slot, len) = (args.slot(first, 0), args.len(first));
            let end = (first + E::QUERIES).min(args.q.rows());
            let same = |i: usize| args.slot(i, 0) == slot && args.len(i) == len;
            let end = (first + 1..end).find(|&i| !same(i)).unwrap_or(end);
            for head in heads.clone() {
                // SAFETY: `check` and `fits` saw the arguments; the columns of these heads are in one part only.
                unsafe { E::attend(s, &products, args, (first..end, head), (scratch, out)) };
            }
            first = end;
        }
    }
}

/// The columns of `head` of row `i`.
///
/// # Safety
/// There are such columns, and no other thread touches them.
#[inline(always)]
unsafe fn columns(out: SharedRows<'_>, i: usize, head: usize) -> &mut [f32] {
    // SAFETY: the caller's contract.
    unsafe { std::slice::from_raw_parts_mut(out.row(i).add(head * D), D) }
}

/// Asks for some bytes of the positions that follow.
#[inline(always)]
fn ask(rows: *const u8, bytes: usize) {
    for line in (0..bytes).step_by(64) {
        // SAFETY: prefetch takes any address.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(rows.wrapping_add(line).cast()) };
    }
}

/// Transposes each four rows within each quarter of a vector: quarter `q` of row `i + j` becomes column `j` of that quarter
/// of the four rows from `i`.
#[inline]
#[target_feature(enable = "avx512f")]
fn fours<const N: usize>(rows: [__m512; N]) -> [__m512; N] {
    let mut twos = rows;
    for i in (0..N).step_by(2) {
        twos[i] = _mm512_unpacklo_ps(rows[i], rows[i + 1]);
        twos[i + 1] = _mm512_unpackhi_ps(rows[i], rows[i + 1]);
    }
    let mut fours = twos;
    for i in (0..N).step_by(4) {
        for j in 0..2 {
            let (a, b) = (_mm512_castps_pd(twos[i + j]), _mm512_castps_pd(twos[i + j + 2]));
            fours[i + 2 * j] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, b));
            fours[i + 2 * j + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, b));
        }
    }
    fours
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::rows::{Rows, RowsMut};
    use crate::kernels::testing::{assert_close, assert_same_bits, noise};
    use crate::pool::Pool;
    use half::bf16;

    fn run<E: Narrow>(isa: Isa, threads: usize, args: &CachedAttention<'_, E>) -> Vec<f32> {
        let pool = Pool::new(threads);
        let (n, width) = (args.q.rows(), args.q.cols());
        let mut out = vec![f32::NAN; n * width];
        let mut scratch = vec![f32::NAN; window_attention_scratch::<E>(threads, args.positions)];
        let target = Out { rows: RowsMut::new(&mut out, n, width), scratch: &mut scratch };
        window_attention(Cx { isa, pool: &pool }, args, target);
        out
    }

    /// Attention in f64.
    fn reference<E: Narrow + Into<f64>>(args: &CachedAttention<'_, E>) -> Vec<f64> {
        let width = args.q.cols();
        let mut want = vec![0.0; args.q.rows() * width];
        for (i, want) in want.chunks_exact_mut(width).enumerate() {
            for h in 0..args.heads {
                let place = |j: usize| (args.slot(i, 0) * args.heads + h) * args.positions + j;
                let factor =
                    |j: usize, of: usize| args.factors.map_or(1.0, |both| f64::from(both[of][place(j)]));
                let at = |x: &[E], j: usize, c: usize| -> f64 { x[place(j) * D + c].into() };
                let dot = |j: usize| -> f64 {
                    (0..D).map(|c| f64::from(args.q.row(i)[h * D + c]) * at(args.keys, j, c)).sum()
                };
                let score = |j: usize| dot(j) * factor(j, 0) * f64::from(args.scale);
                let weights: Vec<f64> = (0..args.len(i)).map(|j| score(j).exp()).collect();
                let total: f64 = weights.iter().sum();
                for c in 0..D {
                    let values =
                        weights.iter().enumerate().map(|(j, w)| w * factor(j, 1) * at(args.values, j, c));
                    want[h * D + c] = values.sum::<f64>() / total;
                }
            }
        }
        want
    }

    /// Checks slots of `element`s made of noise against f64, and the bits of one query and of any threads.
    fn check<E: Narrow + Into<f64>>(element: fn(f32) -> E, has_factors: bool, tolerance: f64) {
        let paths: Vec<Isa> = Isa::available().filter(|isa| E::takes(*isa)).collect();
        for (heads, positions, seen) in
            [(3, 101, 101), (1, 64, 7), (8, 64, 33), (2, 1500, 1500), (2, 1500, 699)]
        {
            let (width, places) = (heads * D, 2 * positions * heads);
            let kept = |seed: u64| noise(seed, places * D).into_iter().map(element).collect::<Vec<E>>();
            let (keys, values) = (kept(1), kept(2));
            let factor =
                |seed: u64| noise(seed, places).iter().map(|x| (x + 2.0) / 300.0).collect::<Vec<f32>>();
            let mut factors = [factor(4), factor(5)];
            // What nobody sees may hold anything.
            for (i, factor) in factors.iter_mut().flat_map(|both| both.iter_mut().enumerate()) {
                if i / (heads * positions) == 1 && i % positions >= seen {
                    *factor = f32::NAN;
                }
            }
            let (table, row) =
                ([1, 0], [0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            let last = row.map(|row: i32| [seen, positions][row as usize] as i32 - 1);
            let q: Vec<f32> =
                noise(3, row.len() * width).iter().map(|x| bf16::from_f32(x * 4.0).to_f32()).collect();
            let args = CachedAttention {
                q: Rows::new(&q, row.len(), width),
                keys: &keys,
                values: &values,
                factors: has_factors.then_some([&factors[0], &factors[1]]),
                positions,
                table: &table,
                columns: 1,
                row: &row,
                last: &last,
                heads,
                scale: 0.125,
            };
            for &isa in &paths {
                let what = format!("{isa}, {heads} heads, {positions} positions");
                let all = run(isa, 1, &args);
                assert_close(&all, &reference(&args), tolerance, &what);
                for threads in 2..=4 {
                    assert_same_bits(&all, &run(isa, threads, &args), "threads");
                }
                for i in 0..row.len() {
                    let (row, last) = (&row[i..=i], &last[i..=i]);
                    let one = CachedAttention { q: args.q.part(i, 1), row, last, ..args };
                    assert_same_bits(&run(isa, 2, &one), &all[i * width..][..width], "one query");
                }
            }
        }
    }

    #[test]
    fn of_bfloat16_agrees_with_f64_and_neither_queries_nor_threads_change_bits() {
        check(bf16::from_f32, false, 4e-3);
    }

    #[test]
    fn of_bytes_agrees_with_f64_and_neither_queries_nor_threads_change_bits() {
        check(|x| (x * 127.0) as i8, true, 2e-4);
    }
}
