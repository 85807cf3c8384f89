//! attention: by blocks of queries; the scores of a block are all that is ever written.

use super::expect_op;
use crate::isa::Isa;
use crate::kernel::{Call, Kernel};
use crate::kernels::attention::{Attention, AttentionDims, attention, attention_scratch};
use crate::kernels::linear::Out;
use compiler::NodeView;
use graph::Op;

pub const ATTENTION: Kernel = Kernel {
    name: "attention",
    accepts: |node| matches!(node.op, Op::Attention(_)),
    scratch,
    run,
    ..Kernel::PLAIN
};

fn scratch(isa: Isa, threads: usize, node: &NodeView<'_>) -> usize {
    let Op::Attention(op) = node.op else { return 0 };
    let sizes = |i: usize| node.inputs[i].shape.eval(node.largest).unwrap_or_default();
    let (q, k) = (sizes(0), sizes(1));
    let dims = AttentionDims { queries: q[0], keys: k[0], heads: op.heads, d: q[1] / op.heads };
    attention_scratch(isa, threads, dims)
}

fn run(call: &mut Call<'_>) {
    let op = expect_op!(call, Attention);
    let (q, k, v) = (call.rows(0), call.rows(1), call.rows(2));
    let rows = call.out_rows(0);
    let args = Attention { q, k, v, heads: op.heads, scale: op.scale };
    attention(call.cx, &args, Out { rows, scratch: call.scratch });
}
