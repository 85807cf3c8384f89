//! Checks a program's memory plan from the outside: lifetimes are read off the steps again. Not the planner.

use compiler::{Place, Program};
use graph::{Def, Graph, Op, Value};

/// A value in the arena: its bytes and the steps that need it.
struct Life {
    value: Value,
    /// The value that it shows, or itself.
    origin: Value,
    bytes: (usize, usize),
    steps: (usize, usize),
}

/// Checks that no two values that are needed at one step share bytes, but a view with what it shows and a result with
/// the operand that it took over; that scratch memory is nobody's; that stays don't collide; and that the arena ends
/// where its last value does.
///
/// # Errors
/// Says which two collide, or what is out of place.
pub fn check(program: &Program) -> Result<(), String> {
    let (graph, lives) = (&program.graph, lives(program)?);
    let name = |v: Value| format!("%{}", graph.value(v).name);
    for (i, a) in lives.iter().enumerate() {
        for b in &lives[..i] {
            let legal = a.origin == b.origin || in_place(program, a, b) || in_place(program, b, a);
            if meet(a.steps, b.steps, true) && meet(a.bytes, b.bytes, false) && !legal {
                return Err(format!("{} and {} share bytes", name(a.value), name(b.value)));
            }
        }
    }
    let mut end = lives.iter().map(|l| l.bytes.1).max().unwrap_or(0);
    for (at, step) in program.steps.iter().enumerate() {
        let scratch = (step.scratch, step.scratch + step.kernel.scratch);
        end = end.max(scratch.1);
        let hit = lives.iter().find(|l| meet(l.steps, (at, at), true) && meet(l.bytes, scratch, false));
        if let Some(life) = hit {
            return Err(format!("{} shares bytes with the scratch memory of step {at}", name(life.value)));
        }
    }
    let plan = &program.plan;
    for (i, a) in plan.stays.iter().enumerate() {
        let bytes = |i: usize| (plan.stays[i].offset, plan.stays[i].offset + plan.stays[i].bytes);
        let hit = |j: &usize| meet(a.steps, plan.stays[*j].steps, true) && meet(bytes(i), bytes(*j), false);
        if let Some(j) = (0..i).find(hit) {
            return Err(format!("stays {j} and {i} share bytes"));
        }
    }
    let stays = plan.stays.iter().map(|s| s.offset + s.bytes).max().unwrap_or(0);
    if plan.arena != stays || plan.arena != end.next_multiple_of(compiler::plan::ALIGN) {
        return Err(format!(
            "the arena has {} bytes, expected {end} as values and {stays} as stays",
            plan.arena
        ));
    }
    Ok(())
}

/// Whether two ranges have something in common; `inclusive` of their ends, or not.
fn meet(a: (usize, usize), b: (usize, usize), inclusive: bool) -> bool {
    if inclusive { a.0 <= b.1 && b.0 <= a.1 } else { a.0.max(b.0) < a.1.min(b.1) }
}

/// Whether `result` may stand where `operand` does: computed from it, of its type, by the last step that needs it.
fn in_place(program: &Program, result: &Life, operand: &Life) -> bool {
    let Def::Node(id, 0) = program.graph.value(result.value).def else { return false };
    let Some(at) = program.steps.iter().position(|s| s.node == id) else { return false };
    let (graph, step) = (&program.graph, &program.steps[at]);
    let inputs = &graph.node(id).inputs;
    let Some(taken) = step.kernel.in_place.map(|i| inputs[i]) else { return false };
    origin(graph, taken) == operand.origin
        && inputs.iter().filter(|v| origin(graph, **v) == operand.origin).count() == 1
        && graph.ty(taken) == graph.ty(result.value)
        && operand.bytes == result.bytes
        && operand.steps.1 == at
        && program.plan.in_place.contains(&(result.value, taken))
}

fn origin(graph: &Graph, value: Value) -> Value {
    match graph.producer(value) {
        Some((_, node)) if matches!(node.op, Op::Reshape(_)) => origin(graph, node.inputs[0]),
        _ => value,
    }
}

fn lives(program: &Program) -> Result<Vec<Life>, String> {
    let (graph, largest) = (&program.graph, program.graph.largest());
    let mut lives: Vec<Life> = Vec::new();
    for (at, step) in program.steps.iter().enumerate() {
        let node = program.node(step);
        for (value, place) in node.outputs.iter().zip(&step.outputs) {
            let Place::Arena(offset) = *place else { continue };
            if offset % compiler::plan::ALIGN != 0 {
                return Err(format!("%{} is at {offset}", graph.value(*value).name));
            }
            let bytes = graph.ty(*value).bytes(&largest).ok_or("a size is unknown")?;
            let bytes = (offset, offset + bytes);
            lives.push(Life { value: *value, origin: *value, bytes, steps: (at, at) });
        }
        // Not a place alone: what is read there must still be the operand.
        for (value, place) in node.inputs.iter().zip(&step.inputs) {
            if let Place::Arena(offset) = *place {
                let of = origin(graph, *value);
                let life = lives.iter_mut().find(|l| l.value == of).ok_or("an operand was never written")?;
                if life.bytes.0 != offset {
                    return Err(format!("%{} is read at {offset}", graph.value(*value).name));
                }
                life.steps.1 = at;
            }
        }
    }
    for result in graph.results() {
        let of = origin(graph, *result);
        if let Some(life) = lives.iter_mut().find(|l| l.value == of) {
            life.steps.1 = program.steps.len();
        }
    }
    Ok(lives)
}
