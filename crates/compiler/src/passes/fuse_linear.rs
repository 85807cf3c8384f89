//! fuse-linear: what follows a linear layer or a convolution joins it: first the bias, then GELU, then the
//! residual. What is added or applied in a kernel's registers costs no pass over memory. A weight that is
//! widened to f32 is read in its narrow type instead: the kernels widen as they read.
//!
//! Must not fire where the layer's result is used elsewhere, where the bias is not one row of the layer's
//! width, where the residual is broadcast, or after a residual: what follows it belongs to no layer. A weight
//! must not be narrowed: only a conversion from f16 or bf16 to f32 says the same as the weight itself.

use crate::pass::Pass;
use crate::rewrite::{
    Match, Pattern, Rule, Var, conv1d, convert, elementwise, linear, node, rewrite, rule, vars,
};
use graph::ops::{Activation, Conv1d, Elementwise, Linear};
use graph::{DType, Op, TensorType, Value};

/// See the head of this file.
pub const PASS: Pass = Pass {
    name: "fuse-linear",
    doc: "joins bias, gelu and residual with their linear layer or convolution",
    tolerance: Pass::ROUNDING,
    run: |g| rewrite(g, &rules()),
};

fn rules() -> Vec<Rule> {
    let [x, w, b, layer] = vars();
    let gelu = |p: Pattern| elementwise(Elementwise::Gelu, [p]);
    vec![
        rule("linear of a widened weight", linear(x, convert(w).shared()), move |m| {
            m.replace_with(Linear::PLAIN, [m[x], m[w]])
        })
        .only_if("the weight is widened", move |m| is_widened(m, w)),
        rule("linear + bias", linear(x, w).bind(layer) + b, move |m| {
            m.replace_with(Linear { bias: true, ..Linear::PLAIN }, [m[x], m[w], m[b]])
        })
        .only_if("b is a row of the layer's width", move |m| is_row(m, b, layer)),
        rule("gelu(linear)", gelu(node(layer, is_open_linear)), move |m| {
            let form = Linear { activation: Activation::Gelu, ..form(m, layer) };
            m.replace_with(form, m.node(layer).inputs.clone())
        }),
        rule("linear + residual", node(layer, is_bare_linear) + b, move |m| {
            let form = Linear { residual: true, ..form(m, layer) };
            m.replace_with(form, with(&m.node(layer).inputs, m[b]))
        })
        .only_if("the residual is of the layer's type", move |m| m.ty(b) == m.ty(layer)),
        rule("conv1d of a widened weight", conv1d(x, convert(w).shared()), move |m| {
            m.replace_with(m.root().op.clone(), [m[x], m[w]])
        })
        .only_if("the weight is widened", move |m| is_widened(m, w)),
        rule("conv1d + bias", conv1d(x, w).bind(layer) + b, move |m| {
            m.replace_with(Conv1d { bias: true, ..conv(m, layer) }, [m[x], m[w], m[b]])
        })
        .only_if("b is a row of the layer's width", move |m| is_row(m, b, layer)),
        rule("gelu(conv1d)", gelu(node(layer, is_open_conv)), move |m| {
            let form = Conv1d { activation: Activation::Gelu, ..conv(m, layer) };
            m.replace_with(form, m.node(layer).inputs.clone())
        }),
    ]
}

fn is_widened(m: &Match, w: Var) -> bool {
    let narrow = matches!(m.ty(w).dtype, DType::F16 | DType::BF16);
    narrow && m.graph().ty(m.root().inputs[1]).dtype == DType::F32
}

fn is_row(m: &Match, b: Var, layer: Var) -> bool {
    let layer = m.ty(layer);
    *m.ty(b) == TensorType::new(DType::F32, layer.shape.last()) && m.result() == layer
}

/// A linear layer in f32 that ends with its sum or its bias.
fn is_open_linear(op: &Op) -> bool {
    is_bare_linear(op) && matches!(op, Op::Linear(Linear { activation: Activation::None, .. }))
}

/// A linear layer in f32 without a residual.
fn is_bare_linear(op: &Op) -> bool {
    matches!(op, Op::Linear(Linear { residual: false, to: DType::F32, .. }))
}

fn is_open_conv(op: &Op) -> bool {
    matches!(op, Op::Conv1d(Conv1d { activation: Activation::None, .. }))
}

fn form(m: &Match, layer: Var) -> Linear {
    let Op::Linear(form) = &m.node(layer).op else { unreachable!("the pattern accepts linear only") };
    form.clone()
}

fn conv(m: &Match, layer: Var) -> Conv1d {
    let Op::Conv1d(form) = &m.node(layer).op else { unreachable!("the pattern accepts conv1d only") };
    form.clone()
}

fn with(inputs: &[Value], last: Value) -> Vec<Value> {
    inputs.iter().copied().chain([last]).collect()
}
