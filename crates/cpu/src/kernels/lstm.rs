//! The recurrence of a long short-term memory, all steps in one call. Not shared between threads: each step waits for
//! the one before, and is too short to hand out.
//!
//! The four gates of one panel of units are one tile: eight accumulators, so that sums don't wait for each other, and
//! weights stream from the second-level cache. Units lie in the lanes; each sum is chains of `CHAIN` products in
//! order, as in every product.

use super::linear::pack::{Elements, Kind, Order, Packed, Panels, packed_len as panels_len, panel_width};
use super::linear::tile::CHAIN;
use super::rows::Rows;
use super::vectors::{read, write};
use crate::aligned::Region;
use crate::isa::Isa;
use crate::math::exp;
use crate::simd::{Body, Simd, dispatch};

/// The gates: input, forget, cell, output.
const GATES: usize = 4;

/// What one step leaves to the next.
#[derive(Debug, Clone, Copy)]
pub struct State<'a> {
    /// What the unit showed.
    pub hidden: &'a [f32],
    /// What it holds.
    pub cell: &'a [f32],
}

/// What is written.
#[derive(Debug)]
pub struct Outputs<'a> {
    /// `[t, h]`: the hidden state after each step.
    pub all: &'a mut [f32],
    /// `[h]`: the hidden state after the last.
    pub hidden: &'a mut [f32],
    /// `[h]`: the cell state after the last.
    pub cell: &'a mut [f32],
}

/// The values that [`pack`] makes of weights for `h` units.
pub const fn packed_len(isa: Isa, h: usize) -> usize {
    panels_len(isa, GATES * h.next_multiple_of(panel_width(isa)), h)
}

/// Packs recurrence weights `[4 * h, h]`.
///
/// # Panics
/// When their count is not `4 * h * h`.
pub fn pack(isa: Isa, weights: &[f32], h: usize) -> Packed {
    let mut packed = place(isa, h, &mut Region::new(packed_len(isa, h) * size_of::<f32>()));
    fill(&mut packed, weights, h);
    packed
}

/// Recurrence weights of `h` units in memory of `region`. Each gate is filled up with zeros to whole panels, so that
/// panels of the four gates hold the same units.
pub fn place(isa: Isa, h: usize, region: &mut Region) -> Packed {
    Packed::place(region, isa, Kind::F32, [GATES * h.next_multiple_of(panel_width(isa)), h])
}

/// Packs recurrence weights `[4 * h, h]` into a place that is zero.
///
/// # Panics
/// When their count is not `4 * h * h`, or the place is not for as many.
pub fn fill(packed: &mut Packed, weights: &[f32], h: usize) {
    assert_eq!(weights.len(), GATES * h * h, "recurrence weights of {h} units");
    let gate = packed.panels().n() / GATES * h;
    let mut filled = vec![0.0; GATES * gate];
    for (to, from) in filled.chunks_exact_mut(gate.max(1)).zip(weights.chunks_exact((h * h).max(1))) {
        to[..h * h].copy_from_slice(from);
    }
    packed.fill(Elements::F32(&filled), Order::OutputRows);
}

/// Runs `t` steps from `before`: see the op's formula. `gates` is `[t, 4 * h]`, each step's gates before activation
/// without the recurrence; `weights` come from [`pack`].
///
/// # Panics
/// When shapes don't fit or the weights are packed for another path.
pub fn lstm(isa: Isa, gates: Rows<'_>, weights: Panels<'_>, before: &State<'_>, out: Outputs<'_>) {
    let h = before.hidden.len();
    assert_eq!(weights.isa(), isa, "weights are packed for another path");
    let padded = h.next_multiple_of(panel_width(isa));
    assert_eq!((weights.n(), weights.k()), (GATES * padded, h), "recurrence weights of {h} units");
    assert_eq!([before.cell.len(), out.hidden.len(), out.cell.len()], [h; 3], "states of {h} units");
    assert_eq!((gates.rows() * h, gates.cols()), (out.all.len(), GATES * h), "gates of {h} units");
    let Elements::F32(weights) = weights.elements() else {
        unreachable!("recurrence weights are packed as f32")
    };
    dispatch(isa, Steps { gates, weights, before: *before, out });
}

struct Steps<'a> {
    gates: Rows<'a>,
    weights: &'a [f32],
    before: State<'a>,
    out: Outputs<'a>,
}

impl Body for Steps<'_> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Steps { gates, weights, before, out: Outputs { all, hidden, cell } } = self;
        let (h, width) = (cell.len(), 2 * S::LANES);
        let panel = width * h;
        let gate = h.div_ceil(width) * panel;
        hidden.copy_from_slice(before.hidden);
        cell.copy_from_slice(before.cell);
        for (t, y) in all.chunks_exact_mut(h.max(1)).enumerate() {
            let x = gates.row(t);
            for (i, unit) in (0..h).step_by(width).enumerate() {
                let w = [0, 1, 2, 3].map(|g| &weights[g * gate + i * panel..][..panel]);
                let sums = tile(s, hidden, w);
                for (v, at) in (unit..h).step_by(S::LANES).take(2).enumerate() {
                    let n = S::LANES.min(h - at);
                    let of = |g: usize| s.add(read(s, x, g * h + at, n), sums[g][v]);
                    let kept = s.mul(sigmoid(s, of(1)), read(s, cell, at, n));
                    let c = s.fma(sigmoid(s, of(0)), tanh(s, of(2)), kept);
                    write(s, cell, at, n, c);
                    write(s, y, at, n, s.mul(sigmoid(s, of(3)), tanh(s, c)));
                }
            }
            hidden.copy_from_slice(y);
        }
    }
}

/// The products of a panel of each gate with the hidden state.
#[inline(always)]
fn tile<S: Simd>(s: S, hidden: &[f32], w: [&[f32]; GATES]) -> [[S::V; 2]; GATES] {
    let mut sums = [[s.splat(0.0); 2]; GATES];
    let width = 2 * S::LANES;
    for (chain, hidden) in hidden.chunks(CHAIN).enumerate() {
        let mut acc = [[s.splat(0.0); 2]; GATES];
        for (k, y) in hidden.iter().enumerate() {
            let y = s.splat(*y);
            for (acc, w) in acc.iter_mut().zip(w) {
                let w = w.as_ptr().wrapping_add((chain * CHAIN + k) * width);
                // SAFETY: a panel holds `width` values for each of the hidden state's.
                let w = unsafe { [s.load(w), s.load(w.wrapping_add(S::LANES))] };
                *acc = [s.fma(y, w[0], acc[0]), s.fma(y, w[1], acc[1])];
            }
        }
        for (sum, acc) in sums.iter_mut().zip(acc) {
            *sum = if chain == 0 { acc } else { [s.add(sum[0], acc[0]), s.add(sum[1], acc[1])] };
        }
    }
    sums
}

/// `1 / (1 + e^-x)`, within 4e-7.
#[inline(always)]
fn sigmoid<S: Simd>(s: S, x: S::V) -> S::V {
    let one = s.splat(1.0);
    s.div(one, s.add(one, exp(s, s.neg(x))))
}

/// The hyperbolic tangent, within 4e-7.
#[inline(always)]
fn tanh<S: Simd>(s: S, x: S::V) -> S::V {
    let (one, two) = (s.splat(1.0), s.splat(2.0));
    s.sub(one, s.div(two, s.add(exp(s, s.mul(two, x)), one)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::testing::{assert_close, assert_same_bits, noise};

    /// Hidden states after each step, then both states, in f64.
    fn reference(gates: &[f32], weights: &[f32], before: &State<'_>) -> [Vec<f64>; 3] {
        let wide = |x: &[f32]| x.iter().map(|x| f64::from(*x)).collect::<Vec<f64>>();
        let (mut hidden, mut cell, mut all) = (wide(before.hidden), wide(before.cell), Vec::new());
        let h = cell.len();
        let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
        for x in gates.chunks(4 * h) {
            let row = |j: usize| weights[j * h..][..h].iter().zip(&hidden).map(|(w, y)| f64::from(*w) * y);
            let sums: Vec<f64> = (0..4 * h).map(|j| f64::from(x[j]) + row(j).sum::<f64>()).collect();
            for j in 0..h {
                cell[j] = sigmoid(sums[h + j]) * cell[j] + sigmoid(sums[j]) * sums[2 * h + j].tanh();
                hidden[j] = sigmoid(sums[3 * h + j]) * cell[j].tanh();
            }
            all.extend_from_slice(&hidden);
        }
        [all, hidden, cell]
    }

    fn run(isa: Isa, gates: &[f32], weights: &Packed, before: &State<'_>) -> [Vec<f32>; 3] {
        let h = before.cell.len();
        let t = gates.len() / (4 * h);
        let [mut all, mut hidden, mut cell] = [vec![f32::NAN; t * h], vec![f32::NAN; h], vec![f32::NAN; h]];
        let out = Outputs { all: &mut all, hidden: &mut hidden, cell: &mut cell };
        lstm(isa, Rows::new(gates, t, 4 * h), weights.panels(), before, out);
        [all, hidden, cell]
    }

    #[test]
    fn agrees_with_f64_at_any_width() {
        for h in [1, 3, 8, 17, 32, 33, 128, 300] {
            let gates: Vec<f32> = noise(1, 9 * 4 * h).iter().map(|x| 6.0 * x).collect();
            let weights: Vec<f32> = noise(2, 4 * h * h).iter().map(|x| x / (h as f32).sqrt()).collect();
            let (hidden, cell) = (noise(3, h), noise(4, h));
            let before = State { hidden: &hidden, cell: &cell };
            let expected = reference(&gates, &weights, &before);
            for isa in Isa::available() {
                let got = run(isa, &gates, &pack(isa, &weights, h), &before);
                for (got, expected) in got.iter().zip(&expected) {
                    assert_close(got, expected, 5e-6, isa.name());
                }
            }
        }
    }

    /// A run can be cut anywhere, also before its first step.
    #[test]
    fn a_cut_run_has_the_bits_of_a_whole_one() {
        let h = 40;
        let (gates, weights) = (noise(1, 6 * 4 * h), noise(2, 4 * h * h));
        let zeros = vec![0.0; h];
        let before = State { hidden: &zeros, cell: &zeros };
        for isa in Isa::available() {
            let weights = pack(isa, &weights, h);
            let whole = run(isa, &gates, &weights, &before);
            for cut in 0..=6 {
                let (first, rest) = gates.split_at(cut * 4 * h);
                let [mut all, hidden, cell] = run(isa, first, &weights, &before);
                let [more, hidden, cell] = run(isa, rest, &weights, &State { hidden: &hidden, cell: &cell });
                all.extend(more);
                for (got, whole) in [all, hidden, cell].iter().zip(&whole) {
                    assert_same_bits(got, whole, isa.name());
                }
            }
        }
    }

    /// Gates beyond what an exponential holds are open or shut, and never NaN.
    #[test]
    fn extreme_gates_are_open_or_shut() {
        let gates = [1e30, -1e30, 1e30, 1e30];
        for isa in Isa::available() {
            let weights = pack(isa, &[0.0; 4], 1);
            let [all, _, cell] = run(isa, &gates, &weights, &State { hidden: &[0.0], cell: &[7.0] });
            assert_eq!((cell[0], all[0]), (1.0, tanh_of_one()), "{}", isa.name());
        }
    }

    fn tanh_of_one() -> f32 {
        let two = 2.0f32;
        1.0 - 2.0 / (f64::from(two).exp() as f32 + 1.0)
    }
}
