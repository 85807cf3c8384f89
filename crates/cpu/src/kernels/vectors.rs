//! Passes over one row by whole vectors in a fixed order. Not over several rows: the order must not know of
//! others.

use crate::math;
use crate::simd::Simd;

/// Calls `f(offset, length)` for each vector of `0..len`; the last may be partial.
#[inline(always)]
pub(super) fn for_each<S: Simd>(_s: S, len: usize, mut f: impl FnMut(usize, usize)) {
    // One call only: closures must be inlined into the function that carries the target features.
    let mut i = 0;
    while i < len {
        f(i, S::LANES.min(len - i));
        i += S::LANES;
    }
}

/// `n` values of `row` from `i`, zero above.
#[inline(always)]
pub(super) fn read<S: Simd>(s: S, row: &[f32], i: usize, n: usize) -> S::V {
    debug_assert!(i + n <= row.len() && n <= S::LANES);
    let p = row.as_ptr().wrapping_add(i);
    // SAFETY: `for_each` keeps i + n within the row's length; see the assertion.
    unsafe { if n == S::LANES { s.load(p) } else { s.load_part(p, n) } }
}

/// Writes `n` values of `row` from `i`.
#[inline(always)]
pub(super) fn write<S: Simd>(s: S, row: &mut [f32], i: usize, n: usize, v: S::V) {
    debug_assert!(i + n <= row.len() && n <= S::LANES);
    let p = row.as_mut_ptr().wrapping_add(i);
    // SAFETY: as in `read`.
    unsafe { if n == S::LANES { s.store(p, v) } else { s.store_part(p, v, n) } }
}

/// The sum of `f` of each value: lanes over four accumulators in turn, then one fixed tree.
#[inline(always)]
pub(super) fn sum<S: Simd>(s: S, row: &[f32], f: impl Fn(S::V) -> S::V) -> f32 {
    let mut acc = [s.splat(0.0); 4];
    let group = 4 * S::LANES;
    let whole = row.len() - row.len() % group;
    for i in (0..whole).step_by(group) {
        for (j, acc) in acc.iter_mut().enumerate() {
            *acc = s.add(*acc, f(read(s, row, i + j * S::LANES, S::LANES)));
        }
    }
    for_each(s, row.len() - whole, |i, n| {
        let v = f(read(s, row, whole + i, n));
        acc[0] = s.add(acc[0], s.first(n, v, s.splat(0.0)));
    });
    s.reduce_add(s.add(s.add(acc[0], acc[1]), s.add(acc[2], acc[3])))
}

/// The greatest value; NaN is passed over; -infinity where there is none.
#[inline(always)]
pub(super) fn max<S: Simd>(s: S, row: &[f32]) -> f32 {
    let lowest = s.splat(f32::NEG_INFINITY);
    let mut acc = [lowest; 4];
    let group = 4 * S::LANES;
    let whole = row.len() - row.len() % group;
    for i in (0..whole).step_by(group) {
        for (j, acc) in acc.iter_mut().enumerate() {
            *acc = s.max(read(s, row, i + j * S::LANES, S::LANES), *acc);
        }
    }
    for_each(s, row.len() - whole, |i, n| {
        acc[0] = s.max(s.first(n, read(s, row, whole + i, n), lowest), acc[0]);
    });
    s.reduce_max(s.max(s.max(acc[0], acc[1]), s.max(acc[2], acc[3])))
}

/// Replaces each value by `e^(value - greatest)` and gives the sum; a row of -infinity becomes zeros, sum 0.
#[inline(always)]
pub(super) fn exp_in_place<S: Simd>(s: S, row: &mut [f32], greatest: f32) -> f32 {
    if greatest == f32::NEG_INFINITY && row.iter().all(|x| *x == f32::NEG_INFINITY) {
        row.fill(0.0);
        return 0.0;
    }
    let greatest = s.splat(greatest);
    let mut acc = [s.splat(0.0); 2];
    let mut turn = 0;
    for_each(s, row.len(), |i, n| {
        let e = math::exp_nonpositive(s, s.sub(read(s, row, i, n), greatest));
        write(s, row, i, n, e);
        acc[turn] = s.add(acc[turn], s.first(n, e, s.splat(0.0)));
        turn ^= 1;
    });
    s.reduce_add(s.add(acc[0], acc[1]))
}
