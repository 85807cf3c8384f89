//! narrow: linear layers, convolutions and attention multiply bf16. Their activations and weights are converted;
//! bias, residual, sums and results stay f32. Half the memory to read, and machines multiply bf16 several times
//! as fast. One conversion serves every reader of a value. Runs late: what is fused stays fused.
//!
//! Must not fire where a layer never has more than `FEW` rows: reading its weights is all that takes time, and
//! models keep them in 16 bits with more digits than bf16 has. Nor on layers of few columns or outputs. Nor where
//! weights are activations, which kernels don't pack, nor where attention has a negative scale, with which its greatest
//! score is the least, nor on `matmul`, of which log-mel is made: the mel scale needs its digits.

use super::cse;
use crate::load_time::LoadTime;
use crate::pass::Pass;
use crate::rewrite::{Match, Operand, Patch, Rule, node, rewrite, rule, vars};
use graph::ops::Convert;
use graph::{DType, Graph, Op, TensorType};

/// The most rows of a layer that is left as it is.
const FEW: usize = 8;

/// Columns and outputs of a layer that is thin if it has fewer of either: those of a vector.
const THIN: usize = 16;

/// See the head of this file.
pub const PASS: Pass = Pass {
    name: "narrow",
    doc: "linear layers, convolutions and attention multiply bf16",
    tolerance: 0.1,
    run: |g| (cse::PASS.run)(&rewrite(g, &rules())),
};

fn rules() -> Vec<Rule> {
    let [layer] = vars();
    let weighted = |op: &Op| matches!(op, Op::Linear(_) | Op::Conv1d(_));
    vec![
        of_layers(rule("a layer in bf16", node(layer, weighted), |m| narrowed(m, 2)))
            .only_if("it has many rows", |m| has_many_rows(m.graph(), m.result())),
        rule("attention in bf16", node(layer, |op| matches!(op, Op::Attention(_))), |m| narrowed(m, 3))
            .only_if("its operands are f32", is_wide)
            .only_if("its scale is positive", |m| matches!(&m.root().op, Op::Attention(a) if a.scale > 0.0)),
    ]
}

/// The node with its first `count` operands converted.
fn narrowed(m: &Match, count: usize) -> Patch {
    let mut patch = Patch::new();
    let mut inputs: Vec<Operand> = m.root().inputs.iter().map(|v| (*v).into()).collect();
    for input in &mut inputs[..count] {
        *input = patch.add(Convert { to: DType::BF16 }, [*input]);
    }
    patch.add(m.root().op.clone(), inputs);
    patch
}

/// The rule of a layer, where what it multiplies may become narrow.
pub(super) fn of_layers(rule: Rule) -> Rule {
    rule.only_if("its activations are f32", is_wide)
        .only_if("its weights are known at load time", |m| LoadTime::of(m.graph()).knows(m.root().inputs[1]))
        .only_if("it is not thin", |m| !is_thin(m))
}

fn is_wide(m: &Match) -> bool {
    m.graph().ty(m.root().inputs[0]).dtype == DType::F32
}

/// Whether the weights of the matched layer are so few columns or outputs that narrow ones save nothing.
fn is_thin(m: &Match) -> bool {
    let dims = m.graph().ty(m.root().inputs[1]).shape.as_fixed().unwrap_or_default();
    dims.split_first().is_some_and(|(outputs, rest)| (*outputs).min(rest.iter().product()) < THIN)
}

/// Whether a result of `graph` has more than [`FEW`] rows when symbols are at their largest.
pub(super) fn has_many_rows(graph: &Graph, result: &TensorType) -> bool {
    let sizes = result.shape.eval(&graph.largest()).unwrap_or_default();
    sizes.split_last().is_some_and(|(_, rows)| rows.iter().product::<usize>() > FEW)
}
