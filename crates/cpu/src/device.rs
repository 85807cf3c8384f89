//! The CPU as a device: it chooses kernels and loads programs. Not where programs run: see `executable`.

use crate::executable::CpuExecutable;
use crate::isa::Isa;
use crate::kernel::{Kernel, Memory};
use crate::ops::{KERNELS, reference};
use crate::packs::Packs;
use crate::peaks;
use crate::pool::Pool;
use compiler::{
    Buffer, Compute, Device, Executable, KernelChoice, LoadError, NodeView, Peaks, Program, Target, Weights,
    compile_as_is,
};
use graph::{Bindings, TensorType};
use std::path::PathBuf;
use std::sync::Arc;

/// The processor: an instruction set and a pool of threads.
#[derive(Clone)]
pub struct Cpu {
    target: Target,
    isa: Isa,
    pool: Arc<Pool>,
    reference: bool,
    packs: Option<PathBuf>,
}

impl Cpu {
    /// A CPU with this machine's fastest instruction set and `threads` threads (0 counts as 1).
    pub fn new(threads: usize) -> Cpu {
        Cpu::with_isa(Isa::best(), threads)
    }

    /// A CPU that uses `isa`, which the machine must have.
    ///
    /// # Panics
    /// The machine has no `isa`.
    pub fn with_isa(isa: Isa, threads: usize) -> Cpu {
        assert!(isa.is_available(), "this machine has no {isa}");
        let pool = Arc::new(Pool::new(threads));
        let target =
            Target { device: "cpu", isa: isa.name(), threads: pool.threads(), compute: Compute::F32 };
        Cpu { target, isa, pool, reference: false, packs: None }
    }

    /// The same CPU, for which programs are compiled in the precision `compute`; f32 where this is not called.
    #[must_use]
    pub fn with_compute(mut self, compute: Compute) -> Cpu {
        self.target.compute = compute;
        self
    }

    /// The same CPU, which keeps what it packs of weights that lie in files, in files of `folder`: the next process that
    /// loads the same programs starts from those. There is one file for each program, precision and instruction set of
    /// a model; those that no process used for thirty days go. Nothing is kept where this is not called, and nothing
    /// fails where it can't be.
    ///
    /// What is kept belongs to the running program's own file, and is packed anew for another. So this is not for a
    /// device in a library that changes while the program stays.
    ///
    /// Files of the folder must not be changed while programs that were loaded from them run (replacing them by a rename
    /// is fine). Whoever can write them can change what is computed, but not what memory it is computed in.
    #[must_use]
    pub fn with_pack_cache(mut self, folder: PathBuf) -> Cpu {
        self.packs = Some(folder);
        self
    }

    /// Falls back on the interpreter's own evaluation for nodes without a kernel: for tests alone.
    #[must_use]
    pub fn with_reference(mut self) -> Cpu {
        self.reference = true;
        self
    }

    fn find(&self, node: &NodeView<'_>) -> Option<(usize, &'static Kernel)> {
        let own = KERNELS.iter().enumerate().find(|(_, k)| (k.accepts)(node));
        own.or_else(|| self.reference.then_some((KERNELS.len(), &reference::KERNEL)))
    }
}

/// Kernel number `index` of a choice.
pub(crate) fn kernel_at(index: usize) -> &'static Kernel {
    KERNELS.get(index).unwrap_or(&reference::KERNEL)
}

impl Device for Cpu {
    fn target(&self) -> &Target {
        &self.target
    }

    fn kernel(&self, node: &NodeView<'_>) -> Option<KernelChoice> {
        let (index, kernel) = self.find(node)?;
        let packing = kernel.packing.filter(|p| node.constant[p.operand]);
        Some(KernelChoice {
            name: kernel.name,
            index,
            in_place: (kernel.in_place)(node),
            packs: packing.map(|p| p.operand),
            packs_attributes: packing.is_some_and(|p| p.attributes),
            packed_bytes: packing.map_or(0, |p| (p.bytes)(self.isa, node)),
            scratch: (kernel.scratch)(self.isa, self.pool.threads(), node) * size_of::<f32>(),
        })
    }

    fn load(&self, program: Program, weights: Arc<dyn Weights>) -> Result<Box<dyn Executable>, LoadError> {
        // The steps follow the plan without looking, so it must be the one that this device compiles.
        if compile_as_is(program.graph.clone(), self).as_ref() != Ok(&program) {
            let (graph, target) = (program.graph.name().to_owned(), self.target.clone());
            return Err(LoadError::Foreign { graph, target });
        }
        let packs = self.packs.as_deref().map(|folder| Packs { folder, target: &self.target });
        let on = (self.isa, Arc::clone(&self.pool));
        Ok(Box::new(CpuExecutable::load(program, weights, on, packs.as_ref())?))
    }

    fn state(&self, ty: &TensorType) -> Buffer {
        let bytes = ty.bytes(&Bindings::new()).expect("the sizes of a state are constants");
        Buffer { ty: ty.clone(), storage: Box::new(Memory::zeroed(bytes)) }
    }

    fn probe(&self) -> Box<dyn FnMut() -> Peaks> {
        Box::new(peaks::probe(self.isa, Arc::clone(&self.pool)))
    }
}
