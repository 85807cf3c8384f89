//! What a device must offer, and what it is told. Not an implementation: each device is a crate of its own.

use crate::compute::Compute;
use crate::origin::Origin;
use crate::program::Program;
use crate::roofline::Peaks;
use crate::schedule::KernelChoice;
use crate::work::Work;
use graph::{Bindings, DType, Op, TensorType};
use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

/// Pure facts of the machine that choose kernels: a fixed table, never a timing at run time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The device, such as `cpu`.
    pub device: &'static str,
    /// The instruction set, such as `avx512`.
    pub isa: &'static str,
    /// How many threads share a step.
    pub threads: usize,
    /// The precision that programs for it are compiled in.
    pub compute: Compute,
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({}, {} threads, {})", self.device, self.isa, self.threads, self.compute)
    }
}

/// A node as a kernel sees it when it is chosen.
#[derive(Clone, Debug)]
pub struct NodeView<'a> {
    /// The operation.
    pub op: &'a Op,
    /// The types of the operands.
    pub inputs: Vec<&'a TensorType>,
    /// Which operands are the same at every run.
    pub constant: Vec<bool>,
    /// The types of the results.
    pub outputs: Vec<&'a TensorType>,
    /// Every symbol at its largest.
    pub largest: &'a Bindings,
}

/// A place where programs run.
pub trait Device: Send + Sync {
    /// The facts that choose kernels.
    fn target(&self) -> &Target;

    /// The kernel that runs `node`; `None` if there is none.
    fn kernel(&self, node: &NodeView<'_>) -> Option<KernelChoice>;

    /// Packs the weights for the program's kernels and makes it ready to run.
    ///
    /// # Errors
    /// A weight is missing or of another type, or the program is not what this device compiles.
    fn load(&self, program: Program, weights: Arc<dyn Weights>) -> Result<Box<dyn Executable>, LoadError>;

    /// A state of zeros. All sizes of `ty` are constants.
    fn state(&self, ty: &TensorType) -> Buffer;

    /// What measures the peaks of this device anew at each call, with its threads and the instructions of its kernels,
    /// in less than a second. It holds memory beyond the caches until it is dropped.
    fn probe(&self) -> Box<dyn FnMut() -> Peaks>;
}

/// A buffer that outlives runs: a state.
pub struct Buffer {
    /// Its type; all sizes are constants.
    pub ty: TensorType,
    /// The device's own storage.
    pub storage: Box<dyn Any + Send>,
}

/// A tensor that somebody else keeps: row-major bytes, little-endian, not necessarily aligned.
#[derive(Clone, Copy, Debug)]
pub struct TensorView<'a> {
    /// How elements are stored.
    pub dtype: DType,
    /// The sizes.
    pub dims: &'a [usize],
    /// The elements.
    pub bytes: &'a [u8],
}

/// The tensors of a model by name.
pub trait Weights: Send + Sync {
    /// The tensor called `name`.
    fn tensor(&self, name: &str) -> Option<TensorView<'_>>;

    /// Hears that the tensor called `name` was packed, and is not looked at again soon: its memory may be let go of.
    fn release(&self, _name: &str) {}

    /// The files that the tensors come from; `None` where they come from none, so that nothing that is made of them is
    /// known again.
    fn origin(&self) -> Option<Origin> {
        None
    }
}

/// What a parameter is bound to in one run.
pub enum Arg<'a> {
    /// f32 elements of these sizes.
    F32(&'a [f32], &'a [usize]),
    /// i32 elements of these sizes.
    I32(&'a [i32], &'a [usize]),
    /// Truth values of these sizes.
    Bool(&'a [bool], &'a [usize]),
    /// A state.
    State(&'a mut Buffer),
}

/// A program that is ready to run.
pub trait Executable: Send {
    /// What is run.
    fn program(&self) -> &Program;

    /// Runs the program; `args` are its inputs and states, in the order of the graph's parameters.
    ///
    /// # Errors
    /// An argument does not fit its parameter.
    fn run(&mut self, args: &mut [Arg<'_>]) -> Result<(), RunError>;

    /// Result number `index` of the last run, an f32 tensor, with its sizes. Panics if there is no such result, it
    /// has other elements, or the last run was refused.
    fn f32(&self, index: usize) -> (&[f32], &[usize]);

    /// Result number `index` of the last run, an i32 tensor, with its sizes. Panics as [`Executable::f32`] does.
    fn i32(&self, index: usize) -> (&[i32], &[usize]);

    /// Measures the steps of each run from now on, and adds them to account number `account`; `None` stops that. So runs
    /// of different kinds can be told apart.
    fn measure(&mut self, account: Option<usize>);

    /// What was measured of each step so far in an account; nothing of an account that was never measured into.
    fn measured(&self, account: usize) -> &[StepTime];

    /// Bytes held: packed constants, copied constants, arena.
    fn bytes(&self) -> Footprint;

    /// Gives the arena away, for another program of the device to run in: results are gone with it, and a run is
    /// refused until an arena is put in. `None` if it was given away.
    fn take_arena(&mut self) -> Option<Buffer>;

    /// Puts an arena in, in the place of the one that it has.
    ///
    /// # Errors
    /// It is another device's, or smaller than the program's.
    fn put_arena(&mut self, arena: Buffer) -> Result<(), RunError>;
}

/// What was measured of one step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StepTime {
    /// How often it ran.
    pub runs: u64,
    /// Its time over all runs.
    pub time: Duration,
    /// What it had to do over all runs.
    pub work: Work,
}

/// Memory of a loaded program, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Footprint {
    /// Weights packed for their kernels.
    pub packed: usize,
    /// Other constants that are copied or computed; those that are only mapped are not counted.
    pub constants: usize,
    /// Activations and scratch; programs that run in one arena share it.
    pub arena: usize,
}

/// Why a program could not be loaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The model has no such tensor.
    #[error("the model has no tensor {name}, expected {expected}")]
    Missing {
        /// The tensor.
        name: String,
        /// Its type in the graph.
        expected: TensorType,
    },
    /// The model's tensor is of another type.
    #[error("tensor {name} is {got}, expected {expected}")]
    Type {
        /// The tensor.
        name: String,
        /// Its type in the model.
        got: TensorType,
        /// Its type in the graph.
        expected: TensorType,
    },
    /// The model's tensor holds more or fewer bytes than its type says.
    #[error("tensor {name} is {ty} of {expected} bytes, got {got} bytes")]
    Bytes {
        /// The tensor.
        name: String,
        /// Its type.
        ty: TensorType,
        /// The bytes of the model's tensor.
        got: usize,
        /// The bytes of its type.
        expected: usize,
    },
    /// The program was compiled for another device, or changed since.
    #[error("program @{graph} is not what {target} compiles; expected one that was compiled for this device")]
    Foreign {
        /// The program's graph.
        graph: String,
        /// The device that was to load it.
        target: Target,
    },
}

/// Why a run was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// Another number of arguments.
    #[error("graph @{graph} takes {expected} arguments, got {got}")]
    Count {
        /// The graph.
        graph: String,
        /// The number given.
        got: usize,
        /// The number of inputs and states.
        expected: usize,
    },
    /// No arena, or one that is too small.
    #[error("graph @{graph} runs in an arena of {expected} bytes of its device, got {got}")]
    Arena {
        /// The graph.
        graph: String,
        /// The bytes of the arena given; 0 for none, or another device's.
        got: usize,
        /// The bytes that the plan takes.
        expected: usize,
    },
    /// An argument does not fit its parameter.
    #[error("%{name}: {message}")]
    Arg {
        /// The parameter.
        name: String,
        /// What was got and what was expected.
        message: String,
    },
}
