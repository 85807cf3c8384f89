//! A fixed-length buffer that starts on a cache line. Not a growable vector.

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; 64]);

mod plain {
    /// Types for which any bits are a value and that need no drop.
    ///
    /// # Safety
    /// Only for such types, of at most 64 bytes and alignment.
    pub unsafe trait Plain: Copy {}
    // SAFETY: any bits are an f32.
    unsafe impl Plain for f32 {}
    // SAFETY: any bits are an i32.
    unsafe impl Plain for i32 {}
    // SAFETY: any bits are an f16, a transparent u16.
    unsafe impl Plain for half::f16 {}
    // SAFETY: any bits are a bf16, a transparent u16.
    unsafe impl Plain for half::bf16 {}
}
pub use plain::Plain;

/// `len` values of `T`, the first on a 64-byte boundary.
#[derive(Debug, Clone)]
pub struct Aligned<T> {
    lines: Vec<Line>,
    len: usize,
    values: PhantomData<T>,
}

impl<T: Plain> Aligned<T> {
    /// `len` zeros.
    pub fn zeroed(len: usize) -> Self {
        let lines = (len * size_of::<T>()).div_ceil(size_of::<Line>());
        Self { lines: vec![Line([0; 64]); lines], len, values: PhantomData }
    }
}

impl<T: Plain> Deref for Aligned<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        // SAFETY: the lines hold at least `len` values, are aligned, and any bits are a T.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.len) }
    }
}

impl<T: Plain> DerefMut for Aligned<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: the lines hold at least `len` values, are aligned, and any bits are a T or a Line.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.len) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_on_a_line() {
        for len in [0, 1, 15, 16, 17, 1000] {
            let mut a = Aligned::<f32>::zeroed(len);
            assert_eq!(a.len(), len);
            assert!(a.as_ptr().addr().is_multiple_of(64));
            a.fill(2.0);
            assert!(a.iter().all(|&x| x == 2.0));
        }
    }
}
