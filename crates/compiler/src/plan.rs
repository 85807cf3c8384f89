//! The memory plan: where every value lives, so that peak bytes are known before anything runs. Not an
//! allocator: offsets are fixed when the program is compiled, at the largest sizes.

use crate::schedule::{Schedule, is_view};
use graph::{Def, Graph, NodeId, Op, ParamKind, Value};
use std::collections::HashMap;

/// Where a value lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// At this offset of the arena.
    Arena(usize),
    /// Argument number `.0`: an input.
    Input(usize),
    /// Argument number `.0`: a state.
    State(usize),
    /// Entry number `.0` of the program's constants.
    Constant(usize),
}

/// A value's stay in the arena.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stay {
    /// Its offset.
    pub offset: usize,
    /// Its bytes at the largest sizes.
    pub bytes: usize,
    /// The first and the last step that needs it.
    pub steps: (usize, usize),
}

/// Where every value of a graph lives.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// The place of each value that a step reads or writes, constants aside.
    pub places: Vec<Option<Place>>,
    /// Offset of each step's scratch memory.
    pub scratch: Vec<usize>,
    /// The stays, in the order of their first step; scratch included.
    pub stays: Vec<Stay>,
    /// Values that took over an operand's memory: the result and the operand.
    pub in_place: Vec<(Value, Value)>,
    /// Bytes of the arena.
    pub arena: usize,
    /// Bytes of all states.
    pub states: usize,
}

/// Offsets are multiples of this many bytes: a cache line, and the widest vector.
pub const ALIGN: usize = 64;

/// Plans the memory of a scheduled graph.
pub fn plan(graph: &Graph, schedule: &Schedule) -> Plan {
    let mut planner = Planner::new(graph, schedule);
    planner.params();
    planner.lives();
    planner.place();
    planner.out
}

/// One piece of arena: the values that share it and their lifetime.
struct Piece {
    bytes: usize,
    first: usize,
    last: usize,
}

struct Planner<'a> {
    graph: &'a Graph,
    schedule: &'a Schedule,
    /// The piece of each value that lives in the arena.
    piece_of: HashMap<Value, usize>,
    pieces: Vec<Piece>,
    scratch_pieces: Vec<Option<usize>>,
    out: Plan,
}

impl<'a> Planner<'a> {
    fn new(graph: &'a Graph, schedule: &'a Schedule) -> Planner<'a> {
        let out = Plan { places: vec![None; graph.values().len()], ..Plan::default() };
        Planner { graph, schedule, piece_of: HashMap::new(), pieces: vec![], scratch_pieces: vec![], out }
    }

    /// The value that `value` is a view of, or a version of.
    fn root(&self, value: Value) -> Value {
        let mut at = value;
        while let Def::Node(id, _) = self.graph.value(at).def {
            let node = self.graph.node(id);
            if !matches!(node.op, Op::CacheWrite(_)) && !is_view(self.graph, at) {
                break;
            }
            at = node.inputs[0];
        }
        at
    }

    fn bytes(&self, value: Value) -> usize {
        let bytes = self.graph.ty(value).bytes(&self.graph.largest());
        bytes.expect("the verifier checks the largest sizes").next_multiple_of(ALIGN)
    }

    fn params(&mut self) {
        let args = self.graph.params().iter().filter(|p| !matches!(p.kind, ParamKind::Weight(_)));
        for (i, param) in args.enumerate() {
            let state = param.kind == ParamKind::State;
            if state {
                self.out.states += self.bytes(param.value);
            }
            let place = if state { Place::State(i) } else { Place::Input(i) };
            self.out.places[param.value.index()] = Some(place);
        }
    }

    /// The last step that needs each root value; results are needed to the end.
    fn last_uses(&self) -> HashMap<Value, usize> {
        let mut last = HashMap::new();
        for (step, s) in self.schedule.run.iter().enumerate() {
            for input in &self.graph.node(s.node).inputs {
                last.insert(self.root(*input), step);
            }
        }
        for result in self.graph.results() {
            last.insert(self.root(*result), self.schedule.run.len());
        }
        last
    }

    fn lives(&mut self) {
        let last = self.last_uses();
        for (step, s) in self.schedule.run.iter().enumerate() {
            let node = self.graph.node(s.node);
            for (i, output) in node.outputs.iter().enumerate() {
                if self.root(*output) != *output {
                    continue;
                }
                let until = last.get(output).copied().unwrap_or(step);
                let taken = s.kernel.in_place.filter(|_| i == 0).map(|operand| node.inputs[operand]);
                let taken = taken.filter(|v| self.may_take_over(*v, *output, (step, s.node), &last));
                let piece = if let Some(operand) = taken {
                    self.out.in_place.push((*output, operand));
                    let piece = self.piece_of[&self.root(operand)];
                    self.pieces[piece].last = until;
                    piece
                } else {
                    self.pieces.push(Piece { bytes: self.bytes(*output), first: step, last: until });
                    self.pieces.len() - 1
                };
                self.piece_of.insert(*output, piece);
            }
            let scratch = s.kernel.scratch.next_multiple_of(ALIGN);
            self.scratch_pieces.push((scratch > 0).then(|| {
                self.pieces.push(Piece { bytes: scratch, first: step, last: step });
                self.pieces.len() - 1
            }));
        }
    }

    /// Whether the result may take over the operand's memory: it lives in the arena, is as large, stands once
    /// among the operands and is not needed afterwards.
    fn may_take_over(
        &self,
        operand: Value,
        output: Value,
        (step, node): (usize, NodeId),
        last: &HashMap<Value, usize>,
    ) -> bool {
        let root = self.root(operand);
        let uses = self.graph.node(node).inputs.iter().filter(|v| self.root(**v) == root).count();
        self.piece_of.contains_key(&root)
            && self.graph.ty(operand) == self.graph.ty(output)
            && uses == 1
            && last.get(&root) == Some(&step)
    }

    /// Places the pieces, largest first, each at the lowest offset that is free during its life.
    fn place(&mut self) {
        let mut order: Vec<usize> = (0..self.pieces.len()).collect();
        order.sort_by_key(|i| (std::cmp::Reverse(self.pieces[*i].bytes), self.pieces[*i].first));
        let mut offsets = vec![0; self.pieces.len()];
        let mut placed: Vec<usize> = Vec::new();
        for i in order {
            let piece = &self.pieces[i];
            let overlaps =
                |j: &&usize| self.pieces[**j].first <= piece.last && piece.first <= self.pieces[**j].last;
            let mut busy: Vec<(usize, usize)> = placed
                .iter()
                .filter(overlaps)
                .map(|j| (offsets[*j], offsets[*j] + self.pieces[*j].bytes))
                .collect();
            busy.sort_unstable();
            let mut offset = 0;
            for (from, to) in busy {
                if offset + piece.bytes <= from {
                    break;
                }
                offset = offset.max(to);
            }
            offsets[i] = offset;
            placed.push(i);
            self.out.arena = self.out.arena.max(offset + piece.bytes);
        }
        for (i, piece) in self.pieces.iter().enumerate() {
            let stay = Stay { offset: offsets[i], bytes: piece.bytes, steps: (piece.first, piece.last) };
            self.out.stays.push(stay);
        }
        for value in 0..self.graph.values().len() {
            if self.out.places[value].is_none() && !self.schedule.constant[value] {
                self.out.places[value] = self.place_of(value, &offsets);
            }
        }
        self.out.scratch = self.scratch_pieces.iter().map(|p| p.map_or(0, |p| offsets[p])).collect();
    }

    fn place_of(&self, value: usize, offsets: &[usize]) -> Option<Place> {
        let outputs = self.graph.nodes().iter().flat_map(|n| &n.outputs);
        let value = outputs.copied().find(|v| v.index() == value)?;
        let root = self.root(value);
        match self.piece_of.get(&root) {
            Some(piece) => Some(Place::Arena(offsets[*piece])),
            None => self.out.places[root.index()],
        }
    }
}
