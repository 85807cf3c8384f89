//! spectrogram: a mixed-radix Fourier transform over many frames at once, for Whisper's frames of 400 samples.

use super::expect_op;
use crate::aligned::Region;
use crate::isa::Isa;
use crate::kernel::{Call, Constant, Kernel, Packing};
use crate::kernels::linear::Out;
use crate::kernels::stft::{FRAME, Stft, power_spectrum, power_spectrum_scratch};
use compiler::{NodeView, TensorView};
use graph::Op;

pub const SPECTROGRAM: Kernel = Kernel {
    name: "spectrogram",
    accepts,
    packing: Some(Packing { operand: 1, attributes: true, bytes: |_, _| Stft::BYTES, place, fill }),
    scratch: |isa, threads, _| power_spectrum_scratch(isa, threads),
    run,
    ..Kernel::PLAIN
};

fn accepts(node: &NodeView<'_>) -> bool {
    let window = || node.inputs[1].shape.as_fixed();
    matches!(node.op, Op::Spectrogram(_)) && node.constant[1] && window().is_some_and(|w| w == [FRAME])
}

fn place(_: Isa, node: &NodeView<'_>, region: &mut Region) -> Constant {
    let Op::Spectrogram(op) = node.op else { unreachable!("accepted as a spectrogram") };
    Constant::Stft(Stft::place(op.hop, region))
}

fn fill(window: &TensorView<'_>, constant: &mut Constant) {
    let Constant::Stft(stft) = constant else { unreachable!("placed as a transform") };
    let values = window.bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    stft.fill(&values.collect::<Vec<_>>());
}

fn run(call: &mut Call<'_>) {
    expect_op!(call, Spectrogram);
    let Constant::Stft(stft) = call.packed() else { unreachable!("packed as a transform") };
    let rows = call.out_rows(0);
    power_spectrum(call.cx, call.f32(0), stft, Out { rows, scratch: call.scratch });
}
