//! layer_norm: row by row, over its own input where that is not needed afterwards and no bytes are asked for.

use super::expect_op;
use crate::isa::Isa;
use crate::kernel::{Call, Kernel};
use crate::kernels::layer_norm::{LayerNorm, layer_norm, layer_norm_bytes};
use crate::kernels::quantize::rotation_scratch;
use crate::kernels::rows::Input;
use compiler::NodeView;
use graph::{Op, ops};

pub const LAYER_NORM: Kernel = Kernel {
    name: "layer_norm",
    accepts: |node| matches!(node.op, Op::LayerNorm(_)),
    in_place: |node| (!writes_bytes(node)).then_some(0),
    scratch,
    run,
    ..Kernel::PLAIN
};

fn writes_bytes(node: &NodeView<'_>) -> bool {
    matches!(node.op, Op::LayerNorm(ops::LayerNorm { digits: 1.., .. }))
}

fn scratch(_: Isa, threads: usize, node: &NodeView<'_>) -> usize {
    if !writes_bytes(node) {
        return 0;
    }
    let row = node.inputs[1].shape.eval(node.largest).unwrap_or_default();
    rotation_scratch(threads, row.iter().product())
}

fn run(call: &mut Call<'_>) {
    let op = expect_op!(call, LayerNorm);
    let norm = LayerNorm { gamma: call.f32(1), beta: call.f32(2), eps: op.eps };
    if op.digits > 0 {
        let out = (call.out_bytes(0), call.out(1));
        return layer_norm_bytes(call.cx, call.rows(0), &norm, out, call.scratch);
    }
    let input = if call.taken(0) { Input::InPlace } else { Input::Rows(call.rows(0)) };
    let rows = call.out_rows(0);
    layer_norm(call.cx, input, &norm, rows);
}
