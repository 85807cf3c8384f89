//! Narrow factors in groups of 32 bits, as machines multiply them: two bfloat16 or four bytes that lie together in a
//! row. Not wide ones, and not for machines that widen: those have [`super::pack`].
//!
//! A *step* is sixteen groups of a row, 64 bytes. A panel is 32 outputs: for each step the groups of sixteen outputs,
//! sixteen times those in lanes, then those of the other sixteen. Products beyond `k` and outputs beyond `n` are zero.

use half::bf16;

use super::nibbles;
use crate::aligned::{Aligned, Region, bytes_of};
use crate::isa::Isa;
use crate::simd::{Body, Simd, dispatch};

/// Outputs of a panel.
pub(crate) const PANEL: usize = 32;
/// Groups of a step.
pub(crate) const GROUPS: usize = 16;
/// Bytes of a step of one row.
pub(crate) const STEP_BYTES: usize = 64;
/// Words of a step of a panel.
pub(crate) const STEP_WORDS: usize = PANEL * GROUPS;

/// What a group is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Factor {
    /// Two bfloat16; sums are f32.
    Bf16,
    /// Four signed bytes; sums are i32, and exact for rows of less than 2^17.
    Int8,
    /// Four signed bytes of 4 bits: weights are packed in half the room and spread into bytes before they are multiplied.
    Int4,
}

impl Factor {
    /// Bytes of one factor of a row that is multiplied.
    pub const fn bytes(self) -> usize {
        match self {
            Factor::Bf16 => 2,
            Factor::Int8 | Factor::Int4 => 1,
        }
    }

    /// Words of a step of a panel, as it is packed.
    const fn step_words(self) -> usize {
        match self {
            Factor::Bf16 | Factor::Int8 => STEP_WORDS,
            Factor::Int4 => STEP_WORDS / 2,
        }
    }

    /// Sums of weights of a panel.
    const fn sums(self) -> usize {
        match self {
            Factor::Bf16 => 0,
            Factor::Int8 | Factor::Int4 => PANEL,
        }
    }

    /// Whether sums are of integers, and rows and outputs have factors.
    pub const fn is_integer(self) -> bool {
        matches!(self, Factor::Int8 | Factor::Int4)
    }
}

/// The steps of rows of `bytes` bytes.
pub(crate) const fn steps(bytes: usize) -> usize {
    bytes.div_ceil(STEP_BYTES)
}

/// Rows of narrow elements as bytes, row `i` at `data[i * stride..]`, or so many bytes before that; what they have before
/// and behind the data is zero. Rows may overlap.
#[derive(Debug, Clone, Copy)]
pub struct NarrowRows<'a> {
    data: &'a [u8],
    count: usize,
    width: usize,
    stride: usize,
    before: usize,
}

impl<'a> NarrowRows<'a> {
    /// `count` rows of `width` bytes, `stride` bytes apart.
    ///
    /// # Panics
    /// When `data` is too short.
    pub fn new(data: &'a [u8], count: usize, [width, stride]: [usize; 2]) -> Self {
        let extent = if count == 0 { 0 } else { (count - 1) * stride + width };
        assert!(extent <= data.len(), "{count} rows of {width} bytes at {stride}: {}", data.len());
        Self { data, count, width, stride, before: 0 }
    }

    /// `count` rows of `width` bytes, `stride` bytes apart, the first of which begins `before` bytes before `data`. What
    /// they have before and behind it is zero.
    pub fn padded(data: &'a [u8], count: usize, [width, stride]: [usize; 2], before: usize) -> Self {
        Self { data, count, width, stride, before }
    }

    /// The count of rows.
    pub fn rows(&self) -> usize {
        self.count
    }

    /// Bytes of a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The bytes of all rows.
    ///
    /// # Panics
    /// When there are gaps between them.
    pub fn all(&self) -> &'a [u8] {
        assert!(self.stride == self.width && self.before == 0, "rows of {} at {}", self.width, self.stride);
        &self.data[..self.count * self.width]
    }

    /// `count` of the rows, from row `first`.
    ///
    /// # Panics
    /// When there are fewer.
    #[must_use]
    pub fn part(&self, first: usize, count: usize) -> NarrowRows<'a> {
        assert!(first + count <= self.count, "{count} rows from {first} of {}", self.count);
        let from = first * self.stride;
        let data = &self.data[from.saturating_sub(self.before).min(self.data.len())..];
        NarrowRows { data, count, before: self.before.saturating_sub(from), ..*self }
    }

    /// `width` bytes of every row, from byte `from` on.
    ///
    /// # Panics
    /// When rows are shorter or padded.
    #[must_use]
    pub fn columns(&self, from: usize, width: usize) -> NarrowRows<'a> {
        assert_eq!(self.before, 0, "columns of padded rows");
        assert!(from + width <= self.width, "{width} bytes from {from} of {}", self.width);
        NarrowRows { data: &self.data[from.min(self.data.len())..], width, ..*self }
    }

    /// Row `i`, which is not padded.
    ///
    /// # Panics
    /// When there is no such row.
    #[inline(always)]
    pub fn row(&self, i: usize) -> &'a [u8] {
        assert!(i < self.count && self.before == 0);
        &self.data[i * self.stride..][..self.width]
    }

    /// How many zeros row `i` begins with, and what lies in the data; it ends with zeros.
    #[inline(always)]
    fn padded_row(&self, i: usize) -> (usize, &'a [u8]) {
        assert!(i < self.count);
        let end = (i * self.stride + self.width).saturating_sub(self.before).min(self.data.len());
        let from = (i * self.stride).saturating_sub(self.before).min(end);
        (self.before.saturating_sub(i * self.stride).min(self.width), &self.data[from..end])
    }
}

/// Copies `count` rows from `first` into a block of `height` rows: for each step its 64 bytes of each row. What no row
/// fills is zero.
///
/// # Panics
/// When the block is too short.
#[inline(always)]
pub(crate) fn fill_groups(x: NarrowRows<'_>, first: usize, [count, height]: [usize; 2], block: &mut [u8]) {
    let steps = steps(x.width());
    let block = &mut block[..steps * height * STEP_BYTES];
    for r in 0..height {
        let (before, row) = if r < count { x.padded_row(first + r) } else { (0, &[][..]) };
        for step in 0..steps {
            let to = &mut block[(step * height + r) * STEP_BYTES..][..STEP_BYTES];
            // What is left of the zeros, and what of the row lies behind them.
            let zeros = before.saturating_sub(step * STEP_BYTES).min(STEP_BYTES);
            let from = &row[(step * STEP_BYTES + zeros).saturating_sub(before).min(row.len())..];
            match from.first_chunk::<STEP_BYTES>() {
                Some(whole) if zeros == 0 => to.copy_from_slice(whole),
                _ => {
                    let end = STEP_BYTES.min(zeros + from.len());
                    to[..zeros].fill(0);
                    to[zeros..end].copy_from_slice(&from[..end - zeros]);
                    to[end..].fill(0);
                }
            }
        }
    }
}

/// Packed narrow weights, owned.
#[derive(Debug, Clone)]
pub struct Groups {
    words: Aligned<i32>,
    /// Of integers, the sum of each output's weights: instructions that take unsigned bytes need it.
    sums: Aligned<i32>,
    factor: Factor,
    isa: Isa,
    n: usize,
    k: usize,
}

impl Groups {
    /// The bytes that `n` outputs of `k` factors take.
    pub const fn bytes(factor: Factor, n: usize, k: usize) -> usize {
        let words = steps(factor.bytes() * k) * factor.step_words();
        n.div_ceil(PANEL) * (words + factor.sums()) * size_of::<i32>()
    }

    /// Packs `[n, k]` weights for `isa`.
    ///
    /// # Panics
    /// When their count is not `n * k`.
    pub fn of_bf16(isa: Isa, weights: &[bf16], nk: [usize; 2]) -> Groups {
        let mut groups = Groups::alone(Factor::Bf16, isa, nk);
        groups.fill_bf16(weights);
        groups
    }

    /// Packs `[n, k]` weights for `isa`, signed bytes.
    ///
    /// # Panics
    /// When their count is not `n * k`.
    pub fn of_i8(isa: Isa, weights: &[u8], nk: [usize; 2]) -> Groups {
        let mut groups = Groups::alone(Factor::Int8, isa, nk);
        groups.fill_bytes(weights);
        groups
    }

    /// Packs `[n, k]` weights for `isa`, signed bytes from -8 to 7.
    ///
    /// # Panics
    /// When their count is not `n * k`.
    pub fn of_i4(isa: Isa, weights: &[u8], nk: [usize; 2]) -> Groups {
        let mut groups = Groups::alone(Factor::Int4, isa, nk);
        groups.fill_bytes(weights);
        groups
    }

    fn alone(factor: Factor, isa: Isa, nk: [usize; 2]) -> Groups {
        Groups::place(factor, isa, nk, &mut Region::new(Groups::bytes(factor, nk[0], nk[1])))
    }

    /// `n` outputs of `k` factors in memory of `region`: what lies there, if it was filled.
    pub fn place(factor: Factor, isa: Isa, [n, k]: [usize; 2], region: &mut Region) -> Groups {
        let panels = n.div_ceil(PANEL);
        let words = region.take(panels * steps(factor.bytes() * k) * factor.step_words());
        Groups { words, sums: region.take(panels * factor.sums()), factor, isa, n, k }
    }

    /// Packs `[n, k]` weights into memory that is zero.
    ///
    /// # Panics
    /// When their count is not `n * k`, or the place is for bytes.
    pub fn fill_bf16(&mut self, weights: &[bf16]) {
        assert_eq!(self.factor, Factor::Bf16, "bfloat16 in a place for others");
        self.fill(bytes_of(weights));
    }

    /// Packs `[n, k]` weights, signed bytes, into memory that is zero.
    ///
    /// # Panics
    /// When their count is not `n * k`, or the place is for bfloat16.
    pub fn fill_bytes(&mut self, weights: &[u8]) {
        assert!(self.factor.is_integer(), "bytes in a place for others");
        self.fill(weights);
        for (sum, row) in self.sums.iter_mut().zip(weights.chunks_exact(self.k.max(1))) {
            *sum = row.iter().map(|x| i32::from(x.cast_signed())).sum();
        }
    }

    fn fill(&mut self, weights: &[u8]) {
        let (n, k, width) = (self.n, self.k, self.factor.bytes() * self.k);
        assert_eq!(weights.len(), n * width, "weights of {n} outputs of {k}");
        let weights = NarrowRows::new(weights, n, [width, width]);
        dispatch(self.isa, Fill { weights, factor: self.factor, words: &mut self.words });
    }

    /// What the groups are made of.
    pub fn factor(&self) -> Factor {
        self.factor
    }

    /// The path that they are packed for.
    pub fn isa(&self) -> Isa {
        self.isa
    }

    /// Outputs.
    pub fn n(&self) -> usize {
        self.n
    }

    /// Products of each output.
    pub fn k(&self) -> usize {
        self.k
    }

    /// Panel `i`, as it is packed.
    pub(crate) fn panel(&self, i: usize) -> Weights<'_> {
        let len = steps(self.factor.bytes() * self.k) * self.factor.step_words();
        let sums = self.factor.sums();
        Weights { words: &self.words[i * len..][..len], sums: &self.sums[i * sums..][..sums] }
    }
}

/// Outputs of half a panel.
const LANES: usize = 16;

/// Packs all panels of some weights.
struct Fill<'a> {
    weights: NarrowRows<'a>,
    factor: Factor,
    words: &'a mut [i32],
}

impl Body for Fill<'_> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let len = (steps(self.weights.width()) * self.factor.step_words()).max(1);
        let mut bytes = vec![0; if self.factor == Factor::Int4 { 2 * len } else { 0 }];
        for (p, panel) in self.words.chunks_exact_mut(len).enumerate() {
            if self.factor == Factor::Int4 {
                turn_panel(s, self.weights, p * PANEL, &mut bytes);
                nibbles::join(&bytes, panel);
            } else {
                turn_panel(s, self.weights, p * PANEL, panel);
            }
        }
    }
}

/// The panel of the rows from `first`: as many steps as there are words for.
#[inline(always)]
pub(crate) fn turn_panel<S: Simd>(s: S, weights: NarrowRows<'_>, first: usize, panel: &mut [i32]) {
    for (step, halves) in panel.chunks_exact_mut(STEP_WORDS).enumerate() {
        for (half, words) in halves.chunks_exact_mut(LANES * GROUPS).enumerate() {
            turn(s, weights, first + half * LANES, step, words);
        }
    }
}

/// One step of the sixteen rows from `first`, group by group; rows and bytes beyond the last are zero.
///
/// # Panics
/// When there are not as many words.
#[inline(always)]
fn turn<S: Simd>(s: S, weights: NarrowRows<'_>, first: usize, step: usize, words: &mut [i32]) {
    let mut rows = [[0_u8; STEP_BYTES]; LANES];
    for (lane, to) in rows.iter_mut().enumerate().take(weights.rows().saturating_sub(first)) {
        *to = beginning(&weights.row(first + lane)[step * STEP_BYTES..]);
    }
    s.turn(&rows, words.first_chunk_mut().expect("words of sixteen rows"));
}

/// The first bytes of a row; those that it has not are zero.
#[inline(always)]
pub(crate) fn beginning<const N: usize>(row: &[u8]) -> [u8; N] {
    let mut bytes = [0; N];
    match row.first_chunk() {
        Some(whole) => bytes = *whole,
        None => bytes[..row.len()].copy_from_slice(row),
    }
    bytes
}

/// A panel of weights.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weights<'a> {
    /// Whole steps.
    pub(crate) words: &'a [i32],
    /// Of integers, the sum of each output's weights.
    pub(crate) sums: &'a [i32],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padded_rows_are_those_of_a_copy_with_zeros() {
        for [unit, t, taps, stride, before] in
            [[10, 9, 3, 1, 1], [64, 5, 3, 2, 1], [96, 7, 3, 2, 1], [160, 2, 5, 1, 4]]
        {
            let data: Vec<u8> = (1..=unit * t).map(|i| i as u8 | 1).collect();
            let mut copy = vec![0; before * unit];
            copy.extend(data.iter().copied().chain(std::iter::repeat_n(0, before * unit)));
            let (count, shape) = ((t + 2 * before - taps) / stride + 1, [taps * unit, stride * unit]);
            let (padded, copied) = (
                NarrowRows::padded(&data, count, shape, before * unit),
                NarrowRows::new(&copy, count, shape),
            );
            let mut blocks = [(); 2].map(|()| vec![7; steps(taps * unit) * count * STEP_BYTES]);
            for first in 0..count {
                for rows in 1..=count - first {
                    let of = |x: NarrowRows<'_>, block: &mut [u8]| {
                        fill_groups(x.part(first, rows), 0, [rows, rows], block);
                    };
                    let [one, other] = &mut blocks;
                    of(padded, one);
                    of(copied, other);
                    assert!(one == other, "{unit} {t} {taps} {stride} {before}: {rows} rows from {first}");
                }
            }
        }
    }
}
