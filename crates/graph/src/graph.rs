//! The graph itself: parameters, nodes in order, results. Immutable once built; passes build new ones.

use crate::{Bindings, Op, Shape, Symbol, TensorType};

/// A value: a parameter or one result of a node. An index into [`Graph::values`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Value(pub(crate) u32);

impl Value {
    /// The index into [`Graph::values`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A node's index in the order of [`Graph::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub usize);

/// What a graph knows of a value.
#[derive(Clone, Debug, PartialEq)]
pub struct ValueInfo {
    /// Its type.
    pub ty: TensorType,
    /// Its name, without the `%`; unique in the graph.
    pub name: String,
    /// Where it comes from.
    pub def: Def,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Def {
    /// Parameter number `.0`.
    Param(usize),
    /// Result number `.1` of node `.0`.
    Node(NodeId, usize),
}

/// What a parameter is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParamKind {
    /// A tensor given at each run.
    Input,
    /// A tensor of the model, by its name there; the same at every run.
    Weight(String),
    /// A buffer that outlives the run and is written by `cache_write` only.
    State,
}

/// A parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Param {
    /// Its value.
    pub value: Value,
    /// What it is bound to.
    pub kind: ParamKind,
}

/// A symbol and the sizes that it may stand for, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SymbolRange {
    /// The symbol.
    pub symbol: Symbol,
    /// The smallest size.
    pub min: usize,
    /// The largest size.
    pub max: usize,
}

/// One operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it does.
    pub op: Op,
    /// Its operands.
    pub inputs: Vec<Value>,
    /// Its results.
    pub outputs: Vec<Value>,
}

/// A typed dataflow graph. Nodes stand in an order in which every value is defined before it is used.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    pub(crate) name: String,
    pub(crate) symbols: Vec<SymbolRange>,
    pub(crate) params: Vec<Param>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) values: Vec<ValueInfo>,
    pub(crate) results: Vec<Value>,
}

impl Graph {
    /// The name, without the `@`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The symbols and their ranges.
    pub fn symbols(&self) -> &[SymbolRange] {
        &self.symbols
    }

    /// The parameters, in order.
    pub fn params(&self) -> &[Param] {
        &self.params
    }

    /// The nodes, in order.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The node `id`.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    /// Every value.
    pub fn values(&self) -> &[ValueInfo] {
        &self.values
    }

    /// What is known of `value`.
    pub fn value(&self, value: Value) -> &ValueInfo {
        &self.values[value.index()]
    }

    /// The type of `value`.
    pub fn ty(&self, value: Value) -> &TensorType {
        &self.value(value).ty
    }

    /// The results, in order.
    pub fn results(&self) -> &[Value] {
        &self.results
    }

    /// The node of which `value` is a result; `None` for a parameter.
    pub fn producer(&self, value: Value) -> Option<(NodeId, &Node)> {
        match self.value(value).def {
            Def::Node(id, _) => Some((id, self.node(id))),
            Def::Param(_) => None,
        }
    }

    /// How many nodes and results use each value.
    pub fn use_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.values.len()];
        let uses = self.nodes.iter().flat_map(|n| &n.inputs).chain(&self.results);
        uses.for_each(|v| counts[v.index()] += 1);
        counts
    }

    /// The state parameter that `value` is a version of: the parameter itself or what `cache_write` made of it.
    pub fn state_of(&self, value: Value) -> Option<Value> {
        let mut at = value;
        loop {
            match self.value(at).def {
                Def::Param(i) => return (self.params[i].kind == ParamKind::State).then_some(at),
                Def::Node(id, _) => match &self.node(id).op {
                    Op::CacheWrite(_) => at = *self.node(id).inputs.first()?,
                    _ => return None,
                },
            }
        }
    }

    /// Every symbol bound to its largest size.
    pub fn largest(&self) -> Bindings {
        let mut bindings = Bindings::new();
        for s in &self.symbols {
            bindings.bind(s.symbol, s.max);
        }
        bindings
    }

    /// Binds the symbols of an input's `shape` so that it has the sizes `dims`.
    ///
    /// # Errors
    /// Says which size does not fit what, or which symbol is out of its range.
    pub fn bind(&self, shape: &Shape, dims: &[usize], bindings: &mut Bindings) -> Result<(), String> {
        let unfit = || format!("got sizes {dims:?}, expected {shape}");
        if shape.rank() != dims.len() {
            return Err(unfit());
        }
        for (dim, size) in shape.0.iter().zip(dims) {
            if dim.as_fixed() == Some(*size) {
                continue;
            }
            let (symbol, value) = dim.solve(*size).ok_or_else(unfit)?;
            let range = self.symbols.iter().find(|s| s.symbol == symbol).ok_or_else(unfit)?;
            if !(range.min..=range.max).contains(&value) {
                return Err(format!("{symbol} is {value}, expected {} to {}", range.min, range.max));
            }
            if !bindings.bind(symbol, value) {
                let bound = bindings.get(symbol).unwrap_or_default();
                return Err(format!("{symbol} is {value} in {dims:?} but {bound} elsewhere"));
            }
        }
        Ok(())
    }
}
