//! linear: packed panels, bias, activation and residual in the store.

use super::expect_op;
use crate::aligned::Region;
use crate::isa::Isa;
use crate::kernel::{Call, Constant, Kernel, Packing};
use crate::kernels::linear::groups::{Factor, Groups, PANEL};
use crate::kernels::linear::narrow::{
    Quantized, narrow_linear_in_parts, narrow_scratch, quantized_linear, quantized_scratch,
};
use crate::kernels::linear::pack::{Elements, Kind, Order, Packed, packed_len};
use crate::kernels::linear::{
    Activation, Epilogue, Factors, Residual, Stored, linear_in_parts, linear_scratch,
};
use crate::kernels::narrow::widen;
use crate::kernels::rows::{Rows, RowsMut};
use compiler::{NodeView, TensorView};
use graph::{DType, Op, ops};

pub const LINEAR: Kernel = Kernel {
    name: "linear",
    accepts,
    in_place,
    packing: Some(Packing { operand: 1, attributes: false, bytes: packed_bytes, place, fill }),
    scratch,
    run,
};

/// The weights are packed when the program is loaded, so they are the same at every run; of several parts, each is whole panels.
fn accepts(node: &NodeView<'_>) -> bool {
    let is_cut = |op: &ops::Linear| op.parts == 1 || (sizes(node)[0] / op.parts).is_multiple_of(PANEL);
    matches!(node.op, Op::Linear(op) if is_cut(op)) && node.constant[1]
}

/// The residual's memory, if it is not also another operand.
fn in_place(node: &NodeView<'_>) -> Option<usize> {
    matches!(node.op, Op::Linear(op) if op.residual).then(|| node.inputs.len() - 1)
}

/// The factors that `isa` multiplies without widening them.
pub(super) fn narrow_factor(isa: Isa, node: &NodeView<'_>) -> Option<Factor> {
    match node.inputs[0].dtype {
        DType::BF16 => isa.multiplies_bf16().then_some(Factor::Bf16),
        DType::I8 if node.inputs[1].dtype == DType::I4 => Some(Factor::Int4),
        DType::I8 => Some(Factor::Int8),
        _ => None,
    }
}

/// The outputs and products of a node's packed weights.
fn sizes(node: &NodeView<'_>) -> [usize; 2] {
    let dims = node.inputs[1].shape.as_fixed().unwrap_or_default();
    [dims[0], dims[1..].iter().product()]
}

pub(super) fn packed_bytes(isa: Isa, node: &NodeView<'_>) -> usize {
    let [n, k] = sizes(node);
    if let Some(factor) = narrow_factor(isa, node) {
        return Groups::bytes(factor, n, k);
    }
    packed_len(isa, n, k) * node.inputs[1].dtype.bytes()
}

pub(super) fn place(isa: Isa, node: &NodeView<'_>, region: &mut Region) -> Constant {
    if let Some(factor) = narrow_factor(isa, node) {
        return Constant::Groups(Groups::place(factor, isa, sizes(node), region));
    }
    let kind = match node.inputs[1].dtype {
        DType::F32 => Kind::F32,
        DType::F16 => Kind::F16,
        DType::BF16 => Kind::Bf16,
        other => unreachable!("the shape rule refuses {other} weights"),
    };
    Constant::Panels(Packed::place(region, isa, kind, sizes(node)))
}

fn fill(view: &TensorView<'_>, constant: &mut Constant) {
    match constant {
        Constant::Groups(groups) if groups.factor().is_integer() => groups.fill_bytes(view.bytes),
        constant => with_elements(view, |elements| fill_rows(elements, constant)),
    }
}

/// Packs rows of floats, one for each output.
pub(super) fn fill_rows(elements: Elements<'_>, constant: &mut Constant) {
    match (constant, elements) {
        (Constant::Panels(panels), elements) => panels.fill(elements, Order::OutputRows),
        (Constant::Groups(groups), Elements::Bf16(x)) => groups.fill_bf16(x),
        _ => unreachable!("the shape rule asks for bf16 weights beside bf16 rows"),
    }
}

fn scratch(isa: Isa, threads: usize, node: &NodeView<'_>) -> usize {
    let x = node.inputs[0].shape.eval(node.largest).unwrap_or_default();
    let rows = x[..x.len() - 1].iter().product();
    let [n, k] = sizes(node);
    if node.outputs[0].dtype == DType::I8 {
        let factor = narrow_factor(isa, node).expect("the rows are bytes");
        return quantized_scratch(isa, threads, rows, (factor, k, n));
    }
    match (narrow_factor(isa, node), node.inputs[0].dtype) {
        (Some(factor), _) => narrow_scratch(isa, threads, rows, (factor, k)),
        // The rows are widened first.
        (None, DType::BF16) => rows * k + linear_scratch(isa, threads, rows, k),
        _ => linear_scratch(isa, threads, rows, k),
    }
}

fn run(call: &mut Call<'_>) {
    match call.outputs[0].dtype {
        DType::I8 => bytes(call),
        DType::BF16 => in_parts(call, Call::out_bf16_rows),
        _ => in_parts(call, Call::out_rows),
    }
}

/// The layer, written to the rows that `of` gives of each result.
fn in_parts<'a, T: Stored>(call: &mut Call<'a>, of: impl Fn(&mut Call<'a>, usize) -> RowsMut<'a, T>) {
    match expect_op!(call, Linear).parts {
        1 => product::<T, 1>(call, of),
        2 => product::<T, 2>(call, of),
        3 => product::<T, 3>(call, of),
        _ => product::<T, { ops::Linear::MOST_PARTS }>(call, of),
    }
}

/// What follows the product.
fn epilogue<'a>(call: &Call<'a>) -> Epilogue<'a> {
    let op = expect_op!(call, Linear);
    let (residual, behind) = (call.arity() - 1, ops::Linear::behind(call.dtype(0)));
    Epilogue {
        factors: (behind > 2).then(|| Factors {
            rows: call.f32(2),
            outputs: call.f32(3),
            digits: ops::Linear::digits(call.dims(0).len(), call.dims(2).len()),
        }),
        bias: op.bias.then(|| call.f32(behind)),
        activation: activation(op.activation, call.dtype(0)),
        residual: match op.residual {
            false => Residual::None,
            true if call.taken(residual) => Residual::InPlace,
            true => Residual::Rows(call.rows(residual)),
        },
        ..Epilogue::default()
    }
}

/// The layer, written as bytes with a factor for each row.
fn bytes(call: &mut Call<'_>) {
    let (bytes, factors) = (call.out_bytes(0), call.out(1));
    let Constant::Groups(weights) = call.packed() else { unreachable!("bytes are packed in groups") };
    let (x, epilogue, scratch) = (call.narrow_rows(0), epilogue(call), &mut *call.scratch);
    quantized_linear(call.cx, x, weights, &epilogue, Quantized { bytes, factors, scratch });
}

fn product<'a, T: Stored, const PARTS: usize>(
    call: &mut Call<'a>,
    of: impl Fn(&mut Call<'a>, usize) -> RowsMut<'a, T>,
) {
    let (out, epilogue) = (&mut std::array::from_fn::<_, PARTS, _>(|i| of(call, i)), epilogue(call));
    if let Constant::Groups(weights) = call.packed() {
        let (x, scratch) = (call.narrow_rows(0), &mut *call.scratch);
        return narrow_linear_in_parts(call.cx, x, weights, &epilogue, (out, scratch));
    }
    let panels = call.panels();
    if call.dtype(0) == DType::F32 {
        let (x, scratch) = (call.rows(0), &mut *call.scratch);
        return linear_in_parts(call.cx, x, panels, &epilogue, (out, scratch));
    }
    let (narrow, bytes) = (call.narrow_rows(0), call.bytes(0));
    let (wide, scratch) = call.scratch.split_at_mut(narrow.rows() * panels.k());
    widen(call.cx, bytes, wide);
    let x = Rows::new(wide, narrow.rows(), panels.k());
    linear_in_parts(call.cx, x, panels, &epilogue, (out, scratch));
}

/// The kernel's name for the op's activation of products of such factors.
pub(super) fn activation(op: ops::Activation, factors: DType) -> Option<Activation> {
    match (op, factors) {
        (ops::Activation::None, _) => None,
        (ops::Activation::Gelu, DType::F32) => Some(Activation::Gelu),
        (ops::Activation::Gelu, _) => Some(Activation::GeluCoarse),
    }
}

/// The elements of a model's tensor as kernels take them; copied where the model holds them unaligned.
pub(crate) fn with_elements<T>(view: &TensorView<'_>, f: impl FnOnce(Elements<'_>) -> T) -> T {
    /// Reads the elements in place, or from an aligned copy.
    fn aligned<E: Copy, T>(bytes: &[u8], read: impl Fn(&[u8]) -> E, f: impl FnOnce(&[E]) -> T) -> T {
        let (data, size) = (bytes.as_ptr(), size_of::<E>());
        if data.addr().is_multiple_of(align_of::<E>()) {
            // SAFETY: aligned, within the bytes, and any bits are an element.
            return f(unsafe { std::slice::from_raw_parts(data.cast(), bytes.len() / size) });
        }
        f(&bytes.chunks_exact(size).map(read).collect::<Vec<E>>())
    }
    match view.dtype {
        DType::F16 => {
            let read = |b: &[u8]| half::f16::from_le_bytes([b[0], b[1]]);
            aligned(view.bytes, read, |x| f(Elements::F16(x)))
        }
        DType::BF16 => {
            let read = |b: &[u8]| half::bf16::from_le_bytes([b[0], b[1]]);
            aligned(view.bytes, read, |x| f(Elements::Bf16(x)))
        }
        DType::F32 => {
            let read = |b: &[u8]| f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
            aligned(view.bytes, read, |x| f(Elements::F32(x)))
        }
        other => unreachable!("the shape rule refuses {other} weights"),
    }
}
