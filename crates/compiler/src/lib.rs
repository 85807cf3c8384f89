//! Graphs to programs: passes, target facts, schedule, memory plan. Not a device: every test of it is text.

#![forbid(unsafe_code)]

mod compile;
pub mod compute;
pub mod device;
pub mod load_time;
mod origin;
pub mod pass;
pub mod passes;
pub mod pipeline;
pub mod plan;
pub mod program;
pub mod rewrite;
pub mod roofline;
pub mod schedule;
pub mod work;

pub use compile::{CompileError, MAX_RANK, compile, compile_as_is};
pub use compute::Compute;
pub use device::{
    Arg, Buffer, Device, Executable, LoadError, NodeView, RunError, Target, TensorView, Weights,
};
pub use origin::Origin;
pub use plan::{Place, Plan};
pub use program::{Constant, Program, Step};
pub use roofline::{Ideal, Peaks};
pub use schedule::KernelChoice;
pub use work::Work;
