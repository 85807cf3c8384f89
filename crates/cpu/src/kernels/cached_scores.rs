//! Raw scores of queries against cached keys, for the heads that an alignment asks for. Not an attention: there is
//! no softmax, and no values.
//!
//! A few keys at a time are turned on their side, so that a vector holds one dimension of each; queries then pass over
//! them several at a time. A score is one chain over the head's dimensions.

use super::Cx;
use super::linear::pack::Element;
use super::rows::{Rows, Shared};
use super::vectors::{read, spans, write};
use crate::simd::{Body, MAX_LANES, Simd, dispatch};
use std::ops::Range;

/// The most dimensions of a head.
pub const MAX_HEAD: usize = 128;
/// Queries that read a vector of keys together.
const QUERIES: usize = 8;
/// Keys of one unit of work: what threads share.
const KEYS: usize = 64;

/// `scale * q k^T` of some heads.
#[derive(Debug, Clone, Copy)]
pub struct CachedScores<'a, E = f32> {
    /// `[n, heads * d]`.
    pub q: Rows<'a>,
    /// `[slots, heads, positions, d]`.
    pub keys: &'a [E],
    /// `[slots, heads, positions]`: what keys are times.
    pub factors: Option<&'a [f32]>,
    /// Positions of a slot.
    pub positions: usize,
    /// The slot.
    pub slot: i32,
    /// `[f]`: the positions whose keys are scored.
    pub place: &'a [i32],
    /// Heads; they divide the columns of q, and have at most [`MAX_HEAD`].
    pub heads: usize,
    /// The heads that are scored.
    pub pick: &'a [usize],
    /// The factor of the scores.
    pub scale: f32,
}

impl<E> CachedScores<'_, E> {
    /// Dimensions of a head.
    fn head(&self) -> usize {
        self.q.cols() / self.heads
    }

    /// Checks every index that the kernel follows.
    fn check(&self) {
        let width = self.q.cols();
        assert!(self.heads > 0 && width.is_multiple_of(self.heads), "heads divide the columns");
        assert!(self.head() <= MAX_HEAD, "heads of {} dimensions, at most {MAX_HEAD}", self.head());
        assert!(self.pick.iter().all(|head| *head < self.heads), "heads of {}: {:?}", self.heads, self.pick);
        let slot_len = (self.positions * width).max(1);
        assert!(self.keys.len().is_multiple_of(slot_len), "whole slots");
        assert!(self.factors.is_none_or(|f| f.len() * self.head() == self.keys.len()), "factors of a cache");
        let (slot, slots) = (self.slot, self.keys.len() / slot_len);
        assert!(usize::try_from(slot).is_ok_and(|slot| slot < slots), "slot {slot} of {slots}");
        for place in self.place {
            let valid = usize::try_from(*place).is_ok_and(|place| place < self.positions);
            assert!(valid, "place {place} of {}", self.positions);
        }
    }

    /// The key of `head` at the place of number `j`, and what its scores are times.
    fn key(&self, head: usize, j: usize) -> (&[E], f32) {
        let at = (self.slot as usize * self.heads + head) * self.positions + self.place[j] as usize;
        let factor = self.factors.map_or(self.scale, |factors| self.scale * factors[at]);
        (&self.keys[at * self.head()..][..self.head()], factor)
    }
}

/// Writes `[heads picked, n, f]` to `out`.
///
/// # Panics
/// When shapes don't fit or an index is out of range.
pub fn cached_scores<E: Element>(cx: Cx<'_>, args: &CachedScores<'_, E>, out: &mut [f32]) {
    args.check();
    let (n, f) = (args.q.rows(), args.place.len());
    assert_eq!(out.len(), args.pick.len() * n * f, "shapes of scores");
    let blocks = f.div_ceil(KEYS);
    let work = out.len() * args.head();
    let out = Shared::new(out);
    cx.split(args.pick.len() * blocks, work, |part| {
        for unit in part {
            let (picked, first) = (unit / blocks, unit % blocks * KEYS);
            let keys = first..(first + KEYS).min(f);
            dispatch(cx.isa, Block { args, picked, keys, out });
        }
    });
}

/// All queries and some keys of one head.
struct Block<'a, 'o, E> {
    args: &'a CachedScores<'a, E>,
    picked: usize,
    keys: Range<usize>,
    /// All of the result.
    out: Shared<'o, f32>,
}

impl<E: Element> Body for Block<'_, '_, E> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let (n, head) = (self.args.q.rows(), self.args.pick[self.picked]);
        let mut turned = [0.0; MAX_HEAD * MAX_LANES];
        let mut scales = [0.0; MAX_LANES];
        for j in self.keys.clone().step_by(S::LANES) {
            let count = S::LANES.min(self.keys.end - j);
            for (lane, to) in scales.iter_mut().enumerate().take(count) {
                let (key, scale) = self.args.key(head, j + lane);
                *to = scale;
                turn(s, key, &mut turned, lane);
            }
            let scales = read(s, &scales, 0, S::LANES);
            let whole = n - n % QUERIES;
            for i in (0..whole).step_by(QUERIES) {
                self.queries::<S, QUERIES>(s, (&turned, scales), i, (j, count));
            }
            for i in whole..n {
                self.queries::<S, 1>(s, (&turned, scales), i, (j, count));
            }
        }
    }
}

/// Makes `key` one lane of each vector of `turned`.
#[inline(always)]
fn turn<S: Simd, E: Element>(s: S, key: &[E], turned: &mut [f32], lane: usize) {
    let mut values = [0.0; MAX_LANES];
    for (from, count) in spans(s, key.len()) {
        write(s, &mut values, 0, S::LANES, read(s, key, from, count));
        for (c, value) in values[..count].iter().enumerate() {
            turned[(from + c) * S::LANES + lane] = *value;
        }
    }
}

impl<E: Element> Block<'_, '_, E> {
    /// The scores of `N` queries from `i` and `count` keys from `j`.
    #[inline(always)]
    fn queries<S: Simd, const N: usize>(
        &self,
        s: S,
        (turned, scales): (&[f32], S::V),
        i: usize,
        (j, count): (usize, usize),
    ) {
        let args = self.args;
        let (d, n, f) = (args.head(), args.q.rows(), args.place.len());
        let column = args.pick[self.picked] * d;
        let mut queries = [&args.q.row(i)[column..][..d]; N];
        for (r, query) in queries.iter_mut().enumerate() {
            *query = &args.q.row(i + r)[column..][..d];
        }
        let mut acc = [s.splat(0.0); N];
        for c in 0..d {
            debug_assert!((c + 1) * S::LANES <= turned.len());
            // SAFETY: d is at most MAX_HEAD, for which `turned` has vectors.
            let key = unsafe { s.load(turned.as_ptr().add(c * S::LANES)) };
            for (acc, query) in acc.iter_mut().zip(queries) {
                *acc = s.fma(s.splat(query[c]), key, *acc);
            }
        }
        for (r, acc) in acc.into_iter().enumerate() {
            // SAFETY: these keys of the head are in one part only.
            let out = unsafe { self.out.slice((self.picked * n + i + r) * f + j, count) };
            write(s, out, 0, count, s.mul(acc, scales));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::Isa;
    use crate::kernels::testing::{assert_close, assert_same_bits, noise, on_every_path};
    use crate::pool::Pool;

    fn reference(a: &CachedScores<'_>) -> Vec<f64> {
        let (d, mut out) = (a.head(), Vec::new());
        for head in a.pick {
            for i in 0..a.q.rows() {
                for j in 0..a.place.len() {
                    let products = a.q.row(i)[head * d..][..d].iter().zip(a.key(*head, j).0);
                    let sum: f64 = products.map(|(x, y)| f64::from(*x) * f64::from(*y)).sum();
                    out.push(sum * f64::from(a.scale));
                }
            }
        }
        out
    }

    #[test]
    fn agrees_with_f64_and_queries_and_threads_do_not_change_bits() {
        for ([heads, d, positions], pick) in
            [([2, 64, 150], &[1][..]), ([3, 24, 37], &[2, 0]), ([1, 7, 5], &[0]), ([4, 16, 3], &[3, 1, 1])]
        {
            let width = heads * d;
            let keys = noise(1, 3 * positions * width);
            let q = noise(2, 19 * width);
            let place: Vec<i32> = (0..positions as i32).rev().collect();
            let rows = Rows::new(&q, 19, width);
            let args = CachedScores {
                q: rows,
                keys: &keys,
                factors: None,
                positions,
                slot: 2,
                place: &place,
                heads,
                pick,
                scale: 0.3,
            };
            let want = reference(&args);
            on_every_path(|cx| {
                let mut all = vec![f32::NAN; want.len()];
                cached_scores(cx, &args, &mut all);
                assert_close(&all, &want, 1e-5, cx.isa.name());
                for i in 0..rows.rows() {
                    let one = CachedScores { q: rows.part(i, 1), ..args };
                    let mut alone = vec![f32::NAN; pick.len() * positions];
                    cached_scores(cx, &one, &mut alone);
                    for (h, alone) in alone.chunks(positions).enumerate() {
                        let all = &all[(h * rows.rows() + i) * positions..][..positions];
                        assert_same_bits(alone, all, cx.isa.name());
                    }
                }
            });
        }
    }

    /// Queries of one head over a slot of two keys.
    fn small(q: Rows<'_>) -> CachedScores<'_> {
        CachedScores {
            q,
            keys: &[0.0; 8],
            factors: None,
            positions: 2,
            slot: 0,
            place: &[1],
            heads: 1,
            pick: &[0],
            scale: 1.0,
        }
    }

    #[test]
    fn no_query_is_no_work() {
        let args = small(Rows::new(&[], 0, 4));
        on_every_path(|cx| cached_scores(cx, &args, &mut []));
    }

    #[test]
    #[should_panic(expected = "slot -1 of 1")]
    fn a_slot_out_of_range_is_refused() {
        let args = CachedScores { slot: -1, ..small(Rows::new(&[0.0; 4], 1, 4)) };
        cached_scores(Cx { isa: Isa::Scalar, pool: &Pool::new(1) }, &args, &mut [0.0]);
    }

    #[test]
    #[should_panic(expected = "place 2 of 2")]
    fn a_place_out_of_range_is_refused() {
        let args = CachedScores { place: &[2], ..small(Rows::new(&[0.0; 4], 1, 4)) };
        cached_scores(Cx { isa: Isa::Scalar, pool: &Pool::new(1) }, &args, &mut [0.0]);
    }
}
