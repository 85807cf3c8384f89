//! conv1d: a product over windows of the input's own memory; taps stand before channels in the packed weights.

use super::expect_op;
use super::linear::{activation, fill_rows, packed_bytes, place, with_elements};
use crate::isa::Isa;
use crate::kernel::{Call, Constant, Kernel, Packing};
use crate::kernels::conv1d::{Conv1d, Windows, conv1d, conv1d_scratch, narrow_conv1d, taps_first};
use crate::kernels::linear::groups::Factor;
use crate::kernels::linear::narrow::narrow_scratch;
use crate::kernels::linear::pack::Elements;
use crate::kernels::linear::{Epilogue, Out};
use crate::kernels::narrow::widen;
use crate::kernels::rows::Rows;
use compiler::{NodeView, TensorView};
use graph::{DType, Op};

pub const CONV1D: Kernel = Kernel {
    name: "conv1d",
    accepts: |node| matches!(node.op, Op::Conv1d(_)) && node.constant[1],
    packing: Some(Packing { operand: 1, attributes: false, bytes: packed_bytes, place, fill }),
    scratch,
    run,
    ..Kernel::PLAIN
};

fn fill(view: &TensorView<'_>, constant: &mut Constant) {
    let [n, c, taps] = [view.dims[0], view.dims[1], view.dims[2]];
    with_elements(view, |elements| match elements {
        Elements::F32(x) => fill_rows(Elements::F32(&taps_first(x, n, c, taps)), constant),
        Elements::F16(x) => fill_rows(Elements::F16(&taps_first(x, n, c, taps)), constant),
        Elements::Bf16(x) => fill_rows(Elements::Bf16(&taps_first(x, n, c, taps)), constant),
    });
}

fn scratch(isa: Isa, threads: usize, node: &NodeView<'_>) -> usize {
    let Op::Conv1d(op) = node.op else { return 0 };
    let taps = node.inputs[1].shape.0[2].as_fixed().unwrap_or_default();
    let x = node.inputs[0].shape.eval(node.largest).unwrap_or_default();
    let (windows, dims) = (windows(op, taps), [x[0], x[1]]);
    match node.inputs[0].dtype {
        DType::BF16 if isa.multiplies_bf16() => {
            narrow_scratch(isa, threads, windows.outputs(x[0]), (Factor::Bf16, taps * x[1]))
        }
        // The input is widened first.
        DType::BF16 => x[0] * x[1] + conv1d_scratch(isa, threads, &windows, dims),
        _ => conv1d_scratch(isa, threads, &windows, dims),
    }
}

fn windows(op: &graph::ops::Conv1d, taps: usize) -> Windows {
    Windows { taps, stride: op.stride, pad: op.pad }
}

fn run(call: &mut Call<'_>) {
    let op = expect_op!(call, Conv1d);
    let windows = windows(op, call.dims(1)[2]);
    let epilogue = Epilogue {
        bias: op.bias.then(|| call.f32(2)),
        activation: activation(op.activation, call.dtype(0)),
        ..Epilogue::default()
    };
    let rows = call.out_rows(0);
    if let Constant::Groups(weights) = call.packed() {
        let (x, scratch) = (call.narrow_rows(0), &mut *call.scratch);
        return narrow_conv1d(call.cx, x, (weights, &windows), &epilogue, Out { rows, scratch });
    }
    let conv = Conv1d { weights: call.panels(), windows };
    if call.dtype(0) == DType::F32 {
        let (x, scratch) = (call.rows(0), &mut *call.scratch);
        return conv1d(call.cx, x, &conv, &epilogue, Out { rows, scratch });
    }
    let ([t, c], bytes) = ([call.dims(0)[0], call.dims(0)[1]], call.bytes(0));
    let (wide, scratch) = call.scratch.split_at_mut(t * c);
    widen(call.cx, bytes, wide);
    conv1d(call.cx, Rows::new(wide, t, c), &conv, &epilogue, Out { rows, scratch });
}
