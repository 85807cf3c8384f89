//! What a kernel is to the device: when it fits, what it needs, how it is called. Not its arithmetic: that is in
//! the kernel's own file.

use crate::aligned::{Aligned, Region};
use crate::isa::Isa;
use crate::kernels::linear::groups::{Groups, NarrowRows};
use crate::kernels::linear::pack::{Packed, Panels};
use crate::kernels::stft::Stft;
use crate::kernels::{
    Cx,
    rows::{Rows, RowsMut},
};
use compiler::{NodeView, TensorView};
use graph::{DType, Op};

/// A kernel: one line of [`crate::ops::KERNELS`].
pub struct Kernel {
    /// Its name in programs and profiles.
    pub name: &'static str,
    /// Whether it computes `node`. Pure: it looks at types alone.
    pub accepts: fn(&NodeView<'_>) -> bool,
    /// The operand whose memory the first result may take over.
    pub in_place: fn(&NodeView<'_>) -> Option<usize>,
    /// How it packs an operand that is the same at every run.
    pub packing: Option<Packing>,
    /// Values of f32 scratch memory at the largest sizes.
    pub scratch: fn(Isa, usize, &NodeView<'_>) -> usize,
    /// Computes the node.
    pub run: fn(&mut Call<'_>),
}

/// How a kernel packs an operand when the program is loaded: it takes a place for it, and fills that with what it makes
/// of the operand, or finds there what was made of it by another process. Both depend on the instruction set, the type of
/// the operand and the element types of the others alone, and on the attributes only if it says so.
///
/// What is packed is numbers, of which any bits are some: none is an index or a length, so a place may hold anything.
#[derive(Clone, Copy)]
pub struct Packing {
    /// The operand.
    pub operand: usize,
    /// Whether what is packed depends on the node's attributes, too, not on the operand alone.
    pub attributes: bool,
    /// Bytes after packing.
    pub bytes: fn(Isa, &NodeView<'_>) -> usize,
    /// Cuts its place from the region: buffers of as many bytes.
    pub place: fn(Isa, &NodeView<'_>, &mut Region) -> Constant,
    /// Packs it into its place, which is zero.
    pub fill: fn(&TensorView<'_>, &mut Constant),
}

/// An operand as a kernel wants it at every run.
#[derive(Debug)]
pub enum Constant {
    /// Weights of a product.
    Panels(Packed),
    /// Weights of a product of narrow factors.
    Groups(Groups),
    /// A window and its transform.
    Stft(Stft),
}

impl Kernel {
    /// What most kernels have: nothing in place, nothing packed, no scratch memory.
    pub const PLAIN: Kernel = Kernel {
        name: "",
        accepts: |_| false,
        in_place: |_| None,
        packing: None,
        scratch: |_, _, _| 0,
        run: |_| (),
    };
}

/// Sizes of one tensor; no value of a program has more than four dimensions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dims {
    sizes: [usize; 4],
    rank: usize,
}

impl Dims {
    /// The sizes `sizes`. Panics with more than four.
    pub fn new(sizes: &[usize]) -> Dims {
        let mut dims = Dims { sizes: [1; 4], rank: sizes.len() };
        dims.sizes[..sizes.len()].copy_from_slice(sizes);
        dims
    }

    /// The sizes, outermost first.
    pub fn sizes(&self) -> &[usize] {
        &self.sizes[..self.rank]
    }

    /// Sets size `i`.
    pub(crate) fn set(&mut self, i: usize, size: usize) {
        self.sizes[i] = size;
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.sizes().iter().product()
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A tensor that a kernel reads or writes.
#[derive(Clone, Copy, Debug)]
pub struct Operand {
    /// The first element.
    pub(crate) data: *mut u8,
    /// How elements are stored.
    pub(crate) dtype: DType,
    /// The sizes in this run.
    pub(crate) dims: Dims,
}

impl Operand {
    /// The first element of an f32 tensor, which is aligned.
    #[allow(clippy::cast_ptr_alignment)] // The device binds tensors of 32 bits at addresses for them.
    pub(crate) fn floats(&self) -> *mut f32 {
        debug_assert!(self.dtype == DType::F32 && self.data.addr().is_multiple_of(align_of::<f32>()));
        self.data.cast()
    }

    /// Bytes of the tensor.
    pub fn bytes(&self) -> usize {
        self.dims.len() * self.dtype.bytes()
    }

    /// The tensor as work is counted: with the elements of integers, which no result takes over, and no others.
    pub(crate) fn view(&self) -> TensorView<'_> {
        let bytes = if self.dtype == DType::I32 { self.bytes() } else { 0 };
        // SAFETY: valid for the operand's sizes while the device runs the step (see Call) and until the next one; what
        // is packed holds no integers.
        let bytes = unsafe { std::slice::from_raw_parts(self.data, bytes) };
        TensorView { dtype: self.dtype, dims: self.dims.sizes(), bytes }
    }
}

/// One call of a kernel: operands, results, scratch memory. The device guarantees that pointers are valid for the
/// operands' sizes during the call, and that results overlap no operand but the one they took over.
pub struct Call<'a> {
    /// The instruction set and the threads.
    pub cx: Cx<'a>,
    /// The operation.
    pub op: &'a Op,
    pub(crate) inputs: &'a [Operand],
    pub(crate) packed: Option<&'a Constant>,
    pub(crate) outputs: &'a [Operand],
    /// One bit for each result whose elements were given out.
    pub(crate) given: u32,
    pub(crate) scratch: &'a mut [f32],
}

impl<'a> Call<'a> {
    /// The number of operands.
    pub fn arity(&self) -> usize {
        self.inputs.len()
    }

    /// The sizes of operand `i`.
    pub fn dims(&self, i: usize) -> &'a [usize] {
        self.inputs[i].dims.sizes()
    }

    /// The sizes of result `i`.
    pub fn out_dims(&self, i: usize) -> &'a [usize] {
        self.outputs[i].dims.sizes()
    }

    /// How operand `i` is stored.
    pub fn dtype(&self, i: usize) -> DType {
        self.inputs[i].dtype
    }

    /// The elements of operand `i`, which is f32. Panics if the result took its memory over.
    pub fn f32(&self, i: usize) -> &'a [f32] {
        self.slice(i, DType::F32)
    }

    /// The elements of operand `i`, which is bf16.
    pub fn bf16(&self, i: usize) -> &'a [half::bf16] {
        self.slice(i, DType::BF16)
    }

    /// The elements of operand `i`, which is i8.
    pub fn i8(&self, i: usize) -> &'a [i8] {
        self.slice(i, DType::I8)
    }

    /// The elements of operand `i`, which is i32.
    pub fn i32(&self, i: usize) -> &'a [i32] {
        self.slice(i, DType::I32)
    }

    /// The rows of operand `i`, which is f32: all dimensions but the last are rows.
    pub fn rows(&self, i: usize) -> Rows<'a> {
        let (rows, cols) = rows_and_columns(self.dims(i));
        Rows::new(self.f32(i), rows, cols)
    }

    /// The bytes of operand `i`.
    pub fn bytes(&self, i: usize) -> &'a [u8] {
        assert!(!self.taken(i), "operand {i} is overwritten by the result");
        let operand = &self.inputs[i];
        // SAFETY: valid for the operand's sizes (see Call), not written during the call; any element is plain bytes.
        unsafe { std::slice::from_raw_parts(operand.data, operand.bytes()) }
    }

    /// A copy of the bytes of operand `i`, also of one that the result takes over. Panics once a result was given
    /// out.
    pub(crate) fn copied(&self, i: usize) -> Vec<u8> {
        assert!(self.given == 0, "operand {i} may be overwritten by now");
        let operand = &self.inputs[i];
        // SAFETY: valid for the operand's sizes (see Call), and nothing was written yet; any element is plain bytes.
        unsafe { std::slice::from_raw_parts(operand.data, operand.bytes()) }.to_vec()
    }

    /// The operand that was packed when the program was loaded.
    pub fn packed(&self) -> &'a Constant {
        self.packed.expect("a kernel that packs an operand is called with it packed")
    }

    /// The packed operand of a product.
    pub fn panels(&self) -> Panels<'a> {
        match self.packed() {
            Constant::Panels(packed) => packed.panels(),
            Constant::Groups(_) | Constant::Stft(_) => {
                unreachable!("the operand of a wide product is packed as panels")
            }
        }
    }

    /// The rows of operand `i` as bytes: all dimensions but the last are rows.
    pub fn narrow_rows(&self, i: usize) -> NarrowRows<'a> {
        let (rows, cols) = rows_and_columns(self.dims(i));
        let width = cols * self.dtype(i).bytes();
        NarrowRows::new(self.bytes(i), rows, [width, width])
    }

    /// Whether the result took over the memory of operand `i`.
    pub fn taken(&self, i: usize) -> bool {
        let input = &self.inputs[i];
        // What is empty may stand anywhere.
        let shares = |o: &Operand| o.data == input.data && !o.dims.is_empty() && !input.dims.is_empty();
        self.outputs.iter().any(shares)
    }

    /// The elements of result `i`, which is f32. Panics if they were given out before, as `out_i32` and `out_bytes`
    /// do.
    pub fn out(&mut self, i: usize) -> &'a mut [f32] {
        let output = self.give(i, Some(DType::F32));
        // SAFETY: valid and aligned for the result's sizes (see Call), given out once, and no operand that is read
        // overlaps it: `slice` and `bytes` refuse the one whose memory it took over.
        unsafe { std::slice::from_raw_parts_mut(output.data.cast(), output.dims.len()) }
    }

    /// The rows of result `i`, which is f32: all dimensions but the last are rows.
    pub fn out_rows(&mut self, i: usize) -> RowsMut<'a> {
        let (rows, cols) = rows_and_columns(self.out_dims(i));
        RowsMut::new(self.out(i), rows, cols)
    }

    /// The elements of result `i`, which is i32.
    pub fn out_i32(&mut self, i: usize) -> &'a mut [i32] {
        let output = self.give(i, Some(DType::I32));
        // SAFETY: as in `out`.
        unsafe { std::slice::from_raw_parts_mut(output.data.cast(), output.dims.len()) }
    }

    /// The rows of result `i`, which is bf16: all dimensions but the last are rows.
    pub fn out_bf16_rows(&mut self, i: usize) -> RowsMut<'a, half::bf16> {
        let (rows, cols) = rows_and_columns(self.out_dims(i));
        let output = self.give(i, Some(DType::BF16));
        assert!(output.data.addr().is_multiple_of(align_of::<half::bf16>()), "result {i} is not aligned");
        // SAFETY: as in `out`; any bits are a bf16.
        let out = unsafe { std::slice::from_raw_parts_mut(output.data.cast(), output.dims.len()) };
        RowsMut::new(out, rows, cols)
    }

    /// The bytes of result `i`.
    pub fn out_bytes(&mut self, i: usize) -> &'a mut [u8] {
        let output = self.give(i, None);
        // SAFETY: as in `out`; any element is plain bytes.
        unsafe { std::slice::from_raw_parts_mut(output.data, output.bytes()) }
    }

    /// Result `i`, whose elements are given out now.
    fn give(&mut self, i: usize, dtype: Option<DType>) -> Operand {
        let output = self.outputs[i];
        assert!(dtype.is_none_or(|dtype| output.dtype == dtype), "result {i} holds {}", output.dtype);
        assert!(self.given & (1 << i) == 0, "result {i} was given out before");
        self.given |= 1 << i;
        output
    }

    fn slice<T>(&self, i: usize, dtype: DType) -> &'a [T] {
        assert!(!self.taken(i), "operand {i} is overwritten by the result");
        let operand = &self.inputs[i];
        assert_eq!(operand.dtype, dtype, "element type of operand {i}");
        assert_eq!(size_of::<T>(), dtype.bytes());
        assert!(operand.data.addr().is_multiple_of(align_of::<T>()), "operand {i} is not aligned");
        // SAFETY: valid for the operand's sizes (see Call), aligned, not written during the call, and any bits are
        // an f32, i32 or bf16.
        unsafe { std::slice::from_raw_parts(operand.data.cast(), operand.dims.len()) }
    }
}

/// All dimensions but the last as rows, the last as columns; a scalar is one row of one.
fn rows_and_columns(dims: &[usize]) -> (usize, usize) {
    dims.split_last().map_or((1, 1), |(cols, rows)| (rows.iter().product(), *cols))
}

/// A state, a constant or an arena that the device owns, on a cache line.
pub(crate) struct Memory(Aligned<f32>);

impl Memory {
    /// `bytes` bytes of zeros.
    pub(crate) fn zeroed(bytes: usize) -> Memory {
        Memory(Aligned::zeroed(bytes.div_ceil(size_of::<f32>())))
    }

    /// `bytes` bytes of `region`, as they are there.
    pub(crate) fn place(bytes: usize, region: &mut Region) -> Memory {
        Memory(region.take(bytes.div_ceil(size_of::<f32>())))
    }

    /// Writes `bytes`, which it has room for.
    pub(crate) fn fill(&mut self, bytes: &[u8]) {
        assert!(bytes.len() <= self.len(), "{} bytes in {}", bytes.len(), self.len());
        // SAFETY: the buffer holds that many bytes, and any bits are an f32.
        unsafe { self.pointer().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    }

    /// The first byte.
    pub(crate) fn pointer(&mut self) -> *mut u8 {
        self.first().cast()
    }

    /// The first four bytes, on a cache line.
    pub(crate) fn first(&mut self) -> *mut f32 {
        self.0.as_mut_ptr()
    }

    /// Bytes held.
    pub(crate) fn len(&self) -> usize {
        self.0.len() * size_of::<f32>()
    }
}
