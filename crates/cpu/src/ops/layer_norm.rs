//! layer_norm: row by row, over its own input where that is not needed afterwards.

use super::expect_op;
use crate::kernel::{Call, Kernel};
use crate::kernels::layer_norm::{LayerNorm, layer_norm};
use crate::kernels::rows::Input;
use graph::Op;

pub const LAYER_NORM: Kernel = Kernel {
    name: "layer_norm",
    accepts: |node| matches!(node.op, Op::LayerNorm(_)),
    in_place: |_| Some(0),
    run,
    ..Kernel::PLAIN
};

fn run(call: &mut Call<'_>) {
    let op = expect_op!(call, LayerNorm);
    let norm = LayerNorm { gamma: call.f32(1), beta: call.f32(2), eps: op.eps };
    let input = if call.taken(0) { Input::InPlace } else { Input::Rows(call.rows(0)) };
    let rows = call.out_rows(0);
    layer_norm(call.cx, input, &norm, rows);
}
