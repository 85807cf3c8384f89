//! Builds graphs node by node, each checked when it is added. Not a rewriter: passes build a new graph.

use crate::graph::{Def, Graph, Node, NodeId, Param, ParamKind, SymbolRange, Value, ValueInfo};
use crate::ops::{
    Attention, CacheWrite, CachedAttention, CachedScores, Concat, Constant, Conv1d, Convert, Elementwise,
    Gather, GatherElements, Iota, LayerNorm, Linear, Lstm, MaskSpans, Matmul, MedianFilter, Op, OpError, Pad,
    PickedLinear, Quantize, Reduce, ReduceKind, Reshape, ScatterElements, Slice, Softmax, Spectrogram, TopK,
    Transpose,
};
use crate::{DType, Dim, Shape, Symbol, TensorType};
use std::collections::HashSet;

/// Builds one graph. Types are inferred and checked when a node is added.
#[derive(Clone, Debug)]
pub struct Builder {
    graph: Graph,
    names: HashSet<String>,
    prefix: String,
    next: usize,
}

impl Builder {
    /// An empty graph called `name`.
    pub fn new(name: &str) -> Builder {
        let graph = Graph { name: name.to_owned(), ..Graph::default() };
        Builder { graph, names: HashSet::new(), prefix: String::new(), next: 0 }
    }

    /// Declares a symbol that stands for `min..=max`. Panics if `name` is no symbol's name or is taken.
    pub fn symbol(&mut self, name: &str, min: usize, max: usize) -> Dim {
        let symbol = Symbol::new(name).unwrap_or_else(|| panic!("{name:?} is no symbol"));
        self.add_symbol(SymbolRange { symbol, min, max });
        Dim::affine(1, symbol, 0)
    }

    /// Declares a symbol as another graph has it.
    pub fn add_symbol(&mut self, range: SymbolRange) {
        assert!(self.graph.symbols.iter().all(|s| s.symbol != range.symbol), "{} is declared", range.symbol);
        self.graph.symbols.push(range);
    }

    /// Adds an input called `name`.
    pub fn input(&mut self, name: &str, ty: TensorType) -> Value {
        self.param(name, ty, ParamKind::Input)
    }

    /// Adds the weight `name`; the value is called like it.
    pub fn weight(&mut self, name: &str, ty: TensorType) -> Value {
        self.param(name, ty, ParamKind::Weight(name.to_owned()))
    }

    /// Adds a state called `name`.
    pub fn state(&mut self, name: &str, ty: TensorType) -> Value {
        self.param(name, ty, ParamKind::State)
    }

    /// Adds a parameter.
    pub fn param(&mut self, name: &str, ty: TensorType, kind: ParamKind) -> Value {
        let value = self.define(name, ty, Def::Param(self.graph.params.len()));
        self.graph.params.push(Param { value, kind });
        value
    }

    /// The prefix of the names of nodes added from now on, such as `blocks.0.attn.`; numbers follow it.
    pub fn scope(&mut self, prefix: &str) {
        prefix.clone_into(&mut self.prefix);
    }

    /// Gives `value` the name `name`, or `name` with a number if it is taken.
    pub fn name(&mut self, value: Value, name: &str) {
        let name = self.free_name(name);
        let old = std::mem::replace(&mut self.graph.values[value.index()].name, name);
        self.names.remove(&old);
    }

    /// The type of `value`.
    pub fn ty(&self, value: Value) -> &TensorType {
        self.graph.ty(value)
    }

    /// The graph as it stands.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Adds a node and gives its results.
    ///
    /// # Errors
    /// The op does not accept the inputs' types.
    pub fn add(&mut self, op: impl Into<Op>, inputs: &[Value]) -> Result<Vec<Value>, OpError> {
        let op = op.into();
        let types: Vec<TensorType> = inputs.iter().map(|v| self.ty(*v).clone()).collect();
        let results = op.infer(&types)?;
        let id = NodeId(self.graph.nodes.len());
        let outputs = results.into_iter().enumerate().map(|(i, ty)| {
            let name = format!("{}{}", self.prefix, self.next);
            self.next += 1;
            self.define(&name, ty, Def::Node(id, i))
        });
        let outputs: Vec<Value> = outputs.collect();
        self.graph.nodes.push(Node { op, inputs: inputs.to_vec(), outputs: outputs.clone() });
        Ok(outputs)
    }

    /// Ends the graph with `results`.
    pub fn finish(mut self, results: &[Value]) -> Graph {
        self.graph.results = results.to_vec();
        self.graph
    }

    fn define(&mut self, name: &str, ty: TensorType, def: Def) -> Value {
        let value = Value(self.graph.values.len() as u32);
        let name = self.free_name(name);
        self.graph.values.push(ValueInfo { ty, name, def });
        value
    }

    fn free_name(&mut self, name: &str) -> String {
        let mut free = name.to_owned();
        let mut n = 1;
        while !self.names.insert(free.clone()) {
            n += 1;
            free = format!("{name}_{n}");
        }
        free
    }

    fn one(&mut self, op: impl Into<Op>, inputs: &[Value]) -> Result<Value, OpError> {
        Ok(self.add(op, inputs)?[0])
    }
}

/// One method for each op; all fail with [`OpError`] if the inputs do not fit.
#[allow(missing_docs, clippy::missing_errors_doc)]
impl Builder {
    pub fn elementwise(&mut self, op: Elementwise, inputs: &[Value]) -> Result<Value, OpError> {
        self.one(Op::Elementwise(op), inputs)
    }

    pub fn plus(&mut self, a: Value, b: Value) -> Result<Value, OpError> {
        self.elementwise(Elementwise::Add, &[a, b])
    }

    pub fn sub(&mut self, a: Value, b: Value) -> Result<Value, OpError> {
        self.elementwise(Elementwise::Sub, &[a, b])
    }

    pub fn mul(&mut self, a: Value, b: Value) -> Result<Value, OpError> {
        self.elementwise(Elementwise::Mul, &[a, b])
    }

    pub fn max(&mut self, a: Value, b: Value) -> Result<Value, OpError> {
        self.elementwise(Elementwise::Max, &[a, b])
    }

    pub fn less(&mut self, a: Value, b: Value) -> Result<Value, OpError> {
        self.elementwise(Elementwise::Less, &[a, b])
    }

    pub fn and(&mut self, a: Value, b: Value) -> Result<Value, OpError> {
        self.elementwise(Elementwise::And, &[a, b])
    }

    pub fn select(&mut self, test: Value, yes: Value, no: Value) -> Result<Value, OpError> {
        self.elementwise(Elementwise::Select, &[test, yes, no])
    }

    pub fn exp(&mut self, x: Value) -> Result<Value, OpError> {
        self.elementwise(Elementwise::Exp, &[x])
    }

    pub fn log(&mut self, x: Value) -> Result<Value, OpError> {
        self.elementwise(Elementwise::Log, &[x])
    }

    pub fn gelu(&mut self, x: Value) -> Result<Value, OpError> {
        self.elementwise(Elementwise::Gelu, &[x])
    }

    pub fn constant(&mut self, value: f32) -> Result<Value, OpError> {
        self.one(Constant { value }, &[])
    }

    pub fn iota(&mut self, size: usize) -> Result<Value, OpError> {
        self.one(Iota { size }, &[])
    }

    /// `x` itself if it has that element type.
    pub fn convert(&mut self, x: Value, to: DType) -> Result<Value, OpError> {
        if self.ty(x).dtype == to { Ok(x) } else { self.one(Convert { to }, &[x]) }
    }

    /// The bytes and the factors of the rows as they are, of one digit.
    pub fn quantize(&mut self, x: Value) -> Result<(Value, Value), OpError> {
        let outputs = self.add(Quantize { digits: 1, rotated: false }, &[x])?;
        Ok((outputs[0], outputs[1]))
    }

    pub fn reshape(&mut self, x: Value, dims: impl IntoIterator<Item = Dim>) -> Result<Value, OpError> {
        self.one(Reshape { shape: Shape(dims.into_iter().collect()) }, &[x])
    }

    pub fn transpose(&mut self, x: Value, perm: &[usize]) -> Result<Value, OpError> {
        self.one(Transpose { perm: perm.to_vec() }, &[x])
    }

    pub fn slice(&mut self, x: Value, axis: usize, range: std::ops::Range<usize>) -> Result<Value, OpError> {
        self.one(Slice { axis, start: range.start, end: range.end }, &[x])
    }

    pub fn concat(&mut self, inputs: &[Value], axis: usize) -> Result<Value, OpError> {
        self.one(Concat { axis }, inputs)
    }

    pub fn pad(&mut self, x: Value, pad: Pad) -> Result<Value, OpError> {
        self.one(pad, &[x])
    }

    pub fn gather(&mut self, table: Value, ids: Value) -> Result<Value, OpError> {
        self.one(Gather {}, &[table, ids])
    }

    /// `inputs` are x, the indices and, if any, the rows.
    pub fn gather_elements(&mut self, inputs: &[Value]) -> Result<Value, OpError> {
        self.one(GatherElements { rows: inputs.len() == 3 }, inputs)
    }

    /// `inputs` are x, the indices and what comes there.
    pub fn scatter_elements(&mut self, inputs: [Value; 3]) -> Result<Value, OpError> {
        self.one(ScatterElements {}, &inputs)
    }

    pub fn matmul(&mut self, a: Value, b: Value) -> Result<Value, OpError> {
        self.one(Matmul {}, &[a, b])
    }

    /// `x w^T`.
    pub fn linear(&mut self, x: Value, w: Value) -> Result<Value, OpError> {
        self.one(Linear::PLAIN, &[x, w])
    }

    /// `inputs` are x, the weights and which of their rows.
    pub fn picked_linear(&mut self, inputs: [Value; 3]) -> Result<Value, OpError> {
        self.one(PickedLinear {}, &inputs)
    }

    /// `inputs` are the gates before activation, the recurrence weights, the hidden and the cell state; the results
    /// are the hidden state after each step, then both states after the last.
    pub fn lstm(&mut self, inputs: [Value; 4]) -> Result<[Value; 3], OpError> {
        let outputs = self.add(Lstm {}, &inputs)?;
        Ok([outputs[0], outputs[1], outputs[2]])
    }

    pub fn conv1d(&mut self, x: Value, w: Value, conv: Conv1d) -> Result<Value, OpError> {
        self.one(conv, &[x, w])
    }

    pub fn layer_norm(&mut self, x: Value, gamma: Value, beta: Value, eps: f32) -> Result<Value, OpError> {
        self.one(LayerNorm { eps, digits: 0 }, &[x, gamma, beta])
    }

    pub fn softmax(&mut self, x: Value) -> Result<Value, OpError> {
        self.one(Softmax {}, &[x])
    }

    /// Over the last axis.
    pub fn reduce(&mut self, kind: ReduceKind, x: Value) -> Result<Value, OpError> {
        self.reduce_over(kind, -1, x)
    }

    /// Over any axis, counted from behind.
    pub fn reduce_over(&mut self, kind: ReduceKind, axis: i64, x: Value) -> Result<Value, OpError> {
        self.one(Reduce { kind, axis }, &[x])
    }

    /// The values and the indices.
    pub fn top_k(&mut self, x: Value, k: usize) -> Result<(Value, Value), OpError> {
        let outputs = self.add(TopK { k }, &[x])?;
        Ok((outputs[0], outputs[1]))
    }

    pub fn mask_spans(&mut self, x: Value, spans: Value) -> Result<Value, OpError> {
        self.one(MaskSpans {}, &[x, spans])
    }

    pub fn spectrogram(&mut self, x: Value, window: Value, hop: usize) -> Result<Value, OpError> {
        self.one(Spectrogram { hop }, &[x, window])
    }

    /// `inputs` are q, k and v.
    pub fn attention(&mut self, inputs: [Value; 3], heads: usize, scale: f32) -> Result<Value, OpError> {
        self.one(Attention { heads, scale, in_bytes: false }, &inputs)
    }

    /// `inputs` are q, k, v, the table, the rows and the last places, then the factors of k and v if they are of bytes.
    pub fn cached_attention(&mut self, inputs: &[Value], op: CachedAttention) -> Result<Value, OpError> {
        self.one(op, inputs)
    }

    /// `inputs` are q, k, the slot and the places, then the factors of k if it is of bytes.
    pub fn cached_scores(&mut self, inputs: &[Value], op: CachedScores) -> Result<Value, OpError> {
        self.one(op, inputs)
    }

    pub fn median_filter(&mut self, x: Value, filter: MedianFilter) -> Result<Value, OpError> {
        self.one(filter, &[x])
    }

    /// `inputs` are the state, the new rows, the slots and, if placed, the places.
    pub fn cache_write(&mut self, inputs: &[Value]) -> Result<Value, OpError> {
        self.one(CacheWrite { placed: inputs.len() == 4 }, inputs)
    }
}
