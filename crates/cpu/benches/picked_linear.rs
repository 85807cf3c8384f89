//! Products with rows of the vocabulary that lie all over it: what scores candidates again, against reading as many bytes
//! end to end.
//!
//! `cargo bench -p cpu --bench picked_linear` prints ratios in turns.

mod measure;
#[path = "measure/stream.rs"]
mod stream;

use cpu::kernels::Cx;
use cpu::kernels::picked_linear::{Table, picked_linear};
use cpu::kernels::rows::Rows;
use cpu::{Isa, Pool};
use half::f16;
use measure::{in_turns, noise};
use stream::stream;

// Rows of the vocabulary, columns, candidates of a row.
const VOCAB: usize = 51_865;
const WIDTH: usize = 512;
const EACH: usize = 24;

fn main() {
    let table: Vec<u8> =
        noise(VOCAB * WIDTH).iter().flat_map(|x| f16::from_f32(*x).to_bits().to_ne_bytes()).collect();
    for threads in [1, 2] {
        let pool = Pool::new(threads);
        for isa in Isa::available().filter(|&isa| isa != Isa::Scalar) {
            for rows in [1, 5, 40] {
                let (x, same) = (noise(rows * WIDTH), noise(rows * EACH * WIDTH / 2));
                let ids: Vec<i32> = (0..rows * EACH).map(|i| (i * 7919 % VOCAB) as i32).collect();
                let mut out = vec![0.0; ids.len()];
                let table = Table::<f16>::new(&table);
                let least = in_turns(
                    50,
                    &mut [&mut || stream(isa, &pool, &same), &mut || {
                        picked_linear(
                            Cx { isa, pool: &pool },
                            Rows::new(&x, rows, WIDTH),
                            table,
                            &ids,
                            &mut out,
                        );
                    }],
                );
                println!(
                    "{isa} {threads} threads {rows} rows of {EACH} candidates: {:.1} us, {:.1} times one read",
                    least[1] * 1e6,
                    least[1] / least[0]
                );
            }
        }
    }
}
