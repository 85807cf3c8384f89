//! fuse-attention: heads split off, scores, softmax, weighted values, heads joined again: one `attention`, which
//! never writes the scores of all pairs. A scale on q or k, which may stand there instead of on the scores,
//! joins it.
//!
//! Must not fire where the heads are split or permuted in another way, where the scale is not one constant,
//! where keys and values differ in type, or where the scores or any other intermediate are used elsewhere.

use crate::pass::Pass;
use crate::rewrite::{
    Match, Pattern, Rule, Var, attention, constant, matmul, reshape, rewrite, rule, softmax, transpose, vars,
};
use graph::ops::Attention;
use graph::{Dim, Op};

/// See the head of this file.
pub const PASS: Pass = Pass {
    name: "fuse-attention",
    doc: "joins a written-out attention",
    tolerance: Pass::ROUNDING,
    run: |g| rewrite(g, &rules()),
};

fn rules() -> Vec<Rule> {
    let [q, k, v, scale, split_q, split_k] = vars();
    let split = |x: Var, split: Var| reshape(x).bind(split).shared();
    let scores = matmul(transpose(&[1, 0, 2], split(q, split_q)), transpose(&[1, 2, 0], split(k, split_k)));
    // With these types, no other split of v fits the products around it.
    let values = transpose(&[1, 0, 2], reshape(v).shared());
    let attend = |scores: Pattern| reshape(transpose(&[1, 0, 2], matmul(softmax(scores), values.clone())));
    let fused = move |m: &Match, scale: f32| {
        let heads = heads(m, q, split_q).unwrap_or_default();
        m.replace_with(Attention { heads, scale, in_bytes: false }, [m[q], m[k], m[v]])
    };
    let where_split = move |rule: Rule| {
        rule.only_if("q is split into heads", move |m| heads(m, q, split_q).is_some())
            .only_if("k is split as q is", move |m| heads(m, k, split_k) == heads(m, q, split_q))
            .only_if("k and v are of one type", move |m| m.ty(k) == m.ty(v))
            .only_if("the result is of q's type", move |m| m.result() == m.ty(q))
    };
    let rescaled = move |m: &Match| {
        let Op::Attention(a) = &m.root().op else { unreachable!("the pattern accepts attention only") };
        m.replace_with(Attention { scale: a.scale * m.number(scale), ..a.clone() }, [m[q], m[k], m[v]])
    };
    let keeps_type = |x: Var, i: usize| move |m: &Match| m.ty(x) == m.graph().ty(m.root().inputs[i]);
    vec![
        where_split(rule("attention", attend(&scores * constant(scale)), move |m| fused(m, m.number(scale)))),
        where_split(rule("attention without a scale", attend(scores), move |m| fused(m, 1.0))),
        rule("attention of a scaled q", attention(q * constant(scale), k, v), rescaled)
            .only_if("q keeps its type", keeps_type(q, 0)),
        rule("attention of a scaled k", attention(q, k * constant(scale), v), rescaled)
            .only_if("k keeps its type", keeps_type(k, 1)),
    ]
}

/// The number of heads, if `split: [t, heads, d]` is a reshape of `x: [t, heads * d]`.
fn heads(m: &Match, x: Var, split: Var) -> Option<usize> {
    let ([t, w], [rows, heads, d]) = (&m.ty(x).shape.0[..], &m.ty(split).shape.0[..]) else { return None };
    let (heads, d) = (heads.as_fixed()?, d.as_fixed()?);
    (rows == t && *w == Dim::fixed(heads.checked_mul(d)?)).then_some(heads)
}
