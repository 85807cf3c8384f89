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
    lines: Box<[Line]>,
    len: usize,
    values: PhantomData<T>,
}

impl<T: Plain> Aligned<T> {
    /// `len` zeros, which the system need not write before they are touched.
    pub fn zeroed(len: usize) -> Self {
        let bytes = len.checked_mul(size_of::<T>()).expect("a buffer of at most isize::MAX bytes");
        let lines = Box::new_zeroed_slice(bytes.div_ceil(size_of::<Line>()));
        // SAFETY: zeros are a Line.
        Self { lines: unsafe { lines.assume_init() }, len, values: PhantomData }
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
            assert!(a.as_ptr().addr().is_multiple_of(64) && a.iter().all(|&x| x == 0.0));
            a.fill(2.0);
            assert!(a.iter().all(|&x| x == 2.0));
        }
    }
}
