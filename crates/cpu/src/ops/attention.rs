//! attention: by blocks of queries; the scores of a block are all that is ever written.

use super::expect_op;
use crate::isa::Isa;
use crate::kernel::{Call, Kernel};
use crate::kernels::attention::{
    Attention, AttentionDims, NarrowAttention, attention, attention_scratch, byte_attention,
    byte_attention_scratch, in_bytes, narrow_attention, narrow_attention_scratch,
};
use crate::kernels::linear::Out;
use crate::kernels::narrow::widen;
use crate::kernels::rows::Rows;
use compiler::NodeView;
use graph::{DType, Op};

pub const ATTENTION: Kernel = Kernel { name: "attention", accepts, scratch, run, ..Kernel::PLAIN };

/// Where factors are narrow, a score is scaled behind its product, and the greatest must stay the greatest.
fn accepts(node: &NodeView<'_>) -> bool {
    let Op::Attention(op) = node.op else { return false };
    node.inputs[0].dtype == DType::F32 || op.scale > 0.0
}

fn scratch(isa: Isa, threads: usize, node: &NodeView<'_>) -> usize {
    let Op::Attention(op) = node.op else { return 0 };
    let sizes = |i: usize| node.inputs[i].shape.eval(node.largest).unwrap_or_default();
    let (q, k) = (sizes(0), sizes(1));
    let dims = AttentionDims { queries: q[0], keys: k[0], heads: op.heads, d: q[1] / op.heads };
    match node.inputs[0].dtype {
        DType::BF16 if op.in_bytes && in_bytes(isa, dims.d) => byte_attention_scratch(isa, threads, dims),
        DType::BF16 if isa.multiplies_bf16() => narrow_attention_scratch(isa, threads, dims),
        // The operands are widened first.
        DType::BF16 => (q[0] + 2 * k[0]) * q[1] + attention_scratch(isa, threads, dims),
        _ => attention_scratch(isa, threads, dims),
    }
}

fn run(call: &mut Call<'_>) {
    let &graph::ops::Attention { heads, scale, in_bytes: may_be_bytes } = expect_op!(call, Attention);
    let rows = call.out_rows(0);
    if call.dtype(0) == DType::F32 {
        let args = Attention { q: call.rows(0), k: call.rows(1), v: call.rows(2), heads, scale };
        return attention(call.cx, &args, Out { rows, scratch: call.scratch });
    }
    let is_in_bytes = may_be_bytes && in_bytes(call.cx.isa, call.dims(0)[1] / heads);
    if is_in_bytes || call.cx.isa.multiplies_bf16() {
        let (q, k, v) = (call.narrow_rows(0), call.narrow_rows(1), call.narrow_rows(2));
        let args = NarrowAttention { q, k, v, heads, scale };
        let out = Out { rows, scratch: call.scratch };
        if is_in_bytes {
            byte_attention(call.cx, &args, out);
        } else {
            narrow_attention(call.cx, &args, out);
        }
        return;
    }
    let (q, k, width) = (call.dims(0)[0], call.dims(1)[0], call.dims(0)[1]);
    let operands = [call.bytes(0), call.bytes(1), call.bytes(2)];
    let (wide, scratch) = call.scratch.split_at_mut((q + 2 * k) * width);
    let (wide_q, wide_kv) = wide.split_at_mut(q * width);
    let (wide_k, wide_v) = wide_kv.split_at_mut(k * width);
    widen(call.cx, operands[0], wide_q);
    widen(call.cx, operands[1], wide_k);
    widen(call.cx, operands[2], wide_v);
    let [q, k, v] = [(&*wide_q, q), (&*wide_k, k), (&*wide_v, k)].map(|(x, n)| Rows::new(x, n, width));
    attention(call.cx, &Attention { q, k, v, heads, scale }, Out { rows, scratch });
}
