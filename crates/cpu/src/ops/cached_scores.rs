//! cached_scores: the picked heads of queries that read their slots' keys together.

use super::cache_write::is_kept;
use super::expect_op;
use crate::kernel::{Call, Kernel};
use crate::kernels::cached_scores::{CachedScores, cached_scores};
use crate::kernels::linear::pack::Element;
use graph::{DType, Op};

pub const CACHED_SCORES: Kernel = Kernel {
    name: "cached_scores",
    accepts: |node| matches!(node.op, Op::CachedScores(_)) && is_kept(node.inputs[1].dtype),
    run,
    ..Kernel::PLAIN
};

fn run(call: &mut Call<'_>) {
    match call.dtype(1) {
        DType::BF16 => score(call, call.bf16(1)),
        _ => score(call, call.f32(1)),
    }
}

fn score<'a, E: Element>(call: &mut Call<'a>, keys: &'a [E]) {
    let op = expect_op!(call, CachedScores);
    let args = CachedScores {
        q: call.rows(0),
        keys,
        positions: call.dims(1)[1],
        table: call.i32(2),
        row: call.i32(3),
        heads: op.heads,
        pick: &op.pick,
        scale: op.scale,
    };
    cached_scores(call.cx, &args, call.out(0));
}
