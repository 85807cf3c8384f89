//! Elementwise ops: rows of one table, each an expression over the scalar primitives. Not fused groups: those
//! are made by a compiler pass as [`super::Fused`].

use super::{OpError, require};
use crate::scalar::{Expr, Inst, Prim};
use crate::{DType, Shape, Tensor, TensorType};

macro_rules! rows {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal, $arity:literal, |$e:ident, $x:ident| $body:expr;)*) => {
        /// An op that computes each element of its result from the elements at the same place of its inputs,
        /// after multidirectional broadcasting.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Elementwise { $($(#[doc = $doc])+ $variant),* }

        impl Elementwise {
            /// Every row.
            pub const ALL: &'static [Elementwise] = &[$(Elementwise::$variant),*];

            /// The name in the text form.
            pub fn name(self) -> &'static str {
                match self { $(Elementwise::$variant => $name),* }
            }

            /// The reference text.
            pub fn doc(self) -> &'static str {
                match self { $(Elementwise::$variant => concat!($($doc, "\n"),+)),* }
            }

            /// The number of inputs.
            pub fn arity(self) -> usize {
                match self { $(Elementwise::$variant => $arity),* }
            }

            /// What it computes.
            pub fn expr(self) -> Expr {
                let mut expr = Expr::new();
                let $crate::ops::elementwise::Operands(inputs) = Operands::of(&mut expr, self.arity());
                match self {
                    $(Elementwise::$variant => {
                        let ($e, $x) = (&mut expr, inputs);
                        let _ = $body;
                    })*
                }
                expr
            }
        }
    };
}

struct Operands([usize; 3]);

impl Operands {
    fn of(expr: &mut Expr, arity: usize) -> Operands {
        let mut steps = [0; 3];
        for (i, step) in steps.iter_mut().enumerate().take(arity) {
            *step = expr.push(Inst::Input(i));
        }
        Operands(steps)
    }
}

fn num(e: &mut Expr, value: f32) -> usize {
    e.push(Inst::Const(value))
}

rows! {
    /// `a + b` (ONNX Add).
    Add = "add", 2, |e, x| e.prim(Prim::Add, &x[..2]);
    /// `a - b` (ONNX Sub).
    Sub = "sub", 2, |e, x| e.prim(Prim::Sub, &x[..2]);
    /// `a * b` (ONNX Mul).
    Mul = "mul", 2, |e, x| e.prim(Prim::Mul, &x[..2]);
    /// `a / b` (ONNX Div).
    Div = "div", 2, |e, x| e.prim(Prim::Div, &x[..2]);
    /// The larger of `a` and `b` (ONNX Max).
    Max = "max", 2, |e, x| e.prim(Prim::Max, &x[..2]);
    /// The smaller of `a` and `b` (ONNX Min).
    Min = "min", 2, |e, x| e.prim(Prim::Min, &x[..2]);
    /// `-a` (ONNX Neg).
    Neg = "neg", 1, |e, x| e.prim(Prim::Neg, &x[..1]);
    /// `e^a` (ONNX Exp).
    Exp = "exp", 1, |e, x| e.prim(Prim::Exp, &x[..1]);
    /// The natural logarithm (ONNX Log).
    Log = "log", 1, |e, x| e.prim(Prim::Log, &x[..1]);
    /// The square root (ONNX Sqrt).
    Sqrt = "sqrt", 1, |e, x| e.prim(Prim::Sqrt, &x[..1]);
    /// The error function (ONNX Erf).
    Erf = "erf", 1, |e, x| e.prim(Prim::Erf, &x[..1]);
    /// `a < b` as a truth value (ONNX Less).
    Less = "less", 2, |e, x| e.prim(Prim::Less, &x[..2]);
    /// Whether both hold (ONNX And).
    And = "and", 2, |e, x| e.prim(Prim::And, &x[..2]);
    /// `b` where `a` holds, else `c` (ONNX Where, StableHLO select).
    Select = "select", 3, |e, x| e.prim(Prim::Select, &x);
    /// `max(a, 0)` (ONNX Relu).
    Relu = "relu", 1, |e, x| { let z = num(e, 0.0); e.prim(Prim::Max, &[x[0], z]) };
    /// `1 / (1 + e^-a)` (ONNX Sigmoid).
    Sigmoid = "sigmoid", 1, |e, x| {
        let one = num(e, 1.0);
        let n = e.prim(Prim::Neg, &x[..1]);
        let n = e.prim(Prim::Exp, &[n]);
        let d = e.prim(Prim::Add, &[one, n]);
        e.prim(Prim::Div, &[one, d])
    };
    /// The hyperbolic tangent, `1 - 2 / (e^2a + 1)` (ONNX Tanh).
    Tanh = "tanh", 1, |e, x| {
        let (one, two) = (num(e, 1.0), num(e, 2.0));
        let d = e.prim(Prim::Mul, &[two, x[0]]);
        let d = e.prim(Prim::Exp, &[d]);
        let d = e.prim(Prim::Add, &[d, one]);
        let d = e.prim(Prim::Div, &[two, d]);
        e.prim(Prim::Sub, &[one, d])
    };
    /// `0.5 * a * (1 + erf(a / sqrt(2)))` (ONNX Gelu, approximate = none).
    Gelu = "gelu", 1, |e, x| {
        let (half, one) = (num(e, 0.5), num(e, 1.0));
        let r = num(e, std::f32::consts::FRAC_1_SQRT_2);
        let h = e.prim(Prim::Mul, &[half, x[0]]);
        let t = e.prim(Prim::Mul, &[x[0], r]);
        let t = e.prim(Prim::Erf, &[t]);
        let t = e.prim(Prim::Add, &[one, t]);
        e.prim(Prim::Mul, &[h, t])
    };
}

impl Elementwise {
    /// Conformance cases, with broadcasting for each operand.
    pub fn cases(self) -> Vec<String> {
        let name = self.name();
        let (a, b) = if self == Elementwise::And { ("bool", "bool") } else { ("f32", "f32") };
        match self.arity() {
            1 => vec![format!("{name} f32[3, 37]"), format!("{name} f32[1100]")],
            2 => vec![
                format!("{name} {a}[3, 37], {b}[3, 37]"),
                format!("{name} {a}[3, 37], {b}[37]"),
                format!("{name} {a}[3, 1], {b}[3, 1030]"),
                format!("{name} {a}[2, 5, 6], {b}[]"),
            ],
            _ => vec![
                format!("{name} bool[3, 37], f32[3, 37], f32[3, 37]"),
                format!("{name} bool[3, 1], f32[], f32[3, 37]"),
            ],
        }
    }

    /// See [`super::OpDef::infer`].
    ///
    /// # Errors
    /// Names the operand that does not fit.
    pub fn infer(self, inputs: &[TensorType]) -> Result<Vec<TensorType>, OpError> {
        super::arity(self.name(), inputs, self.arity())?;
        infer(self.name(), &self.expr(), inputs)
    }

    /// See [`super::OpDef::eval`].
    pub fn eval(self, inputs: &[&Tensor], results: &[TensorType]) -> Vec<Tensor> {
        eval(&self.expr(), inputs, results)
    }
}

/// The result type of `expr` over `inputs`: truth values for a test, else f32.
pub(super) fn infer(name: &str, expr: &Expr, inputs: &[TensorType]) -> Result<Vec<TensorType>, OpError> {
    let mut shape = Shape::default();
    for (i, input) in inputs.iter().enumerate() {
        let fits = matches!(input.dtype, DType::F32 | DType::Bool);
        require!(fits, "{name}: input {i} is {input}, expected f32 or bool elements");
        shape = shape.broadcast(&input.shape).ok_or_else(|| {
            OpError(format!("{name}: input {i} is {input}, which does not broadcast with {shape}"))
        })?;
    }
    let dtype = if expr.is_test() { DType::Bool } else { DType::F32 };
    Ok(vec![TensorType { dtype, shape }])
}

/// Evaluates `expr` over all elements.
pub(super) fn eval(expr: &Expr, inputs: &[&Tensor], results: &[TensorType]) -> Vec<Tensor> {
    let dims = results[0].shape.as_fixed().unwrap_or_default();
    let widened: Vec<Vec<f32>> = inputs.iter().map(|t| t.to_f32()).collect();
    let strides: Vec<Vec<usize>> = inputs.iter().map(|t| broadcast_strides(&t.dims, &dims)).collect();
    let (mut operands, mut scratch) = (vec![0.0; inputs.len()], Vec::new());
    let mut index = vec![0; dims.len()];
    let mut out = Vec::with_capacity(dims.iter().product());
    for _ in 0..dims.iter().product() {
        for (operand, (values, strides)) in operands.iter_mut().zip(widened.iter().zip(&strides)) {
            *operand = values[index.iter().zip(strides).map(|(i, s)| i * s).sum::<usize>()];
        }
        out.push(expr.eval(&operands, &mut scratch));
        advance(&mut index, &dims);
    }
    vec![Tensor::from_f32(results[0].dtype, &dims, out)]
}

/// Strides with which an operand of sizes `dims` is read at an index into `result`; 0 where it is repeated.
pub fn broadcast_strides(dims: &[usize], result: &[usize]) -> Vec<usize> {
    let mut strides = vec![0; result.len()];
    let mut stride = 1;
    for (i, dim) in dims.iter().enumerate().rev() {
        if *dim != 1 {
            strides[result.len() - dims.len() + i] = stride;
        }
        stride *= dim;
    }
    strides
}

/// The next index in row-major order.
pub(super) fn advance(index: &mut [usize], dims: &[usize]) {
    for (i, dim) in index.iter_mut().zip(dims).rev() {
        *i += 1;
        if *i < *dim {
            return;
        }
        *i = 0;
    }
}
