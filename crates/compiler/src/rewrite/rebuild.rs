//! Builds a new graph along an old one: parameters first, then nodes copied, left out or replaced. Names stay
//! with the values that stay. Not a rule: it does what it is told.

use graph::{Builder, Graph, Node, Op, Param, TensorType, Value};

/// Ends the names of values that only a replacement has.
const PART: &str = ".part";

/// A graph under construction beside the one that it comes from.
pub struct Rebuild<'g> {
    old: &'g Graph,
    new: Builder,
    map: Vec<Option<Value>>,
}

impl<'g> Rebuild<'g> {
    /// Starts with the name, the symbols and all parameters of `old`.
    pub fn new(old: &'g Graph) -> Rebuild<'g> {
        Rebuild::with_params(old, |param| old.ty(param.value).clone())
    }

    /// Starts as [`Rebuild::new`] does, with each parameter of the type that `ty` gives it.
    pub fn with_params(old: &'g Graph, ty: impl Fn(&Param) -> TensorType) -> Rebuild<'g> {
        let mut new = Builder::new(old.name());
        old.symbols().iter().for_each(|s| new.add_symbol(*s));
        let mut map = vec![None; old.values().len()];
        for param in old.params() {
            let info = old.value(param.value);
            map[param.value.index()] = Some(new.param(&info.name, ty(param), param.kind.clone()));
        }
        Rebuild { old, new, map }
    }

    /// What stands for `old`'s value. Panics if nothing does yet.
    pub fn get(&self, value: Value) -> Value {
        self.map[value.index()]
            .unwrap_or_else(|| panic!("nothing stands for %{}", self.old.value(value).name))
    }

    /// Copies a node of `old`.
    pub fn copy(&mut self, node: &Node) {
        self.copy_as(node, node.op.clone());
    }

    /// Copies a node of `old` with `op` in place of its operation. Its results may be of other types, which their readers
    /// must take, and there may be more of them: nothing of `old` stands for those behind the last.
    pub fn copy_as(&mut self, node: &Node, op: impl Into<Op>) -> Vec<Value> {
        let inputs: Vec<Value> = node.inputs.iter().map(|v| self.get(*v)).collect();
        let added = self.new.add(op, &inputs);
        let outputs = added.unwrap_or_else(|e| panic!("{} no longer fits: {e}", self.old.node_text(node)));
        for (old, new) in node.outputs.iter().zip(&outputs) {
            self.map[old.index()] = Some(*new);
            self.rename(*new, &self.old.value(*old).name);
        }
        outputs
    }

    /// Adds a node that becomes part of what replaces `root`; `by` is whom to blame.
    pub fn add(&mut self, op: Op, inputs: &[Value], root: Value, by: &str) -> Vec<Value> {
        let added = self.new.add(op, inputs);
        let outputs = added.unwrap_or_else(|e| panic!("{by}, at %{}: {e}", self.old.value(root).name));
        let whole = self.old.value(root).name.trim_end_matches(PART);
        for output in &outputs {
            self.rename(*output, &format!("{whole}{PART}"));
        }
        outputs
    }

    /// Lets `new` stand for `root`, which must be of the same type. A value added for it takes its name.
    pub fn replace(&mut self, root: Value, new: Value, by: &str) {
        let old = self.old.value(root);
        let ty = self.new.ty(new);
        assert!(*ty == old.ty, "{by}: %{} is {}, what replaces it is {ty}", old.name, old.ty);
        if self.map.iter().all(|m| *m != Some(new)) {
            self.rename(new, &old.name);
        }
        self.map[root.index()] = Some(new);
    }

    /// Ends with what stands for the results of `old`.
    pub fn finish(self) -> Graph {
        let results: Vec<Value> = self.old.results().iter().map(|v| self.get(*v)).collect();
        self.new.finish(&results)
    }

    fn rename(&mut self, value: Value, name: &str) {
        if self.new.graph().value(value).name != name {
            self.new.name(value, name);
        }
    }
}
