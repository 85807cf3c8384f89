//! conv1d: a product over windows of the input's own memory; taps stand before channels in the packed weights.

use super::expect_op;
use super::linear::{activation, with_elements};
use crate::isa::Isa;
use crate::kernel::{Call, Constant, Kernel, Packing};
use crate::kernels::conv1d::{Conv1d, Windows, conv1d, conv1d_scratch, taps_first};
use crate::kernels::linear::pack::{Elements, Order, Packed, Source, packed_len};
use crate::kernels::linear::{Epilogue, Out};
use compiler::{NodeView, TensorView};
use graph::Op;

pub const CONV1D: Kernel = Kernel {
    name: "conv1d",
    accepts: |node| matches!(node.op, Op::Conv1d(_)) && node.constant[1],
    packing: Some(Packing { operand: 1, attributes: false, bytes: packed_bytes, pack }),
    scratch,
    run,
    ..Kernel::PLAIN
};

fn packed_bytes(isa: Isa, node: &NodeView<'_>) -> usize {
    let dims = node.inputs[1].shape.as_fixed().unwrap_or_default();
    packed_len(isa, dims[0], dims[1] * dims[2]) * node.inputs[1].dtype.bytes()
}

fn pack(isa: Isa, _: &NodeView<'_>, view: &TensorView<'_>) -> Constant {
    let [n, c, taps] = [view.dims[0], view.dims[1], view.dims[2]];
    let pack = |elements: Elements<'_>| {
        Packed::new(isa, Source { elements, order: Order::OutputRows, n, k: c * taps })
    };
    let packed = with_elements(view, |elements| match elements {
        Elements::F32(x) => pack(Elements::F32(&taps_first(x, n, c, taps))),
        Elements::F16(x) => pack(Elements::F16(&taps_first(x, n, c, taps))),
        Elements::Bf16(x) => pack(Elements::Bf16(&taps_first(x, n, c, taps))),
    });
    Constant::Panels(packed)
}

fn scratch(isa: Isa, threads: usize, node: &NodeView<'_>) -> usize {
    let Op::Conv1d(op) = node.op else { return 0 };
    let taps = node.inputs[1].shape.0[2].as_fixed().unwrap_or_default();
    let x = node.inputs[0].shape.eval(node.largest).unwrap_or_default();
    conv1d_scratch(isa, threads, &windows(op, taps), [x[0], x[1]])
}

fn windows(op: &graph::ops::Conv1d, taps: usize) -> Windows {
    Windows { taps, stride: op.stride, pad: op.pad }
}

fn run(call: &mut Call<'_>) {
    let op = expect_op!(call, Conv1d);
    let (x, weights) = (call.rows(0), call.panels());
    let conv = Conv1d { weights, windows: windows(op, call.dims(1)[2]) };
    let epilogue = Epilogue {
        bias: op.bias.then(|| call.f32(2)),
        activation: activation(op.activation),
        ..Epilogue::default()
    };
    let rows = call.out_rows(0);
    conv1d(call.cx, x, &conv, &epilogue, Out { rows, scratch: call.scratch });
}
