//! fuse-layer-norm: `(x - mean(x)) / sqrt(mean((x - mean(x))^2) + eps) * gamma + beta` becomes `layer_norm`.
//! Nine passes over memory become one. Runs before fuse-linear, which would not know a scale from a layer.
//!
//! Must not fire where gamma or beta is anything but one row of x's width, where eps is not a positive
//! constant, where x is not what is centred in both places, or where an intermediate is used elsewhere.

use crate::pass::Pass;
use crate::rewrite::{Pattern, Rule, constant, elementwise, mean, rewrite, rule, vars};
use graph::ops::{Elementwise, LayerNorm};
use graph::{DType, TensorType};

/// See the head of this file.
pub const PASS: Pass = Pass {
    name: "fuse-layer-norm",
    doc: "joins a written-out layer norm",
    tolerance: Pass::ROUNDING,
    run: |g| rewrite(g, &rules()),
};

fn rules() -> Vec<Rule> {
    let [x, gamma, beta, eps] = vars();
    let centred = x - mean(x);
    let variance = mean(&centred * &centred);
    let normal = &centred / sqrt(variance + constant(eps));
    let norm = rule("layer norm", normal * gamma + beta, move |m| {
        m.replace_with(LayerNorm { eps: m.number(eps), digits: 0 }, [m[x], m[gamma], m[beta]])
    });
    let row = move |ty: &TensorType| TensorType::new(DType::F32, ty.shape.last());
    vec![
        norm.only_if("eps is positive", move |m| m.number(eps) > 0.0)
            .only_if("gamma is a row of x's width", move |m| *m.ty(gamma) == row(m.ty(x)))
            .only_if("beta is a row of x's width", move |m| *m.ty(beta) == row(m.ty(x))),
    ]
}

fn sqrt(x: Pattern) -> Pattern {
    elementwise(Elementwise::Sqrt, [x])
}
