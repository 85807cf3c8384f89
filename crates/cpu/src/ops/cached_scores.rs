//! cached_scores: the picked heads of queries over one slot's keys.

use super::cache_write::is_kept;
use super::expect_op;
use crate::kernel::{Call, Kernel};
use crate::kernels::cached_scores::{CachedScores, MAX_HEAD, cached_scores};
use crate::kernels::linear::pack::Element;
use compiler::NodeView;
use graph::{DType, Op};

pub const CACHED_SCORES: Kernel = Kernel { name: "cached_scores", accepts, run, ..Kernel::PLAIN };

fn accepts(node: &NodeView<'_>) -> bool {
    let d = node.inputs.get(1).and_then(|keys| keys.shape.last()).and_then(|dim| dim.as_fixed());
    matches!(node.op, Op::CachedScores(_))
        && is_kept(node.inputs[1].dtype)
        && d.is_some_and(|d| d <= MAX_HEAD)
}

fn run(call: &mut Call<'_>) {
    match call.dtype(1) {
        DType::BF16 => score(call, call.bf16(1)),
        DType::I8 => score(call, call.i8(1)),
        _ => score(call, call.f32(1)),
    }
}

fn score<'a, E: Element>(call: &mut Call<'a>, keys: &'a [E]) {
    let op = expect_op!(call, CachedScores);
    let args = CachedScores {
        q: call.rows(0),
        keys,
        factors: (call.arity() > 4).then(|| call.f32(4)),
        positions: call.dims(1)[2],
        slot: call.i32(2)[0],
        place: call.i32(3),
        heads: call.dims(1)[1],
        pick: &op.pick,
        scale: op.scale,
    };
    cached_scores(call.cx, &args, call.out(0));
}
