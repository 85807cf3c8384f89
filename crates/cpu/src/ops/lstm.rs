//! lstm: recurrence weights packed as panels, every step in one call.

use super::expect_op;
use super::linear::with_elements;
use crate::aligned::Region;
use crate::isa::Isa;
use crate::kernel::{Call, Constant, Kernel, Packing};
use crate::kernels::linear::pack::Elements;
use crate::kernels::lstm::{self, Outputs, State, lstm, packed_len};
use compiler::{NodeView, TensorView};
use graph::Op;

pub const LSTM: Kernel = Kernel {
    name: "lstm",
    accepts: |node| matches!(node.op, Op::Lstm(_)) && node.constant[1],
    packing: Some(Packing { operand: 1, attributes: false, bytes: packed_bytes, place, fill }),
    run,
    ..Kernel::PLAIN
};

/// The units.
fn units(node: &NodeView<'_>) -> usize {
    node.inputs[1].shape.as_fixed().unwrap_or_default()[1]
}

fn packed_bytes(isa: Isa, node: &NodeView<'_>) -> usize {
    packed_len(isa, units(node)) * size_of::<f32>()
}

fn place(isa: Isa, node: &NodeView<'_>, region: &mut Region) -> Constant {
    Constant::Panels(lstm::place(isa, units(node), region))
}

fn fill(view: &TensorView<'_>, constant: &mut Constant) {
    let Constant::Panels(packed) = constant else { unreachable!("placed as panels") };
    with_elements(view, |elements| match elements {
        Elements::F32(r) => lstm::fill(packed, r, view.dims[1]),
        Elements::F16(_) | Elements::Bf16(_) => unreachable!("the shape rule takes f32 weights"),
    });
}

fn run(call: &mut Call<'_>) {
    expect_op!(call, Lstm);
    let before = State { hidden: call.f32(2), cell: call.f32(3) };
    let (gates, weights) = (call.rows(0), call.panels());
    let out = Outputs { all: call.out(0), hidden: call.out(1), cell: call.out(2) };
    lstm(call.cx.isa, gates, weights, &before, out);
}
