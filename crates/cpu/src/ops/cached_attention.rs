//! cached_attention: queries of one slot read its keys and values together.

use super::cache_write::is_kept;
use super::expect_op;
use crate::isa::Isa;
use crate::kernel::{Call, Kernel};
#[cfg(target_arch = "x86_64")]
use crate::kernels::cached_attention::window;
use crate::kernels::cached_attention::{CachedAttention, cached_attention, cached_attention_scratch};
use crate::kernels::linear::Out;
use crate::kernels::linear::pack::Element;
use compiler::NodeView;
use graph::{DType, Op};
#[cfg(target_arch = "x86_64")]
use half::bf16;

pub const CACHED_ATTENTION: Kernel = Kernel {
    name: "cached_attention",
    accepts: |node| matches!(node.op, Op::CachedAttention(_)) && is_kept(node.inputs[1].dtype),
    scratch,
    run,
    ..Kernel::PLAIN
};

/// Columns of the table.
#[cfg(target_arch = "x86_64")]
fn columns(node: &NodeView<'_>) -> usize {
    node.inputs[3].shape.last().and_then(|d| d.as_fixed()).unwrap_or_default()
}

fn scratch(isa: Isa, threads: usize, node: &NodeView<'_>) -> usize {
    let sizes = node.inputs[1].shape.eval(node.largest).unwrap_or_default();
    let [_, _, positions, d] = sizes[..] else { return 0 };
    #[cfg(target_arch = "x86_64")]
    {
        let columns = columns(node);
        match node.inputs[1].dtype {
            DType::BF16 if window::fits::<bf16>(isa, d, positions, columns) => {
                return window::window_attention_scratch::<bf16>(threads, positions);
            }
            DType::I8 if window::fits::<i8>(isa, d, positions, columns) => {
                return window::window_attention_scratch::<i8>(threads, positions);
            }
            _ => (),
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = isa; // Only narrow windows ask for the path.
    cached_attention_scratch(threads, positions, d)
}

fn run(call: &mut Call<'_>) {
    match call.dtype(1) {
        DType::BF16 => attend_narrow(call, &args(call, call.bf16(1), call.bf16(2))),
        DType::I8 => attend_narrow(call, &args(call, call.i8(1), call.i8(2))),
        _ => attend(call, &args(call, call.f32(1), call.f32(2))),
    }
}

/// Keys and values as they are where they fit.
#[cfg(target_arch = "x86_64")]
fn attend_narrow<E: Element + window::Narrow>(call: &mut Call<'_>, args: &CachedAttention<'_, E>) {
    if window::fits::<E>(call.cx.isa, args.q.cols() / args.heads, args.positions, args.columns) {
        let rows = call.out_rows(0);
        return window::window_attention(call.cx, args, Out { rows, scratch: call.scratch });
    }
    attend(call, args);
}

/// Widened here.
#[cfg(not(target_arch = "x86_64"))]
fn attend_narrow<E: Element>(call: &mut Call<'_>, args: &CachedAttention<'_, E>) {
    attend(call, args);
}

fn attend<E: Element>(call: &mut Call<'_>, args: &CachedAttention<'_, E>) {
    let rows = call.out_rows(0);
    cached_attention(call.cx, args, Out { rows, scratch: call.scratch });
}

fn args<'a, E>(call: &Call<'a>, keys: &'a [E], values: &'a [E]) -> CachedAttention<'a, E> {
    let op = expect_op!(call, CachedAttention);
    CachedAttention {
        q: call.rows(0),
        keys,
        values,
        factors: (call.arity() > 6).then(|| [6, 7].map(|i| call.f32(i))),
        positions: call.dims(1)[2],
        table: call.i32(3),
        columns: call.dims(3)[1],
        row: call.i32(4),
        last: call.i32(5),
        heads: call.dims(1)[1],
        scale: op.scale,
    }
}
