//! What every rule relies on. Not the passes' own tests: those are graph files.

use super::*;
use graph::ops::{Elementwise, Linear};
use graph::text;

fn parse(body: &str) -> Graph {
    let head = "graph @g(%x: f32[2, 4], %w: f32[4, 4] = @w, %b: f32[4] = @b) {\n";
    let graph = text::parse(&format!("{head}{body}}}\n")).unwrap().graph;
    graph::verify::verify(&graph).unwrap();
    graph
}

fn bias() -> Rule {
    let [x, w, b] = vars();
    rule("linear + bias", linear(x, w) + b, move |m| {
        m.replace_with(Linear { bias: true, ..Linear::PLAIN }, [m[x], m[w], m[b]])
    })
    .only_if("b is one row", move |m| m.ty(b).rank() == 1)
}

const PLAIN: &str =
    "%l = linear %x, %w {activation=none, bias=false, residual=false, to=f32, parts=1} : f32[2, 4]\n";

#[test]
fn sums_match_both_ways_and_the_result_keeps_its_name() {
    for sum in ["%l, %b", "%b, %l"] {
        let after = rewrite(&parse(&format!("{PLAIN}%y = add {sum} : f32[2, 4]\nreturn %y\n")), &[bias()]);
        let y = "%y = linear %x, %w, %b {activation=none, bias=true, residual=false, to=f32, parts=1} : f32[2, 4]";
        assert_eq!(after.nodes().len(), 1);
        assert_eq!(after.node_text(&after.nodes()[0]), y);
    }
}

#[test]
fn an_inner_value_that_is_used_elsewhere_stays() {
    for (more, results) in [("%z = exp %l : f32[2, 4]\n", "%y, %z"), ("", "%y, %l")] {
        let before = parse(&format!("{PLAIN}%y = add %l, %b : f32[2, 4]\n{more}return {results}\n"));
        assert_eq!(rewrite(&before, &[bias()]), before);
    }
}

#[test]
fn a_variable_stands_for_one_value() {
    let [x] = vars();
    let square = || rule("double", x + x, move |m| m.replace_with(Op::Elementwise(Elementwise::Exp), [m[x]]));
    let same = rewrite(&parse("%y = add %x, %x : f32[2, 4]\nreturn %y\n"), &[square()]);
    assert_eq!(same.node_text(&same.nodes()[0]), "%y = exp %x : f32[2, 4]");
    let other = parse("%y = add %x, %b : f32[2, 4]\nreturn %y\n");
    assert_eq!(rewrite(&other, &[square()]), other);
}

#[test]
fn the_search_goes_back_on_an_order_that_fails_later() {
    // (a + b) * a: the sum's first order binds a to its left operand, which only the second fits.
    let [a, b] = vars();
    let found = rule("found", (a + b) * a, move |m| m.replace_with_value(m[a]));
    let graph = parse("%s = add %b, %x : f32[2, 4]\n%y = mul %s, %x : f32[2, 4]\nreturn %y\n");
    let after = rewrite(&graph, &[found]);
    assert_eq!(after.results(), [after.params()[0].value]);
}

#[test]
#[should_panic(expected = "bad: %y is f32[2, 4], what replaces it is f32[4]")]
fn a_patch_of_another_type_names_its_rule() {
    let [x, b] = vars();
    let bad = rule("bad", x + b, move |m| m.replace_with_value(m[b]));
    rewrite(&parse("%y = add %x, %b : f32[2, 4]\nreturn %y\n"), &[bad]);
}

#[test]
#[should_panic(expected = "never end")]
fn rules_that_never_end_are_named() {
    let [x, y] = vars();
    let turn = rule("turn", x + y, move |m| m.replace_with(Op::Elementwise(Elementwise::Add), [m[y], m[x]]));
    rewrite(&parse("%y = add %x, %b : f32[2, 4]\nreturn %y\n"), &[turn]);
}
