//! The interpreter's own evaluation as a kernel, for tests of graphs that no kernel covers. Never chosen
//! otherwise.

use crate::constants::{tensor_of, to_bytes};
use crate::kernel::{Call, Kernel};
use graph::{Tensor, TensorType};

pub(crate) const KERNEL: Kernel = Kernel { name: "reference", accepts: |_| true, run, ..Kernel::PLAIN };

fn run(call: &mut Call<'_>) {
    let tensor = |i: usize| tensor_of(call.dtype(i), call.dims(i), &call.copied(i));
    let inputs: Vec<Tensor> = (0..call.arity()).map(tensor).collect();
    let types: Vec<TensorType> =
        call.outputs.iter().map(|o| TensorType::fixed(o.dtype, o.dims.sizes())).collect();
    let results = call.op.eval(&inputs.iter().collect::<Vec<_>>(), &types);
    for (i, result) in results.iter().enumerate() {
        call.out_bytes(i).copy_from_slice(&to_bytes(result));
    }
}
