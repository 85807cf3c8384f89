//! convert: between f32 and the narrow types, truth values to f32, and f32 to whole numbers.

use crate::kernel::{Call, Kernel};
use crate::kernels::narrow::narrow;
use compiler::NodeView;
use graph::{DType, Op};
use half::{bf16, f16};

pub const CONVERT: Kernel = Kernel { name: "convert", accepts, run, ..Kernel::PLAIN };

fn accepts(node: &NodeView<'_>) -> bool {
    let Op::Convert(op) = node.op else { return false };
    matches!(
        (node.inputs[0].dtype, op.to),
        (DType::F16 | DType::BF16 | DType::I8 | DType::Bool, DType::F32)
            | (DType::F32, DType::F16 | DType::BF16 | DType::I8 | DType::I32)
    )
}

fn run(call: &mut Call<'_>) {
    let from = call.bytes(0);
    if let (DType::F32, DType::BF16) = (call.dtype(0), call.outputs[0].dtype) {
        return narrow(call.cx, call.f32(0), call.out_bytes(0));
    }
    let words = from.chunks_exact(2).map(|b| [b[0], b[1]]);
    match (call.dtype(0), call.outputs[0].dtype) {
        (DType::F16, _) => {
            call.out(0).iter_mut().zip(words).for_each(|(o, b)| *o = f16::from_le_bytes(b).to_f32());
        }
        (DType::BF16, _) => {
            call.out(0).iter_mut().zip(words).for_each(|(o, b)| *o = bf16::from_le_bytes(b).to_f32());
        }
        (DType::I8, _) => call.out(0).iter_mut().zip(from).for_each(|(o, b)| *o = f32::from(b.cast_signed())),
        (DType::Bool, _) => call.out(0).iter_mut().zip(from).for_each(|(o, b)| *o = f32::from(*b)),
        (_, DType::I32) => {
            let values = call.f32(0);
            let out = call.out_bytes(0).chunks_exact_mut(4);
            out.zip(values).for_each(|(o, x)| o.copy_from_slice(&(*x as i32).to_ne_bytes()));
        }
        (_, DType::I8) => {
            let values = call.f32(0);
            call.out_bytes(0).iter_mut().zip(values).for_each(|(o, x)| *o = (*x as i8).cast_unsigned());
        }
        _ => {
            let values = call.f32(0);
            let out = call.out_bytes(0).chunks_exact_mut(2);
            out.zip(values).for_each(|(o, x)| o.copy_from_slice(&f16::from_f32(*x).to_le_bytes()));
        }
    }
}
