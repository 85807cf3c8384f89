//! Candidates of a narrow vocabulary product that are scored again: what is said of them is what f32 says. Not whisper's
//! head: the same nodes, over fewer tokens.

use compiler::Compute;
use cpu::{Cpu, Isa};
use graph::interpret::Env;
use graph::{ParamKind, Tensor, text};
use testkit::inputs::{RandomEnv, bindings};
use testkit::runner::Runner;

const ROWS: usize = 16;
const VOCAB: usize = 600;
const WIDTH: usize = 64;

/// The candidates of a row.
const EACH: usize = 24;

/// Logits under biases and spans, their sum and the best; scored again or not.
fn head(tail: &str) -> String {
    format!(
        "graph @head[m in 1..={ROWS}](
          %hidden: f32[m, {WIDTH}], %biases: f32[3, {VOCAB}], %bias: i32[m], %spans: i32[m, 2],
          %w: f16[{VOCAB}, {WIDTH}] = @w
        ) {{
          %wide = convert %w {{to=f32}} : f32[{VOCAB}, {WIDTH}]
          %logits = linear %hidden, %wide {{activation=none, bias=false, residual=false, to=f32, parts=1}} : f32[m, {VOCAB}]
          %rows = gather %biases, %bias : f32[m, {VOCAB}]
          %biased = add %logits, %rows : f32[m, {VOCAB}]
          %x = mask_spans %biased, %spans : f32[m, {VOCAB}]
          {tail}
        }}"
    )
}

fn once() -> String {
    head(&format!(
        "%values, %tokens = top_k %x {{k={EACH}}} : f32[m, {EACH}], i32[m, {EACH}]
          %sum = reduce %x {{kind=log_sum_exp, axis=-1}} : f32[m, 1]
          %all = sub %x, %sum : f32[m, {VOCAB}]
          return %x, %sum, %values, %tokens, %all"
    ))
}

fn again() -> String {
    head(&format!(
        "%narrow, %ids = top_k %x {{k={EACH}}} : f32[m, {EACH}], i32[m, {EACH}]
          %products = picked_linear %hidden, %w, %ids : f32[m, {EACH}]
          %own = gather_elements %biases, %ids, %bias {{rows=true}} : f32[m, {EACH}]
          %exact = add %products, %own : f32[m, {EACH}]
          %none = constant {{value=-inf}} : f32[]
          %allowed = less %none, %narrow : bool[m, {EACH}]
          %scores = select %allowed, %exact, %none : f32[m, {EACH}]
          %filtered = scatter_elements %x, %ids, %scores : f32[m, {VOCAB}]
          %sum = reduce %filtered {{kind=log_sum_exp, axis=-1}} : f32[m, 1]
          %values, %places = top_k %scores {{k=6}} : f32[m, 6], i32[m, 6]
          %tokens = gather_elements %ids, %places {{rows=false}} : i32[m, 6]
          return %filtered, %sum, %values, %tokens, %narrow, %ids"
    ))
}

/// Noise in which every second token has the embedding of the one before it, and may do what it may.
fn noise(seed: u64) -> RandomEnv {
    let graph = text::parse(&once()).unwrap_or_else(|e| panic!("{e}")).graph;
    let mut env = RandomEnv::draw(&graph, &bindings(&graph, ROWS), seed);
    let weight = ParamKind::Weight("w".into());
    let mut w = env.tensor(&weight, "w").unwrap().to_f32();
    for pair in w.chunks_mut(2 * WIDTH) {
        let (first, second) = pair.split_at_mut(WIDTH);
        second.copy_from_slice(first);
    }
    env.set(&weight, "w", Tensor::from_f32(graph::DType::F16, &[VOCAB, WIDTH], w));
    let bias = |at: usize| match (at / VOCAB, at % VOCAB / 2) {
        (1, pair) if pair % 3 == 0 => f32::NEG_INFINITY,
        (2, pair) => (pair % 5) as f32 - 2.0,
        _ => 0.0,
    };
    let biases = (0..3 * VOCAB).map(bias).collect();
    env.set(&ParamKind::Input, "biases", Tensor::f32(&[3, VOCAB], biases));
    env
}

fn run(device: &Cpu, graph: &str, env: &RandomEnv) -> Vec<Tensor> {
    let graph = text::parse(graph).unwrap_or_else(|e| panic!("{e}")).graph;
    Runner::new(device, &graph, env).unwrap().run(env).unwrap()
}

#[test]
fn the_best_are_in_the_order_of_f32_with_its_scores() {
    for (isa, compute) in Isa::available().flat_map(|isa| [Compute::Int8, Compute::Bf16].map(|c| (isa, c))) {
        let (mut rows_alike, mut mistaken) = (0, 0);
        let (mut farthest, mut farthest_narrow) = (0.0_f32, 0.0_f32);
        for seed in 0..4 {
            let env = noise(seed);
            let wide = run(&Cpu::with_isa(isa, 2), &once(), &env);
            let exact = run(&Cpu::with_isa(isa, 2).with_compute(compute), &again(), &env);
            for row in 0..ROWS {
                let best = &wide[3].as_i32()[row * EACH..][..6];
                let seen = &exact[5].as_i32()[row * EACH..][..EACH];
                let got = &exact[3].as_i32()[row * 6..][..6];
                // Where the narrow product misses one, those before it are right.
                let found = best.iter().take_while(|token| seen.contains(token)).count();
                assert_eq!(got[..found], best[..found], "{isa}, {compute}, row {row}");
                rows_alike += usize::from(found == 6);
                mistaken += usize::from(seen[..6] != *best);
                for (place, token) in got.iter().enumerate() {
                    let at = row * VOCAB + *token as usize;
                    let narrow = seen.iter().position(|seen| seen == token).unwrap() + row * EACH;
                    let off = |x: f32| (x - wide[0].as_f32()[at]).abs();
                    farthest = farthest.max(off(exact[0].as_f32()[at]));
                    farthest_narrow = farthest_narrow.max(off(exact[4].as_f32()[narrow]));
                    assert_eq!(exact[0].as_f32()[at].to_bits(), exact[2].as_f32()[row * 6 + place].to_bits());
                }
            }
        }
        assert!(rows_alike > 2 * ROWS && mistaken > 0, "{isa}, {compute}: {rows_alike}, {mistaken}");
        assert!(farthest < 2e-5 && farthest_narrow > 1e-3, "{isa}, {compute}: {farthest}, {farthest_narrow}");
    }
}

#[test]
fn what_is_banned_stays_so_and_all_else_sums_to_one() {
    let mut env = noise(9);
    // Three tokens are left in the last row: fewer than are scored again.
    let mut spans = vec![0; 2 * ROWS];
    spans[2 * ROWS - 2..].copy_from_slice(&[0, VOCAB as i32 - 3]);
    env.set(&ParamKind::Input, "spans", Tensor::i32(&[ROWS, 2], spans));
    env.set(&ParamKind::Input, "bias", Tensor::i32(&[ROWS], (0..ROWS as i32).map(|i| i % 2).collect()));
    for isa in Isa::available() {
        let wide = run(&Cpu::with_isa(isa, 1), &once(), &env);
        let exact = run(&Cpu::with_isa(isa, 1).with_compute(Compute::Int8), &again(), &env);
        let (before, after) = (wide[0].as_f32(), exact[0].as_f32());
        assert!(before.iter().zip(after).all(|(a, b)| a.is_finite() == b.is_finite() && !b.is_nan()));
        let last = &exact[2].as_f32()[6 * (ROWS - 1)..];
        assert!(last[..2].iter().all(|x| x.is_finite()) && last[3..] == [f32::NEG_INFINITY; 3], "{last:?}");
        for (row, sum) in after.chunks(VOCAB).zip(exact[1].as_f32()) {
            let total: f64 = row.iter().map(|x| f64::from(x - sum).exp()).sum();
            assert!((total - 1.0).abs() < 1e-4, "{total}");
        }
    }
}
