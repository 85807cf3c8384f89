//! Elementwise ops and fused groups: an interpreter over tiles that fit the first-level cache, one vector
//! primitive at a time. Not a code generator.

use super::{broadcast_strides, padded};
use crate::isa::Isa;
use crate::kernel::{Call, Kernel, Operand};
use crate::kernels::scratch::{Shares, scratch_len};
use crate::math;
use crate::simd::{Body, Simd, dispatch};
use compiler::NodeView;
use graph::ops::Elementwise;
use graph::scalar::{Expr, Inst, Prim};
use graph::{DType, Op};
use std::sync::LazyLock;

pub const ELEMENTWISE: Kernel = Kernel { name: "elementwise", accepts, scratch, run, ..Kernel::PLAIN };

/// More operands than any group that the compiler fuses has.
const MAX_OPERANDS: usize = 16;
/// What each elementwise op computes, in the order of [`Elementwise::ALL`], so that a run builds nothing.
static ROWS: LazyLock<Vec<Expr>> = LazyLock::new(|| Elementwise::ALL.iter().map(|row| row.expr()).collect());

/// Elements of a tile: 32 steps of it fit a second-level cache, the few that are alive a first-level one.
const TILE: usize = 512;
/// Fewer elements are not worth waking another thread for.
const LEAST: usize = 4096;

fn expr(op: &Op) -> Option<&Expr> {
    match op {
        Op::Elementwise(row) => Some(&ROWS[*row as usize]),
        Op::Fused(fused) => Some(&fused.f),
        _ => None,
    }
}

/// The steps of an expression are followed without looking, so each must name steps before it.
fn accepts(node: &NodeView<'_>) -> bool {
    let backward = |(i, inst): (usize, &Inst)| match inst {
        Inst::Input(operand) => *operand < node.inputs.len(),
        Inst::Const(_) => true,
        Inst::Prim(prim, args) => args[..prim.arity()].iter().all(|a| *a < i),
    };
    let plain = |expr: &Expr| !expr.insts().is_empty() && expr.insts().iter().enumerate().all(backward);
    node.inputs.len() <= MAX_OPERANDS && expr(node.op).is_some_and(plain)
}

fn scratch(_: Isa, threads: usize, node: &NodeView<'_>) -> usize {
    scratch_len(threads, expr(node.op).map_or(0, |e| e.insts().len()) * TILE)
}

/// How an operand is read along the last dimension.
#[derive(Clone, Copy)]
struct Source {
    operand: Operand,
    /// Strides, in elements, of the dimensions of the result.
    strides: [usize; 4],
}

fn run(call: &mut Call<'_>) {
    let Some(expr) = expr(call.op) else { unreachable!("{} is not elementwise", call.op.name()) };
    let out = call.outputs[0];
    let (dims, sources) = collapse(call, out);
    let inner = dims[3];
    let rows = dims[0] * dims[1] * dims[2];
    let tiles = inner.div_ceil(TILE);
    let work = rows * tiles;
    let threads = call.cx.pool.threads().min((rows * inner).div_ceil(LEAST)).max(1);
    let scratch = Shares::new(call.scratch, threads, expr.insts().len() * TILE);
    let sources = Sources { sources, out };
    let isa = call.cx.isa;
    call.cx.pool.run(threads, &|thread| {
        // SAFETY: each thread has a share to itself.
        let registers = unsafe { scratch.of(thread) }.as_mut_ptr();
        let range = thread * work / threads..(thread + 1) * work / threads;
        dispatch(isa, Tiles { expr, sources: &sources, dims, per_row: tiles, range, registers });
    });
}

struct Sources {
    /// One for each operand; what stands behind them is not read.
    sources: [Source; MAX_OPERANDS],
    out: Operand,
}
// SAFETY: operands are read, and each element of the result is written by one thread.
unsafe impl Sync for Sources {}

/// The result's sizes as four dimensions and the operands' strides over them; where no operand is repeated along
/// a part of the dimensions, those are one.
fn collapse(call: &Call<'_>, out: Operand) -> ([usize; 4], [Source; MAX_OPERANDS]) {
    let sizes = out.dims.sizes();
    let sources = |strides: &dyn Fn(&Operand) -> [usize; 4]| {
        let mut sources = [Source { operand: out, strides: [0; 4] }; MAX_OPERANDS];
        for (source, operand) in sources.iter_mut().zip(call.inputs) {
            *source = Source { operand: *operand, strides: strides(operand) };
        }
        sources
    };
    let plain = |o: &Operand| o.dims.sizes() == sizes || o.dims.len() == 1;
    if call.inputs.iter().all(plain) {
        let stride = |o: &Operand| usize::from(o.dims.sizes() == sizes && o.dims.len() != 1);
        return ([1, 1, 1, out.dims.len()], sources(&|o| [0, 0, 0, stride(o)]));
    }
    (padded(sizes), sources(&|o| broadcast_strides(o.dims.sizes())))
}

struct Tiles<'a> {
    expr: &'a Expr,
    sources: &'a Sources,
    dims: [usize; 4],
    /// Tiles of each row.
    per_row: usize,
    range: std::ops::Range<usize>,
    registers: *mut f32,
}

impl Body for Tiles<'_> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        for tile in self.range.clone() {
            let (row, first) = (tile / self.per_row, tile % self.per_row * TILE);
            let len = TILE.min(self.dims[3] - first);
            self.tile(s, row, first, len);
        }
    }
}

impl Tiles<'_> {
    #[inline(always)]
    fn tile<S: Simd>(&self, s: S, row: usize, first: usize, len: usize) {
        let insts = self.expr.insts();
        for (i, inst) in insts.iter().enumerate() {
            let to = self.registers.wrapping_add(i * TILE);
            match *inst {
                Inst::Input(input) => self.load(s, &self.sources.sources[input], [row, first, len], to),
                Inst::Const(value) => fill(s, to, value),
                // SAFETY: registers hold TILE values each; steps name earlier steps.
                Inst::Prim(prim, args) => unsafe {
                    let args = args.map(|a| self.registers.wrapping_add(a * TILE).cast_const());
                    primitive(s, prim, args, to, len);
                },
            }
        }
        let result = self.registers.wrapping_add((insts.len() - 1) * TILE);
        let out = self.sources.out;
        let at = row * self.dims[3] + first;
        // SAFETY: the tile lies within the result, and no other thread writes it.
        unsafe {
            if out.dtype == DType::F32 {
                out.floats().add(at).copy_from_nonoverlapping(result, len);
            } else {
                for i in 0..len {
                    *out.data.add(at + i) = u8::from(*result.add(i) != 0.0);
                }
            }
        }
    }

    #[inline(always)]
    fn load<S: Simd>(&self, s: S, source: &Source, [row, first, len]: [usize; 3], to: *mut f32) {
        let [_, b, c, _] = self.dims;
        let index = [row / (b * c), row / c % b, row % c];
        let offset: usize = index.iter().zip(&source.strides).map(|(i, s)| i * s).sum();
        let from = offset + first * source.strides[3];
        let truth = source.operand.dtype == DType::Bool;
        let data = source.operand.data;
        // SAFETY: the tile lies within the operand; the register holds TILE values.
        unsafe {
            match (source.strides[3], truth) {
                (0, true) => fill(s, to, f32::from(*data.add(from))),
                (0, false) => fill(s, to, *source.operand.floats().add(from)),
                (_, true) => (0..len).for_each(|i| *to.add(i) = f32::from(*data.add(from + i))),
                (_, false) => to.copy_from_nonoverlapping(source.operand.floats().add(from), len),
            }
        }
    }
}

#[inline(always)]
fn fill<S: Simd>(s: S, to: *mut f32, value: f32) {
    let v = s.splat(value);
    for i in (0..TILE).step_by(S::LANES) {
        // SAFETY: the register holds TILE values, a multiple of every vector's lanes.
        unsafe { s.store(to.add(i), v) };
    }
}

/// One primitive over the first `len` values of its registers, rounded up to whole vectors.
///
/// # Safety
/// Each pointer holds TILE values.
#[inline(always)]
unsafe fn primitive<S: Simd>(s: S, prim: Prim, [a, b, c]: [*const f32; 3], to: *mut f32, len: usize) {
    let truth = |s: S, m: S::M| s.select(m, s.splat(1.0), s.splat(0.0));
    let (zero, inf) = (s.splat(0.0), s.splat(f32::INFINITY));
    // Anything but 0 holds; the smaller of NaN and infinity is infinity.
    let holds = |x: S::V| s.lt(zero, s.min(s.abs(x), inf));
    macro_rules! each {
        (|$x:ident $(, $y:ident $(, $z:ident)?)?| $body:expr) => {
            for i in (0..len).step_by(S::LANES) {
                // SAFETY: whole vectors of TILE values.
                unsafe {
                    let $x = s.load(a.add(i));
                    $(let $y = s.load(b.add(i)); $(let $z = s.load(c.add(i));)?)?
                    s.store(to.add(i), $body);
                }
            }
        };
    }
    // Where an operand of max or min is NaN, so is the result: vectors give their second operand there, which leaves
    // a first one that is NaN, or infinite before one that is.
    match prim {
        Prim::Add => each!(|x, y| s.add(x, y)),
        Prim::Sub => each!(|x, y| s.sub(x, y)),
        Prim::Mul => each!(|x, y| s.mul(x, y)),
        Prim::Div => each!(|x, y| s.div(x, y)),
        Prim::Max => each!(|x, y| s.select(s.lt(x, inf), s.max(x, y), s.add(x, s.abs(y)))),
        Prim::Min => each!(|x, y| s.select(s.lt(s.neg(inf), x), s.min(x, y), s.sub(x, s.abs(y)))),
        Prim::Neg => each!(|x| s.neg(x)),
        Prim::Exp => each!(|x| math::exp(s, x)),
        Prim::Log => each!(|x| math::log(s, x)),
        Prim::Sqrt => each!(|x| s.sqrt(x)),
        Prim::Erf => each!(|x| math::erf(s, x)),
        Prim::Less => each!(|x, y| truth(s, s.lt(x, y))),
        Prim::And => each!(|x, y| s.mul(truth(s, holds(x)), truth(s, holds(y)))),
        Prim::Select => each!(|x, y, z| s.select(holds(x), y, z)),
    }
}
