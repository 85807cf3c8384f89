//! Passes over one row by whole vectors in a fixed order. Not over several rows: the order must not know of
//! others.
//!
//! No pass takes a closure: one that is not inlined would lose the target features of its kernel.

use super::linear::pack::Element;
use crate::math;
use crate::simd::Simd;

/// The offset and length of each vector of `0..len`; the last may be partial.
#[inline(always)]
pub(super) fn spans<S: Simd>(_s: S, len: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..len).step_by(S::LANES).map(move |i| (i, S::LANES.min(len - i)))
}

/// `n` values of `row` from `i`, widened, zero above.
#[inline(always)]
pub(super) fn read<S: Simd, E: Element>(s: S, row: &[E], i: usize, n: usize) -> S::V {
    debug_assert!(i + n <= row.len() && n <= S::LANES);
    let p = row.as_ptr().wrapping_add(i);
    // SAFETY: callers take i and n from `spans` of the row's length; see the assertion.
    unsafe { if n == S::LANES { E::load(s, p) } else { E::load_part(s, p, n) } }
}

/// Writes `n` values of `row` from `i`.
#[inline(always)]
pub(super) fn write<S: Simd>(s: S, row: &mut [f32], i: usize, n: usize, v: S::V) {
    debug_assert!(i + n <= row.len() && n <= S::LANES);
    let p = row.as_mut_ptr().wrapping_add(i);
    // SAFETY: as in `read`.
    unsafe { if n == S::LANES { s.store(p, v) } else { s.store_part(p, v, n) } }
}

/// Asks for `bytes` bytes that are read soon, at any address.
#[inline(always)]
pub(super) fn prefetch<S: Simd>(s: S, from: *const u8, bytes: usize) {
    for line in (0..bytes).step_by(64) {
        s.prefetch(from.wrapping_add(line));
    }
}

/// A function of each value of a row.
pub(super) trait Map<S: Simd>: Copy {
    /// Its value; implementations are `#[inline(always)]`.
    fn of(self, s: S, x: S::V) -> S::V;
}

/// `x`.
#[derive(Clone, Copy)]
pub(super) struct Identity;

impl<S: Simd> Map<S> for Identity {
    #[inline(always)]
    fn of(self, _s: S, x: S::V) -> S::V {
        x
    }
}

/// `|x|`.
#[derive(Clone, Copy)]
pub(super) struct Magnitude;

impl<S: Simd> Map<S> for Magnitude {
    #[inline(always)]
    fn of(self, s: S, x: S::V) -> S::V {
        s.abs(x)
    }
}

/// `(x - mean)^2`.
#[derive(Clone, Copy)]
pub(super) struct SquaredDistance(pub(super) f32);

impl<S: Simd> Map<S> for SquaredDistance {
    #[inline(always)]
    fn of(self, s: S, x: S::V) -> S::V {
        let d = s.sub(x, s.splat(self.0));
        s.mul(d, d)
    }
}

/// `e^(x - greatest)`, for `x` up to the greatest.
#[derive(Clone, Copy)]
pub(super) struct ExpBelow(pub(super) f32);

impl<S: Simd> Map<S> for ExpBelow {
    #[inline(always)]
    fn of(self, s: S, x: S::V) -> S::V {
        math::exp_nonpositive(s, s.sub(x, s.splat(self.0)))
    }
}

/// The sum of `f` of each value: lanes over four accumulators in turn, then one fixed tree.
#[inline(always)]
pub(super) fn sum<S: Simd, F: Map<S>>(s: S, row: &[f32], f: F) -> f32 {
    let mut acc = [s.splat(0.0); 4];
    let group = 4 * S::LANES;
    let whole = row.len() - row.len() % group;
    for i in (0..whole).step_by(group) {
        for (j, acc) in acc.iter_mut().enumerate() {
            *acc = s.add(*acc, f.of(s, read(s, row, i + j * S::LANES, S::LANES)));
        }
    }
    for (i, n) in spans(s, row.len() - whole) {
        let v = f.of(s, read(s, row, whole + i, n));
        acc[0] = s.add(acc[0], s.first(n, v, s.splat(0.0)));
    }
    s.reduce_add(s.add(s.add(acc[0], acc[1]), s.add(acc[2], acc[3])))
}

/// The greatest of `f` of each value; NaN is passed over; -infinity where there is none. Four chains take turns, since a
/// maximum waits for the last one.
#[inline(always)]
pub(super) fn max<S: Simd, E: Element, F: Map<S>>(s: S, row: &[E], f: F) -> f32 {
    let lowest = s.splat(f32::NEG_INFINITY);
    let mut acc = [lowest; 4];
    let group = 4 * S::LANES;
    let whole = row.len() - row.len() % group;
    for i in (0..whole).step_by(group) {
        for (j, acc) in acc.iter_mut().enumerate() {
            *acc = s.max(f.of(s, read(s, row, i + j * S::LANES, S::LANES)), *acc);
        }
    }
    for (i, n) in spans(s, row.len() - whole) {
        let v = f.of(s, read(s, row, whole + i, n));
        acc[0] = s.max(s.first(n, v, lowest), acc[0]);
    }
    s.reduce_max(s.max(s.max(acc[0], acc[1]), s.max(acc[2], acc[3])))
}

/// Replaces each value by `e^(value - greatest)` and gives the sum; a row of -infinity becomes zeros, sum 0.
#[inline(always)]
pub(super) fn exp_in_place<S: Simd>(s: S, row: &mut [f32], greatest: f32) -> f32 {
    if greatest == f32::NEG_INFINITY && row.iter().all(|x| *x == f32::NEG_INFINITY) {
        row.fill(0.0);
        return 0.0;
    }
    let mut acc = [s.splat(0.0); 2];
    for (turn, (i, n)) in spans(s, row.len()).enumerate() {
        let e = ExpBelow(greatest).of(s, read(s, row, i, n));
        write(s, row, i, n, e);
        acc[turn % 2] = s.add(acc[turn % 2], s.first(n, e, s.splat(0.0)));
    }
    s.reduce_add(s.add(acc[0], acc[1]))
}

/// Multiplies each value by the factor beside it.
#[inline(always)]
pub(super) fn multiply_in_place<S: Simd>(s: S, row: &mut [f32], factors: &[f32]) {
    for (i, n) in spans(s, row.len()) {
        let y = s.mul(read(s, row, i, n), read(s, factors, i, n));
        write(s, row, i, n, y);
    }
}

/// Multiplies each value by `factor`.
#[inline(always)]
pub(super) fn scale_in_place<S: Simd>(s: S, row: &mut [f32], factor: f32) {
    for (i, n) in spans(s, row.len()) {
        let y = s.mul(read(s, row, i, n), s.splat(factor));
        write(s, row, i, n, y);
    }
}
