//! The reference interpreter: a graph's meaning by plain loops. Not a device: it is slow on purpose.

use crate::graph::{Graph, ParamKind, Value};
use crate::{Bindings, Op, Tensor, TensorType};

/// Why a graph could not be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// A parameter has no tensor, or one of another type.
    #[error("%{name}: {message}")]
    Param {
        /// The parameter.
        name: String,
        /// What was got and what was expected.
        message: String,
    },
}

/// What the parameters of a graph are bound to.
pub trait Env {
    /// The tensor of the parameter `name`: a weight by its name in the model, others by their value's name.
    fn tensor(&self, kind: &ParamKind, name: &str) -> Option<Tensor>;

    /// Takes back what a state holds after the run.
    fn set_state(&mut self, name: &str, tensor: Tensor);
}

/// Runs a verified graph and gives its results.
///
/// # Errors
/// A parameter is not bound, or to a tensor that does not fit its type.
pub fn run(graph: &Graph, env: &mut dyn Env) -> Result<Vec<Tensor>, RunError> {
    let mut values: Vec<Option<Tensor>> = vec![None; graph.values().len()];
    let mut bindings = Bindings::new();
    for param in graph.params() {
        let info = graph.value(param.value);
        let fail = |message: String| RunError::Param { name: info.name.clone(), message };
        let name = if let ParamKind::Weight(weight) = &param.kind { weight } else { &info.name };
        let tensor = env.tensor(&param.kind, name).ok_or_else(|| fail("no tensor is given".to_owned()))?;
        if tensor.dtype() != info.ty.dtype {
            return Err(fail(format!("got {} elements, expected {}", tensor.dtype(), info.ty.dtype)));
        }
        graph.bind(&info.ty.shape, &tensor.dims, &mut bindings).map_err(fail)?;
        values[param.value.index()] = Some(tensor);
    }
    for node in graph.nodes() {
        let inputs: Vec<&Tensor> = node.inputs.iter().map(|v| bound(&values, *v)).collect();
        let types: Vec<TensorType> = node.outputs.iter().map(|v| concrete(graph.ty(*v), &bindings)).collect();
        let outputs = node.op.eval(&inputs, &types);
        for (value, tensor) in node.outputs.iter().zip(outputs) {
            if let (Op::CacheWrite(_), Some(state)) = (&node.op, graph.state_of(*value)) {
                env.set_state(&graph.value(state).name, tensor.clone());
            }
            values[value.index()] = Some(tensor);
        }
    }
    Ok(graph.results().iter().map(|v| bound(&values, *v).clone()).collect())
}

fn bound(values: &[Option<Tensor>], value: Value) -> &Tensor {
    values[value.index()].as_ref().expect("the verifier checks that values are defined before use")
}

/// `ty` with every symbol replaced by its size.
fn concrete(ty: &TensorType, bindings: &Bindings) -> TensorType {
    let dims = ty.shape.eval(bindings).expect("inputs bind every symbol");
    TensorType::fixed(ty.dtype, &dims)
}
