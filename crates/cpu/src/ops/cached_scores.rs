//! cached_scores: the picked heads of queries that read their slots' keys together.

use super::expect_op;
use crate::kernel::{Call, Kernel};
use crate::kernels::cached_scores::{CachedScores, cached_scores};
use graph::Op;

pub const CACHED_SCORES: Kernel = Kernel {
    name: "cached_scores",
    accepts: |node| matches!(node.op, Op::CachedScores(_)),
    run,
    ..Kernel::PLAIN
};

fn run(call: &mut Call<'_>) {
    let op = expect_op!(call, CachedScores);
    let args = CachedScores {
        q: call.rows(0),
        keys: call.f32(1),
        positions: call.dims(1)[1],
        table: call.i32(2),
        row: call.i32(3),
        heads: op.heads,
        pick: &op.pick,
        scale: op.scale,
    };
    cached_scores(call.cx, &args, call.out(0));
}
