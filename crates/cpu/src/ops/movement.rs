//! pad, slice, concat, transpose: elements moved, none computed. Not views: each writes its result.

use super::expect_op;
use crate::kernel::{Call, Kernel};
use crate::kernels::rows::Shared;
use graph::Op;
use graph::ops::pad::source;

pub const PAD: Kernel =
    Kernel { name: "pad", accepts: |node| matches!(node.op, Op::Pad(_)), run: pad, ..Kernel::PLAIN };

pub const SLICE: Kernel =
    Kernel { name: "slice", accepts: |node| matches!(node.op, Op::Slice(_)), run: slice, ..Kernel::PLAIN };

pub const CONCAT: Kernel =
    Kernel { name: "concat", accepts: |node| matches!(node.op, Op::Concat(_)), run: concat, ..Kernel::PLAIN };

pub const TRANSPOSE: Kernel = Kernel {
    name: "transpose",
    accepts: |node| matches!(node.op, Op::Transpose(_)),
    run: transpose,
    ..Kernel::PLAIN
};

/// Bytes of one step along dimension `axis` of operand `i`.
fn step(call: &Call<'_>, i: usize, axis: usize) -> usize {
    call.dims(i)[axis + 1..].iter().product::<usize>() * call.dtype(i).bytes()
}

fn pad(call: &mut Call<'_>) {
    let op = expect_op!(call, Pad);
    let (row, len, from) = (step(call, 0, 0), call.dims(0)[0], call.bytes(0));
    let out = call.out_bytes(0);
    out[op.before * row..][..len * row].copy_from_slice(from);
    let ends = (0..op.before).chain(op.before + len..op.before + len + op.after);
    for i in ends {
        let to = &mut out[i * row..(i + 1) * row];
        match source(i, op.before, len, op.mode) {
            Some(at) => to.copy_from_slice(&from[at * row..(at + 1) * row]),
            None => to.fill(0),
        }
    }
}

fn slice(call: &mut Call<'_>) {
    let op = expect_op!(call, Slice);
    let inner = step(call, 0, op.axis);
    let whole = call.dims(0)[op.axis] * inner;
    let part = (op.end - op.start) * inner;
    let from = call.bytes(0).chunks_exact(whole.max(1));
    for (to, from) in call.out_bytes(0).chunks_exact_mut(part.max(1)).zip(from) {
        to.copy_from_slice(&from[op.start * inner..][..part]);
    }
}

fn concat(call: &mut Call<'_>) {
    let axis = expect_op!(call, Concat).axis;
    let part = |call: &Call<'_>, i: usize| call.dims(i)[axis] * step(call, i, axis);
    let whole: usize = (0..call.arity()).map(|i| part(call, i)).sum();
    for (outer, to) in call.out_bytes(0).chunks_exact_mut(whole.max(1)).enumerate() {
        let mut at = 0;
        for i in 0..call.arity() {
            let part = part(call, i);
            to[at..at + part].copy_from_slice(&call.bytes(i)[outer * part..][..part]);
            at += part;
        }
    }
}

fn transpose(call: &mut Call<'_>) {
    match call.dtype(0).bytes() {
        1 => transpose_of::<1>(call),
        2 => transpose_of::<2>(call),
        _ => transpose_of::<4>(call),
    }
}

/// Rows of a result that are written together: a line of the operand is read for all of them.
const BLOCK: usize = 16;

/// [`transpose`] of elements of `N` bytes: threads share the rows of the result.
fn transpose_of<const N: usize>(call: &mut Call<'_>) {
    let perm = &expect_op!(call, Transpose).perm;
    let rank = perm.len();
    let (mut dims, mut strides) = ([1; 4], [0; 4]);
    for (i, p) in perm.iter().enumerate() {
        dims[4 - rank + i] = call.out_dims(0)[i];
        strides[4 - rank + i] = step(call, 0, *p);
    }
    let (rows, len) = (dims[0] * dims[1] * dims[2], dims[3]);
    let (cx, from, out) = (call.cx, call.bytes(0), Shared::new(call.out_bytes(0)));
    let base = |row: usize| {
        let (ab, c) = (row / dims[2].max(1), row % dims[2].max(1));
        ab / dims[1] * strides[0] + ab % dims[1] * strides[1] + c * strides[2]
    };
    cx.split(rows, rows * len, |part| {
        // SAFETY: the rows of parts don't overlap.
        let out = unsafe { out.slice(part.start * len * N, part.len() * len * N) };
        for first in part.clone().step_by(BLOCK) {
            for column in (0..len).step_by(BLOCK) {
                for row in first..(first + BLOCK).min(part.end) {
                    let base = base(row);
                    let to = &mut out[(row - part.start) * len * N..][..len * N];
                    for d in column..(column + BLOCK).min(len) {
                        to[d * N..][..N].copy_from_slice(&from[base + d * strides[3]..][..N]);
                    }
                }
            }
        }
    });
}
