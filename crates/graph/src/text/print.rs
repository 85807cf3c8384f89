//! The printer. Not a pretty printer of kernels or plans: those print themselves.

use crate::graph::{Graph, Node, ParamKind};
use std::fmt::{self, Write};

/// The text form of `graph`; [`super::parse`] reads it back.
pub fn print(graph: &Graph) -> String {
    graph.to_string()
}

impl fmt::Display for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "graph @{}", self.name)?;
        for (i, s) in self.symbols.iter().enumerate() {
            write!(f, "{}{} in {}..={}", if i == 0 { "[" } else { ", " }, s.symbol, s.min, s.max)?;
        }
        f.write_str(if self.symbols.is_empty() { "(" } else { "](" })?;
        for (i, param) in self.params.iter().enumerate() {
            f.write_str(if i == 0 { "\n  " } else { ",\n  " })?;
            let info = self.value(param.value);
            match &param.kind {
                ParamKind::Input => write!(f, "%{}: {}", info.name, info.ty)?,
                ParamKind::State => write!(f, "state %{}: {}", info.name, info.ty)?,
                ParamKind::Weight(weight) => write!(f, "%{}: {} = @{weight}", info.name, info.ty)?,
            }
        }
        f.write_str("\n) {\n")?;
        for node in &self.nodes {
            writeln!(f, "  {}", NodeText(self, node))?;
        }
        f.write_str("  return")?;
        for (i, result) in self.results.iter().enumerate() {
            write!(f, "{}%{}", if i == 0 { " " } else { ", " }, self.value(*result).name)?;
        }
        f.write_str("\n}\n")
    }
}

/// One node as a line of text.
struct NodeText<'a>(&'a Graph, &'a Node);

impl fmt::Display for NodeText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let NodeText(graph, node) = self;
        for (i, output) in node.outputs.iter().enumerate() {
            write!(f, "{}%{}", if i == 0 { "" } else { ", " }, graph.value(*output).name)?;
        }
        write!(f, " = {}", node.op.name())?;
        for (i, input) in node.inputs.iter().enumerate() {
            write!(f, "{}%{}", if i == 0 { " " } else { ", " }, graph.value(*input).name)?;
        }
        let attrs = node.op.attributes();
        if !attrs.0.is_empty() {
            write!(f, " {attrs}")?;
        }
        for (i, output) in node.outputs.iter().enumerate() {
            write!(f, "{}{}", if i == 0 { " : " } else { ", " }, graph.ty(*output))?;
        }
        Ok(())
    }
}

impl Graph {
    /// The line of `node` in the text form.
    pub fn node_text(&self, node: &Node) -> String {
        NodeText(self, node).to_string()
    }
}

/// The graph in Graphviz's language: a box for each node, an edge for each use, weights left out.
pub fn dot(graph: &Graph) -> String {
    let mut out = format!("digraph \"{}\" {{\n  node [shape=box, fontname=monospace];\n", graph.name);
    let escape = |s: &str| s.replace('\\', "\\\\").replace('"', "\\\"");
    for param in &graph.params {
        if !matches!(param.kind, ParamKind::Weight(_)) {
            let info = graph.value(param.value);
            let shape = if param.kind == ParamKind::State { "cylinder" } else { "ellipse" };
            let _ = writeln!(
                out,
                "  v{} [label=\"%{}\\n{}\", shape={shape}];",
                param.value.0,
                escape(&info.name),
                info.ty
            );
        }
    }
    for (i, node) in graph.nodes.iter().enumerate() {
        let types: Vec<String> = node.outputs.iter().map(|v| graph.ty(*v).to_string()).collect();
        let attrs = if node.op.attributes().0.is_empty() {
            String::new()
        } else {
            format!("\\n{}", escape(&node.op.attributes().to_string()))
        };
        let _ = writeln!(out, "  n{i} [label=\"{}{attrs}\\n{}\"];", node.op.name(), types.join(", "));
        for input in &node.inputs {
            match graph.value(*input).def {
                crate::Def::Node(from, _) => {
                    let _ = writeln!(out, "  n{} -> n{i};", from.0);
                }
                crate::Def::Param(p) if !matches!(graph.params[p].kind, ParamKind::Weight(_)) => {
                    let _ = writeln!(out, "  v{} -> n{i};", input.0);
                }
                crate::Def::Param(_) => {}
            }
        }
    }
    for (i, result) in graph.results.iter().enumerate() {
        let _ = writeln!(
            out,
            "  r{i} [label=\"return %{}\", shape=ellipse];",
            escape(&graph.value(*result).name)
        );
        match graph.value(*result).def {
            crate::Def::Node(from, _) => {
                let _ = writeln!(out, "  n{} -> r{i};", from.0);
            }
            crate::Def::Param(_) => {
                let _ = writeln!(out, "  v{} -> r{i};", result.0);
            }
        }
    }
    out.push_str("}\n");
    out
}
