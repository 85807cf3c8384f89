//! The commands that need no device: parse, verify, pass. Not plan and run: they come with a device.

use super::{Command, FileTest, Verdict};
use crate::close::close;
use crate::inputs::{RandomEnv, bindings};
use compiler::pipeline::Pipeline;
use graph::verify::{Place, faults, verify};
use graph::{Graph, Tensor, interpret, text};

/// The line that parts a pass test's graph from what becomes of it.
pub const EXPECT: &str = "; expect:";
/// The same where the graph stays as it is.
pub const UNCHANGED: &str = "; expect: unchanged";
const ERROR: &str = "; error: ";

/// parse, verify and pass.
pub fn commands() -> Vec<Command> {
    vec![
        Command { name: "parse", run: Box::new(parse) },
        Command { name: "verify", run: Box::new(check) },
        Command { name: "pass", run: Box::new(pass) },
    ]
}

/// `test parse`: the graph as the printer writes it, or the error that the parser gives, on its line.
fn parse(test: &FileTest) -> Verdict {
    let parsed = match text::parse(&test.text) {
        Err(error) => return Ok(with_errors(&test.text, &[(error.line, error.message)])),
        Ok(parsed) => parsed,
    };
    let printed = text::print(&parsed.graph);
    let again = text::parse(&printed).map_err(|e| format!("what is printed is not read: {e}\n{printed}"))?;
    if again.graph != parsed.graph {
        return Err(format!("what is printed is read as another graph:\n{printed}"));
    }
    Ok(format!("{}{printed}", comments(&test.text)))
}

/// `test verify`: every fault on its line.
fn check(test: &FileTest) -> Verdict {
    let parsed = text::parse(&test.text).map_err(|e| e.to_string())?;
    let head = test.text.lines().position(|l| l.starts_with("graph")).map_or(1, |i| i + 1);
    let line = |place: Place| match place {
        Place::Head => head,
        Place::Param(i) => parsed.param_lines[i],
        Place::Node(id) => parsed.node_lines[id.0],
        Place::Return => parsed.return_line,
    };
    let errors: Vec<_> = faults(&parsed.graph).into_iter().map(|f| (line(f.place), f.message)).collect();
    Ok(with_errors(&test.text, &errors))
}

/// `text` with each error at the end of its line, and no others.
fn with_errors(text: &str, errors: &[(usize, String)]) -> String {
    let mut out = String::new();
    for (i, line) in text.lines().enumerate() {
        let kept = line.split(ERROR).next().unwrap_or_default().trim_end();
        out.push_str(kept);
        for (_, message) in errors.iter().filter(|(at, _)| *at == i + 1) {
            out.push_str(if kept.is_empty() { "" } else { "  " });
            out.extend([ERROR, message]);
        }
        out.push('\n');
    }
    out
}

/// The command and the comment lines after it.
fn comments(text: &str) -> String {
    text.split_inclusive('\n').take_while(|l| l.starts_with(';')).collect()
}

/// `test pass a,b` or `test pass standard`: what becomes of the graph, which must compute the same.
fn pass(test: &FileTest) -> Verdict {
    let given = test.text.split(&format!("\n{EXPECT}")).next().unwrap_or_default();
    let before = text::parse(given).map_err(|e| e.to_string())?.graph;
    verify(&before).map_err(|e| e.to_string())?;
    let pipeline = passes(&test.args)?;
    let after = pipeline.run(&before);
    verify(&after).map_err(|e| format!("the result is wrong: {e}\n{after}"))?;
    evaluate_both(&before, &after, pipeline.tolerance())
        .map_err(|e| format!("{e}; the result is\n{after}"))?;
    let (was, is) = (text::print(&before), text::print(&after));
    if test.must_not_fire() && was != is {
        return Err(format!("must not fire, but did:\n{}", crate::diff::diff(&was, &is)));
    }
    let given = given.trim_end();
    Ok(if was == is { format!("{given}\n{UNCHANGED}\n") } else { format!("{given}\n{EXPECT}\n{is}") })
}

fn passes(args: &[String]) -> Result<Pipeline, String> {
    let [names] = args else { return Err(format!("expected `; test pass NAME` or a,b,c; got {args:?}")) };
    if names == "standard" {
        return Ok(Pipeline::standard());
    }
    let every = Pipeline::every();
    names.split(',').try_fold(Pipeline::new(), |pipeline, name| {
        Ok(pipeline.pass(every.find(name).map_err(|e| e.to_string())?))
    })
}

/// Runs both graphs on the same seeded tensors, at a small size and at 1, and compares results and states
/// within `tolerance`, relative to the larger of 1 and the element.
///
/// # Errors
/// Says what differs, under which sizes.
pub fn evaluate_both(before: &Graph, after: &Graph, tolerance: f32) -> Result<(), String> {
    for size in [5, 1] {
        let bindings = bindings(before, size);
        let fail = |e: String| format!("with symbols near {size}: {e}");
        let mut old = RandomEnv::draw(before, &bindings, 1);
        let mut new = old.clone().with_states_of(after);
        let expected = interpret::run(before, &mut old).map_err(|e| fail(e.to_string()))?;
        let got = interpret::run(after, &mut new).map_err(|e| fail(e.to_string()))?;
        if got.len() != expected.len() || new.states.len() != old.states.len() {
            return Err(fail("the number of results or of written states differs".to_owned()));
        }
        for (i, (got, expected)) in got.iter().zip(&expected).enumerate() {
            close(got, expected, tolerance).map_err(|e| fail(format!("result {i}: {e}")))?;
        }
        for (name, expected) in &old.states {
            let got = new.states.get(name).ok_or_else(|| fail(format!("state %{name} is not written")))?;
            let got = Tensor::from_f32(expected.dtype(), &got.dims, got.to_f32());
            close(&got, expected, tolerance).map_err(|e| fail(format!("state %{name}: {e}")))?;
        }
    }
    Ok(())
}
