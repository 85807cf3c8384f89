//! matmul: the linear kernel, its right side packed at each run, matrix by matrix.

use super::{broadcast_strides, padded};
use crate::isa::Isa;
use crate::kernel::{Call, Kernel};
use crate::kernels::linear::pack::{Elements, Order, Panels, pack_into, packed_len};
use crate::kernels::linear::{Epilogue, Out, linear, linear_scratch};
use crate::kernels::rows::{Rows, RowsMut};
use compiler::NodeView;
use graph::Op;

pub const MATMUL: Kernel = Kernel { name: "matmul", accepts, scratch, run, ..Kernel::PLAIN };

/// Scratch memory for a long sum is no bound for a shorter one's, so its length is the same at every run.
fn accepts(node: &NodeView<'_>) -> bool {
    matches!(node.op, Op::Matmul(_)) && node.inputs[0].shape.last().is_some_and(|k| k.as_fixed().is_some())
}

fn scratch(isa: Isa, threads: usize, node: &NodeView<'_>) -> usize {
    let sizes = |i: usize| node.inputs[i].shape.eval(node.largest).unwrap_or_default();
    let (a, b) = (sizes(0), sizes(1));
    let (m, k, n) = (a[a.len() - 2], a[a.len() - 1], b[b.len() - 1]);
    packed_len(isa, n, k).next_multiple_of(16) + linear_scratch(isa, threads, m, k)
}

fn run(call: &mut Call<'_>) {
    let (a, b, out) = (call.dims(0), call.dims(1), call.out_dims(0));
    let (m, k, n) = (a[a.len() - 2], a[a.len() - 1], b[b.len() - 1]);
    let batch = padded(&out[..out.len() - 2]);
    let (sa, sb) = (broadcast_strides(&a[..a.len() - 2]), broadcast_strides(&b[..b.len() - 2]));
    let (left, right, result, isa) = (call.f32(0), call.f32(1), call.out(0), call.cx.isa);
    let panels = packed_len(isa, n, k);
    let (packed, scratch) = call.scratch.split_at_mut(panels.next_multiple_of(16));
    for (i, result) in result.chunks_exact_mut((m * n).max(1)).enumerate() {
        let at = |strides: &[usize]| {
            let mut rest = i;
            batch.iter().zip(strides).rev().fold(0, |sum, (size, stride)| {
                let index = rest % size;
                rest /= size;
                sum + index * stride
            })
        };
        let right = &right[at(&sb) * k * n..][..k * n];
        pack_into(isa, right, Order::OutputColumns, [n, k], &mut packed[..panels]);
        let weights = Panels::new(isa, Elements::F32(&packed[..panels]), n, k);
        let x = Rows::new(&left[at(&sa) * m * k..][..m * k], m, k);
        let rows = RowsMut::new(result, m, n);
        linear(call.cx, x, weights, &Epilogue::default(), Out { rows, scratch });
    }
}
