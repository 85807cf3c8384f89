//! Views of matrices by rows at a stride, of f32 where nothing else is said. Not tensors: two axes, the inner one contiguous.

use graph::ops;
use std::marker::PhantomData;

/// `rows` rows of `cols` values, row `i` at `data[i * stride..]`. Rows may overlap (`stride < cols`).
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    data: &'a [f32],
    count: usize,
    cols: usize,
    stride: usize,
}

impl<'a> Rows<'a> {
    /// Rows packed one after the other: `data` holds `rows * cols` values or more.
    ///
    /// # Panics
    /// When `data` is too short.
    pub fn new(data: &'a [f32], rows: usize, cols: usize) -> Self {
        Self::strided(data, rows, cols, cols)
    }

    /// Rows `stride` values apart.
    ///
    /// # Panics
    /// When `data` is too short.
    pub fn strided(data: &'a [f32], rows: usize, cols: usize, stride: usize) -> Self {
        assert!(
            extent(rows, cols, stride) <= data.len(),
            "{rows} rows of {cols} at {stride}: {}",
            data.len()
        );
        Self { data, count: rows, cols, stride }
    }

    /// The count of rows.
    pub fn rows(&self) -> usize {
        self.count
    }

    /// The values of a row.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// The distance of two rows in values.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// The values from the first row's start on, gaps included.
    pub fn all(&self) -> &'a [f32] {
        self.data
    }

    /// `count` of the rows, from row `first`.
    ///
    /// # Panics
    /// When there are fewer.
    #[must_use]
    pub fn part(&self, first: usize, count: usize) -> Rows<'a> {
        assert!(first + count <= self.count);
        Rows { data: &self.data[(first * self.stride).min(self.data.len())..], count, ..*self }
    }

    /// Row `i`.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn row(&self, i: usize) -> &'a [f32] {
        assert!(i < self.count);
        &self.data[i * self.stride..][..self.cols]
    }
}

/// `rows` rows of `cols` values to write, row `i` at `data[i * stride..]`; rows don't overlap.
#[derive(Debug)]
pub struct RowsMut<'a, T = f32> {
    data: &'a mut [T],
    count: usize,
    cols: usize,
    stride: usize,
}

impl<'a, T> RowsMut<'a, T> {
    /// Rows packed one after the other: `data` holds `rows * cols` values or more.
    ///
    /// # Panics
    /// When `data` is too short.
    pub fn new(data: &'a mut [T], rows: usize, cols: usize) -> Self {
        Self::strided(data, rows, cols, cols)
    }

    /// Rows `stride >= cols` values apart.
    ///
    /// # Panics
    /// When `data` is too short or rows overlap.
    pub fn strided(data: &'a mut [T], rows: usize, cols: usize, stride: usize) -> Self {
        assert!(stride >= cols || rows <= 1, "rows of {cols} overlap at stride {stride}");
        assert!(
            extent(rows, cols, stride) <= data.len(),
            "{rows} rows of {cols} at {stride}: {}",
            data.len()
        );
        Self { data, count: rows, cols, stride }
    }

    /// The count of rows.
    pub fn rows(&self) -> usize {
        self.count
    }

    /// The values of a row.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// Row `i`.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn row(&mut self, i: usize) -> &mut [T] {
        assert!(i < self.count);
        &mut self.data[i * self.stride..][..self.cols]
    }

    /// The same rows under a shorter borrow.
    pub fn reborrow(&mut self) -> RowsMut<'_, T> {
        RowsMut { data: self.data, count: self.count, cols: self.cols, stride: self.stride }
    }

    /// `count` of the rows, from row `first`.
    ///
    /// # Panics
    /// When there are fewer.
    pub fn part(&mut self, first: usize, count: usize) -> RowsMut<'_, T> {
        assert!(first + count <= self.count);
        let from = (first * self.stride).min(self.data.len());
        RowsMut { data: &mut self.data[from..], count, cols: self.cols, stride: self.stride }
    }

    /// A handle that threads may share; each writes parts of the rows that no other touches.
    pub(crate) fn shared(&mut self) -> SharedRows<'_, T> {
        SharedRows { data: self.data.as_mut_ptr(), count: self.count, stride: self.stride, life: PhantomData }
    }
}

/// What a kernel over rows reads.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// These rows.
    Rows(Rows<'a>),
    /// The rows that it writes.
    InPlace,
}

/// Rows that several threads write at once, each its own elements.
#[derive(Clone, Copy)]
pub(crate) struct SharedRows<'a, T = f32> {
    data: *mut T,
    count: usize,
    stride: usize,
    life: PhantomData<&'a mut [T]>,
}

// SAFETY: a plain pointer; who follows it vouches that no two threads touch one element.
unsafe impl<T: Send> Send for SharedRows<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for SharedRows<'_, T> {}

impl<T> SharedRows<'_, T> {
    /// `cols` elements of row `i`.
    ///
    /// # Safety
    /// They are within the row, and no other slice of them is alive.
    #[allow(clippy::mut_from_ref)] // That is its purpose; the contract is above.
    #[inline(always)]
    pub(crate) unsafe fn slice(&self, i: usize, cols: usize) -> &mut [T] {
        assert!(i < self.count);
        // SAFETY: the caller's contract.
        unsafe { std::slice::from_raw_parts_mut(self.row(i), cols) }
    }

    /// The first element of row `i`.
    #[inline(always)]
    pub(crate) fn row(&self, i: usize) -> *mut T {
        debug_assert!(i < self.count);
        self.data.wrapping_add(i * self.stride)
    }
}

/// Rows whose columns lie in one matrix after the other, as many in each.
#[derive(Clone, Copy)]
pub(crate) struct Beside<'a, T = f32> {
    parts: [SharedRows<'a, T>; ops::Linear::MOST_PARTS],
    /// The columns of each.
    cols: usize,
}

impl<'a, T: Copy> Beside<'a, T> {
    /// # Panics
    /// When there is none, there are more than a product has results, or they differ in shape.
    pub(crate) fn new(parts: &'a mut [RowsMut<'_, T>]) -> Self {
        let [rows, cols] = [parts[0].rows(), parts[0].cols()];
        assert!(
            parts.iter().all(|part| [part.rows(), part.cols()] == [rows, cols]),
            "parts of unlike shapes"
        );
        assert!(parts.len() <= ops::Linear::MOST_PARTS, "{} parts", parts.len());
        let mut shared = parts.iter_mut().map(RowsMut::shared);
        let first = shared.next().expect("a product has a result");
        Self {
            parts: std::array::from_fn(|i| if i == 0 { first } else { shared.next().unwrap_or(first) }),
            cols,
        }
    }

    /// The matrix that column `col` lies in, as if the columns of those before it lay in its rows, too.
    #[inline(always)]
    pub(crate) fn of(&self, col: usize) -> SharedRows<'a, T> {
        let part = col / self.cols;
        let rows = self.parts[part];
        SharedRows { data: rows.data.wrapping_sub(part * self.cols), ..rows }
    }
}

/// A buffer that several threads write at once, each its own elements.
pub(crate) struct Shared<'a, T> {
    data: *mut T,
    len: usize,
    life: PhantomData<&'a mut [T]>,
}

impl<T> Clone for Shared<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Shared<'_, T> {}

// SAFETY: a plain pointer; who takes slices of it vouches that they don't overlap.
unsafe impl<T: Send> Send for Shared<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Shared<'_, T> {}

impl<'a, T> Shared<'a, T> {
    pub(crate) fn new(data: &'a mut [T]) -> Self {
        Self { data: data.as_mut_ptr(), len: data.len(), life: PhantomData }
    }

    /// `len` elements from `from`.
    ///
    /// # Safety
    /// No other slice of these elements is alive.
    #[allow(clippy::mut_from_ref)] // That is its purpose; the contract is above.
    pub(crate) unsafe fn slice(&self, from: usize, len: usize) -> &'a mut [T] {
        assert!(from + len <= self.len, "{len} elements from {from} of {}", self.len);
        // SAFETY: in bounds; the caller vouches for exclusive use.
        unsafe { std::slice::from_raw_parts_mut(self.data.add(from), len) }
    }
}

/// The values that `rows` rows span.
fn extent(rows: usize, cols: usize, stride: usize) -> usize {
    if rows == 0 { 0 } else { (rows - 1) * stride + cols }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_may_overlap_only_when_read() {
        let data = [0.0, 1.0, 2.0, 3.0];
        let rows = Rows::strided(&data, 2, 3, 1);
        assert_eq!(rows.row(1), [1.0, 2.0, 3.0]);
        let refused = std::panic::catch_unwind(|| {
            let mut data = [0.0; 4];
            RowsMut::strided(&mut data, 2, 3, 1);
        });
        assert!(refused.is_err());
    }

    #[test]
    #[should_panic(expected = "2 rows of 3 at 3: 5")]
    fn a_short_slice_is_refused() {
        Rows::new(&[0.0; 5], 2, 3);
    }
}
