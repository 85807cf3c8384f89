//! Heads of 64 columns in tiles, sixteen queries at a time: tiles multiply one panel of keys, and the values of another,
//! while vectors make weights of the scores of the panel between them. Not for other heads: those multiply, then weigh.
//!
//! The processor overlaps what lies near together, so two rows of weights stand between any two products, and the first
//! panel of a block follows on the last one of the block before it. Sums of weighted values stay in tiles from a block's
//! first panel to its last. Weights are powers of the scores themselves: floats have as many digits wherever their point
//! is. A block whose weights add up to more or less than floats hold well is attended to again, less its greatest scores.

use std::ops::Range;

use super::{Attend, LEAST, MOST, PANEL, STEP_BYTES, STEP_WORDS, bytes_mut, raise, weigh_pair, write};
use crate::kernels::linear::groups::fill_groups;
use crate::simd::{Simd, Tiles};

/// Columns of a head: two steps of bfloat16.
pub(super) const D: usize = 64;
/// Queries of a block.
pub(super) const QUERIES: usize = 16;
/// Rows of weights that stand between two products, of which a panel has four with keys and four with values.
const BETWEEN: usize = QUERIES / 8;

/// Packed queries: two tiles.
type Queries = [u8; 2 * QUERIES * STEP_BYTES];
/// Scores of queries with a panel of keys, [`PANEL`] to a row.
type Scores = [f32; QUERIES * PANEL];
/// The weights that they become: a tile.
type Weights = [u8; QUERIES * STEP_BYTES];
/// Sums of weighted values, [`D`] to a row.
type Totals = [f32; QUERIES * D];

/// What a thread writes on the way; two of a kind for panels, or blocks, that follow on each other.
struct Buffers<'s> {
    queries: [&'s mut Queries; 2],
    scores: [&'s mut Scores; 2],
    weights: [&'s mut Weights; 2],
    totals: &'s mut Totals,
}

impl<'s> Buffers<'s> {
    fn cut(scratch: &'s mut [f32]) -> Self {
        const SHORT: &str = "scratch of attention";
        let (totals, scratch) = scratch.split_first_chunk_mut().expect(SHORT);
        let (even_scores, scratch) = scratch.split_first_chunk_mut().expect(SHORT);
        let (odd_scores, scratch) = scratch.split_first_chunk_mut().expect(SHORT);
        let (even_queries, bytes) = bytes_mut(scratch).split_first_chunk_mut().expect(SHORT);
        let (odd_queries, bytes) = bytes.split_first_chunk_mut().expect(SHORT);
        let (even_weights, bytes) = bytes.split_first_chunk_mut().expect(SHORT);
        let odd_weights = bytes.first_chunk_mut().expect(SHORT);
        Buffers {
            queries: [even_queries, odd_queries],
            scores: [even_scores, odd_scores],
            weights: [even_weights, odd_weights],
            totals,
        }
    }
}

/// A panel of keys with a block of queries, panel by panel and block by block.
#[derive(Clone, Copy)]
struct Place {
    /// The block, of all heads'.
    unit: usize,
    panel: usize,
}

/// What each turn does: scores one place, weighs the one before it, and adds the values of the one before that.
struct Pipeline<'a, 's> {
    attend: &'a Attend<'a, 's>,
    tiles: &'a Tiles,
    panels: usize,
    /// Times a score, it is the power of two of its weight.
    factor: f32,
}

impl Attend<'_, '_> {
    /// Computes blocks of [`QUERIES`] queries.
    #[inline(always)]
    pub(super) fn run_in_tiles<S: Simd>(&self, s: S, tiles: &Tiles, scratch: &mut [f32]) {
        Pipeline {
            attend: self,
            tiles,
            panels: self.dims.key_panels(),
            factor: self.args.scale * std::f32::consts::LOG2_E,
        }
        .run(s, &mut Buffers::cut(scratch));
    }

    /// The head of a block and its first query.
    fn block(&self, unit: usize) -> [usize; 2] {
        let blocks = self.dims.queries.div_ceil(QUERIES);
        [unit / blocks, unit % blocks * QUERIES]
    }
}

impl Pipeline<'_, '_> {
    #[inline(always)]
    fn run<S: Simd>(&self, s: S, buffers: &mut Buffers<'_>) {
        if self.attend.units.is_empty() {
            return;
        }
        let turns = self.attend.units.len() * self.panels;
        let [mut scored, mut weighed, mut added] = [Place { unit: self.attend.units.start, panel: 0 }; 3];
        let (mut sums, mut weights) = ([s.splat(0.0); QUERIES], [0.0; QUERIES]);
        let mut again = Vec::new();
        self.tiles.start_sums();
        for turn in 0..turns + 2 {
            let (is_odd, places) = (turn % 2 == 1, [scored, weighed, added]);
            let there @ [scores, weighs, adds] = [turn < turns, (1..=turns).contains(&turn), turn > 1];
            if scores && scored.panel == 0 {
                self.fill(scored.unit, buffers);
            }
            if scores && weighs && adds {
                self.turn::<S, true>(s, is_odd, (places, there), (buffers, &mut sums));
            } else {
                self.turn::<S, false>(s, is_odd, (places, there), (buffers, &mut sums));
            }
            if scores {
                self.hide(scored.panel, buffers.scores[turn % 2]);
                self.pass(&mut scored);
            }
            if let Some(unit) = adds.then(|| self.pass(&mut added)).flatten() {
                // SAFETY: the totals are sixteen rows.
                unsafe { self.tiles.store_sums(buffers.totals.as_mut_ptr()) };
                self.tiles.start_sums();
                self.write(unit, buffers.totals, weights);
                if !weights.iter().all(|sum| (1.0 / MOST..MOST).contains(sum)) {
                    again.push(unit);
                }
            }
            if weighs && self.pass(&mut weighed).is_some() {
                weights = take(s, &mut sums);
            }
        }
        for unit in again {
            self.attend_again(s, unit, buffers);
        }
    }

    /// Goes on to the next place, which is the last block's again behind all; gives the block that is done.
    fn pass(&self, place: &mut Place) -> Option<usize> {
        let done = place.unit;
        place.panel += 1;
        if place.panel < self.panels {
            return None;
        }
        *place = Place { unit: (done + 1).min(self.attend.units.end - 1), panel: 0 };
        Some(done)
    }

    /// Where not `ALL` of the three places are `there`, does what is to do for those that are.
    #[inline(always)]
    fn turn<S: Simd, const ALL: bool>(
        &self,
        s: S,
        is_odd: bool,
        ([scored, _, added], [scores, weighs, adds]): ([Place; 3], [bool; 3]),
        (buffers, sums): (&mut Buffers<'_>, &mut [S::V; QUERIES]),
    ) {
        let queries = &*buffers.queries[scored.unit % 2];
        let ([even, odd], [even_weights, odd_weights]) = (&mut buffers.scores, &mut buffers.weights);
        let (now, before) = if is_odd { (odd, even) } else { (even, odd) };
        let (weights, before_weights) =
            if is_odd { (odd_weights, even_weights) } else { (even_weights, odd_weights) };
        let (keys, values) = (self.keys(scored), self.values(added));
        let shifts = [0.0; QUERIES];
        macro_rules! products {
            ($($i:literal)*, $there:expr, $from:literal, |$product:ident| $multiply:expr) => { $({
                const $product: usize = $i;
                if ALL || $there {
                    $multiply;
                }
                if ALL || weighs {
                    let first = $from + BETWEEN * $product;
                    self.weigh(s, (first..first + BETWEEN, &shifts), (before, before_weights), sums);
                }
            })* };
        }
        products!(0 1 2 3, scores, 0, |I| score::<I>(self.tiles, queries, keys, now));
        products!(0 1 2 3, adds, 8, |I| add_values::<I>(self.tiles, weights, values));
    }

    /// A place's keys: four tiles.
    #[inline(always)]
    fn keys(&self, place: Place) -> &[i32; 2 * STEP_WORDS] {
        let [head, _] = self.attend.block(place.unit);
        let at = (head * self.panels + place.panel) * 2 * STEP_WORDS;
        self.attend.keys[at..].first_chunk().expect("a panel of keys")
    }

    /// A place's values: two tiles of each half of the columns.
    #[inline(always)]
    fn values(&self, place: Place) -> [&[i32; STEP_WORDS]; 2] {
        let [head, _] = self.attend.block(place.unit);
        let half = |i| {
            let at = ((2 * head + i) * self.panels + place.panel) * STEP_WORDS;
            self.attend.values[at..].first_chunk().expect("a panel of values")
        };
        [half(0), half(1)]
    }

    /// Packs the queries of a block; those it has room for are zeros.
    #[inline(always)]
    fn fill(&self, unit: usize, buffers: &mut Buffers<'_>) {
        let [head, first] = self.attend.block(unit);
        let count = QUERIES.min(self.attend.dims.queries - first);
        let queries = self.attend.args.q.columns(2 * head * D, 2 * D);
        fill_groups(queries, first, [count, QUERIES], buffers.queries[unit % 2]);
    }

    /// Takes the weight of what is no key: the last panel may have room for more.
    #[inline(always)]
    fn hide(&self, panel: usize, scores: &mut Scores) {
        let valid = self.attend.dims.keys - panel * PANEL;
        if valid < PANEL {
            scores.chunks_exact_mut(PANEL).for_each(|row| row[valid..].fill(LEAST));
        }
    }

    /// Turns scores of some rows into weights, less what each row's powers are shifted by, and adds them up.
    #[inline(always)]
    fn weigh<S: Simd>(
        &self,
        s: S,
        (rows, shifts): (Range<usize>, &[f32; QUERIES]),
        (scores, weights): (&Scores, &mut Weights),
        sums: &mut [S::V; QUERIES],
    ) {
        assert!(rows.end <= QUERIES);
        for r in rows {
            let line = [s.splat(self.factor), s.splat(-shifts[r])];
            for at in (r * PANEL..(r + 1) * PANEL).step_by(2 * S::LANES) {
                // SAFETY: both hold a row of a panel from `r * PANEL`; the path multiplies bfloat16.
                let sum = unsafe {
                    let to = weights.as_mut_ptr().add(2 * at);
                    weigh_pair(s, scores.as_ptr().add(at), line, to.cast())
                };
                sums[r] = s.add(sums[r], sum);
            }
        }
    }

    /// Writes a block's rows: its totals over the sums of its weights.
    #[inline(always)]
    fn write(&self, unit: usize, totals: &Totals, weights: [f32; QUERIES]) {
        let [head, first] = self.attend.block(unit);
        let rows = first..self.attend.dims.queries.min(first + QUERIES);
        for ((row, sum), totals) in rows.zip(weights).zip(totals.chunks_exact(D)) {
            write(self.attend.out, (row, head * D..(head + 1) * D), totals, sum);
        }
    }

    /// Attends to a block less the greatest scores of its rows.
    #[inline(always)]
    fn attend_again<S: Simd>(&self, s: S, unit: usize, buffers: &mut Buffers<'_>) {
        let places = (0..self.panels).map(|panel| Place { unit, panel });
        let (mut greatest, mut sums) = ([LEAST; QUERIES], [s.splat(0.0); QUERIES]);
        self.fill(unit, buffers);
        for place in places.clone() {
            self.score(place, buffers);
            raise(s, buffers.scores[0], &mut greatest);
        }
        let shifts = greatest.map(|score| self.factor * score);
        self.tiles.start_sums();
        for place in places {
            self.score(place, buffers);
            self.weigh(s, (0..QUERIES, &shifts), (buffers.scores[0], buffers.weights[0]), &mut sums);
            let (weights, values) = (&*buffers.weights[0], self.values(place));
            add_values::<0>(self.tiles, weights, values);
            add_values::<1>(self.tiles, weights, values);
            add_values::<2>(self.tiles, weights, values);
            add_values::<3>(self.tiles, weights, values);
        }
        // SAFETY: the totals are sixteen rows.
        unsafe { self.tiles.store_sums(buffers.totals.as_mut_ptr()) };
        let weights = take(s, &mut sums);
        self.write(unit, buffers.totals, weights);
    }

    /// The scores of a place.
    #[inline(always)]
    fn score(&self, place: Place, buffers: &mut Buffers<'_>) {
        let (queries, keys) = (&*buffers.queries[place.unit % 2], self.keys(place));
        let scores = &mut *buffers.scores[0];
        score::<0>(self.tiles, queries, keys, scores);
        score::<1>(self.tiles, queries, keys, scores);
        score::<2>(self.tiles, queries, keys, scores);
        score::<3>(self.tiles, queries, keys, scores);
        self.hide(place.panel, scores);
    }
}

/// The sums of vectors of weights, which start again.
#[inline(always)]
fn take<S: Simd>(s: S, sums: &mut [S::V; QUERIES]) -> [f32; QUERIES] {
    let mut weights = [0.0; QUERIES];
    for (to, sum) in weights.iter_mut().zip(sums) {
        *to = s.reduce_add(*sum);
        *sum = s.splat(0.0);
    }
    weights
}

/// Product `I` of four of queries and keys; the last one writes their scores.
#[inline(always)]
fn score<const I: usize>(
    tiles: &Tiles,
    queries: &Queries,
    keys: &[i32; 2 * STEP_WORDS],
    scores: &mut Scores,
) {
    // SAFETY: the queries are two tiles, the keys four, and the scores sixteen rows.
    unsafe { tiles.score::<I>(queries.as_ptr(), keys.as_ptr().cast(), scores.as_mut_ptr()) };
}

/// Adds a panel's weighted values to tile `I` of their sums.
#[inline(always)]
fn add_values<const I: usize>(tiles: &Tiles, weights: &Weights, values: [&[i32; STEP_WORDS]; 2]) {
    let values = &values[I / 2][I % 2 * STEP_WORDS / 2..];
    // SAFETY: the weights are a tile, and so is a half of a step of values.
    unsafe { tiles.add_values::<I>(weights.as_ptr(), values.as_ptr().cast()) };
}
