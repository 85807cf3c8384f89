//! Weights in the order in which the products read them. Not a quantiser: elements keep their values.
//!
//! `n` outputs of `k` products each are cut into panels of [`panel_width`] outputs. A panel is `k` rows of its
//! outputs' weights, contiguous, so that outputs lie in lanes and a product streams through memory. Outputs
//! beyond `n` are zero.

use half::{bf16, f16};

use crate::aligned::{Aligned, Plain, Region};
use crate::isa::Isa;
use crate::simd::{MAX_LANES, Simd};

/// The outputs of one panel: two vectors of `isa`.
pub const fn panel_width(isa: Isa) -> usize {
    2 * isa.lanes()
}

/// The elements that `n` outputs of `k` products take when packed for `isa`.
pub const fn packed_len(isa: Isa, n: usize, k: usize) -> usize {
    n.next_multiple_of(panel_width(isa)) * k
}

/// Elements of one of the types that weights are kept in; products are f32 for each, and widening is exact.
#[derive(Debug, Clone, Copy)]
pub enum Elements<'a> {
    /// IEEE single.
    F32(&'a [f32]),
    /// IEEE half.
    F16(&'a [f16]),
    /// bfloat16.
    Bf16(&'a [bf16]),
}

/// A type that weights are kept in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// IEEE single.
    F32,
    /// IEEE half.
    F16,
    /// bfloat16.
    Bf16,
}

impl Kind {
    /// Bytes of an element.
    pub const fn bytes(self) -> usize {
        match self {
            Kind::F32 => 4,
            Kind::F16 | Kind::Bf16 => 2,
        }
    }
}

impl Elements<'_> {
    /// Their type.
    pub fn kind(&self) -> Kind {
        match self {
            Elements::F32(_) => Kind::F32,
            Elements::F16(_) => Kind::F16,
            Elements::Bf16(_) => Kind::Bf16,
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Elements::F32(x) => x.len(),
            Elements::F16(x) => x.len(),
            Elements::Bf16(x) => x.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// How unpacked weights lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// `[n, k]`: one output's weights are contiguous, as linear layers store them.
    OutputRows,
    /// `[k, n]`: the right operand of a plain matrix product.
    OutputColumns,
}

/// Unpacked weights: `n` outputs of `k` products each.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// `n * k` elements.
    pub elements: Elements<'a>,
    /// How they lie.
    pub order: Order,
    /// Outputs.
    pub n: usize,
    /// Products of each output.
    pub k: usize,
}

/// Packed weights that are borrowed: from a [`Packed`], a scratch buffer or a mapped file.
#[derive(Debug, Clone, Copy)]
pub struct Panels<'a> {
    elements: Elements<'a>,
    isa: Isa,
    n: usize,
    k: usize,
}

impl<'a> Panels<'a> {
    /// Takes `elements` as packed for `isa`.
    ///
    /// # Panics
    /// When their count is not [`packed_len`].
    pub fn new(isa: Isa, elements: Elements<'a>, n: usize, k: usize) -> Self {
        assert_eq!(elements.len(), packed_len(isa, n, k), "{n} outputs of {k} for {isa}");
        Self { elements, isa, n, k }
    }

    /// The elements, panel after panel.
    pub fn elements(&self) -> Elements<'a> {
        self.elements
    }

    /// The path that they are packed for.
    pub fn isa(&self) -> Isa {
        self.isa
    }

    /// Outputs.
    pub fn n(&self) -> usize {
        self.n
    }

    /// Products of each output.
    pub fn k(&self) -> usize {
        self.k
    }
}

/// Packed weights that are owned, in one buffer on a cache line.
#[derive(Debug, Clone)]
pub struct Packed {
    store: Store,
    isa: Isa,
    n: usize,
    k: usize,
}

#[derive(Debug, Clone)]
enum Store {
    F32(Aligned<f32>),
    F16(Aligned<f16>),
    Bf16(Aligned<bf16>),
}

impl Packed {
    /// Packs for `isa` and keeps the element type. Products with the same values in another type have the same
    /// bits, and narrow elements are half the memory to read: the speed of decoding.
    ///
    /// # Panics
    /// When the count of elements is not `n * k`.
    pub fn new(isa: Isa, source: Source<'_>) -> Self {
        let Source { elements, order, n, k } = source;
        let kind = elements.kind();
        let mut region = Region::new(packed_len(isa, n, k) * kind.bytes());
        let mut packed = Self::place(&mut region, isa, kind, [n, k]);
        packed.fill(elements, order);
        packed
    }

    /// `n` outputs of `k` products in memory of `region`: what lies there, if it was filled.
    pub fn place(region: &mut Region, isa: Isa, kind: Kind, [n, k]: [usize; 2]) -> Self {
        let len = packed_len(isa, n, k);
        let store = match kind {
            Kind::F32 => Store::F32(region.take(len)),
            Kind::F16 => Store::F16(region.take(len)),
            Kind::Bf16 => Store::Bf16(region.take(len)),
        };
        Self { store, isa, n, k }
    }

    /// Packs the elements into memory that is zero.
    ///
    /// # Panics
    /// When their count is not `n * k`, or they are of another type.
    pub fn fill(&mut self, elements: Elements<'_>, order: Order) {
        let (isa, nk) = (self.isa, [self.n, self.k]);
        assert_eq!(elements.len(), nk[0] * nk[1], "weights of {} outputs of {}", nk[0], nk[1]);
        match (&mut self.store, elements) {
            (Store::F32(to), Elements::F32(x)) => pack(isa, x, order, nk, to),
            (Store::F16(to), Elements::F16(x)) => pack(isa, x, order, nk, to),
            (Store::Bf16(to), Elements::Bf16(x)) => pack(isa, x, order, nk, to),
            (_, elements) => panic!("weights of {:?} in a place for others", elements.kind()),
        }
    }

    /// The weights as the products take them.
    pub fn panels(&self) -> Panels<'_> {
        let elements = match &self.store {
            Store::F32(x) => Elements::F32(x),
            Store::F16(x) => Elements::F16(x),
            Store::Bf16(x) => Elements::Bf16(x),
        };
        Panels { elements, isa: self.isa, n: self.n, k: self.k }
    }
}

/// Fills `out`, which is zero, with the panels.
fn pack<T: Plain>(isa: Isa, src: &[T], order: Order, nk: [usize; 2], out: &mut [T]) {
    let (rows, cols) = match order {
        Order::OutputRows => (nk[1], 1),
        Order::OutputColumns => (1, nk[0]),
    };
    let width = panel_width(isa);
    for (p, panel) in out.chunks_exact_mut((width * nk[1]).max(1)).enumerate() {
        let first = p * width;
        pack_panel(panel, width, (nk[0] - first).min(width), |j, i| src[(first + j) * rows + i * cols]);
    }
}

/// Fills one panel from `at(output, product)`, for `valid` of its `width` outputs; the others are left.
#[inline(always)]
fn pack_panel<U>(panel: &mut [U], width: usize, valid: usize, at: impl Fn(usize, usize) -> U) {
    for (i, row) in panel.chunks_exact_mut(width).enumerate() {
        for (j, x) in row.iter_mut().enumerate().take(valid) {
            *x = at(j, i);
        }
    }
}

/// Packs f32 weights into a caller's buffer of [`packed_len`] elements: right operands that are activations.
///
/// # Panics
/// When a length is wrong.
pub fn pack_into(isa: Isa, src: &[f32], order: Order, nk: [usize; 2], out: &mut [f32]) {
    assert_eq!(src.len(), nk[0] * nk[1]);
    assert_eq!(out.len(), packed_len(isa, nk[0], nk[1]));
    let (rows, cols) = match order {
        Order::OutputRows => (nk[1], 1),
        Order::OutputColumns => (1, nk[0]),
    };
    let width = panel_width(isa);
    for (p, panel) in out.chunks_exact_mut((width * nk[1]).max(1)).enumerate() {
        let first = p * width;
        let valid = (nk[0] - first).min(width);
        if valid < width {
            panel.fill(0.0);
        }
        pack_panel(panel, width, valid, |j, i| src[(first + j) * rows + i * cols]);
    }
}

/// A type that weights, keys and values are kept in.
pub trait Element: Copy + Send + Sync + 'static {
    /// Nothing.
    const ZERO: Self;

    /// `n <= LANES` elements, widened; zero in the lanes above, and nothing above is read.
    ///
    /// # Safety
    /// `p` holds `n` elements.
    #[inline(always)]
    unsafe fn load_part<S: Simd>(s: S, p: *const Self, n: usize) -> S::V {
        let mut whole = [Self::ZERO; MAX_LANES];
        // SAFETY: the caller vouches for `n` elements, and an array of MAX_LANES holds LANES.
        unsafe {
            whole.as_mut_ptr().copy_from_nonoverlapping(p, n.min(MAX_LANES));
            Self::load(s, whole.as_ptr())
        }
    }

    /// `LANES` elements, widened.
    ///
    /// # Safety
    /// `p` holds `LANES` elements.
    unsafe fn load<S: Simd>(s: S, p: *const Self) -> S::V;
}

impl Element for f32 {
    const ZERO: f32 = 0.0;

    #[inline(always)]
    unsafe fn load_part<S: Simd>(s: S, p: *const Self, n: usize) -> S::V {
        // SAFETY: the caller's contract.
        unsafe { s.load_part(p, n) }
    }

    #[inline(always)]
    unsafe fn load<S: Simd>(s: S, p: *const Self) -> S::V {
        // SAFETY: the caller's contract.
        unsafe { s.load(p) }
    }
}

impl Element for f16 {
    const ZERO: f16 = f16::ZERO;

    #[inline(always)]
    unsafe fn load<S: Simd>(s: S, p: *const Self) -> S::V {
        // SAFETY: the caller's contract; f16 is a transparent u16.
        unsafe { s.load_f16(p.cast()) }
    }
}

impl Element for i8 {
    const ZERO: i8 = 0;

    #[inline(always)]
    unsafe fn load<S: Simd>(s: S, p: *const Self) -> S::V {
        // SAFETY: the caller's contract.
        unsafe { s.load_i8(p) }
    }
}

impl Element for bf16 {
    const ZERO: bf16 = bf16::ZERO;

    #[inline(always)]
    unsafe fn load<S: Simd>(s: S, p: *const Self) -> S::V {
        // SAFETY: the caller's contract; bf16 is a transparent u16.
        unsafe { s.load_bf16(p.cast()) }
    }
}
