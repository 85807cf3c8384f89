//! The order of the passes, with the reason for each place. Not the passes: see [`crate::passes`].

use crate::compute::Compute;
use crate::pass::Pass;
use crate::passes::{
    canonicalize, cse, dce, fold_constants, fuse_attention, fuse_elementwise, fuse_layer_norm, fuse_linear,
    fuse_qkv, narrow, narrow_results, narrow_states, quantize, quantize_picked,
};
use graph::{Graph, verify};

/// Passes in the order in which they run.
#[derive(Clone)]
pub struct Pipeline {
    passes: Vec<Pass>,
}

/// A name that is no pass of a pipeline.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no pass is called {name:?}; expected one of {}", known.join(", "))]
pub struct UnknownPass {
    /// The name.
    pub name: String,
    /// The names of the pipeline's passes.
    pub known: Vec<&'static str>,
}

impl Pipeline {
    /// The passes of a precision: [`Pipeline::standard`], those that narrow what it has left, and what ends every one.
    pub fn of(compute: Compute) -> Pipeline {
        let mut passes = Pipeline::standard();
        if compute == Compute::Int8 {
            passes = passes
                .pass(quantize_picked::PASS) // before `quantize`, which would take its layers, too
                .pass(quantize::PASS); // before `narrow`, which takes what this leaves
        }
        if compute != Compute::F32 {
            passes = passes
                .pass(narrow::PASS) // what is fused stays fused
                .pass(narrow_states::PASS) // looks at parameters alone
                .pass(narrow_results::PASS); // it looks at what the others read
        }
        passes.pass(fuse_qkv::PASS) // last: it looks at what layers write, and the others at layers of one result
    }

    /// Every pass of every precision, each once.
    pub fn every() -> Pipeline {
        let mut all = Pipeline::new();
        for pass in Compute::ALL.into_iter().flat_map(|compute| Pipeline::of(compute).passes) {
            if all.passes.iter().all(|p| p.name != pass.name) {
                all = all.pass(pass);
            }
        }
        all
    }

    /// The passes that every graph goes through, and all that keep f32.
    pub fn standard() -> Pipeline {
        Pipeline::new()
            .pass(fold_constants::PASS) // first: patterns ask for constants, not for sums of them
            .pass(canonicalize::PASS) // one spelling for each thing, so that patterns stay few
            .pass(cse::PASS) // what is computed twice would look as if it were used once
            .pass(fuse_layer_norm::PASS) // before elementwise fusion, which would eat its parts
            .pass(fuse_attention::PASS) // a scale that stands on q joins it before q's layer is closed
            .pass(fuse_linear::PASS) // takes the sums that layer norm and attention have left
            .pass(fuse_elementwise::PASS) // what no other pass wanted
            .pass(dce::PASS) // whatever the fusions left without a reader
    }

    /// No pass.
    pub fn new() -> Pipeline {
        Pipeline { passes: Vec::new() }
    }

    /// Appends a pass.
    #[must_use]
    pub fn pass(mut self, pass: Pass) -> Pipeline {
        self.passes.push(pass);
        self
    }

    /// How far results may move: the most that a pass of it says.
    pub fn tolerance(&self) -> f32 {
        self.passes.iter().map(|p| p.tolerance).fold(Pass::ROUNDING, f32::max)
    }

    /// The passes, in order.
    pub fn passes(&self) -> &[Pass] {
        &self.passes
    }

    /// The passes' names, in order.
    pub fn names(&self) -> Vec<&'static str> {
        self.passes.iter().map(|p| p.name).collect()
    }

    /// The pass called `name`.
    ///
    /// # Errors
    /// There is none.
    pub fn find(&self, name: &str) -> Result<Pass, UnknownPass> {
        let unknown = || UnknownPass { name: name.to_owned(), known: self.names() };
        self.passes.iter().find(|p| p.name == name).copied().ok_or_else(unknown)
    }

    /// Runs all passes on a verified graph. Panics in debug builds if a pass breaks a law of the verifier.
    pub fn run(&self, graph: &Graph) -> Graph {
        run(&self.passes, graph)
    }

    /// Runs the passes up to the one called `name`, which is run too.
    ///
    /// # Errors
    /// No pass is called so.
    pub fn run_until(&self, name: &str, graph: &Graph) -> Result<Graph, UnknownPass> {
        self.find(name)?;
        let end = self.passes.iter().position(|p| p.name == name).map_or(0, |i| i + 1);
        Ok(run(&self.passes[..end], graph))
    }
}

impl Default for Pipeline {
    fn default() -> Pipeline {
        Pipeline::new()
    }
}

fn run(passes: &[Pass], graph: &Graph) -> Graph {
    check(graph, "before the first pass");
    passes.iter().fold(graph.clone(), |graph, pass| {
        let next = (pass.run)(&graph);
        check(&next, pass.name);
        next
    })
}

/// In debug builds, names the pass that broke a law.
fn check(graph: &Graph, pass: &str) {
    if cfg!(debug_assertions)
        && let Err(faults) = verify::verify(graph)
    {
        panic!("graph @{} is wrong after {pass}: {faults}\n{graph}", graph.name());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use graph::text;

    const GRAPH: &str = "graph @g(%x: f32[2]) {\n  %y = exp %x : f32[2]\n  return %y\n}\n";

    #[test]
    fn names_are_unique_and_unknown_ones_are_refused() {
        let pipeline = Pipeline::standard();
        let graph = text::parse(GRAPH).unwrap().graph;
        let error = pipeline.run_until("fuse-all", &graph).unwrap_err().to_string();
        assert!(
            error.starts_with("no pass is called \"fuse-all\"; expected one of fold-constants, "),
            "{error}"
        );
        let mut names = pipeline.names();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), pipeline.passes().len());
    }

    #[test]
    #[cfg(debug_assertions)]
    #[should_panic(expected = "is wrong after breaker")]
    fn a_pass_that_breaks_a_law_is_named() {
        let run = |_: &Graph| {
            let wrong = "graph @g(%x: f32[2]) {\n  %y = exp %x : f32[3]\n  return %y\n}\n";
            text::parse(wrong).unwrap().graph
        };
        let breaker = Pass { name: "breaker", doc: "", tolerance: Pass::ROUNDING, run };
        Pipeline::new().pass(breaker).run(&text::parse(GRAPH).unwrap().graph);
    }
}
