//! quantize-picked: a layer whose best outputs are computed again from the same weights need say no more than which these
//! are, so its weights have four bits. In a few directions that most of them share, on which four bits would spend their
//! steps, they stay what they were. Half the memory to read that bytes would be.
//! Runs before `quantize`, which would make bytes of these, too.
//!
//! Must not fire where something is applied to the layer's sum, since that is of two products then, nor where `quantize`
//! must not.

use super::{cse, narrow, quantize};
use crate::pass::Pass;
use crate::rewrite::{Match, Patch, node, rewrite, rule, vars};
use graph::ops::{Activation, Convert, Linear, Quantize, QuantizeLowRank};
use graph::{DType, Graph, Op};

/// Directions of weights in four bits.
const RANK: usize = 4;

/// See the head of this file.
pub const PASS: Pass = Pass {
    name: "quantize-picked",
    doc: "layers whose best outputs are computed again multiply four bits",
    tolerance: 1.5,
    run,
};

fn run(graph: &Graph) -> Graph {
    let [layer] = vars();
    let digits = quantize::digits(graph);
    let is_open = |op: &Op| matches!(op, Op::Linear(Linear { activation: Activation::None, .. }));
    let rule = rule("a layer in four bits", node(layer, is_open), move |m| low_rank(m, digits));
    let rule = narrow::of_layers(rule).only_if("its best outputs are computed again", is_picked_from);
    (cse::PASS.run)(&rewrite(graph, &[rule]))
}

/// Whether outputs of the layer's weights are picked, too.
fn is_picked_from(m: &Match) -> bool {
    let weights = m.root().inputs[1];
    m.graph().nodes().iter().any(|n| matches!(n.op, Op::PickedLinear(_)) && n.inputs[1] == weights)
}

/// The layer as the sum of two: of what its rows and weights have of the directions, in floats, and of what these leave of
/// the weights, in four bits.
fn low_rank(m: &Match, digits: usize) -> Patch {
    let Op::Linear(layer) = &m.root().op else { unreachable!("the pattern accepts linear only") };
    let (mut patch, inputs) = (Patch::new(), &m.root().inputs);
    let [x, w] = [0, 1].map(|i| inputs[i].into());
    let rest = patch.add(QuantizeLowRank { rank: RANK }, [w]);
    let [directions, of_w] = [2, 3].map(|i| patch.add(Convert { to: DType::F16 }, [rest.result(i)]));
    let of_x = patch.add(Linear::PLAIN, [x, directions]);
    let residual = layer.residual.then(|| inputs[inputs.len() - 1].into());
    let along = Linear { residual: layer.residual, ..Linear::PLAIN };
    let along = patch.add(along, [of_x, of_w].into_iter().chain(residual));
    let x = patch.add(Quantize { digits, rotated: true }, [x]);
    let bias = layer.bias.then(|| inputs[2].into());
    let inputs = [x, rest, x.result(1), rest.result(1)].into_iter().chain(bias).chain([along]);
    patch.add(Linear { residual: true, ..layer.clone() }, inputs);
    patch
}
