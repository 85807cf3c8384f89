//! canonicalize: one spelling for each thing, so that the patterns of later passes stay few.
//!
//! - A constant is the right operand of an op that commutes; a difference with a constant is a sum; a quotient
//!   by a power of two, whose inverse is exact, is a product.
//! - A product with a constant stands before reshape and transpose, next to what it scales; two of them are one.
//! - A chain of reshapes, or of transposes, is one; what changes nothing goes.
//! - A product with the transpose of a matrix known at load time is a `linear`, which keeps weights as models
//!   store them.
//!
//! Must not fire where a product's inner value is used elsewhere (it would be computed twice), where folding
//! two scales would leave the range of normal numbers, where the inverse of a divisor is not exact, or where
//! the transposed matrix is an activation: a linear's weights are packed when the model is loaded.

use crate::load_time::LoadTime;
use crate::pass::Pass;
use crate::rewrite::{
    Match, Patch, Rule, constant, convert, elementwise, matmul, moved, permuted, reshape, rewrite, rule,
    transpose, vars,
};
use graph::ops::{Constant, Elementwise, Linear, Transpose};
use graph::{Node, Op};

/// See the head of this file.
pub const PASS: Pass = Pass {
    name: "canonicalize",
    doc: "one spelling for each thing",
    tolerance: Pass::ROUNDING,
    run: |g| rewrite(g, &[arithmetic(), movement(), matrices()].into_iter().flatten().collect::<Vec<_>>()),
};

fn arithmetic() -> Vec<Rule> {
    use Elementwise::{Add, Max, Min, Mul};
    let [x, a, b, inner] = vars();
    let mut rules: Vec<Rule> = [Add, Mul, Max, Min].map(constant_right).into();
    rules.extend([
        rule("x - a", x - constant(a), move |m| with_constant(m, Add, -m.number(a))),
        rule("x / a", x / constant(a), move |m| with_constant(m, Mul, 1.0 / m.number(a)))
            .only_if("the inverse of a is exact", move |m| is_power_of_two(m.number(a))),
        rule("x * 1", x * constant(a), move |m| m.replace_with_value(m[x]))
            .only_if("a is 1", move |m| m.number(a) == 1.0)
            .only_if("x has the result's type", move |m| m.ty(x) == m.result()),
        rule("x * a * b", (x * constant(a)) * constant(b), move |m| {
            let mut patch = Patch::new();
            let scale = patch.add(Constant { value: m.number(a) * m.number(b) }, []);
            patch.add(Op::Elementwise(Mul), [m[x].into(), scale]);
            patch
        })
        .only_if("the product is a normal number", move |m| (m.number(a) * m.number(b)).is_normal()),
        rule("moved(x) * a", moved(x).bind(inner) * constant(a), move |m| {
            let mut patch = Patch::new();
            let scaled = patch.add(Op::Elementwise(Mul), [m[x].into(), m[a].into()]);
            patch.add(m.node(inner).op.clone(), [scaled]);
            patch
        }),
    ]);
    rules
}

fn constant_right(op: Elementwise) -> Rule {
    let [x, a] = vars();
    rule("a constant on the right", elementwise(op, [constant(a), x.into()]), move |m| {
        m.replace_with(Op::Elementwise(op), [m[x], m[a]])
    })
    .only_if("the constant is on the left", move |m| m.root().inputs[0] == m[a])
    .only_if("x is no constant", move |m| crate::load_time::number(m.graph(), m[x]).is_none())
}

/// The root's first operand and a new constant under `op`.
fn with_constant(m: &Match, op: Elementwise, value: f32) -> Patch {
    let mut patch = Patch::new();
    let constant = patch.add(Constant { value }, []);
    patch.add(Op::Elementwise(op), [m.root().inputs[0].into(), constant]);
    patch
}

/// Whether `x` and `1 / x` are powers of two, so that dividing and multiplying give the same bits.
fn is_power_of_two(x: f32) -> bool {
    let mantissa = x.to_bits() & ((1 << (f32::MANTISSA_DIGITS - 1)) - 1);
    x.is_normal() && (1.0 / x).is_normal() && mantissa == 0
}

fn movement() -> Vec<Rule> {
    let [x, inner] = vars();
    vec![
        rule("a reshape of a reshape", reshape(reshape(x).shared()), move |m| {
            m.replace_with(m.root().op.clone(), [m[x]])
        }),
        rule("a transpose of a transpose", permuted(permuted(x).shared().bind(inner)), move |m| {
            let (outer, inner) = (perm(m.root()), perm(m.node(inner)));
            m.replace_with(Transpose { perm: outer.iter().map(|i| inner[*i]).collect() }, [m[x]])
        }),
        rule("a reshape to the same shape", reshape(x), move |m| m.replace_with_value(m[x]))
            .only_if("the type stays", move |m| m.ty(x) == m.result()),
        rule("a transpose that moves nothing", permuted(x), move |m| m.replace_with_value(m[x]))
            .only_if("each axis stays", move |m| perm(m.root()).iter().enumerate().all(|(i, p)| i == *p)),
        rule("a conversion to the same type", convert(x), move |m| m.replace_with_value(m[x]))
            .only_if("the type stays", move |m| m.ty(x) == m.result()),
    ]
}

fn perm(node: &Node) -> &[usize] {
    let Op::Transpose(Transpose { perm }) = &node.op else {
        unreachable!("the pattern accepts transpose only")
    };
    perm
}

fn matrices() -> Vec<Rule> {
    let [x, w] = vars();
    vec![
        rule("x times w^T", matmul(x, transpose(&[1, 0], w).shared()), move |m| {
            m.replace_with(Linear::PLAIN, [m[x], m[w]])
        })
        .only_if("w is known at load time", move |m| LoadTime::of(m.graph()).knows(m[w])),
    ]
}
