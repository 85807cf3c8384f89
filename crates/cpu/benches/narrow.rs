//! The products of a base model's encoder in bytes and in bfloat16 against the machine's peak and against f32, and its
//! attention.
//!
//! `cargo bench -p cpu --bench narrow` prints ratios in turns, and how long attention takes; of bfloat16 where the machine
//! multiplies it.

mod measure;

use cpu::aligned::Aligned;
use cpu::kernels::Cx;
use cpu::kernels::attention::{
    Attention, AttentionDims, NarrowAttention, attention, attention_scratch, byte_attention,
    byte_attention_scratch, narrow_attention, narrow_attention_scratch,
};
use cpu::kernels::linear::groups::{Factor, Groups, NarrowRows};
use cpu::kernels::linear::narrow::{
    Quantized, narrow_linear, narrow_scratch, quantized_linear, quantized_scratch,
};
use cpu::kernels::linear::pack::{Elements, Order, Packed, Source};
use cpu::kernels::linear::{Activation, Epilogue, Factors, Out, linear, linear_scratch};
use cpu::kernels::quantize::{quantize, rotation_scratch};
use cpu::kernels::rows::{Rows, RowsMut};
use cpu::{Isa, Pool};
use half::bf16;
use measure::{in_turns, noise};

/// Rows, products and outputs of the encoder's layers, and of a decoder's step.
const LAYERS: [[usize; 3]; 5] =
    [[1500, 512, 512], [1500, 512, 2048], [1500, 2048, 512], [1, 512, 2048], [8, 512, 2048]];
/// Rows, bytes of a row and outputs of a product whose operands and sums stay in the first-level cache.
const SMALL: [usize; 3] = [32, 512, 32];
/// How often the small one runs in one measurement.
const SMALL_RUNS: usize = 200;

/// A product of narrow factors and in f32.
struct Case {
    dims: [usize; 3],
    x: Vec<f32>,
    factors: Vec<f32>,
    narrow_x: Vec<u8>,
    groups: Groups,
    packed: Packed,
    out: Vec<f32>,
    narrow_out: Vec<bf16>,
    scratch: Aligned<f32>,
}

fn narrowed(x: &[f32]) -> Vec<bf16> {
    x.iter().map(|x| bf16::from_f32(*x)).collect()
}

fn bytes(x: &[f32]) -> Vec<u8> {
    narrowed(x).iter().flat_map(|x| x.to_bits().to_ne_bytes()).collect()
}

/// Values in -1..1 as signed bytes.
fn signed(x: &[f32]) -> Vec<u8> {
    x.iter().map(|x| ((x * 127.0) as i8).cast_unsigned()).collect()
}

impl Case {
    fn new(isa: Isa, factor: Factor, threads: usize, [m, k, n]: [usize; 3]) -> Case {
        let (x, w) = (noise(m * k), noise(n * k));
        let scratch = narrow_scratch(isa, threads, m, (factor, k));
        let source = Source { elements: Elements::F32(&w), order: Order::OutputRows, n, k };
        let (narrow_x, groups) = match factor {
            Factor::Bf16 => (bytes(&x), Groups::of_bf16(isa, &narrowed(&w), [n, k])),
            Factor::Int8 => (signed(&x), Groups::of_i8(isa, &signed(&w), [n, k])),
            Factor::Int4 => (signed(&x), Groups::of_i4(isa, &signed(&w), [n, k])),
        };
        Case {
            dims: [m, k, n],
            x,
            factors: noise(m.max(n)),
            narrow_x,
            groups,
            packed: Packed::new(isa, source),
            out: vec![0.0; m * n],
            narrow_out: vec![bf16::ZERO; m * n],
            scratch: Aligned::zeroed(scratch.max(linear_scratch(isa, threads, m, k))),
        }
    }

    /// The product, written as f32 or as bf16.
    fn narrow(&mut self, cx: Cx<'_>, to_bf16: bool) {
        let [m, k, n] = self.dims;
        let factor = self.groups.factor();
        let x = NarrowRows::new(&self.narrow_x, m, [factor.bytes() * k; 2]);
        let factors = Factors { rows: &self.factors[..m], outputs: &self.factors[..n], digits: 1 };
        let epilogue = Epilogue { factors: factor.is_integer().then_some(factors), ..Epilogue::default() };
        let scratch = &mut self.scratch;
        if to_bf16 {
            let out = Out { rows: RowsMut::new(&mut self.narrow_out, m, n), scratch };
            return narrow_linear(cx, x, &self.groups, &epilogue, out);
        }
        let out = Out { rows: RowsMut::new(&mut self.out, m, n), scratch };
        narrow_linear(cx, x, &self.groups, &epilogue, out);
    }

    fn wide(&mut self, cx: Cx<'_>) {
        let [m, k, n] = self.dims;
        let out = Out { rows: RowsMut::new(&mut self.out, m, n), scratch: &mut self.scratch };
        linear(cx, Rows::new(&self.x, m, k), self.packed.panels(), &Epilogue::default(), out);
    }
}

fn layers(cx: Cx<'_>, factor: Factor) {
    let threads = cx.pool.threads();
    let one = Pool::new(1);
    let flop = |[m, k, n]: [usize; 3]| (2 * m * k * n) as f64;
    let small_dims = [SMALL[0], SMALL[1] / factor.bytes(), SMALL[2]];
    for dims in LAYERS {
        let case = |threads, dims| Case::new(cx.isa, factor, threads, dims);
        let (mut small, mut narrow) = (case(1, small_dims), case(threads, dims));
        let (mut rounded, mut wide) = (case(threads, dims), case(threads, dims));
        let least = in_turns(
            25,
            &mut [
                &mut || (0..SMALL_RUNS).for_each(|_| small.narrow(Cx { pool: &one, ..cx }, false)),
                &mut || narrow.narrow(cx, false),
                &mut || wide.wide(cx),
                &mut || rounded.narrow(cx, true),
            ],
        );
        let peak = flop(small_dims) * (SMALL_RUNS * threads) as f64 / least[0];
        let rate = flop(dims) / least[1];
        println!(
            "{} {threads} threads {factor:?} {dims:?}: {:.0} GFLOP/s, {:.0} % of what stays in cache; f32/narrow {:.2}; written as bf16 {:.2}",
            cx.isa,
            rate / 1e9,
            100.0 * rate / peak,
            least[2] / least[1],
            least[3] / least[1],
        );
    }
}

/// Rows, products and outputs of layers whose results go on as bytes.
const HIDDEN: [[usize; 3]; 2] = [[1500, 512, 2048], [1500, 1280, 5120]];

/// A layer with its GELU that writes bytes against one whose f32 results become bytes.
fn hidden_layers(cx: Cx<'_>) {
    for [m, k, n] in HIDDEN {
        let mut case = Case::new(cx.isa, Factor::Int8, cx.pool.threads(), [m, k, n]);
        let x = NarrowRows::new(&case.narrow_x, m, [k, k]);
        let factors = Factors { rows: &case.factors[..m], outputs: &case.factors[..n], digits: 1 };
        let (factors, activation) = (Some(factors), Some(Activation::GeluCoarse));
        let epilogue = Epilogue { factors, bias: Some(&case.x[..n]), activation, ..Epilogue::default() };
        let (mut bytes, mut own) = (vec![0; m * n], vec![0.0; m]);
        let (mut direct, mut direct_own) = (bytes.clone(), own.clone());
        let mut rotated = vec![0.0; rotation_scratch(cx.pool.threads(), n)];
        let mut scratch =
            Aligned::zeroed(quantized_scratch(cx.isa, cx.pool.threads(), m, (Factor::Int8, k, n)));
        let least = in_turns(
            25,
            &mut [
                &mut || {
                    let rows = RowsMut::new(&mut case.out, m, n);
                    let out = Out { rows, scratch: &mut case.scratch };
                    narrow_linear(cx, x, &case.groups, &epilogue, out);
                    quantize(
                        cx,
                        Elements::F32(&case.out),
                        [n, 1],
                        (&mut bytes, &mut own),
                        Some(&mut rotated),
                    );
                },
                &mut || {
                    let (bytes, factors) = (&mut direct, &mut direct_own);
                    let out = Quantized { bytes, factors, scratch: &mut scratch };
                    quantized_linear(cx, x, &case.groups, &epilogue, out);
                },
            ],
        );
        assert!(bytes == direct && own == direct_own);
        println!(
            "{} {} threads {:?} with GELU: f32 that becomes bytes/written as bytes {:.2}",
            cx.isa,
            cx.pool.threads(),
            [m, k, n],
            least[0] / least[1],
        );
    }
}

/// Attention of the encoder: of f32, of bfloat16 where the path multiplies it, and in bytes but in tiles.
fn attentions(cx: Cx<'_>) {
    let threads = cx.pool.threads();
    let dims = AttentionDims { queries: 1500, keys: 1500, heads: 8, d: 64 };
    let (rows, width) = (dims.queries, dims.heads * dims.d);
    let x = noise(rows * width);
    let narrow_x = bytes(&x);
    let (wide, narrow) = (Rows::new(&x, rows, width), NarrowRows::new(&narrow_x, rows, [2 * width; 2]));
    let (heads, scale) = (dims.heads, 0.125);
    let args = NarrowAttention { q: narrow, k: narrow, v: narrow, heads, scale };
    let [mut out, mut pairs_out, mut bytes_out] = [(); 3].map(|()| vec![0.0; rows * width]);
    let mut scratch = Aligned::zeroed(attention_scratch(cx.isa, threads, dims));
    let mut pairs_scratch = Aligned::zeroed(narrow_attention_scratch(cx.isa, threads, dims));
    let mut bytes_scratch = Aligned::zeroed(byte_attention_scratch(cx.isa, threads, dims));
    let least = in_turns(
        9,
        &mut [
            &mut || {
                let args = Attention { q: wide, k: wide, v: wide, heads, scale };
                attention(
                    cx,
                    &args,
                    Out { rows: RowsMut::new(&mut out, rows, width), scratch: &mut scratch },
                );
            },
            &mut || {
                if cx.isa.multiplies_bf16() {
                    narrow_attention(
                        cx,
                        &args,
                        Out { rows: RowsMut::new(&mut pairs_out, rows, width), scratch: &mut pairs_scratch },
                    );
                }
            },
            &mut || {
                if cx.isa != Isa::Amx {
                    byte_attention(
                        cx,
                        &args,
                        Out { rows: RowsMut::new(&mut bytes_out, rows, width), scratch: &mut bytes_scratch },
                    );
                }
            },
        ],
    );
    let [wide, pairs, bytes] = [0, 1, 2].map(|i| 1e3 * least[i]);
    println!("{} {threads} threads attention, ms: f32 {wide:.2}, bf16 {pairs:.2}, bytes {bytes:.2}", cx.isa);
}

fn main() {
    for threads in [1, 2] {
        let pool = Pool::new(threads);
        for isa in Isa::available().filter(|&isa| isa != Isa::Scalar) {
            let cx = Cx { isa, pool: &pool };
            hidden_layers(cx);
            layers(cx, Factor::Int8);
            layers(cx, Factor::Int4);
            if isa.multiplies_bf16() {
                layers(cx, Factor::Bf16);
            }
            attentions(cx);
        }
    }
}
