//! That the runner fails where it should. Not the files themselves: tests/graph_files.rs runs those.

use super::*;

fn verdict(path: &str, text: &str) -> Verdict {
    let args = text.lines().next().unwrap().split_whitespace().skip(3).map(str::to_owned).collect();
    run_one(&FileTest { path: path.into(), args, text: text.to_owned() }, &commands())
}

const DEAD: &str = "graph @g(\n  %x: f32[2]\n) {\n  %y = exp %x : f32[2]\n  return %x\n}\n";

#[test]
fn expectations_follow_what_is_given() {
    let changed = verdict("a.graph", &format!("; test pass dce\n{DEAD}")).unwrap();
    let after = DEAD.replace("  %y = exp %x : f32[2]\n", "");
    assert_eq!(changed, format!("; test pass dce\n{DEAD}{EXPECT}\n{after}"));
    assert_eq!(verdict("a.graph", &changed).unwrap(), changed, "a blessed file stays as it is");
    let same = verdict("a.graph", &format!("; test pass cse,cse\n{DEAD}\n; expect:\nold\n")).unwrap();
    assert_eq!(same, format!("; test pass cse,cse\n{DEAD}{UNCHANGED}\n"));
}

#[test]
fn no_blessing_mends_a_rule_that_fires_where_it_must_not() {
    let error = verdict("dce_must_not_fire.graph", &format!("; test pass dce\n{DEAD}")).unwrap_err();
    assert!(error.starts_with("must not fire, but did:"), "{error}");
}

#[test]
fn faults_stand_on_their_lines_and_stale_ones_go() {
    let stale =
        DEAD.replace("return %x", "return %x  ; error: stale").replace("exp %x : f32[2]", "exp %x : f32[3]");
    let checked = verdict("a.graph", &format!("; test verify\n{stale}")).unwrap();
    assert!(checked.contains("f32[3]  ; error: exp gives f32[2], declared is f32[3]\n"), "{checked}");
    assert!(checked.contains("  return %x\n"), "{checked}");
}

#[test]
fn unknown_commands_and_passes_are_named() {
    let error = verdict("a.graph", "graph @g() {\n").unwrap_err();
    assert_eq!(error, r#"starts with "graph @g() {", expected `; test` and one of parse, verify, pass"#);
    let error = verdict("a.graph", &format!("; test pass fuse-all\n{DEAD}")).unwrap_err();
    assert!(error.starts_with("no pass is called \"fuse-all\""), "{error}");
}

#[test]
fn graphs_that_compute_something_else_differ() {
    let parse = |text: &str| graph::text::parse(text).unwrap().graph;
    let (a, b) = (parse(&DEAD.replace("return %x", "return %y")), parse(DEAD));
    let error = evaluate_both(&a, &b, 1e-4).unwrap_err();
    assert!(error.starts_with("with symbols near 5: result 0: element"), "{error}");
}
