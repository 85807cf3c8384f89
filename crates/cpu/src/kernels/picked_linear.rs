//! Products of rows with a few rows of a table each, which is read where it lies. Not a linear layer: nothing is packed,
//! and no row of the table is read for more than one product.
//!
//! Columns lie in the lanes, as the table has them: chains of one lane each, 256 columns after another, then one tree.

use super::Cx;
use super::linear::pack::Element;
use super::rows::{Rows, Shared};
use super::vectors::{prefetch, read, spans};
use crate::simd::{Body, Simd, dispatch};
use std::marker::PhantomData;

/// Columns that are copied to where elements are aligned, and summed in one set of chains.
const CHAIN: usize = 256;

/// Rows that are asked for before one is multiplied: they lie all over the table.
const AHEAD: usize = 4;

/// What a value of a row is worth: it comes from memory, often from a page that is not mapped yet.
const WEIGHT: usize = 4;

/// The bytes of elements in the machine's order, at any address.
#[derive(Debug, Clone, Copy)]
pub struct Table<'a, E> {
    bytes: &'a [u8],
    elements: PhantomData<E>,
}

impl<'a, E: Element> Table<'a, E> {
    /// The elements that `bytes` are.
    pub fn new(bytes: &'a [u8]) -> Self {
        Table { bytes, elements: PhantomData }
    }
}

/// Writes to `out`, `[m, p]`, the products of row `i` of `x` and rows `ids[i, j]` of the table, which has as many columns.
///
/// # Panics
/// When shapes don't fit or an index is out of range.
pub fn picked_linear<E: Element>(cx: Cx<'_>, x: Rows<'_>, table: Table<'_, E>, ids: &[i32], out: &mut [f32]) {
    assert_eq!(ids.len(), out.len(), "a product for each index");
    let each = out.len() / x.rows().max(1);
    assert_eq!(out.len(), x.rows() * each, "as many indices for each row");
    let out = Shared::new(out);
    cx.split(ids.len(), WEIGHT * ids.len() * x.cols(), |part| {
        // SAFETY: each element is in one part.
        let out = unsafe { out.slice(part.start, part.len()) };
        dispatch(cx.isa, Part { x, table, ids: &ids[part.clone()], first: part.start, each, out });
    });
}

/// Some products, from number `first` on; there are `each` for each row of `x`.
struct Part<'a, 'o, E> {
    x: Rows<'a>,
    table: Table<'a, E>,
    ids: &'a [i32],
    first: usize,
    each: usize,
    out: &'o mut [f32],
}

impl<E: Element> Part<'_, '_, E> {
    /// The bytes of row `id` of the table.
    fn row(&self, id: i32) -> &[u8] {
        let bytes = self.x.cols() * size_of::<E>();
        &self.table.bytes[id as usize * bytes..][..bytes]
    }
}

impl<E: Element> Body for Part<'_, '_, E> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        for (i, id) in self.ids.iter().enumerate() {
            if let Some(next) = self.ids.get(i + AHEAD) {
                let next = self.row(*next);
                prefetch(s, next.as_ptr(), next.len());
            }
            self.out[i] = product::<S, E>(s, self.x.row((self.first + i) / self.each), self.row(*id));
        }
    }
}

/// The product of a row with one of the table.
#[inline(always)]
fn product<S: Simd, E: Element>(s: S, x: &[f32], row: &[u8]) -> f32 {
    let mut aligned = [E::ZERO; CHAIN];
    let mut total = s.splat(0.0);
    for (x, bytes) in x.chunks(CHAIN).zip(row.chunks(CHAIN * size_of::<E>())) {
        debug_assert_eq!(bytes.len(), size_of_val(x) / size_of::<f32>() * size_of::<E>());
        let to = aligned.as_mut_ptr().cast::<u8>();
        // SAFETY: the bytes are as many elements as x has, of which `aligned` holds CHAIN; any bits are a float.
        unsafe { to.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        let mut acc = [s.splat(0.0); 2];
        for (turn, (i, n)) in spans(s, x.len()).enumerate() {
            let chain = &mut acc[turn % 2];
            *chain = s.fma(read(s, x, i, n), read(s, &aligned, i, n), *chain);
        }
        total = s.add(total, s.add(acc[0], acc[1]));
    }
    s.reduce_add(total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::Isa;
    use crate::kernels::testing::{assert_close, assert_same_bits, noise, on_every_path};
    use crate::pool::Pool;
    use half::{bf16, f16};

    /// `w` as bytes behind `before` others, with its values widened.
    fn bytes<E: Element>(w: &[E], before: usize) -> Vec<u8> {
        let mut bytes = vec![0; before];
        for element in w {
            // SAFETY: a float is bytes without padding.
            let element =
                unsafe { std::slice::from_raw_parts(std::ptr::from_ref(element).cast(), size_of::<E>()) };
            bytes.extend_from_slice(element);
        }
        bytes
    }

    fn check<E: Element>([m, k, n, p]: [usize; 4], of: impl Fn(f32) -> E, value: impl Fn(E) -> f64) {
        let (x, w) = (noise(1, m * k), noise(2, n * k).into_iter().map(of).collect::<Vec<E>>());
        let ids: Vec<i32> = (0..m * p).map(|i| (i * 7 % n) as i32).collect();
        let want = ids.iter().enumerate().map(|(at, id)| {
            let products = x[at / p * k..][..k].iter().zip(&w[*id as usize * k..][..k]);
            products.map(|(x, w)| f64::from(*x) * value(*w)).sum()
        });
        let want: Vec<f64> = want.collect();
        // Wherever the table lies.
        for before in 0..4 {
            let bytes = bytes(&w, before);
            let table = Table::<E>::new(&bytes[before..]);
            on_every_path(|cx| {
                let mut all = vec![f32::NAN; m * p];
                picked_linear(cx, Rows::new(&x, m, k), table, &ids, &mut all);
                assert_close(&all, &want, 2e-5, cx.isa.name());
                for i in 0..m {
                    let mut alone = vec![f32::NAN; p];
                    let x = Rows::new(&x[i * k..][..k], 1, k);
                    picked_linear(cx, x, table, &ids[i * p..][..p], &mut alone);
                    assert_same_bits(&alone, &all[i * p..][..p], cx.isa.name());
                }
            });
        }
    }

    #[test]
    fn agrees_with_f64_and_neither_rows_nor_threads_nor_addresses_change_bits() {
        for sizes in [[5, 512, 40, 16], [1, 37, 3, 7], [3, 257, 9, 1], [9, 700, 20, 16]] {
            check(sizes, |x| x, f64::from);
            check(sizes, f16::from_f32, f64::from);
            check(sizes, bf16::from_f32, f64::from);
        }
    }

    #[test]
    fn no_row_is_no_work() {
        let table = Table::<f32>::new(&[]);
        on_every_path(|cx| picked_linear(cx, Rows::new(&[], 0, 4), table, &[], &mut []));
    }

    #[test]
    #[should_panic(expected = "out of range")]
    fn a_row_beyond_the_table_is_refused() {
        let cx = Cx { isa: Isa::Scalar, pool: &Pool::new(1) };
        picked_linear(cx, Rows::new(&[0.0; 4], 1, 4), Table::<f16>::new(&[0; 16]), &[2], &mut [0.0]);
    }
}
