//! What must hold of a network before it is walked: rules never call themselves without a byte, and every state can
//! reach the end. Not the errors' words: those belong to the syntax that was read.

use super::program::{Program, RETURN, State, StateId};

/// A rule that reaches itself before any byte, directly or through others, by its number; a walk through it would
/// not end.
pub fn left_recursive(program: &Program) -> Option<usize> {
    let nullable = reaches_return(program, false);
    let calls: Vec<Vec<u32>> =
        program.starts.iter().map(|start| first_calls(program, &nullable, *start)).collect();
    // Rules that call none of those left are taken away until none goes; what stays leads into a cycle.
    let mut open: Vec<usize> = calls.iter().map(Vec::len).collect();
    let mut callers = vec![Vec::new(); calls.len()];
    for (rule, called) in calls.iter().enumerate() {
        for called in called {
            callers[*called as usize].push(rule);
        }
    }
    let mut ready: Vec<usize> = (0..calls.len()).filter(|rule| open[*rule] == 0).collect();
    while let Some(rule) = ready.pop() {
        for caller in &callers[rule] {
            open[*caller] -= 1;
            if open[*caller] == 0 {
                ready.push(*caller);
            }
        }
    }
    let mut rule = open.iter().position(|open| *open > 0)?;
    for _ in 0..calls.len() {
        rule = *calls[rule].iter().find(|called| open[**called as usize] > 0)? as usize;
    }
    Some(rule)
}

/// The rules that are called from `start` on before any byte, each once.
fn first_calls(program: &Program, nullable: &[bool], start: StateId) -> Vec<u32> {
    let mut seen = std::collections::HashSet::from([start]);
    let mut pending = vec![start];
    let mut calls = Vec::new();
    while let Some(state) = pending.pop() {
        let more: &[StateId] = match &program.states[state as usize] {
            State::Return | State::Bytes(_) => &[],
            State::Split(ways) => ways,
            State::Call { rule, next } => {
                calls.push(*rule);
                let returns = nullable[program.starts[*rule as usize] as usize];
                if returns { std::slice::from_ref(next) } else { &[] }
            }
        };
        pending.extend(more.iter().filter(|state| seen.insert(**state)));
    }
    calls.sort_unstable();
    calls.dedup();
    calls
}

/// Takes away every way that can't reach the end of its rule, so that whatever can be walked can be completed.
/// Says whether the root can end.
pub fn prune(program: &mut Program) -> bool {
    let live = reaches_return(program, true);
    let starts = &program.starts;
    for state in &mut program.states {
        match state {
            State::Return => {}
            State::Bytes(ways) => ways.retain(|(_, _, next)| live[*next as usize]),
            State::Split(ways) => ways.retain(|next| live[*next as usize]),
            State::Call { rule, next } => {
                if !live[starts[*rule as usize] as usize] || !live[*next as usize] {
                    *state = State::Split(Vec::new());
                }
            }
        }
    }
    live[starts[0] as usize]
}

/// For each state, whether the end of its rule can be reached: with bytes, or without any.
fn reaches_return(program: &Program, with_bytes: bool) -> Vec<bool> {
    let start = |rule: u32| program.starts[rule as usize];
    let mut depending: Vec<Vec<StateId>> = vec![Vec::new(); program.states.len()];
    for (id, state) in (0..).zip(&program.states) {
        let mut on = |other: StateId| depending[other as usize].push(id);
        match state {
            State::Bytes(ways) if with_bytes => ways.iter().for_each(|(_, _, next)| on(*next)),
            State::Return | State::Bytes(_) => {}
            State::Split(ways) => ways.iter().for_each(|next| on(*next)),
            State::Call { rule, next } => [start(*rule), *next].into_iter().for_each(on),
        }
    }
    let mut reaches = vec![false; program.states.len()];
    reaches[RETURN as usize] = true;
    let mut pending = vec![RETURN];
    while let Some(reached) = pending.pop() {
        for &id in &depending[reached as usize] {
            let through = match &program.states[id as usize] {
                State::Call { rule, next } => reaches[start(*rule) as usize] && reaches[*next as usize],
                _ => true,
            };
            if through && !reaches[id as usize] {
                reaches[id as usize] = true;
                pending.push(id);
            }
        }
    }
    reaches
}
