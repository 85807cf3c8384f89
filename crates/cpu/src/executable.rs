//! A loaded program and its runs: no allocation, no look-up by name. Not a place for decisions: kernels and
//! places were chosen when the program was compiled.

use crate::constants::{self, Stored};
use crate::device::kernel_at;
use crate::isa::Isa;
use crate::kernel::{Call, Dims, Memory, Operand};
use crate::kernels::Cx;
use crate::packs::Packs;
use crate::pool::Pool;
use compiler::device::{Footprint, StepTime};
use compiler::work;
use compiler::{Arg, Buffer, Executable, LoadError, MAX_RANK, Place, Program, RunError, Step, Weights};
use graph::{Bindings, DType, ParamKind, TensorType, Value};
use std::sync::Arc;
use std::time::Instant;

/// A program with its weights packed and its arena allocated.
pub(crate) struct CpuExecutable {
    program: Program,
    isa: Isa,
    pool: Arc<Pool>,
    constants: Vec<Stored>,
    /// Kept for what `base` points to; `None` while another program has it.
    arena: Option<Buffer>,
    /// The arena's first value.
    base: *mut f32,
    /// Sizes of every value in the current run.
    dims: Vec<Dims>,
    /// The values whose sizes depend on a symbol.
    symbolic: Vec<Value>,
    largest: Bindings,
    bindings: Bindings,
    /// Pointers of the current run's arguments.
    args: Vec<Operand>,
    results: Vec<Operand>,
    inputs: Vec<Operand>,
    outputs: Vec<Operand>,
    /// The account that runs are measured into.
    account: Option<usize>,
    /// The times of each step, by account.
    times: Vec<Vec<StepTime>>,
    footprint: Footprint,
    /// Mapped constants point into it.
    _weights: Arc<dyn Weights>,
}

// SAFETY: the operands point into the arena and constants, which travel along, or to arguments, which are only
// followed during `run`; results are in the arena, as the compiler sees to, and forgotten when it is taken.
unsafe impl Send for CpuExecutable {}

impl CpuExecutable {
    pub(crate) fn load(
        program: Program,
        weights: Arc<dyn Weights>,
        (isa, pool): (Isa, Arc<Pool>),
        packs: Option<&Packs<'_>>,
    ) -> Result<CpuExecutable, LoadError> {
        let (constants, footprint) = constants::load(&program, weights.as_ref(), isa, packs)?;
        let values = program.graph.values();
        let is_symbolic = |v: &Value| program.graph.ty(*v).shape.as_fixed().is_none();
        let all = program.graph.params().iter().map(|p| p.value);
        let all = all.chain(program.graph.nodes().iter().flat_map(|n| n.outputs.iter().copied()));
        let symbolic = all.filter(is_symbolic).collect();
        let largest = program.graph.largest();
        let sizes = |i: &graph::ValueInfo| i.ty.shape.eval(&largest).unwrap_or_default();
        let dims = values.iter().map(|i| Dims::new(&sizes(i))).collect();
        let most = |count: fn(&Step) -> usize| program.steps.iter().map(count).max().unwrap_or(0);
        let mut memory = Memory::zeroed(program.plan.arena);
        let base = memory.first();
        let ty = TensorType::fixed(DType::F32, &[program.plan.arena.div_ceil(size_of::<f32>())]);
        let arena = Some(Buffer { ty, storage: Box::new(memory) });
        Ok(CpuExecutable {
            isa,
            pool,
            constants,
            base,
            arena,
            dims,
            symbolic,
            bindings: largest.clone(), // with room for every symbol
            largest,
            args: Vec::with_capacity(program.args().count()),
            results: Vec::with_capacity(program.graph.results().len()),
            inputs: Vec::with_capacity(most(|step| step.inputs.len())),
            outputs: Vec::with_capacity(most(|step| step.outputs.len())),
            account: None,
            times: Vec::new(),
            footprint,
            _weights: weights,
            program,
        })
    }

    fn bind(&mut self, args: &mut [Arg<'_>]) -> Result<(), RunError> {
        let graph = &self.program.graph;
        let expected = self.program.args().count();
        if args.len() != expected {
            return Err(RunError::Count { graph: graph.name().to_owned(), got: args.len(), expected });
        }
        self.bindings.clear();
        self.args.clear();
        for (param, arg) in self.program.args().zip(args) {
            let info = graph.value(param.value);
            let fail = |message: String| RunError::Arg { name: info.name.clone(), message };
            let operand = match (arg, &param.kind) {
                (Arg::State(buffer), ParamKind::State) => {
                    let bytes = info.ty.bytes(&self.largest).unwrap_or(usize::MAX);
                    let data = state(buffer, &info.ty, bytes).map_err(fail)?;
                    let dims = self.dims[param.value.index()];
                    Operand { data, dtype: info.ty.dtype, dims }
                }
                (Arg::State(_), _) | (_, ParamKind::State) => {
                    return Err(fail("a state is bound to a state, an input to a tensor".to_owned()));
                }
                (Arg::F32(data, dims), _) => {
                    input(data.as_ptr().cast(), data.len(), DType::F32, dims).map_err(fail)?
                }
                (Arg::I32(data, dims), _) => {
                    input(data.as_ptr().cast(), data.len(), DType::I32, dims).map_err(fail)?
                }
                (Arg::Bool(data, dims), _) => {
                    input(data.as_ptr().cast(), data.len(), DType::Bool, dims).map_err(fail)?
                }
            };
            if operand.dtype != info.ty.dtype {
                return Err(fail(format!("got {} elements, expected {}", operand.dtype, info.ty.dtype)));
            }
            graph.bind(&info.ty.shape, operand.dims.sizes(), &mut self.bindings).map_err(fail)?;
            self.args.push(operand);
        }
        Ok(())
    }

    /// Sets the sizes of values that depend on a symbol.
    fn resize(&mut self) {
        for value in &self.symbolic {
            let shape = &self.program.graph.ty(*value).shape;
            for (i, dim) in shape.0.iter().enumerate() {
                let size = dim.eval(&self.bindings).expect("inputs bind every symbol");
                self.dims[value.index()].set(i, size);
            }
        }
    }

    fn operand(&self, place: Place, value: Value) -> Operand {
        let (dims, dtype) = (self.dims[value.index()], self.program.graph.ty(value).dtype);
        match place {
            Place::Arena(offset) => {
                Operand { data: self.base.cast::<u8>().wrapping_add(offset), dtype, dims }
            }
            Place::Input(i) | Place::State(i) => Operand { dims, ..self.args[i] },
            Place::Constant(i) => match &self.constants[i] {
                Stored::Own { operand, .. } | Stored::Mapped(operand) => *operand,
                Stored::Packed(_) => Operand { data: std::ptr::dangling_mut::<f32>().cast(), dtype, dims },
            },
        }
    }

    fn step(&mut self, index: usize) {
        let (mut inputs, mut outputs) = (std::mem::take(&mut self.inputs), std::mem::take(&mut self.outputs));
        inputs.clear();
        outputs.clear();
        let step = &self.program.steps[index];
        let node = self.program.node(step);
        inputs.extend(step.inputs.iter().zip(&node.inputs).map(|(p, v)| self.operand(*p, *v)));
        outputs.extend(step.outputs.iter().zip(&node.outputs).map(|(p, v)| self.operand(*p, *v)));
        let packed = step.kernel.packs.and_then(|operand| match step.inputs[operand] {
            Place::Constant(i) => match &self.constants[i] {
                Stored::Packed(packed) => Some(packed),
                _ => None,
            },
            _ => None,
        });
        // SAFETY: the plan, which the device has checked, gives the step this part of the arena alone, at a multiple
        // of 64 bytes; any bits are an f32.
        let scratch = unsafe {
            let first = self.base.add(step.scratch / size_of::<f32>());
            std::slice::from_raw_parts_mut(first, step.kernel.scratch / size_of::<f32>())
        };
        let cx = Cx { isa: self.isa, pool: &self.pool };
        let mut call =
            Call { cx, op: &node.op, inputs: &inputs, packed, outputs: &outputs, given: 0, scratch };
        (kernel_at(step.kernel.index).run)(&mut call);
        self.inputs = inputs;
        self.outputs = outputs;
    }

    fn measured_step(&mut self, index: usize, account: usize) {
        let start = Instant::now();
        self.step(index);
        let time = &mut self.times[account][index];
        time.time += start.elapsed();
        time.runs += 1;
        let inputs: Vec<_> = self.inputs.iter().map(Operand::view).collect();
        let outputs: Vec<_> = self.outputs.iter().map(Operand::view).collect();
        let step = &self.program.steps[index];
        let in_place = step.kernel.in_place.is_some_and(|i| step.inputs[i] == step.outputs[0]);
        let op = &self.program.node(step).op;
        time.work += work::Call { op, inputs: &inputs, outputs: &outputs, in_place }.work();
    }

    fn no_arena(&self, got: usize) -> RunError {
        let (graph, expected) = (self.program.graph.name().to_owned(), self.program.plan.arena);
        RunError::Arena { graph, got, expected }
    }

    fn result(&self, index: usize, dtype: DType) -> &Operand {
        let operand = &self.results[index];
        assert_eq!(operand.dtype, dtype, "element type of result {index}");
        operand
    }
}

/// The first byte of a state, which is of type `ty` and holds `bytes` bytes: its storage is checked, for anyone may
/// give a buffer another type.
fn state(buffer: &mut Buffer, ty: &TensorType, bytes: usize) -> Result<*mut u8, String> {
    if buffer.ty != *ty {
        return Err(format!("got a state of {}, expected {ty}", buffer.ty));
    }
    let memory = buffer.storage.downcast_mut::<Memory>();
    let memory = memory.ok_or_else(|| "the state is another device's".to_owned())?;
    if memory.len() < bytes {
        return Err(format!("the state holds {} bytes, expected {bytes}", memory.len()));
    }
    Ok(memory.pointer())
}

fn input(data: *const u8, len: usize, dtype: DType, dims: &[usize]) -> Result<Operand, String> {
    let elements = dims.iter().try_fold(1_usize, |n, d| n.checked_mul(*d));
    if dims.len() > MAX_RANK || elements != Some(len) {
        return Err(format!("got {len} elements for sizes {dims:?}"));
    }
    Ok(Operand { data: data.cast_mut(), dtype, dims: Dims::new(dims) })
}

impl Executable for CpuExecutable {
    fn program(&self) -> &Program {
        &self.program
    }

    fn run(&mut self, args: &mut [Arg<'_>]) -> Result<(), RunError> {
        self.results.clear();
        if self.arena.is_none() {
            return Err(self.no_arena(0));
        }
        self.bind(args)?;
        self.resize();
        for index in 0..self.program.steps.len() {
            match self.account {
                Some(account) => self.measured_step(index, account),
                None => self.step(index),
            }
        }
        for i in 0..self.program.graph.results().len() {
            let value = self.program.graph.results()[i];
            let place = self.program.plan.places[value.index()]
                .expect("the compiler refuses results without a place");
            self.results.push(self.operand(place, value));
        }
        self.args.clear();
        Ok(())
    }

    fn f32(&self, index: usize) -> (&[f32], &[usize]) {
        let operand = self.result(index, DType::F32);
        // SAFETY: a result lives in the arena, aligned and not written until the next run, which needs `&mut self`.
        let data = unsafe { std::slice::from_raw_parts(operand.data.cast(), operand.dims.len()) };
        (data, operand.dims.sizes())
    }

    fn i32(&self, index: usize) -> (&[i32], &[usize]) {
        let operand = self.result(index, DType::I32);
        // SAFETY: as in `f32`.
        let data = unsafe { std::slice::from_raw_parts(operand.data.cast(), operand.dims.len()) };
        (data, operand.dims.sizes())
    }

    fn measure(&mut self, account: Option<usize>) {
        self.account = account;
        let accounts = account.map_or(0, |account| account + 1).max(self.times.len());
        self.times.resize(accounts, vec![StepTime::default(); self.program.steps.len()]);
    }

    fn measured(&self, account: usize) -> &[StepTime] {
        self.times.get(account).map_or(&[], Vec::as_slice)
    }

    fn bytes(&self) -> Footprint {
        self.footprint
    }

    fn take_arena(&mut self) -> Option<Buffer> {
        self.results.clear();
        self.arena.take()
    }

    fn put_arena(&mut self, mut arena: Buffer) -> Result<(), RunError> {
        self.results.clear();
        let memory = arena.storage.downcast_mut::<Memory>();
        match memory.filter(|memory| memory.len() >= self.program.plan.arena) {
            Some(memory) => self.base = memory.first(),
            None => return Err(self.no_arena(arena.storage.downcast_ref().map_or(0, Memory::len))),
        }
        self.arena = Some(arena);
        Ok(())
    }
}
