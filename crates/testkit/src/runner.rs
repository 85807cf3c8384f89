//! Runs graphs on a device with seeded tensors and states. Not a comparison: see [`crate::conformance`].

use crate::inputs::RandomEnv;
use compiler::{
    Arg, Buffer, CompileError, Device, Executable, LoadError, RunError, TensorView, Weights, compile,
};
use graph::interpret::Env;
use graph::ops::CachedAttention;
use graph::{Builder, DType, Data, Graph, Param, ParamKind, Tensor, TensorType};
use std::collections::HashMap;
use std::sync::Arc;

/// Why a graph could not be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It is not compiled.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// Its program is not loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// Its arguments are refused.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A test asks for what can't be bound or read.
    #[error("{0}")]
    Test(String),
}

/// A graph that a device has compiled and loaded, with its states.
pub struct Runner<'d> {
    device: &'d dyn Device,
    executable: Box<dyn Executable>,
    /// In the order of the graph's state parameters.
    states: Vec<Buffer>,
}

impl<'d> Runner<'d> {
    /// Compiles `graph`, loads it with the weights of `env` and fills its states with those of `env`.
    ///
    /// # Errors
    /// The device or the compiler refuses it.
    pub fn new(device: &'d dyn Device, graph: &Graph, env: &RandomEnv) -> Result<Runner<'d>, Fault> {
        let program = compile(graph, device)?;
        let executable = device.load(program, weights(graph, env)?)?;
        let states = states(graph).map(|param| device.state(graph.ty(param.value))).collect();
        let mut runner = Runner { device, executable, states };
        runner.fill(env)?;
        Ok(runner)
    }

    /// Writes the states' tensors of `env`, through a program of one `cache_write`.
    ///
    /// # Errors
    /// The device or the compiler refuses it.
    pub fn fill(&mut self, env: &RandomEnv) -> Result<(), Fault> {
        let graph = self.executable.program().graph.clone();
        for (param, buffer) in states(&graph).zip(&mut self.states) {
            let (values, [slots, heads, places, d]) =
                (bound(&graph, param, env)?.to_f32(), sizes(&buffer.ty)?);
            let (width, mut rows_of) = (heads * d, Vec::with_capacity(values.len()));
            for (slot, place) in (0..slots).flat_map(|slot| (0..places).map(move |place| (slot, place))) {
                for head in 0..heads {
                    rows_of.extend_from_slice(&values[((slot * heads + head) * places + place) * d..][..d]);
                }
            }
            let mut b = Builder::new("fill");
            let state = b.state("state", buffer.ty.clone());
            let rows = slots * places;
            // Of bytes there are no inputs.
            let is_bytes = buffer.ty.dtype == DType::I8;
            let new = if is_bytes {
                b.weight("new", TensorType::fixed(DType::I8, &[rows, width]))
            } else {
                b.input("new", TensorType::fixed(DType::F32, &[rows, width]))
            };
            let ids = TensorType::fixed(DType::I32, &[rows]);
            let (slot, at) = (b.input("slot", ids.clone()), b.input("at", ids));
            b.cache_write(&[state, new, slot, at]).map_err(|e| Fault::Test(e.to_string()))?;
            let program = compile(&b.finish(&[]), self.device)?;
            let mut stored = Stored::default();
            if is_bytes {
                let bytes = rows_of.iter().map(|x| (*x as i8).cast_unsigned()).collect();
                stored.0.insert("new".to_owned(), (DType::I8, vec![rows, width], bytes, 0));
            }
            let mut executable = self.device.load(program, Arc::new(stored))?;
            let slot: Vec<i32> = (0..rows).map(|i| (i / places) as i32).collect();
            let at: Vec<i32> = (0..rows).map(|i| (i % places) as i32).collect();
            let new = Arg::F32(&rows_of, &[rows, width]);
            let (slot, at) = (Arg::I32(&slot, &[rows]), Arg::I32(&at, &[rows]));
            let mut args = vec![Arg::State(buffer), slot, at];
            if !is_bytes {
                args.insert(1, new);
            }
            executable.run(&mut args)?;
        }
        Ok(())
    }

    /// Runs the graph on the inputs of `env`.
    ///
    /// # Errors
    /// An input does not fit, or a result is neither f32 nor i32.
    pub fn run(&mut self, env: &RandomEnv) -> Result<Vec<Tensor>, Fault> {
        let graph = self.executable.program().graph.clone();
        let args = graph.params().iter().filter(|p| !matches!(p.kind, ParamKind::Weight(_)));
        let tensors: Vec<Option<Tensor>> = args
            .map(|p| (p.kind == ParamKind::Input).then(|| bound(&graph, p, env)).transpose())
            .collect::<Result<_, _>>()?;
        let mut states = self.states.iter_mut();
        let args = tensors.iter().map(|tensor| match tensor {
            None => states.next().map(Arg::State).ok_or_else(|| Fault::Test("a state is missing".to_owned())),
            Some(tensor) => arg(tensor),
        });
        let mut args: Vec<Arg<'_>> = args.collect::<Result<_, _>>()?;
        self.executable.run(&mut args)?;
        let results = graph.results().iter().enumerate();
        results.map(|(i, value)| self.result(i, graph.ty(*value))).collect()
    }

    fn result(&self, index: usize, ty: &TensorType) -> Result<Tensor, Fault> {
        match ty.dtype {
            DType::F32 => {
                let (data, dims) = self.executable.f32(index);
                Ok(Tensor::f32(dims, data.to_vec()))
            }
            DType::I32 => {
                let (data, dims) = self.executable.i32(index);
                Ok(Tensor::i32(dims, data.to_vec()))
            }
            other => Err(Fault::Test(format!("result {index} holds {other}, which is not read"))),
        }
    }

    /// What each state shows: the mean of the places up to each, by name; see [`shown`].
    ///
    /// # Errors
    /// The device or the compiler refuses what shows it.
    pub fn states(&mut self) -> Result<Vec<(String, Tensor)>, Fault> {
        let graph = self.executable.program().graph.clone();
        let mut out = Vec::new();
        for (param, buffer) in states(&graph).zip(&mut self.states) {
            let (show, env) = show(&buffer.ty)?;
            let program = compile(&show, self.device)?;
            let mut executable = self.device.load(program, Arc::new(Stored::default()))?;
            let tensors: Vec<Tensor> =
                show.params()[1..].iter().map(|p| bound(&show, p, &env)).collect::<Result<_, _>>()?;
            let mut args = vec![Arg::State(buffer)];
            for tensor in &tensors {
                args.push(arg(tensor)?);
            }
            executable.run(&mut args)?;
            let (data, dims) = executable.f32(0);
            out.push((graph.value(param.value).name.clone(), Tensor::f32(dims, data.to_vec())));
        }
        Ok(out)
    }
}

/// What a device's state that holds `tensor` shows: `f32[slots * places, heads * d]`, row `s * places + p` the mean of
/// places `0..=p` of slot `s`. States are only read by attention, and with queries of 0 that is a mean.
///
/// # Errors
/// The tensor is no state's.
pub fn shown(tensor: &Tensor) -> Result<Tensor, Fault> {
    let (show, mut env) = show(&tensor.ty())?;
    env.set(&ParamKind::State, "state", tensor.clone());
    let results = graph::interpret::run(&show, &mut env).map_err(|e| Fault::Test(e.to_string()))?;
    Ok(results[0].clone())
}

/// The graph that shows a state of type `ty`, and its inputs.
fn show(ty: &TensorType) -> Result<(Graph, RandomEnv), Fault> {
    let [slots, heads, places, d] = sizes(ty)?;
    let (n, width) = (slots * places, heads * d);
    let mut b = Builder::new("show");
    let state = b.state("state", ty.clone());
    let i32s = |dims: &[usize]| TensorType::fixed(DType::I32, dims);
    let q = b.input("q", TensorType::fixed(DType::F32, &[n, width]));
    let table = b.input("table", i32s(&[slots, 1]));
    let (row, pos) = (b.input("row", i32s(&[n])), b.input("pos", i32s(&[n])));
    let op = CachedAttention { scale: 1.0 };
    let mut inputs = vec![q, state, state, table, row, pos];
    let factors = TensorType::fixed(DType::F32, &[slots, heads, places, 1]);
    if ty.dtype == DType::I8 {
        inputs.extend(["key_factors", "value_factors"].map(|name| b.input(name, factors.clone())));
    }
    let mean = b.cached_attention(&inputs, op);
    let mean = mean.map_err(|e| Fault::Test(e.to_string()))?;
    let mut env = RandomEnv::default();
    let ids = |of: &dyn Fn(usize) -> usize| (0..n).map(|i| of(i) as i32).collect();
    env.set(&ParamKind::Input, "q", Tensor::zeros(DType::F32, &[n, width]));
    env.set(&ParamKind::Input, "table", Tensor::i32(&[slots, 1], (0..slots).map(|i| i as i32).collect()));
    env.set(&ParamKind::Input, "row", Tensor::i32(&[n], ids(&|i| i / places)));
    env.set(&ParamKind::Input, "pos", Tensor::i32(&[n], ids(&|i| i % places)));
    for name in ["key_factors", "value_factors"] {
        let ones = vec![1.0; slots * heads * places];
        env.set(&ParamKind::Input, name, Tensor::f32(&[slots, heads, places, 1], ones));
    }
    Ok((b.finish(&[mean]), env))
}

fn states(graph: &Graph) -> impl Iterator<Item = &Param> {
    graph.params().iter().filter(|p| p.kind == ParamKind::State)
}

fn sizes(ty: &TensorType) -> Result<[usize; 4], Fault> {
    let dims = ty.shape.as_fixed().filter(|_| matches!(ty.dtype, DType::F32 | DType::BF16 | DType::I8));
    let dims = dims.and_then(|d| <[usize; 4]>::try_from(d).ok());
    dims.ok_or_else(|| {
        Fault::Test(format!("a state is {ty}, expected f32, bf16 or i8[slots, heads, places, d]"))
    })
}

fn bound(graph: &Graph, param: &Param, env: &RandomEnv) -> Result<Tensor, Fault> {
    let name = &graph.value(param.value).name;
    let name = if let ParamKind::Weight(weight) = &param.kind { weight } else { name };
    env.tensor(&param.kind, name).ok_or_else(|| Fault::Test(format!("no tensor is given for {name}")))
}

fn arg(tensor: &Tensor) -> Result<Arg<'_>, Fault> {
    match &tensor.data {
        Data::F32(data) => Ok(Arg::F32(data, &tensor.dims)),
        Data::I32(data) => Ok(Arg::I32(data, &tensor.dims)),
        Data::Bool(data) => Ok(Arg::Bool(data, &tensor.dims)),
        _ => Err(Fault::Test(format!("an input is {}, expected f32, i32 or bool elements", tensor.ty()))),
    }
}

/// The weights of `graph` as a model would hold them; every second one lies at an odd address.
fn weights(graph: &Graph, env: &RandomEnv) -> Result<Arc<dyn Weights>, Fault> {
    let mut stored = Stored::default();
    for (i, param) in graph.params().iter().enumerate() {
        if let ParamKind::Weight(name) = &param.kind {
            let tensor = bound(graph, param, env)?;
            let mut bytes = vec![0; i % 2];
            bytes.extend(little_endian(&tensor));
            stored.0.insert(name.clone(), (tensor.dtype(), tensor.dims, bytes, i % 2));
        }
    }
    Ok(Arc::new(stored))
}

/// Tensors by name: element type, sizes, bytes and how many of them come before the first element.
#[derive(Default)]
struct Stored(HashMap<String, (DType, Vec<usize>, Vec<u8>, usize)>);

impl Weights for Stored {
    fn tensor(&self, name: &str) -> Option<TensorView<'_>> {
        let (dtype, dims, bytes, start) = self.0.get(name)?;
        Some(TensorView { dtype: *dtype, dims, bytes: &bytes[*start..] })
    }
}

fn little_endian(tensor: &Tensor) -> Vec<u8> {
    match &tensor.data {
        Data::F32(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
        Data::I32(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
        Data::F16(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
        Data::BF16(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
        Data::I8(v) | Data::I4(v) => v.iter().map(|x| x.cast_unsigned()).collect(),
        Data::Bool(v) => v.iter().map(|x| u8::from(*x)).collect(),
    }
}
