//! Products at odd sizes against f64, and their bits for any rows, threads and element type. Not their speed.

use half::{bf16, f16};

use super::pack::{Order, Packed, Source, pack_into, packed_len};
use super::*;
use crate::kernels::testing::{assert_close, assert_same_bits, noise, on_every_path};
use crate::pool::Pool;

fn source(elements: Elements<'_>, n: usize, k: usize) -> Source<'_> {
    Source { elements, order: Order::OutputRows, n, k }
}

fn product(cx: Cx<'_>, x: Rows<'_>, w: &Packed, epilogue: &Epilogue<'_>) -> Vec<f32> {
    let n = w.panels().n();
    let mut out = vec![0.5; x.rows() * n];
    let mut scratch = vec![f32::NAN; linear_scratch(cx.isa, cx.pool.threads(), x.rows(), x.cols())];
    let rows = RowsMut::new(&mut out, x.rows(), n);
    linear(cx, x, w.panels(), epilogue, Out { rows, scratch: &mut scratch });
    out
}

fn reference(x: Rows<'_>, w: &[f32], n: usize) -> Vec<f64> {
    let k = x.cols();
    let dot =
        |x: &[f32], w: &[f32]| -> f64 { x.iter().zip(w).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum() };
    (0..x.rows() * n).map(|i| dot(x.row(i / n), &w[i % n * k..][..k])).collect()
}

#[test]
fn agrees_with_f64_at_odd_sizes() {
    for [rows, n, k] in
        [[1, 1, 1], [1, 33, 17], [2, 31, 16], [5, 64, 40], [13, 70, 31], [61, 100, 129], [130, 5, 3]]
    {
        let (x, w) = (noise(1, rows * k), noise(2, n * k));
        let x = Rows::new(&x, rows, k);
        let want = reference(x, &w, n);
        on_every_path(|cx| {
            let packed = Packed::new(cx.isa, source(Elements::F32(&w), n, k));
            let got = product(cx, x, &packed, &Epilogue::default());
            assert_close(&got, &want, 1e-5, &format!("{} {rows} {n} {k}", cx.isa));
        });
    }
}

#[test]
fn rows_and_threads_do_not_change_bits() {
    let (n, k) = (131, 203);
    let (x, w, bias) = (noise(3, 64 * k), noise(4, n * k), noise(5, n));
    let epilogue = Epilogue { bias: Some(&bias), activation: Some(Activation::Gelu), ..Epilogue::default() };
    for isa in Isa::available() {
        let packed = Packed::new(isa, source(Elements::F32(&w), n, k));
        let one = Pool::new(1);
        let single: Vec<f32> = (0..64)
            .flat_map(|r| product(Cx { isa, pool: &one }, Rows::new(&x[r * k..], 1, k), &packed, &epilogue))
            .collect();
        for threads in 1..=4 {
            let pool = Pool::new(threads);
            for rows in (1..=14).chain([25, 64]) {
                let got = product(Cx { isa, pool: &pool }, Rows::new(&x, rows, k), &packed, &epilogue);
                assert_same_bits(
                    &got,
                    &single[..rows * n],
                    &format!("{isa}, {rows} rows, {threads} threads"),
                );
            }
        }
    }
}

#[test]
fn narrow_weights_have_the_bits_of_wide_ones() {
    let (rows, n, k) = (7, 45, 50);
    let (x, w) = (noise(6, rows * k), noise(7, n * k));
    let half: Vec<f16> = w.iter().map(|&x| f16::from_f32(x)).collect();
    let brain: Vec<bf16> = w.iter().map(|&x| bf16::from_f32(x)).collect();
    let of_half: Vec<f32> = half.iter().map(|x| x.to_f32()).collect();
    let of_brain: Vec<f32> = brain.iter().map(|x| x.to_f32()).collect();
    on_every_path(|cx| {
        for (elements, wide) in [(Elements::F16(&half), &of_half), (Elements::Bf16(&brain), &of_brain)] {
            let wide = Elements::F32(wide);
            for rows in [1, rows] {
                let x = Rows::new(&x, rows, k);
                let narrow =
                    product(cx, x, &Packed::new(cx.isa, source(elements, n, k)), &Epilogue::default());
                let wide = product(cx, x, &Packed::new(cx.isa, source(wide, n, k)), &Epilogue::default());
                assert_same_bits(&narrow, &wide, cx.isa.name());
            }
        }
    });
}

#[test]
fn the_epilogue_is_applied_in_order() {
    let (rows, n, k) = (15, 37, 8);
    let (x, w, bias, residual) = (noise(8, rows * k), noise(9, n * k), noise(10, n), noise(11, rows * n));
    let x = Rows::new(&x, rows, k);
    let gelu = |x: f64| 0.5 * x * (1.0 + libm_erf(x / std::f64::consts::SQRT_2));
    let product_of = reference(x, &w, n);
    let want = |added: &dyn Fn(usize) -> f64| -> Vec<f64> {
        let y = product_of.iter().enumerate();
        y.map(|(i, &p)| gelu(p * 0.5 + f64::from(bias[i % n])) + added(i)).collect()
    };
    on_every_path(|cx| {
        let packed = Packed::new(cx.isa, source(Elements::F32(&w), n, k));
        let mut epilogue = Epilogue {
            factors: None,
            scale: Some(0.5),
            bias: Some(&bias),
            activation: Some(Activation::Gelu),
            residual: Residual::Rows(Rows::new(&residual, rows, n)),
        };
        let got = product(cx, x, &packed, &epilogue);
        assert_close(&got, &want(&|i| f64::from(residual[i])), 1e-5, "rows");
        epilogue.residual = Residual::InPlace;
        assert_close(&product(cx, x, &packed, &epilogue), &want(&|_| 0.5), 1e-5, "in place");
    });
}

#[test]
fn rows_may_overlap_and_outputs_may_be_strided() {
    let (rows, n, k, stride) = (29, 20, 24, 8);
    let (x, w) = (noise(12, rows * stride + k), noise(13, n * k));
    let x = Rows::strided(&x, rows, k, stride);
    let want = reference(x, &w, n);
    on_every_path(|cx| {
        let packed = Packed::new(cx.isa, source(Elements::F32(&w), n, k));
        let mut out = vec![9.0; rows * 25];
        let mut scratch = vec![0.0; linear_scratch(cx.isa, cx.pool.threads(), rows, k)];
        let target = Out { rows: RowsMut::strided(&mut out, rows, n, 25), scratch: &mut scratch };
        linear(cx, x, packed.panels(), &Epilogue::default(), target);
        for (r, row) in out.chunks(25).enumerate() {
            assert_close(&row[..n], &want[r * n..][..n], 1e-5, cx.isa.name());
            assert!(row[n..].iter().all(|&x| x == 9.0), "the gap between rows is written");
        }
    });
}

#[test]
fn both_orders_pack_alike() {
    let (n, k) = (37, 21);
    let w = noise(14, n * k);
    let turned: Vec<f32> = (0..n * k).map(|i| w[i % n * k + i / n]).collect();
    for isa in Isa::available() {
        let a = Packed::new(isa, source(Elements::F32(&w), n, k));
        let columns = Source { elements: Elements::F32(&turned), order: Order::OutputColumns, n, k };
        let b = Packed::new(isa, columns);
        let mut c = vec![7.0; packed_len(isa, n, k)];
        pack_into(isa, &turned, Order::OutputColumns, [n, k], &mut c);
        let (Elements::F32(a), Elements::F32(b)) = (a.panels().elements(), b.panels().elements()) else {
            panic!("f32 stays f32");
        };
        assert_same_bits(a, b, isa.name());
        assert_same_bits(a, &c, isa.name());
    }
}

/// erf by its Maclaurin series: exact enough in f64 for the small arguments here.
fn libm_erf(x: f64) -> f64 {
    let (mut term, mut sum) = (x, x);
    for n in 1..80 {
        term *= -x * x / f64::from(n);
        sum += term / f64::from(2 * n + 1);
    }
    sum * std::f64::consts::FRAC_2_SQRT_PI
}
