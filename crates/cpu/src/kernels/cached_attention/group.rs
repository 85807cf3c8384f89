//! Queries that are taken together, and the order in which what they see is read. Not the arithmetic.

use std::ops::Range;

use super::{CachedAttention, QUERIES};
use crate::kernels::vectors::prefetch;
use crate::simd::Simd;

/// Bytes of the cache that are asked for before they are used.
const AHEAD: usize = 8 << 10;

/// Neighbouring queries that start with the same slot.
pub(super) struct Group<'a, E> {
    pub(super) args: &'a CachedAttention<'a, E>,
    pub(super) first: usize,
    pub(super) count: usize,
    /// The positions that each sees.
    pub(super) lens: [usize; QUERIES],
    /// The positions that all of them share: as many as the longest sees where their rows are the same, or where a row
    /// has one slot.
    pub(super) shared: usize,
    /// The rows of the cache that they see, block by block, of the first head.
    rows: &'a [i32],
}

/// One head of some queries of a group, and positions at which they have the same keys and values.
pub(super) struct Block<'a, E> {
    pub(super) args: &'a CachedAttention<'a, E>,
    /// Counted from the group's first.
    pub(super) queries: Range<usize>,
    pub(super) positions: Range<usize>,
    /// The row of the cache of each position, of the first head.
    pub(super) rows: &'a [i32],
    /// Rows of the cache before the head's.
    pub(super) skip: usize,
    /// Values of a row.
    pub(super) d: usize,
}

impl<'a, E> Group<'a, E> {
    /// The queries from `first`; `rows` has place for all positions of as many as are taken together.
    pub(super) fn new(args: &'a CachedAttention<'a, E>, first: usize, rows: &'a mut [i32]) -> Self {
        let most = (first + QUERIES).min(args.q.rows());
        let end = (first + 1..most).find(|&i| args.slot(i, 0) != args.slot(first, 0)).unwrap_or(most);
        let mut lens = [0; QUERIES];
        for (len, i) in lens.iter_mut().zip(first..end) {
            *len = args.len(i);
        }
        let longest = lens.into_iter().max().unwrap_or(0);
        let own = args.slots(args.row[first]);
        let shared =
            (first + 1..end).filter(|&i| args.columns > 1 && args.row[i] != args.row[first]).map(|i| {
                let both = own.iter().zip(args.slots(args.row[i]));
                both.take(longest).take_while(|(a, b)| a == b).count()
            });
        let shared = shared.min().unwrap_or(longest);
        let mut group = Self { args, first, count: end - first, lens, shared, rows: &[] };
        let mut len = 0;
        for n in 0..group.blocks() {
            let (queries, positions) = group.parts(n);
            for j in positions {
                let slot = args.slot(first + queries.start, j);
                rows[len] = (slot * args.heads * args.positions + j) as i32;
                len += 1;
            }
        }
        group.rows = &rows[..len];
        group
    }

    /// What all share, then what each has alone.
    pub(super) fn blocks(&self) -> usize {
        1 + self.count
    }

    /// Queries and positions of block `n`.
    fn parts(&self, n: usize) -> (Range<usize>, Range<usize>) {
        match n.checked_sub(1) {
            None => (0..self.count, 0..self.shared),
            Some(i) => (i..n, self.shared..self.lens[i].max(self.shared)),
        }
    }

    /// The blocks of a head of `d` values.
    #[inline(always)]
    pub(super) fn each(&self, head: usize, d: usize) -> impl Iterator<Item = Block<'a, E>> {
        let (args, mut rest) = (self.args, self.rows);
        (0..self.blocks()).map(move |n| {
            let (queries, positions) = self.parts(n);
            let (rows, after) = rest.split_at(positions.len());
            rest = after;
            Block { args, queries, positions, rows, skip: head * args.positions, d }
        })
    }
}

/// What a group reads next: the keys of a head, its values, the next head's keys. Asked for while what comes before is
/// used, since memory is what few queries wait for.
pub(super) struct Ahead<'a, E> {
    args: &'a CachedAttention<'a, E>,
    rows: &'a [i32],
    d: usize,
    /// The next row, in keys or in values of a head of those up to `end`.
    at: usize,
    values: bool,
    head: usize,
    end: usize,
}

impl<'a, E> Ahead<'a, E> {
    /// Asks for the first rows of `heads`, each of `d` values.
    #[inline(always)]
    pub(super) fn new<S: Simd>(s: S, group: &Group<'a, E>, heads: Range<usize>, d: usize) -> Self {
        let (args, rows) = (group.args, group.rows);
        let mut ahead = Self { args, rows, d, at: 0, values: false, head: heads.start, end: heads.end };
        ahead.ask(s, AHEAD / (d * size_of::<E>()));
        ahead
    }

    /// Asks for the next `count` rows.
    #[inline(always)]
    pub(super) fn ask<S: Simd>(&mut self, s: S, count: usize) {
        let d = self.d;
        let mut rest = count;
        while rest > 0 && self.head < self.end {
            let cache = if self.values { self.args.values } else { self.args.keys };
            let first = cache.as_ptr().wrapping_add(self.head * self.args.positions * d);
            let end = self.rows.len().min(self.at + rest);
            for row in &self.rows[self.at..end] {
                prefetch(s, first.wrapping_add(*row as usize * d).cast(), d * size_of::<E>());
            }
            rest -= end - self.at;
            self.at = end;
            if end == self.rows.len() {
                (self.at, self.values) = (0, !self.values);
                self.head += usize::from(!self.values);
            }
        }
    }
}
