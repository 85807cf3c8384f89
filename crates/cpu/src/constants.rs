//! What a program reads at every run and never writes: weights, packed, copied or mapped. Not states.

use crate::aligned::{Region, bytes_of};
use crate::device::kernel_at;
use crate::isa::Isa;
use crate::kernel::{self, Dims, Memory, Operand};
use crate::kernels::Cx;
use crate::kernels::quantize::{quantize, rotation_scratch};
use crate::kernels::quantize_low_rank::{LowRank, quantize_low_rank};
use crate::ops::linear::with_elements;
use crate::packs::{Pack, Packs};
use crate::pool::Pool;
use compiler::device::Footprint;
use compiler::{LoadError, Program, Step, TensorView, Weights};
use graph::ops::Concat;
use graph::ops::quantize_low_rank::{EVERY, directions};
use graph::{Bindings, DType, Data, Def, Op, ParamKind, Tensor, TensorType, Value};
use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt::Write as _;

/// One constant as its kernel wants it.
pub(crate) enum Stored {
    /// Packed for one kernel.
    Packed(kernel::Constant),
    /// Aligned elements of our own.
    Own { _memory: Memory, operand: Operand },
    /// The model's own bytes.
    Mapped(Operand),
}

// SAFETY: the operands point into `Memory` that travels along, or into the model, which is Send and Sync and is
// kept alive by the executable; nobody writes through them.
unsafe impl Send for Stored {}

/// Where a constant's bytes are.
enum Home<'a> {
    /// In the region of the program, packed for this step.
    Packed(&'a Step),
    /// In the region, as they are.
    Own(TensorType),
    /// In memory of its own, and never in a file: integers and truths, by which kernels find elements.
    Apart(TensorType),
    /// In the model.
    Mapped(TensorView<'a>),
}

impl Home<'_> {
    /// Bytes of the region.
    fn room(&self) -> usize {
        match self {
            Home::Packed(step) => Region::room(step.kernel.packed_bytes),
            Home::Own(ty) => Region::room(size(ty)),
            Home::Apart(_) | Home::Mapped(_) => 0,
        }
    }
}

/// Bytes of a constant.
fn size(ty: &TensorType) -> usize {
    ty.bytes(&Bindings::new()).expect("the sizes of a constant are constants")
}

/// Loads the program's constants in order: from the file that holds them, if there is one; else they are packed, and kept
/// in it.
pub(crate) fn load(
    program: &Program,
    weights: &dyn Weights,
    isa: Isa,
    packs: Option<&Packs<'_>>,
) -> Result<(Vec<Stored>, Footprint), LoadError> {
    let loader = Loader { program, weights, isa, beside: RefCell::default() };
    let homes: Vec<Home<'_>> =
        (0..program.constants.len()).map(|i| loader.home(i)).collect::<Result<_, LoadError>>()?;
    let bytes = homes.iter().map(Home::room).sum();
    let pack = packs.and_then(|packs| packs.pack(program, weights, &contents(program, &homes), bytes));
    let kept = pack.as_ref().and_then(Pack::read);
    let filled = kept.is_some();
    let mut region = kept.unwrap_or_else(|| Region::new(bytes));
    let mut stored = Vec::with_capacity(program.constants.len());
    let mut footprint = Footprint { arena: program.plan.arena, ..Footprint::default() };
    let largest = program.graph.largest();
    for (constant, home) in program.constants.iter().zip(homes) {
        let in_region = matches!(home, Home::Own(_));
        stored.push(match home {
            Home::Packed(step) => {
                let packing =
                    kernel_at(step.kernel.index).packing.expect("the kernel that packs has a packing");
                let mut packed = (packing.place)(isa, &program.view(step, &largest), &mut region);
                if !filled {
                    loader.with(constant.value, |view| (packing.fill)(view, &mut packed))?;
                }
                footprint.packed += step.kernel.packed_bytes;
                Stored::Packed(packed)
            }
            Home::Own(ty) | Home::Apart(ty) => {
                let bytes = size(&ty);
                let mut memory =
                    if in_region { Memory::place(bytes, &mut region) } else { Memory::zeroed(bytes) };
                if !(in_region && filled) {
                    loader.with(constant.value, |view| memory.fill(view.bytes))?;
                }
                footprint.constants += memory.len();
                let dims = Dims::new(&ty.shape.as_fixed().unwrap_or_default());
                let operand = Operand { data: memory.pointer(), dtype: ty.dtype, dims };
                Stored::Own { _memory: memory, operand }
            }
            Home::Mapped(view) => {
                let data = view.bytes.as_ptr().cast_mut();
                Stored::Mapped(Operand { data, dtype: view.dtype, dims: Dims::new(view.dims) })
            }
        });
    }
    if let (Some(pack), false) = (pack, filled) {
        // SAFETY: the buffers lie in `stored`, and nobody writes them any more.
        pack.write(unsafe { region.whole() });
    }
    Ok((stored, footprint))
}

/// What is in the region, in words: all that its bytes depend on but the files, the program and the instruction set.
fn contents(program: &Program, homes: &[Home<'_>]) -> String {
    let graph = &program.graph;
    let mut text = String::new();
    for param in graph.params() {
        if let ParamKind::Weight(name) = &param.kind {
            let info = graph.value(param.value);
            let _ = writeln!(text, "%{}: {} = @{name}", info.name, info.ty);
        }
    }
    for node in &program.load {
        let _ = writeln!(text, "{}", graph.node_text(graph.node(*node)));
    }
    for (constant, home) in program.constants.iter().zip(homes) {
        let name = &graph.value(constant.value).name;
        let _ = match home {
            Home::Packed(step) => {
                let node = program.node(step);
                let (kernel, bytes) = (step.kernel.name, step.kernel.packed_bytes);
                let types: Vec<_> = node.inputs.iter().map(|v| graph.ty(*v).dtype.to_string()).collect();
                let attributes = step.kernel.packs_attributes.then(|| node.op.attributes().to_string());
                let (types, attributes) = (types.join(" "), attributes.unwrap_or_default());
                writeln!(text, "%{name} for {kernel} of {types} {attributes} in {bytes} bytes")
            }
            Home::Own(_) => writeln!(text, "%{name} as it is"),
            Home::Apart(_) | Home::Mapped(_) => writeln!(text, "%{name} elsewhere"),
        };
    }
    text
}

struct Loader<'a> {
    program: &'a Program,
    weights: &'a dyn Weights,
    isa: Isa,
    /// What was computed beside an earlier constant and may be part of the next, such as the factors beside the bytes; and
    /// what was beside this one, which takes its place.
    beside: RefCell<[Vec<(Value, Tensor)>; 2]>,
}

impl<'a> Loader<'a> {
    /// The value as a tensor. A node that depends on weights alone is evaluated anew for each constant, so that no
    /// more than one constant is there twice.
    fn tensor(&self, value: Value) -> Result<Tensor, LoadError> {
        if let Some(tensor) = self.kept(value) {
            return Ok(tensor);
        }
        let graph = &self.program.graph;
        let Def::Node(id, output) = graph.value(value).def else {
            let tensor = to_tensor(&self.weight(value)?);
            self.release(value);
            return Ok(tensor);
        };
        let node = graph.node(id);
        let by_rows_alone = matches!(node.op, Op::Convert(_) | Op::Quantize(_) | Op::QuantizeLowRank(_));
        if by_rows_alone && !self.is_computed(node.inputs[0]) {
            let source = node.inputs[0];
            let (view, release) = (self.weight(source)?, || self.release(source));
            let results = match &node.op {
                Op::Quantize(op) => Vec::from(quantized(self.isa, op.rotated, &view, release)),
                Op::QuantizeLowRank(op) => Vec::from(quantized_low_rank(self.isa, op.rank, &view, release)),
                op => vec![by_rows(op, &view, release)],
            };
            let mut results: Vec<_> = node.outputs.iter().copied().zip(results).collect();
            let (_, own) = results.swap_remove(output);
            self.beside.borrow_mut()[1].append(&mut results);
            return Ok(own);
        }
        let inputs: Vec<Tensor> = node.inputs.iter().map(|v| self.tensor(*v)).collect::<Result<_, _>>()?;
        if let Op::Concat(Concat { axis: 0 }) = node.op {
            let mut inputs = inputs.into_iter();
            let mut whole = inputs.next().expect("concat has an input");
            inputs.for_each(|more| append(&mut whole, more));
            return Ok(whole);
        }
        let types: Vec<TensorType> = node.outputs.iter().map(|v| graph.ty(*v).clone()).collect();
        let mut outputs = node.op.eval(&inputs.iter().collect::<Vec<_>>(), &types);
        Ok(outputs.swap_remove(output))
    }

    /// What was computed beside an earlier constant, if it is this value.
    fn kept(&self, value: Value) -> Option<Tensor> {
        let [earlier, _] = &mut *self.beside.borrow_mut();
        let at = earlier.iter().position(|(kept, _)| *kept == value)?;
        Some(earlier.swap_remove(at).1)
    }

    /// Lets what was computed beside this constant take the place of what was beside an earlier one.
    fn keep_what_is_beside(&self) {
        let [earlier, this] = &mut *self.beside.borrow_mut();
        if !this.is_empty() {
            *earlier = std::mem::take(this);
        }
    }

    /// Whether the value is computed from weights, not one of them.
    fn is_computed(&self, value: Value) -> bool {
        matches!(self.program.graph.value(value).def, Def::Node(..))
    }

    /// The model's tensor for a weight, checked against its type in the graph.
    fn weight(&self, value: Value) -> Result<TensorView<'a>, LoadError> {
        let graph = &self.program.graph;
        let Def::Param(param) = graph.value(value).def else { unreachable!("computed constants are kept") };
        let ParamKind::Weight(name) = &graph.params()[param].kind else {
            unreachable!("only weights are constant")
        };
        let expected = graph.ty(value).clone();
        let Some(view) = self.weights.tensor(name) else {
            return Err(LoadError::Missing { name: name.clone(), expected });
        };
        let got = TensorType::fixed(view.dtype, view.dims);
        if got != expected {
            return Err(LoadError::Type { name: name.clone(), got, expected });
        }
        let size = expected.bytes(&Bindings::new()).unwrap_or(usize::MAX);
        if view.bytes.len() != size {
            let (name, got) = (name.clone(), view.bytes.len());
            return Err(LoadError::Bytes { name, ty: expected, got, expected: size });
        }
        Ok(view)
    }

    fn with<T>(&self, value: Value, f: impl FnOnce(&TensorView<'_>) -> T) -> Result<T, LoadError> {
        if self.is_computed(value) {
            let tensor = self.tensor(value)?;
            self.keep_what_is_beside();
            let bytes = to_bytes(&tensor);
            return Ok(f(&TensorView { dtype: tensor.dtype(), dims: &tensor.dims, bytes: &bytes }));
        }
        let done = f(&self.weight(value)?);
        self.release(value);
        Ok(done)
    }

    /// Says that a weight was read and is kept in another form now.
    fn release(&self, value: Value) {
        if let Def::Param(param) = self.program.graph.value(value).def
            && let ParamKind::Weight(name) = &self.program.graph.params()[param].kind
        {
            self.weights.release(name);
        }
    }

    /// Where constant `index` is. One that is not packed is mapped if it lies aligned in the model or is a table; else it
    /// is copied.
    fn home(&self, index: usize) -> Result<Home<'a>, LoadError> {
        let constant = &self.program.constants[index];
        if let Some(step) = constant.packed_for {
            return Ok(Home::Packed(&self.program.steps[step]));
        }
        if !self.is_computed(constant.value) {
            let view = self.weight(constant.value)?;
            let size = view.dtype.bytes();
            if self.program.is_table(index) || view.bytes.as_ptr().addr().is_multiple_of(size) {
                return Ok(Home::Mapped(view));
            }
        }
        let ty = self.program.graph.ty(constant.value).clone();
        Ok(if matches!(ty.dtype, DType::I32 | DType::Bool) { Home::Apart(ty) } else { Home::Own(ty) })
    }
}

/// Rows of a weight that are computed at a time.
const ROWS: usize = 256;

/// The bytes and factors of a weight's rows, as [`by_rows`] has them: what the kernel makes of them, straight from the
/// elements of the model.
fn quantized(isa: Isa, rotated: bool, view: &TensorView<'_>, read: impl Fn()) -> [Tensor; 2] {
    let (cols, dims) = view.dims.split_last().map_or((1, view.dims), |(cols, dims)| (*cols, dims));
    let mut bytes = vec![0_u8; view.dims.iter().product()];
    let mut factors = vec![0.0; dims.iter().product()];
    // The parts of a model are loaded side by side.
    let cx = Cx { isa, pool: &Pool::new(1) };
    let parts = bytes.chunks_mut((ROWS * cols).max(1)).zip(factors.chunks_mut(ROWS));
    let mut scratch = vec![0.0; rotation_scratch(1, cols)];
    for (i, out) in parts.enumerate() {
        let from = i * ROWS * cols * view.dtype.bytes();
        let part = TensorView { bytes: &view.bytes[from..][..out.0.len() * view.dtype.bytes()], ..*view };
        let scratch = rotated.then_some(&mut scratch[..]);
        with_elements(&part, |elements| quantize(cx, elements, [cols, 1], out, scratch));
        read();
    }
    let bytes = bytes.into_iter().map(u8::cast_signed).collect();
    [Tensor { dims: view.dims.to_vec(), data: Data::I8(bytes) }, Tensor::f32(dims, factors)]
}

/// What [`graph::ops::QuantizeLowRank`] makes of a weight, as [`quantized`] has it; each part that is read is followed by
/// `read`, too, where one row of many is looked at for directions.
fn quantized_low_rank(isa: Isa, rank: usize, view: &TensorView<'_>, read: impl Fn()) -> [Tensor; 4] {
    let [n, k] = [view.dims[0], view.dims[1]];
    let row_bytes = k * view.dtype.bytes();
    let mut picked = Vec::with_capacity(n.div_ceil(EVERY) * k);
    for rows in view.bytes.chunks((EVERY * ROWS * row_bytes).max(1)) {
        for row in rows.chunks((EVERY * row_bytes).max(1)) {
            let row = TensorView { dtype: view.dtype, dims: &[k], bytes: &row[..row_bytes] };
            picked.extend(to_tensor(&row).to_f32());
        }
        read();
    }
    let directions = directions(&picked, k, rank);
    let (mut bytes, mut factors, mut along) = (vec![0_u8; n * k], vec![0.0; n], vec![0.0; n * rank]);
    let parts = bytes.chunks_mut((ROWS * k).max(1)).zip(factors.chunks_mut(ROWS));
    let parts = parts.zip(along.chunks_mut(ROWS * rank));
    for (((bytes, factors), along), rows) in parts.zip(view.bytes.chunks((ROWS * row_bytes).max(1))) {
        let part = TensorView { bytes: rows, ..*view };
        let out = LowRank { bytes, factors, along };
        with_elements(&part, |elements| quantize_low_rank(isa, elements, k, &directions, out));
        read();
    }
    let bytes = bytes.into_iter().map(u8::cast_signed).collect();
    [
        Tensor { dims: view.dims.to_vec(), data: Data::I4(bytes) },
        Tensor::f32(&[n], factors),
        Tensor::f32(&[rank, k], directions),
        Tensor::f32(&[n, rank], along),
    ]
}

/// The result of an op on a weight that keeps rows apart, some rows at a time, each followed by `read`: a vocabulary in
/// f32 would be the most that a process ever holds.
fn by_rows(op: &Op, view: &TensorView<'_>, read: impl Fn()) -> Tensor {
    let (rows, row_dims) = view.dims.split_first().map_or((1, view.dims), |(rows, dims)| (*rows, dims));
    let row_bytes = view.bytes.len() / rows.max(1);
    let mut whole: Option<Tensor> = None;
    for bytes in view.bytes.chunks((ROWS * row_bytes).max(1)) {
        let dims: Vec<usize> =
            [bytes.len() / row_bytes.max(1)].into_iter().chain(row_dims.iter().copied()).collect();
        let part = to_tensor(&TensorView { dtype: view.dtype, dims: &dims, bytes });
        let types = op.infer(&[part.ty()]).expect("the op fits some rows as it fits all");
        let part = op.eval(&[&part], &types).swap_remove(0);
        read();
        match &mut whole {
            None => whole = Some(part),
            Some(whole) => append(whole, part),
        }
    }
    whole.unwrap_or_else(|| {
        let types = op.infer(&[TensorType::fixed(view.dtype, view.dims)]).expect("the graph was verified");
        Tensor::zeros(types[0].dtype, &types[0].shape.as_fixed().unwrap_or_default())
    })
}

/// Puts the rows of `more` behind those of `whole`.
fn append(whole: &mut Tensor, more: Tensor) {
    whole.dims[0] += more.dims[0];
    match (&mut whole.data, more.data) {
        (Data::F32(a), Data::F32(b)) => a.extend(b),
        (Data::F16(a), Data::F16(b)) => a.extend(b),
        (Data::BF16(a), Data::BF16(b)) => a.extend(b),
        (Data::I8(a), Data::I8(b)) | (Data::I4(a), Data::I4(b)) => a.extend(b),
        (Data::I32(a), Data::I32(b)) => a.extend(b),
        (Data::Bool(a), Data::Bool(b)) => a.extend(b),
        _ => unreachable!("rows of one element type"),
    }
}

/// The tensor with owned elements.
fn to_tensor(view: &TensorView<'_>) -> Tensor {
    let words = || view.bytes.chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]]));
    let long = || view.bytes.chunks_exact(4).map(|b| [b[0], b[1], b[2], b[3]]);
    let data = match view.dtype {
        DType::F32 => Data::F32(long().map(f32::from_le_bytes).collect()),
        DType::I32 => Data::I32(long().map(i32::from_le_bytes).collect()),
        DType::F16 => Data::F16(words().map(half::f16::from_bits).collect()),
        DType::BF16 => Data::BF16(words().map(half::bf16::from_bits).collect()),
        DType::I8 => Data::I8(view.bytes.iter().map(|b| b.cast_signed()).collect()),
        DType::I4 => Data::I4(view.bytes.iter().map(|b| b.cast_signed()).collect()),
        DType::Bool => Data::Bool(view.bytes.iter().map(|b| *b != 0).collect()),
    };
    Tensor { dims: view.dims.to_vec(), data }
}

/// The elements as little-endian bytes; where they lie, if they are so there.
pub(crate) fn to_bytes(tensor: &Tensor) -> Cow<'_, [u8]> {
    if cfg!(target_endian = "little") {
        match &tensor.data {
            Data::F32(v) => return Cow::Borrowed(bytes_of(v)),
            Data::I32(v) => return Cow::Borrowed(bytes_of(v)),
            Data::F16(v) => return Cow::Borrowed(bytes_of(v)),
            Data::BF16(v) => return Cow::Borrowed(bytes_of(v)),
            Data::I8(v) | Data::I4(v) => return Cow::Borrowed(bytes_of(v)),
            Data::Bool(_) => (),
        }
    }
    Cow::Owned(match &tensor.data {
        Data::F32(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
        Data::I32(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
        Data::F16(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
        Data::BF16(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
        Data::I8(v) | Data::I4(v) => v.iter().map(|x| x.cast_unsigned()).collect(),
        Data::Bool(v) => v.iter().map(|x| u8::from(*x)).collect(),
    })
}

/// The tensor of an operand, for the reference kernel.
pub(crate) fn tensor_of(dtype: DType, dims: &[usize], bytes: &[u8]) -> Tensor {
    to_tensor(&TensorView { dtype, dims, bytes })
}
