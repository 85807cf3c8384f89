//! What a call of an op has to do at the least: arithmetic, exponentials, bytes. Not a kernel's own account: what it
//! does beyond the op's meaning is not counted, nor is time.
//!
//! Counted are the products of matrices, convolutions and attention, with an addition each; each primitive of an
//! elementwise expression, and the additions and products of a normalisation, as f32; and exponentials: `exp`, `log`,
//! `erf`, a GELU, each weight of a softmax. Moves, roundings and comparisons are bytes alone. Bytes are those of the
//! operands and results, each once, wherever they lie: of a state, only the rows that are read or written; of a table,
//! only the rows that are looked up.

use crate::compute::Compute;
use crate::device::TensorView;
use graph::ops::quantize::parts;
use graph::ops::{Activation, ReduceKind};
use graph::scalar::{Expr, Inst, Prim};
use graph::{DType, Op};
use std::ops::AddAssign;

/// What one or more calls have to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Additions and multiplications, by the type of the factors, in the order of [`Compute::ALL`].
    pub flops: [u64; 3],
    /// Exponentials, by the type of the factors beside which they stand, in the same order.
    pub exps: [u64; 3],
    /// Bytes read and written.
    pub bytes: u64,
}

impl AddAssign for Work {
    fn add_assign(&mut self, other: Work) {
        self.bytes += other.bytes;
        for (sum, more) in self.flops.iter_mut().zip(other.flops) {
            *sum += more;
        }
        for (sum, more) in self.exps.iter_mut().zip(other.exps) {
            *sum += more;
        }
    }
}

/// One call of an op: what its work depends on.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The operation.
    pub op: &'a Op,
    /// Types and sizes of the operands; the bytes of those of i32 alone are read.
    pub inputs: &'a [TensorView<'a>],
    /// Types and sizes of the results.
    pub outputs: &'a [TensorView<'a>],
    /// Whether the first result lies where an operand lay.
    pub in_place: bool,
}

impl Call<'_> {
    /// What the call has to do. Operands must be such as the op's shape rule takes.
    pub fn work(&self) -> Work {
        let (inputs, outputs) = (self.inputs, self.outputs);
        let mut work = Work { bytes: self.bytes(), ..Work::default() };
        let factors = inputs.first().map_or(Compute::F32, |x| precision(x.dtype));
        let mut count = |compute: Compute, flops: u64, exps: u64| {
            work.flops[compute as usize] += flops;
            work.exps[compute as usize] += exps;
        };
        let written = outputs.first().map_or(0, len);
        let read = inputs.first().map_or(0, len);
        match self.op {
            Op::Linear(op) => {
                let products = read * size(&inputs[1], 0);
                count(factors, 2 * products, gelus(op.activation, op.parts as u64 * written));
                count(
                    Compute::F32,
                    rounding(usize::from(op.to == DType::I8), true, &outputs[0]) * written,
                    0,
                );
            }
            Op::Conv1d(op) => {
                let products = written * size(&inputs[1], 1) * size(&inputs[1], 2);
                count(factors, 2 * products, gelus(op.activation, written));
            }
            Op::PickedLinear(_) => count(Compute::F32, 2 * written * size(&inputs[0], 1), 0),
            Op::Matmul(_) => count(factors, 2 * written * inputs[0].dims.last().map_or(1, |k| *k as u64), 0),
            Op::Attention(op) => {
                let scores = size(&inputs[0], 0) * size(&inputs[1], 0);
                let products = 4 * scores * size(&inputs[0], 1);
                let in_bytes = op.in_bytes && factors == Compute::Bf16;
                count(if in_bytes { Compute::Int8 } else { factors }, products, 0);
                count(factors, 0, scores * op.heads as u64);
            }
            Op::CachedAttention(_) => {
                let scores = Seen::by(inputs).scores;
                let compute = precision(inputs[1].dtype);
                count(compute, 4 * scores * size(&inputs[0], 1), scores * size(&inputs[1], 1));
            }
            Op::CachedScores(_) => {
                count(precision(inputs[1].dtype), 2 * written * size(&inputs[1], 3), 0);
            }
            Op::Lstm(_) => {
                let (steps, width) = (size(&inputs[0], 0), size(&inputs[1], 1));
                // Three gates with a sigmoid, one with tanh, tanh of the cell; a step of the cell is three more.
                count(Compute::F32, steps * width * (8 * width + 4), 5 * steps * width);
            }
            Op::Spectrogram(_) => {
                let (frames, width) = (size(&outputs[0], 0), size(&inputs[1], 0));
                // A real transform by halves, after the window and before the squares.
                let transform = 2.5 * width as f64 * (width.max(1) as f64).log2();
                count(Compute::F32, frames * (width + transform as u64 + 3 * size(&outputs[0], 1)), 0);
            }
            Op::Elementwise(op) => {
                let (flops, exps) = primitives(&op.expr());
                count(Compute::F32, flops * written, exps * written);
            }
            Op::Fused(op) => {
                let (flops, exps) = primitives(&op.f);
                count(Compute::F32, flops * written, exps * written);
            }
            // Two sums, a difference, a square, a factor; then gamma and beta.
            Op::LayerNorm(op) => count(Compute::F32, (7 + rounding(op.digits, true, &inputs[0])) * read, 0),
            // The greatest, a difference, a sum, a factor.
            Op::Softmax(_) => count(Compute::F32, 4 * written, written),
            Op::Reduce(op) => match op.kind {
                ReduceKind::LogSumExp => count(Compute::F32, 3 * read, read + written),
                ReduceKind::Max | ReduceKind::Sum | ReduceKind::Mean => count(Compute::F32, read, 0),
            },
            Op::Quantize(op) => count(Compute::F32, rounding(op.digits, op.rotated, &inputs[0]) * read, 0),
            Op::CacheWrite(_)
            | Op::Concat(_)
            | Op::Constant(_)
            | Op::Convert(_)
            | Op::Gather(_)
            | Op::GatherElements(_)
            | Op::Iota(_)
            | Op::MaskSpans(_)
            | Op::MedianFilter(_)
            | Op::Pad(_)
            | Op::QuantizeLowRank(_)
            | Op::Reshape(_)
            | Op::ScatterElements(_)
            | Op::Slice(_)
            | Op::TopK(_)
            | Op::Transpose(_) => (),
        }
        work
    }

    /// Bytes that are read and written.
    fn bytes(&self) -> u64 {
        let (inputs, outputs) = (self.inputs, self.outputs);
        let all = |views: &[TensorView<'_>]| views.iter().map(bytes).sum::<u64>();
        match self.op {
            Op::CachedAttention(_) => {
                let row = size(&inputs[0], 1) * elements(&inputs[1]);
                let seen = Seen::by(inputs);
                // Of bytes each head of a place has two factors.
                let factors = inputs[6..].len() as u64 * size(&inputs[1], 1) * 4;
                let kept = seen.places * (2 * row + factors);
                bytes(&inputs[0]) + kept + all(&inputs[3..6]) + all(outputs)
            }
            Op::CachedScores(op) => {
                let picked = op.pick.len() as u64 * size(&inputs[1], 3);
                let factors = inputs[4..].len() as u64 * op.pick.len() as u64 * 4;
                let keys = distinct(ints(&inputs[3])) * (picked * elements(&inputs[1]) + factors);
                let queries = size(&inputs[0], 0) * picked * 4;
                queries + keys + all(&inputs[2..4]) + all(outputs)
            }
            // The state is only written, at the rows of what is new.
            Op::CacheWrite(_) => all(&inputs[1..]) + len(&inputs[1]) * elements(&outputs[0]),
            // What is not picked is not read.
            Op::PickedLinear(_) => {
                let rows = distinct(ints(&inputs[2])) * size(&inputs[1], 1) * elements(&inputs[1]);
                bytes(&inputs[0]) + rows + bytes(&inputs[2]) + all(outputs)
            }
            Op::Gather(_) | Op::GatherElements(_) => all(&inputs[1..]) + 2 * all(outputs),
            // What is not replaced stays where it is.
            Op::ScatterElements(_) if self.in_place => all(&inputs[1..]) + bytes(&inputs[2]),
            Op::Slice(_) => 2 * all(outputs),
            Op::MaskSpans(_) if self.in_place => bytes(&inputs[1]) + masked(inputs) * elements(&outputs[0]),
            _ => all(inputs) + all(outputs),
        }
    }
}

/// The precision of products whose factors are of `dtype`: what is kept in another type is widened first.
fn precision(dtype: DType) -> Compute {
    match dtype {
        DType::BF16 => Compute::Bf16,
        DType::I8 | DType::I4 => Compute::Int8,
        DType::F32 | DType::F16 | DType::I32 | DType::Bool => Compute::F32,
    }
}

fn size(view: &TensorView<'_>, axis: usize) -> u64 {
    view.dims[axis] as u64
}

fn len(view: &TensorView<'_>) -> u64 {
    view.dims.iter().product::<usize>() as u64
}

/// Bytes of an element.
fn elements(view: &TensorView<'_>) -> u64 {
    view.dtype.bytes() as u64
}

/// Bytes of a tensor, two integers of 4 bits in each.
fn bytes(view: &TensorView<'_>) -> u64 {
    match view.dtype {
        DType::I4 => len(view).div_ceil(2),
        _ => len(view) * elements(view),
    }
}

fn ints<'a>(view: &TensorView<'a>) -> impl Iterator<Item = i32> + Clone + use<'a> {
    view.bytes.chunks_exact(4).map(|b| i32::from_le_bytes([b[0], b[1], b[2], b[3]]))
}

/// What it takes to give a value of rows in so many bytes: the greatest magnitude and a factor, and the sums of a rotation;
/// nothing for f32.
fn rounding(digits: usize, rotated: bool, rows: &TensorView<'_>) -> u64 {
    let sums = if rotated { parts(rows.dims.last().copied().unwrap_or(1)).ilog2() } else { 0 };
    if digits > 0 { 2 + u64::from(sums) } else { 0 }
}

fn gelus(activation: Activation, outputs: u64) -> u64 {
    match activation {
        Activation::None => 0,
        Activation::Gelu => outputs,
    }
}

/// The primitives of an expression that are f32 operations, and those that are exponentials.
fn primitives(expr: &Expr) -> (u64, u64) {
    let mut counts = (0, 0);
    for inst in expr.insts() {
        match inst {
            Inst::Prim(Prim::Exp | Prim::Log | Prim::Erf, _) => counts.1 += 1,
            Inst::Prim(..) => counts.0 += 1,
            Inst::Input(_) | Inst::Const(_) => (),
        }
    }
    counts
}

fn distinct<T: Ord>(items: impl Iterator<Item = T>) -> u64 {
    let mut items: Vec<T> = items.collect();
    items.sort_unstable();
    items.dedup();
    items.len() as u64
}

/// Columns that `mask_spans` writes: spans of a row may overlap, and are not longer than it.
fn masked(inputs: &[TensorView<'_>]) -> u64 {
    let columns = size(&inputs[0], 1) as i32;
    let spans: Vec<i32> = ints(&inputs[1]).map(|at| at.clamp(0, columns)).collect();
    let span = |span: &[i32]| (span[1] - span[0]).max(0) as u64;
    spans.chunks_exact(2).map(span).sum()
}

/// What the queries of `cached_attention` see.
struct Seen {
    /// Places of slots that at least one query sees: each is read once.
    places: u64,
    /// Pairs of a query and a place.
    scores: u64,
}

impl Seen {
    fn by(inputs: &[TensorView<'_>]) -> Seen {
        let (slots, positions) = (inputs[1].dims[0], inputs[1].dims[2]);
        let columns = inputs[3].dims[1];
        let table: Vec<i32> = ints(&inputs[3]).collect();
        let rows: Vec<i32> = ints(&inputs[4]).collect();
        // How far each row of the table is seen.
        let mut seen = vec![0; inputs[3].dims[0]];
        let mut scores = 0;
        for (row, last) in rows.iter().zip(ints(&inputs[5])) {
            let places = last as usize + 1;
            scores += places as u64;
            if let Some(seen) = seen.get_mut(*row as usize) {
                *seen = places.max(*seen);
            }
        }
        let mut read = vec![false; slots * positions];
        for (row, seen) in seen.into_iter().enumerate() {
            for position in 0..seen {
                let column = if columns == 1 { 0 } else { position };
                let slot = table.get(row * columns + column).copied().unwrap_or_default() as usize;
                if let Some(read) = read.get_mut(slot * positions + position) {
                    *read = true;
                }
            }
        }
        Seen { places: read.into_iter().filter(|read| *read).count() as u64, scores }
    }
}

#[cfg(test)]
mod tests;
