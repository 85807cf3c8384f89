//! Which device is opened: the one place where that is decided. Not a device.

mod cores;

use crate::{Error, models};
use compiler::{Compute, Device};
use cpu::{Cpu, Isa};
use std::num::NonZero;
use std::path::{Path, PathBuf};

/// More threads than this wait for each other longer than they work: a step of decoding is some sixty kernels of 10 to
/// 100 microseconds on two cores, so a few on sixteen, and a barrier takes about one.
const MOST_THREADS: usize = 16;

/// What a user may say of the device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeviceOptions {
    /// The instruction set, by its name; the machine's fastest if `None`.
    pub isa: Option<String>,
    /// How many threads; [`default_threads`] if `None` or 0. No more are opened than the process has processors: they
    /// would take turns, and change nothing but the time.
    pub threads: Option<usize>,
    /// The precision; what [`auto`] says if `None`.
    pub compute: Option<Compute>,
    /// The folder in which packed weights are kept for the next process; nowhere if `None`. See
    /// [`Cpu::with_pack_cache`].
    pub pack_cache: Option<PathBuf>,
}

/// The folder for packed weights among the user's caches, by the environment that `get` looks up; `None` if no home
/// folder is known.
pub fn default_pack_cache(get: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    models::own_folder(get).map(|folder| folder.join("packed"))
}

/// Opens the CPU.
///
/// # Errors
/// [`Error::Isa`] if the machine has no such instruction set.
pub fn open(options: &DeviceOptions) -> Result<Box<dyn Device>, Error> {
    let isa = match &options.isa {
        None => Isa::best(),
        Some(name) => Isa::available().find(|isa| isa.name() == name).ok_or_else(|| Error::Isa {
            got: name.clone(),
            known: Isa::available().map(Isa::name).collect::<Vec<_>>().join(", "),
        })?,
    };
    let asked = options.threads.filter(|&n| n > 0);
    let threads = asked.map_or_else(default_threads, |threads| threads.min(logical()));
    let compute = options.compute.unwrap_or_else(|| auto(isa));
    let cpu = Cpu::with_isa(isa, threads).with_compute(compute);
    Ok(Box::new(match &options.pack_cache {
        Some(folder) => cpu.with_pack_cache(folder.clone()),
        None => cpu,
    }))
}

/// The fastest precision that keeps the words: bytes where the machine multiplies them at once, f32 elsewhere. A fixed
/// table, so that a machine always computes alike. No `neon_dotprod` was timed: one instruction multiplies four times as
/// many bytes as floats there, as on the others that take bytes.
pub fn auto(isa: Isa) -> Compute {
    match isa {
        Isa::AvxVnni | Isa::Avx512Vnni | Isa::Avx512Bf16 | Isa::Amx | Isa::NeonDot => Compute::Int8,
        Isa::Scalar | Isa::Avx2 | Isa::Avx512 | Isa::Neon => Compute::F32,
    }
}

/// The physical cores that this process may use, the fast ones where there are several kinds, and no more than sixteen:
/// a second thread on a core shares the units that multiply, and only adds waiting.
pub fn default_threads() -> usize {
    let logical = logical();
    cores::physical(Path::new("/")).map_or(logical, |cores| cores.min(logical)).min(MOST_THREADS)
}

/// The processors that the process may use at once, by its affinity and its quota.
fn logical() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instruction_set_is_opened_by_name_or_refused_with_the_list() {
        let options =
            |isa: &str| DeviceOptions { isa: Some(isa.into()), threads: Some(1), ..Default::default() };
        let device = open(&options("scalar")).unwrap();
        assert_eq!((device.target().isa, device.target().threads), ("scalar", 1));
        assert_eq!(device.target().compute, Compute::F32, "nothing is gained by bytes there");
        let Err(error) = open(&options("sse9")) else { panic!("sse9 was opened") };
        assert!(error.to_string().contains("\"sse9\"") && error.to_string().contains("scalar"), "{error}");
    }

    #[test]
    fn packed_weights_have_a_folder_of_their_own_among_the_users_caches() {
        let folder = default_pack_cache(&|_| Some("/caches".to_owned())).unwrap();
        assert_eq!(folder, Path::new("/caches/undertone/packed"));
    }

    #[test]
    fn no_threads_means_the_default() {
        let threads =
            |threads| open(&DeviceOptions { threads, ..Default::default() }).unwrap().target().threads;
        assert_eq!([threads(None), threads(Some(0))], [default_threads(); 2]);
        assert_eq!(threads(Some(1 << 20)), logical(), "more would take turns");
        assert!((1..=MOST_THREADS).contains(&default_threads()));
    }
}
