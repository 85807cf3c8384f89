//! Work worked out by hand, op by op. Not a kernel's count.

use super::*;
use graph::text;

/// The work of a case as text, its operands of i32 with these elements, in their order.
fn work_of(case: &str, ints: &[&[i32]], in_place: bool) -> Work {
    let (op, types) = text::parse_case(case).unwrap();
    let results = op.infer(&types).unwrap();
    let dims = |ty: &graph::TensorType| ty.shape.as_fixed().unwrap();
    let sizes: Vec<Vec<usize>> = types.iter().chain(&results).map(dims).collect();
    let mut ints = ints.iter().map(|x| x.iter().flat_map(|i| i.to_le_bytes()).collect::<Vec<u8>>());
    let bytes: Vec<Vec<u8>> = types
        .iter()
        .map(|ty| if ty.dtype == DType::I32 { ints.next().unwrap() } else { Vec::new() })
        .collect();
    let view = |i: usize, dtype: DType| TensorView { dtype, dims: &sizes[i], bytes: &[] };
    let inputs: Vec<_> = types
        .iter()
        .enumerate()
        .map(|(i, ty)| TensorView { bytes: &bytes[i], ..view(i, ty.dtype) })
        .collect();
    let outputs: Vec<_> = results.iter().enumerate().map(|(i, ty)| view(types.len() + i, ty.dtype)).collect();
    Call { op: &op, inputs: &inputs, outputs: &outputs, in_place }.work()
}

#[test]
fn a_linear_layer_multiplies_rows_outputs_and_factors() {
    let of = |case: &str| work_of(case, &[], false);
    let got = of(
        "linear f32[5, 16], f32[33, 16], f32[33] {activation=gelu, bias=true, residual=false, to=f32, parts=1}",
    );
    let bytes = 4 * (5 * 16 + 33 * 16 + 33 + 5 * 33);
    assert_eq!(got, Work { flops: [2 * 5 * 33 * 16, 0, 0], exps: [5 * 33, 0, 0], bytes });
    // Weights that are only kept narrow are widened; bytes are those of the narrow type.
    let got =
        of("linear f32[1, 16], bf16[33, 16] {activation=none, bias=false, residual=false, to=f32, parts=1}");
    assert_eq!(got, Work { flops: [2 * 33 * 16, 0, 0], exps: [0; 3], bytes: 4 * 16 + 2 * 33 * 16 + 4 * 33 });
    let got = of(
        "linear bf16[5, 16], bf16[33, 16], f32[5, 33] {activation=none, bias=false, residual=true, to=f32, parts=1}",
    );
    let bytes = 2 * (5 * 16 + 33 * 16) + 2 * 4 * 5 * 33;
    assert_eq!(got, Work { flops: [0, 2 * 5 * 33 * 16, 0], exps: [0; 3], bytes });
    let got = of(
        "linear i8[5, 16], i8[33, 16], f32[5], f32[33] {activation=gelu, bias=false, residual=false, to=f32, parts=1}",
    );
    let bytes = 5 * 16 + 33 * 16 + 4 * (5 + 33 + 5 * 33);
    assert_eq!(got, Work { flops: [0, 0, 2 * 5 * 33 * 16], exps: [0, 0, 5 * 33], bytes });
    let got = of(
        "linear i8[5, 2, 16], i8[33, 16], f32[5], f32[33] {activation=none, bias=false, residual=false, to=f32, parts=1}",
    );
    assert_eq!(got.flops, [0, 0, 2 * 2 * 5 * 33 * 16]);
    // Weights of four bits are half as many bytes.
    let got = of(
        "linear i8[5, 16], i4[33, 16], f32[5], f32[33] {activation=none, bias=false, residual=false, to=f32, parts=1}",
    );
    let bytes = 5 * 16 + 33 * 16 / 2 + 4 * (5 + 33 + 5 * 33);
    assert_eq!(got, Work { flops: [0, 0, 2 * 5 * 33 * 16], exps: [0; 3], bytes });
    // A result of bf16 is half as many bytes.
    let got = of(
        "linear bf16[5, 16], bf16[33, 16] {activation=gelu, bias=false, residual=false, to=bf16, parts=1}",
    );
    let bytes = 2 * (5 * 16 + 33 * 16 + 5 * 33);
    assert_eq!(got, Work { flops: [0, 2 * 5 * 33 * 16, 0], exps: [0, 5 * 33, 0], bytes });
    let got = of(
        "linear i8[5, 16], i8[33, 16], f32[5], f32[33] {activation=gelu, bias=false, residual=false, to=i8, parts=1}",
    );
    let bytes = 5 * 16 + 33 * 16 + 4 * (5 + 33) + 5 * 33 + 4 * 5;
    assert_eq!(got, Work { flops: [2 * 5 * 33, 0, 2 * 5 * 33 * 16], exps: [0, 0, 5 * 33], bytes });
}

#[test]
fn convolution_and_matrix_product() {
    let got = work_of(
        "conv1d bf16[20, 7], bf16[5, 7, 3] {stride=2, pad=1, activation=gelu, bias=false}",
        &[],
        false,
    );
    let bytes = 2 * (20 * 7 + 5 * 7 * 3) + 4 * 10 * 5;
    assert_eq!(got, Work { flops: [0, 2 * 10 * 5 * 7 * 3, 0], exps: [0, 50, 0], bytes });
    let got = work_of("matmul f32[2, 5, 7], f32[2, 7, 33]", &[], false);
    assert_eq!(got.flops, [2 * 2 * 5 * 33 * 7, 0, 0]);
}

#[test]
fn attention_scores_each_pair_and_weighs_each_value() {
    let got = work_of(
        "attention bf16[5, 48], bf16[70, 48], bf16[70, 48] {heads=6, scale=0.35, in_bytes=false}",
        &[],
        false,
    );
    let bytes = 2 * (5 * 48 + 2 * 70 * 48) + 4 * 5 * 48;
    assert_eq!(got, Work { flops: [0, 4 * 5 * 70 * 48, 0], exps: [0, 6 * 5 * 70, 0], bytes });
    let case = "attention bf16[5, 48], bf16[70, 48], bf16[70, 48] {heads=6, scale=0.35, in_bytes=true}";
    let want = Work { flops: [0, 0, 4 * 5 * 70 * 48], exps: [0, 6 * 5 * 70, 0], bytes };
    assert_eq!(work_of(case, &[], false), want);
}

#[test]
fn cached_attention_reads_each_place_that_is_seen_once() {
    // Row 0 sees places 0..=2 and 0..=3; row 1 shares its first two with it, and has one of slot 1.
    let case = "cached_attention f32[3, 8], bf16[4, 2, 6, 4], bf16[4, 2, 6, 4], i32[2, 6], i32[3], i32[3] {scale=0.5}";
    let table = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1];
    let got = work_of(case, &[&table, &[0, 0, 1], &[2, 3, 2]], false);
    let (scores, places) = (3 + 4 + 3, 4 + 1);
    let bytes = 4 * 3 * 8 + 2 * places * 8 * 2 + 4 * (12 + 3 + 3) + 4 * 3 * 8;
    assert_eq!(got, Work { flops: [0, 4 * scores * 8, 0], exps: [0, 2 * scores, 0], bytes });
    // Two rows of one window, and one of another, which is shorter.
    let case =
        "cached_attention f32[3, 8], f32[4, 2, 6, 4], f32[4, 2, 6, 4], i32[3, 1], i32[3], i32[3] {scale=0.5}";
    let got = work_of(case, &[&[3, 1, 3], &[0, 1, 2], &[5, 2, 5]], false);
    let (scores, places) = (6 + 3 + 6, 6 + 3);
    let bytes = 4 * 3 * 8 + 2 * places * 8 * 4 + 4 * (3 + 3 + 3) + 4 * 3 * 8;
    assert_eq!(got, Work { flops: [4 * scores * 8, 0, 0], exps: [2 * scores, 0, 0], bytes });
    // Of bytes each head of a place has two factors.
    let case = "cached_attention f32[3, 8], i8[4, 2, 6, 4], i8[4, 2, 6, 4], i32[3, 1], i32[3], i32[3], f32[4, 2, 6, 1], f32[4, 2, 6, 1] {scale=0.5}";
    let got = work_of(case, &[&[3, 1, 3], &[0, 1, 2], &[5, 2, 5]], false);
    let bytes = 4 * 3 * 8 + places * 2 * (8 + 2 * 4) + 4 * (3 + 3 + 3) + 4 * 3 * 8;
    assert_eq!(got, Work { flops: [0, 0, 4 * scores * 8], exps: [0, 0, 2 * scores], bytes });
}

#[test]
fn cached_scores_read_the_picked_heads_at_the_places() {
    let case = "cached_scores f32[3, 8], bf16[4, 4, 6, 2], i32[1], i32[4] {pick=[1, 3], scale=0.5}";
    let got = work_of(case, &[&[3], &[0, 2, 5, 2]], false);
    let bytes = 4 * 3 * 4 + 3 * 4 * 2 + 4 * (1 + 4) + 4 * (2 * 3 * 4);
    assert_eq!(got, Work { flops: [0, 2 * (2 * 3 * 4) * 2, 0], exps: [0; 3], bytes });
    let case =
        "cached_scores f32[3, 8], i8[4, 4, 6, 2], i32[1], i32[4], f32[4, 4, 6, 1] {pick=[1, 3], scale=0.5}";
    let got = work_of(case, &[&[3], &[0, 2, 5, 2]], false);
    let bytes = 4 * 3 * 4 + 3 * (4 + 2 * 4) + 4 * (1 + 4) + 4 * (2 * 3 * 4);
    assert_eq!(got, Work { flops: [0, 0, 2 * (2 * 3 * 4) * 2], exps: [0; 3], bytes });
}

#[test]
fn only_touched_rows_of_states_and_tables_count() {
    let got = work_of(
        "cache_write bf16[4, 2, 24, 20], f32[3, 40], i32[3], i32[3] {placed=true}",
        &[&[0; 3], &[0; 3]],
        true,
    );
    assert_eq!(got, Work { bytes: 3 * 40 * (4 + 2) + 4 * 6, ..Work::default() });
    let got = work_of("cache_write bf16[2, 3, 10, 5], bf16[10, 15], i32[1] {placed=false}", &[&[0]], true);
    assert_eq!(got, Work { bytes: 10 * 15 * (2 + 2) + 4, ..Work::default() });
    let got = work_of("gather_elements f32[5, 1100], i32[5, 3] {rows=false}", &[&[0; 15]], false);
    assert_eq!(got.bytes, 4 * (15 + 2 * 15));
    // Of the two rows that are picked each is read once.
    let ids = [7, 7, 9, 7, 9, 9];
    let got = work_of("picked_linear f32[2, 16], f16[1100, 16], i32[2, 3]", &[&ids], false);
    let bytes = 4 * 2 * 16 + 2 * 2 * 16 + 4 * 6 + 4 * 6;
    assert_eq!(got, Work { flops: [2 * 6 * 16, 0, 0], exps: [0; 3], bytes });
    let got = work_of("scatter_elements f32[2, 1100], i32[2, 3], f32[2, 3]", &[&ids], true);
    assert_eq!(got.bytes, 4 * 3 * 6);
    let got = work_of("gather f16[1100, 8], i32[5]", &[&[0; 5]], false);
    assert_eq!(got, Work { bytes: 2 * 2 * 5 * 8 + 4 * 5, ..Work::default() });
    let got = work_of("slice f32[3, 37] {axis=1, start=5, end=30}", &[], false);
    assert_eq!(got, Work { bytes: 2 * 4 * 3 * 25, ..Work::default() });
    // Of spans in place, the columns in them; beyond the last column there are none.
    let spans = [&[2, 5, 30, 99, 7, 7, 1, 0][..]];
    assert_eq!(work_of("mask_spans f32[2, 37], i32[2, 4]", &spans, true).bytes, 4 * (3 + 7) + 4 * 8);
    assert_eq!(work_of("mask_spans f32[2, 37], i32[2, 4]", &spans, false).bytes, 2 * 4 * 2 * 37 + 4 * 8);
}

#[test]
fn primitives_are_counted_and_exponentials_apart() {
    let got = work_of(r#"fused f32[3, 37], f32[37] {f="mul(add($0, $1), exp(max($1, 0.5)))"}"#, &[], false);
    assert_eq!(got, Work { flops: [3 * 111, 0, 0], exps: [111, 0, 0], bytes: 4 * (2 * 111 + 37) });
    // Half, a product, the error function, a sum, a product.
    let got = work_of("gelu f32[10]", &[], false);
    assert_eq!(got, Work { flops: [40, 0, 0], exps: [10, 0, 0], bytes: 80 });
}

#[test]
fn rows_are_normalised_and_reduced() {
    let of = |case: &str| work_of(case, &[], false);
    let got = of("layer_norm f32[5, 40], f32[40], f32[40] {eps=1e-5, digits=0}");
    assert_eq!(got, Work { flops: [7 * 200, 0, 0], exps: [0; 3], bytes: 4 * (2 * 200 + 80) });
    let got = of("layer_norm f32[5, 40], f32[40], f32[40] {eps=1e-5, digits=2}");
    let bytes = 4 * (200 + 80) + 2 * 200 + 4 * 5;
    assert_eq!(got, Work { flops: [9 * 200, 0, 0], exps: [0; 3], bytes });
    let got = of("softmax f32[3, 37]");
    assert_eq!(got, Work { flops: [4 * 111, 0, 0], exps: [111, 0, 0], bytes: 2 * 4 * 111 });
    let got = of("reduce f32[3, 37] {kind=log_sum_exp, axis=-1}");
    assert_eq!(got, Work { flops: [3 * 111, 0, 0], exps: [114, 0, 0], bytes: 4 * (111 + 3) });
    assert_eq!(of("reduce f32[3, 37] {kind=max, axis=-1}").flops, [111, 0, 0]);
    let got = of("quantize f32[3, 40] {digits=1, rotated=false}");
    assert_eq!(got, Work { flops: [240, 0, 0], exps: [0; 3], bytes: 4 * 120 + 120 + 4 * 3 });
    // Eight parts.
    let got = of("quantize f32[3, 384] {digits=1, rotated=true}");
    assert_eq!(got.flops, [(2 + 3) * 3 * 384, 0, 0]);
}

#[test]
fn a_recurrence_and_a_transform() {
    let got = work_of("lstm f32[7, 64], f32[64, 16], f32[16], f32[16]", &[], false);
    let bytes = 4 * (7 * 64 + 64 * 16 + 2 * 16 + 7 * 16 + 2 * 16);
    let flops = 7 * (2 * 64 * 16 + 4 * 16);
    assert_eq!(got, Work { flops: [flops, 0, 0], exps: [7 * 5 * 16, 0, 0], bytes });
    // Two frames of 64 samples, of 33 frequencies: 2.5 * 64 * 6 for each transform.
    let got = work_of("spectrogram f32[80], f32[64] {hop=16}", &[], false);
    assert_eq!(got.flops, [2 * (64 + 960 + 99), 0, 0]);
}
