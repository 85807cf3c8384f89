//! Checks that hold for every op. Not the ops' own tests.

use super::Op;
use crate::{DType, Tensor, text};

/// Every case is accepted, and evaluation gives what the shape rule says.
#[test]
fn every_case_evaluates_to_its_inferred_types() {
    for op in Op::reference() {
        assert!(!op.cases.is_empty(), "{} has no case", op.name);
        for case in &op.cases {
            let (op, types) = text::parse_case(case).unwrap_or_else(|e| panic!("{case}: {e}"));
            let inputs: Vec<Tensor> =
                types.iter().map(|t| Tensor::zeros(t.dtype, &t.shape.as_fixed().unwrap())).collect();
            let results = op.infer(&types).unwrap();
            let outputs = op.eval(&inputs.iter().collect::<Vec<_>>(), &results);
            assert_eq!(outputs.iter().map(Tensor::ty).collect::<Vec<_>>(), results, "{case}");
        }
    }
}

#[test]
fn attributes_round_trip() {
    for op in Op::reference() {
        for case in &op.cases {
            let (op, _) = text::parse_case(case).unwrap();
            assert_eq!(Op::from_attributes(op.name(), &op.attributes()).unwrap(), op, "{case}");
        }
    }
}

#[test]
fn elementwise_broadcasts_and_selects() {
    let (op, types) = text::parse_case("select bool[2, 1], f32[], f32[2, 2]").unwrap();
    let test = Tensor::from_f32(DType::Bool, &[2, 1], vec![1.0, 0.0]);
    let (yes, no) = (Tensor::f32(&[], vec![9.0]), Tensor::f32(&[2, 2], vec![1.0, 2.0, 3.0, 4.0]));
    let out = op.eval(&[&test, &yes, &no], &op.infer(&types).unwrap());
    assert_eq!(out[0].as_f32(), [9.0, 9.0, 3.0, 4.0]);
}

#[test]
fn a_linear_layer_of_narrow_factors_may_round_its_result() {
    // The sum, 1 and 2^-8, is as far from two bf16, and so it is with the bias, 2^-7: of two the even one.
    let case = "linear bf16[1, 2], bf16[2, 2], f32[2] {activation=none, bias=true, residual=false, to=bf16, parts=1}";
    let (op, types) = text::parse_case(case).unwrap();
    let results = op.infer(&types).unwrap();
    assert_eq!(results[0].to_string(), "bf16[1, 2]");
    let x = Tensor::from_f32(DType::BF16, &[1, 2], vec![1.0, 1.0]);
    let w = Tensor::from_f32(DType::BF16, &[2, 2], vec![1.0, 0.003_906_25, 1.0, 0.003_906_25]);
    let out = op.eval(&[&x, &w, &Tensor::f32(&[2], vec![0.0, 0.007_812_5])], &results);
    assert_eq!(out[0].to_f32(), [1.0, 1.015_625]);
    let refused = [
        (
            "f32[1, 2], f32[2, 2] {activation=none, bias=false, residual=false, to=bf16, parts=1}",
            "bf16 of x of f32[1, 2] with residual=false",
        ),
        (
            "bf16[1, 2], bf16[2, 2], bf16[1, 2] {activation=none, bias=false, residual=true, to=bf16, parts=1}",
            "bf16 of x of bf16[1, 2] with residual=true",
        ),
        (
            "bf16[1, 2], bf16[2, 2] {activation=none, bias=false, residual=false, to=f16, parts=1}",
            "f16 of x of bf16[1, 2] with residual=false",
        ),
        (
            "bf16[1, 2], bf16[2, 2] {activation=none, bias=false, residual=false, to=i8, parts=1}",
            "i8 of x of bf16[1, 2] with residual=false",
        ),
        (
            "i8[1, 2], i8[2, 2], f32[1], f32[2], f32[1, 2] {activation=none, bias=false, residual=true, to=i8, parts=1}",
            "i8 of x of i8[1, 2] with residual=true",
        ),
    ];
    for (case, what) in refused {
        let error = text::parse_case(&format!("linear {case}")).unwrap_err().message;
        let expected = "expected f32, or without a residual bf16 of narrow factors or i8 of i8";
        assert_eq!(error, format!("linear: the result is {what}, {expected}"));
    }
}

#[test]
fn a_linear_layer_of_bytes_may_write_bytes() {
    let case = "linear i8[2, 2], i8[2, 2], f32[2], f32[2], f32[2] {activation=none, bias=true, residual=false, to=i8, parts=1}";
    let (op, types) = text::parse_case(case).unwrap();
    let results = op.infer(&types).unwrap();
    assert_eq!(results.iter().map(ToString::to_string).collect::<Vec<_>>(), ["i8[2, 2]", "f32[2]"]);
    let bytes = |x: [f32; 4]| Tensor::from_f32(DType::I8, &[2, 2], x.to_vec());
    let row = |x: [f32; 2]| Tensor::f32(&[2], x.to_vec());
    // Rows of 3 and 7, times factors and with the bias 8 and -254; and of the bias alone.
    let (x, w) = (bytes([1.0, 2.0, 0.0, 0.0]), bytes([1.0, 1.0, 3.0, 2.0]));
    let inputs = [&x, &w, &row([0.5, 1.0]), &row([4.0, 2.0]), &row([2.0, -261.0])];
    let out = op.eval(&inputs, &results);
    assert_eq!(out[0].to_f32(), [4.0, -127.0, 1.0, -127.0]);
    assert_eq!(out[1].as_f32(), [2.0, 261.0 / 127.0]);
}

#[test]
fn conv1d_is_the_sum_over_taps_and_channels() {
    let case = "conv1d f32[4, 1], f32[1, 1, 3] {stride=2, pad=1, activation=none, bias=false}";
    let (op, types) = text::parse_case(case).unwrap();
    let x = Tensor::f32(&[4, 1], vec![1.0, 2.0, 3.0, 4.0]);
    let w = Tensor::f32(&[1, 1, 3], vec![100.0, 10.0, 1.0]);
    let out = op.eval(&[&x, &w], &op.infer(&types).unwrap());
    assert_eq!(out[0].as_f32(), [12.0, 234.0]);
}

#[test]
fn a_pure_tone_has_its_power_in_its_bin() {
    let case = "spectrogram f32[400], f32[400] {hop=160}";
    let (op, types) = text::parse_case(case).unwrap();
    let tone = (0..400).map(|i| (2.0 * std::f64::consts::PI * 10.0 * f64::from(i) / 400.0).cos() as f32);
    let x = Tensor::f32(&[400], tone.collect());
    let window = Tensor::f32(&[400], vec![1.0; 400]);
    let out = op.eval(&[&x, &window], &op.infer(&types).unwrap());
    let power = out[0].as_f32();
    assert!((power[10] - 40_000.0).abs() < 0.1, "{}", power[10]);
    assert!(power.iter().enumerate().all(|(i, p)| i == 10 || *p < 1e-3));
}

#[test]
fn cached_attention_reads_through_the_table() {
    // Two slots; row 0 reads place 0 of slot 1 and place 1 of slot 0. Equal scores give the mean of the values.
    let case =
        "cached_attention f32[1, 1], f32[2, 1, 2, 1], f32[2, 1, 2, 1], i32[1, 2], i32[1], i32[1] {scale=1.0}";
    let (op, types) = text::parse_case(case).unwrap();
    let (q, k) = (Tensor::f32(&[1, 1], vec![0.0]), Tensor::f32(&[2, 1, 2, 1], vec![0.0; 4]));
    let v = Tensor::f32(&[2, 1, 2, 1], vec![1.0, 2.0, 4.0, 8.0]);
    let (table, row) = (Tensor::i32(&[1, 2], vec![1, 0]), Tensor::i32(&[1], vec![0]));
    let run = |pos: i32| {
        let pos = Tensor::i32(&[1], vec![pos]);
        op.eval(&[&q, &k, &v, &table, &row, &pos], &op.infer(&types).unwrap())[0].as_f32()[0]
    };
    assert_eq!(run(0), 4.0);
    assert_eq!(run(1), 3.0);
}

#[test]
fn spans_are_banned_row_by_row() {
    let (op, types) = text::parse_case("mask_spans f32[2, 3], i32[2, 2]").unwrap();
    let x = Tensor::f32(&[2, 3], vec![1.0; 6]);
    let spans = Tensor::i32(&[2, 2], vec![1, 9, 2, 2]);
    let out = op.eval(&[&x, &spans], &op.infer(&types).unwrap());
    let ban = f32::NEG_INFINITY;
    assert_eq!(out[0].as_f32(), [1.0, ban, ban, 1.0, 1.0, 1.0]);
}
