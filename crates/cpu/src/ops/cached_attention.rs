//! cached_attention: queries of one slot read its keys and values together.

use super::cache_write::is_kept;
use super::expect_op;
use crate::isa::Isa;
use crate::kernel::{Call, Kernel};
use crate::kernels::cached_attention::{CachedAttention, cached_attention, cached_attention_scratch};
use crate::kernels::linear::Out;
use crate::kernels::linear::pack::Element;
use compiler::NodeView;
use graph::{DType, Op};

pub const CACHED_ATTENTION: Kernel = Kernel {
    name: "cached_attention",
    accepts: |node| matches!(node.op, Op::CachedAttention(_)) && is_kept(node.inputs[1].dtype),
    scratch,
    run,
    ..Kernel::PLAIN
};

fn scratch(_: Isa, threads: usize, node: &NodeView<'_>) -> usize {
    let Op::CachedAttention(op) = node.op else { return 0 };
    let sizes = node.inputs[1].shape.eval(node.largest).unwrap_or_default();
    cached_attention_scratch(threads, op.heads, sizes[1], sizes[2] / op.heads)
}

fn run(call: &mut Call<'_>) {
    match call.dtype(1) {
        DType::F16 => attend(call, call.f16(1), call.f16(2)),
        _ => attend(call, call.f32(1), call.f32(2)),
    }
}

fn attend<'a, E: Element>(call: &mut Call<'a>, keys: &'a [E], values: &'a [E]) {
    let op = expect_op!(call, CachedAttention);
    let args = CachedAttention {
        q: call.rows(0),
        keys,
        values,
        positions: call.dims(1)[1],
        table: call.i32(3),
        columns: call.dims(3)[1],
        row: call.i32(4),
        last: op.causal.then(|| call.i32(5)),
        heads: op.heads,
        scale: op.scale,
    };
    let rows = call.out_rows(0);
    cached_attention(call.cx, &args, Out { rows, scratch: call.scratch });
}
