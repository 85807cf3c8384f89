//! Seeded tensors for a graph's parameters: floats roughly normal, integers within what they index. Not
//! uniform noise: an index out of range has no meaning to compare.

use crate::random::Random;
use graph::interpret::Env;
use graph::{Bindings, Builder, DType, Def, Graph, Op, ParamKind, Tensor, TensorType, Value};
use std::collections::HashMap;

/// The inputs of one conformance case, whose types have constant sizes. Panics if the op refuses the types.
pub fn random_inputs(op: &Op, types: &[TensorType], seed: u64) -> Vec<Tensor> {
    let mut builder = Builder::new("case");
    let inputs: Vec<Value> =
        types.iter().enumerate().map(|(i, ty)| builder.input(&i.to_string(), ty.clone())).collect();
    let results = builder.add(op.clone(), &inputs).unwrap_or_else(|e| panic!("{e}"));
    let graph = builder.finish(&results);
    let mut tensors = draw(&graph, &Bindings::new(), seed);
    inputs.iter().filter_map(|v| tensors.remove(v)).collect()
}

/// What a graph's parameters are bound to, and what its states hold after a run.
#[derive(Clone, Debug, Default)]
pub struct RandomEnv {
    tensors: HashMap<(bool, String), Tensor>,
    /// What each state that was written holds.
    pub states: HashMap<String, Tensor>,
}

impl RandomEnv {
    /// Draws a tensor for each parameter of `graph` under `bindings`. Panics if a symbol is not bound, or if
    /// `cache_write` has more rows than places.
    pub fn draw(graph: &Graph, bindings: &Bindings, seed: u64) -> RandomEnv {
        let mut drawn = draw(graph, bindings, seed);
        let named = graph.params().iter().filter_map(|param| {
            Some((key(&param.kind, &graph.value(param.value).name), drawn.remove(&param.value)?))
        });
        RandomEnv { tensors: named.collect(), states: HashMap::new() }
    }

    /// The same tensors, those of states in the types that `graph` keeps them in.
    #[must_use]
    pub fn with_states_of(mut self, graph: &Graph) -> RandomEnv {
        for param in graph.params().iter().filter(|p| p.kind == ParamKind::State) {
            let (info, ty) = (graph.value(param.value), graph.ty(param.value));
            if let Some(tensor) = self.tensors.get_mut(&key(&param.kind, &info.name)) {
                *tensor = Tensor::from_f32(ty.dtype, &tensor.dims, tensor.to_f32());
            }
        }
        self
    }

    /// Binds a parameter to `tensor` instead.
    pub fn set(&mut self, kind: &ParamKind, name: &str, tensor: Tensor) {
        self.tensors.insert(key(kind, name), tensor);
    }
}

impl Env for RandomEnv {
    fn tensor(&self, kind: &ParamKind, name: &str) -> Option<Tensor> {
        self.tensors.get(&key(kind, name)).cloned()
    }

    fn set_state(&mut self, name: &str, tensor: Tensor) {
        self.states.insert(name.to_owned(), tensor);
    }
}

fn key(kind: &ParamKind, name: &str) -> (bool, String) {
    match kind {
        ParamKind::Weight(weight) => (true, weight.clone()),
        ParamKind::Input | ParamKind::State => (false, name.to_owned()),
    }
}

/// Every symbol bound to `size`, or to the nearest size in its range.
pub fn bindings(graph: &Graph, size: usize) -> Bindings {
    let mut bindings = Bindings::new();
    for s in graph.symbols() {
        bindings.bind(s.symbol, size.clamp(s.min, s.max.max(s.min)));
    }
    bindings
}

/// What the integers of a parameter mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// They index a dimension of this size.
    Below(usize),
    /// Pairs that are spans of this many columns.
    Spans(usize),
}

/// Two parameters that name places of a state, each place at most once: slots and places within the slot.
struct Cells {
    slot: Value,
    at: Value,
    slots: usize,
    places: usize,
}

struct Uses<'g> {
    graph: &'g Graph,
    bindings: &'g Bindings,
    roles: HashMap<Value, Role>,
    cells: Vec<Cells>,
}

fn draw(graph: &Graph, bindings: &Bindings, seed: u64) -> HashMap<Value, Tensor> {
    let mut uses = Uses { graph, bindings, roles: HashMap::new(), cells: Vec::new() };
    uses.collect();
    let mut random = Random::new(seed);
    let mut tensors = uses.draw_cells(&mut random);
    for param in graph.params() {
        let ty = graph.ty(param.value);
        let dims = ty.shape.eval(bindings).expect("every symbol is bound");
        let role = uses.roles.get(&param.value).copied();
        tensors.entry(param.value).or_insert_with(|| tensor(ty.dtype, &dims, role, &mut random));
    }
    tensors
}

impl Uses<'_> {
    fn dims(&self, value: Value) -> Vec<usize> {
        self.graph.ty(value).shape.eval(self.bindings).expect("every symbol is bound")
    }

    fn collect(&mut self) {
        let graph = self.graph;
        for node in graph.nodes() {
            let size = |input: usize, axis: usize| self.dims(node.inputs[input])[axis];
            match &node.op {
                Op::Gather(_) => self.role(node.inputs[1], Role::Below(size(0, 0))),
                Op::GatherElements(op) => {
                    let (rows, columns) = (size(0, 0), size(0, 1));
                    self.role(node.inputs[1], Role::Below(columns));
                    if op.rows {
                        self.role(node.inputs[2], Role::Below(rows));
                    }
                }
                Op::PickedLinear(_) => self.role(node.inputs[2], Role::Below(size(1, 0))),
                Op::ScatterElements(_) => self.role(node.inputs[1], Role::Below(size(0, 1))),
                Op::MaskSpans(_) => self.role(node.inputs[1], Role::Spans(size(0, 1))),
                Op::CachedAttention(_) => {
                    let (slots, places, rows) = (size(1, 0), size(1, 2), size(3, 0));
                    self.role(node.inputs[3], Role::Below(slots));
                    self.role(node.inputs[4], Role::Below(rows));
                    self.role(node.inputs[5], Role::Below(places));
                }
                Op::CachedScores(_) => {
                    let (slots, places) = (size(1, 0), size(1, 2));
                    self.role(node.inputs[2], Role::Below(slots));
                    self.role(node.inputs[3], Role::Below(places));
                }
                Op::CacheWrite(op) => {
                    let (slots, places) = (size(0, 0), size(0, 2));
                    self.role(node.inputs[2], Role::Below(slots));
                    if op.placed {
                        self.role(node.inputs[3], Role::Below(places));
                        let (slot, at) = (self.source(node.inputs[2]), self.source(node.inputs[3]));
                        if let (Some(slot), Some(at)) = (slot, at) {
                            self.cells.push(Cells { slot, at, slots, places });
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// The parameter of which `value` shows elements.
    fn source(&self, value: Value) -> Option<Value> {
        let mut at = value;
        while let Def::Node(id, _) = self.graph.value(at).def {
            let node = self.graph.node(id);
            match node.op {
                Op::Reshape(_) | Op::Slice(_) | Op::Transpose(_) | Op::Gather(_) => at = node.inputs[0],
                _ => return None,
            }
        }
        Some(at)
    }

    fn role(&mut self, value: Value, role: Role) {
        let Some(source) = self.source(value) else { return };
        let known = self.roles.entry(source).or_insert(role);
        if let (Role::Below(a), Role::Below(b)) = (*known, role) {
            *known = Role::Below(a.min(b));
        }
    }

    fn below(&self, value: Value, size: usize) -> usize {
        if let Some(Role::Below(n)) = self.roles.get(&value) { size.min(*n) } else { size }
    }

    fn draw_cells(&self, random: &mut Random) -> HashMap<Value, Tensor> {
        let mut tensors: HashMap<Value, Tensor> = HashMap::new();
        for cells in &self.cells {
            let dims = self.dims(cells.slot);
            let rows: usize = dims.iter().product();
            let (slots, places) = (self.below(cells.slot, cells.slots), self.below(cells.at, cells.places));
            assert!(rows <= slots * places, "{rows} rows do not fit into {slots} slots of {places}");
            if tensors.contains_key(&cells.slot) || tensors.contains_key(&cells.at) {
                // Where one side is shared between writes, places of their own keep the pairs apart.
                for (value, size) in [(cells.slot, slots), (cells.at, places)] {
                    let own = random.permutation(size.max(rows)).into_iter().map(|i| (i % size) as i32);
                    let own = own.take(rows).collect();
                    tensors.entry(value).or_insert_with(|| Tensor::i32(&dims, own));
                }
                continue;
            }
            let drawn: Vec<usize> = random.permutation(slots * places).into_iter().take(rows).collect();
            let part = |of: &dyn Fn(usize) -> usize| drawn.iter().map(|i| of(*i) as i32).collect();
            tensors.insert(cells.slot, Tensor::i32(&dims, part(&|i| i / places)));
            tensors.insert(cells.at, Tensor::i32(&dims, part(&|i| i % places)));
        }
        tensors
    }
}

fn tensor(dtype: DType, dims: &[usize], role: Option<Role>, random: &mut Random) -> Tensor {
    let n: usize = dims.iter().product();
    let ints = match role {
        Some(Role::Below(size)) => (0..n).map(|_| random.below(size) as i32).collect(),
        Some(Role::Spans(columns)) => spans(n, columns, random),
        // Nothing is indexed by them.
        None => (0..n).map(|_| random.below(10) as i32).collect(),
    };
    match dtype {
        DType::I32 => Tensor::i32(dims, ints),
        DType::Bool => Tensor::from_f32(dtype, dims, (0..n).map(|_| random.below(2) as f32).collect()),
        DType::I8 => Tensor::from_f32(dtype, dims, (0..n).map(|_| 40.0 * random.normal()).collect()),
        DType::I4 => Tensor::from_f32(dtype, dims, (0..n).map(|_| 3.0 * random.normal()).collect()),
        DType::F32 | DType::F16 | DType::BF16 => {
            Tensor::from_f32(dtype, dims, (0..n).map(|_| random.normal()).collect())
        }
    }
}

/// Pairs of bounds; each span is at most a quarter of the columns, so that a row keeps some.
fn spans(n: usize, columns: usize, random: &mut Random) -> Vec<i32> {
    let mut out = Vec::with_capacity(n);
    while out.len() < n {
        let from = random.below(columns);
        out.extend([from as i32, (from + random.below(columns / 4 + 1)) as i32]);
    }
    out.truncate(n);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use graph::text;
    use std::collections::HashSet;

    /// The interpreter panics on an index that is out of range.
    #[test]
    fn every_case_of_every_op_evaluates() {
        for case in Op::reference().iter().flat_map(|op| &op.cases) {
            let (op, types) = text::parse_case(case).unwrap();
            for seed in 0..3 {
                let inputs = random_inputs(&op, &types, seed);
                assert_eq!(inputs.iter().map(Tensor::ty).collect::<Vec<_>>(), types, "{case}");
                op.eval(&inputs.iter().collect::<Vec<_>>(), &op.infer(&types).unwrap());
            }
        }
    }

    #[test]
    fn no_place_is_written_twice() {
        let case = "cache_write f32[3, 2, 4, 4], f32[12, 8], i32[12], i32[12] {placed=true}";
        let (op, types) = text::parse_case(case).unwrap();
        for seed in 0..10 {
            let inputs = random_inputs(&op, &types, seed);
            let cells: HashSet<_> = inputs[2].as_i32().iter().zip(inputs[3].as_i32()).collect();
            assert_eq!(cells.len(), 12);
            assert!(cells.iter().all(|(slot, at)| (0..3).contains(*slot) && (0..4).contains(*at)));
        }
    }

    #[test]
    fn an_index_is_bounded_through_what_moves_it() {
        let graph = "graph @g[n in 1..=9](%t: f32[7, 2], %ids: i32[4, 3], %row: i32[n]) {
            %picked = gather %ids, %row : i32[n, 3]
            %flat = reshape %picked {shape=[3*n]} : i32[3*n]
            %y = gather %t, %flat : f32[3*n, 2]
            return %y
        }";
        let graph = text::parse(graph).unwrap().graph;
        let env = RandomEnv::draw(&graph, &bindings(&graph, 20), 3);
        let ids = env.tensor(&ParamKind::Input, "ids").unwrap();
        assert!(ids.as_i32().iter().all(|i| (0..7).contains(i)));
        let row = env.tensor(&ParamKind::Input, "row").unwrap();
        assert!(row.dims == [9] && row.as_i32().iter().all(|i| (0..4).contains(i)));
    }
}
