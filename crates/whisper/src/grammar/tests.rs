//! Tests of what grammars accept and of what is said about those that can't be used. Not of masks: those are in
//! `tests/masks.rs`.

mod masks;
mod random;

use super::*;

fn gbnf(text: &str) -> Grammar {
    Grammar::gbnf(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn message(text: &str) -> String {
    Grammar::gbnf(text).unwrap_err().to_string()
}

#[track_caller]
fn accepts(grammar: &Grammar, texts: &[&str]) {
    for text in texts {
        assert!(grammar.matches(text), "{text:?}");
        assert!((0..=text.len()).all(|end| grammar.may_begin(&text.as_bytes()[..end])), "{text:?}");
    }
}

#[track_caller]
fn refuses(grammar: &Grammar, texts: &[&str]) {
    for text in texts {
        assert!(!grammar.matches(text), "{text:?}");
    }
}

#[test]
fn every_kind_of_item_is_read() {
    let grammar = gbnf(concat!(
        "# commands\r\n",
        "root ::= ( \"turn\" |   # a comment\n",
        "   \"switch\" ) \" \" what-1 [.!]? \r\n",
        "what-1 ::=\n  \"on\" | \"off\"\n  | dim_it\n\n",
        "dim_it ::= \"to \" [1-9] [0-9]{0,2} \" \" \"%\"",
    ));
    accepts(&grammar, &["turn on", "switch off.", "turn to 5 %", "switch to 100 %!"]);
    refuses(&grammar, &["", "turn", "turn  on", "turn to 05 %", "turn to 1000 %", "turn on.!", "Turn on"]);
}

#[test]
fn repetitions_count() {
    for (item, ok, wrong) in [
        (r#""ab"*"#, ["", "ab", "ababab"], ["a", "aba", "b"]),
        (r#""ab"+"#, ["ab", "abab", "ababab"], ["", "a", "abb"]),
        (r#"( "a" "b"? ){2}"#, ["aa", "aba", "abab"], ["", "ab", "aaa"]),
        ("[ab]{2,}", ["aa", "aba", "babab"], ["", "a", "aac"]),
        ("[ab]{ 1 , 3 }", ["a", "ab", "bbb"], ["", "aaaa", "c"]),
        (r#"("a"?)* "b""#, ["b", "ab", "aaab"], ["", "a", "abb"]),
    ] {
        let grammar = gbnf(&format!("root ::= {item}"));
        accepts(&grammar, &ok);
        refuses(&grammar, &wrong);
    }
    accepts(&gbnf(r#"root ::= "a"{0} "b" ("c"){0,0}"#), &["b"]);
}

#[test]
fn classes_and_escapes_are_characters() {
    let grammar = gbnf(r#"root ::= [^a-c\]\-\x41] . ["é♪] "\"\\\n\t\r\u00e9\U0001F3B5\x7e""#);
    accepts(&grammar, &["dé\"\"\\\n\t\ré🎵~", "日.é\"\\\n\t\ré🎵~", "\0\u{10ffff}♪\"\\\n\t\ré🎵~"]);
    refuses(
        &grammar,
        &["ax\"\"\\\n\t\ré🎵~", "]x\"\"\\\n\t\ré🎵~", "-x♪\"\\\n\t\ré🎵~", "Ax♪\"\\\n\t\ré🎵~"],
    );
    accepts(&gbnf("root ::= [a-]+"), &["a-", "--a"]);
    accepts(&gbnf(r"root ::= [\^\[]+"), &["^["]);
    // Characters are allowed by their bytes, up to the last one.
    let grammar = gbnf("root ::= [а-я]");
    for (bytes, viable) in
        [(&[0xd0][..], true), (&[0xd1, 0x8f], true), (&[0xd1, 0x90], false), (&[0xd2], false)]
    {
        assert_eq!(grammar.may_begin(bytes), viable, "{bytes:x?}");
    }
}

#[test]
fn rules_may_nest_without_end() {
    let grammar = gbnf("root ::= \"(\" root \")\" | \"[\" root \"]\" | word\nword ::= [a-z] word?");
    let deep = format!("{}x{}", "([".repeat(100), "])".repeat(100));
    accepts(&grammar, &["x", "(xyz)", "[([x])]", &deep]);
    refuses(&grammar, &["", "(x]", "(x", "x)", "()"]);
    // Both ways to read every bracket are kept at once.
    let grammar = gbnf(r#"root ::= "a" root "b" | "a" root "c" | """#);
    accepts(&grammar, &["", "aacb", &format!("{}{}", "a".repeat(300), "bc".repeat(150))]);
    refuses(&grammar, &["ab c", "aab", "abc"]);
    // A list needs no stack, however long.
    accepts(&gbnf(r#"root ::= "a" root | "a""#), &[&"a".repeat(5000)]);
}

#[test]
fn many_ways_through_few_rules_are_walked_once() {
    let rules: Vec<String> = (0..60).map(|i| format!("r{i} ::= r{0} \"x\" | r{0} \"y\"\n", i + 1)).collect();
    let grammar = gbnf(&("root ::= r0\n".to_owned() + &rules.concat() + "r60 ::= \"z\""));
    accepts(&grammar, &[&format!("z{}", "xy".repeat(30))]);
    refuses(&grammar, &["z", "zx"]);
}

#[test]
fn what_can_not_end_is_not_begun() {
    let grammar = gbnf("root ::= \"a\" endless | \"b\" | \"c\" \"d\" endless\nendless ::= \"x\" endless");
    accepts(&grammar, &["b"]);
    assert!(!grammar.may_begin(b"a") && !grammar.may_begin(b"c"));
    assert_eq!(
        message("root ::= \"a\" root"),
        "the grammar at line 1, column 1 has a root that no text can complete, expected a way without recursion"
    );
}

#[test]
fn faults_are_told_with_their_place() {
    let item = "a literal, a class, a name, a group, a repetition, | or the end of the line";
    let in_group = "a literal, a class, a name, a group, a repetition, | or )";
    let escapes = r#"one of \n \r \t \" \\ \[ \] \- \^ \xHH \uHHHH \UHHHHHHHH"#;
    let repeat = "something to repeat before it; a repetition is repeated in parentheses";
    for (text, place, got, expected) in [
        ("", (1, 1), "no rule named root", "one: decoding begins there"),
        ("a ::= \"é\"\n", (2, 1), "no rule named root", "one: decoding begins there"),
        ("root ::= \"é\" b-2", (1, 14), "the name b-2, which no rule has", "a rule b-2 ::= .. somewhere"),
        (
            "root ::= \"a\"\n\troot ::= \"b\"",
            (2, 2),
            "a second rule root",
            "each rule once; join them with |",
        ),
        ("= x", (1, 1), "`=`", "the name of a rule"),
        ("root = x", (1, 6), "`=`", "::= after the name of a rule"),
        ("root", (1, 5), "the end of the text", "::= after the name of a rule"),
        ("root ::= \"a\" ) ", (1, 14), "`)`", item),
        ("root ::= \"a\" \u{7}", (1, 14), "U+0007", item),
        ("root ::= \"a\" |\nb ::= \"c\"", (2, 3), "`:`", item),
        ("root ::= (\"a\"\n| \"b\"", (2, 6), "the end of the text", in_group),
        ("root ::= \"a\n\"", (1, 12), "the end of the line", "\" at the end of a literal"),
        ("root ::= \"a", (1, 12), "the end of the text", "\" at the end of a literal"),
        ("root ::= [a\r\n]", (1, 12), "the end of the line", "] at the end of a class"),
        ("root ::= [a-", (1, 13), "the end of the text", "the last character of a range"),
        ("root ::= [x z-a]", (1, 13), "the range `z` to `a`", "the lower character first"),
        ("root ::= \"b\" []", (1, 14), "a class of no characters", "one at least"),
        ("root ::= [^]", (1, 10), "a class of no characters", "one at least"),
        ("root ::= \"\\q\"", (1, 11), "an escape of `q`", escapes),
        ("root ::= \"\\", (1, 11), "an escape of the end of the text", escapes),
        ("root ::= \"\\x4\"", (1, 11), "an escape of 1 hexadecimal digits", "2"),
        ("root ::= \"\\ud800\"", (1, 11), "an escape of d800", "a Unicode character"),
        ("root ::= [\\U00110000]", (1, 11), "an escape of 00110000", "a Unicode character"),
        ("root ::= *", (1, 10), "`*`", repeat),
        ("root ::= \"a\"+ ?", (1, 15), "`?`", repeat),
        ("root ::= \"a\"{,2}", (1, 14), "`,`", "a count"),
        ("root ::= \"a\"{2 3}", (1, 16), "`3`", "} after counts such as {3}, {3,} or {3,5}"),
        ("root ::= \"a\"{3,2}", (1, 13), "the counts 3 to 2", "the lower one first"),
        ("root ::= \"a\"{10001}", (1, 14), "the count 10001", "at most 10000"),
        ("root ::= \"a\"{1,99999999999}", (1, 16), "the count 99999999999", "at most 10000"),
    ] {
        let (line, column) = place;
        let expected = format!("the grammar at line {line}, column {column} has {got}, expected {expected}");
        assert_eq!(message(text), expected, "{text:?}");
    }
}

#[test]
fn left_recursion_is_refused_however_it_hides() {
    let told = "a rule that begins with itself, expected something before it calls itself; \
        write a list as item more*";
    for (text, line) in [
        ("root ::= root \"a\" | \"b\"", 1),
        ("root ::= \"x\" a\na ::= b \"c\"\nb ::= \"y\" | a", 3),
        ("root ::= \"x\" | \"y\"? \"\" root", 1),
        ("root ::= \"z\" list\nempty ::= \"e\"*\nlist ::= empty (empty list)? \"i\"", 3),
        ("root ::= root", 1),
    ] {
        let got = message(text);
        assert!(
            got.starts_with(&format!("the grammar at line {line}, ")) && got.ends_with(told),
            "{text}: {got}"
        );
    }
    // Called again, but never before a character.
    accepts(&gbnf("root ::= a? a a?\na ::= \"x\" a? | \"\""), &["", "x", "xxx"]);
}

#[test]
fn what_grows_too_large_is_refused_at_once() {
    let large = "a rule with which the grammar grows too large, expected fewer or shorter repetitions";
    for rule in ["((\"a\"{10000}){10000}){10000}", "(((\"\"){10000}){10000}){10000}", "(.{10000}){10}"] {
        let got = message(&format!("root ::= \"a\"\nx ::= {rule}"));
        assert_eq!(got, format!("the grammar at line 2, column 1 has {large}"), "{rule}");
    }
    let got = message(&format!("root ::= {}\"a\"{}", "(".repeat(101), ")".repeat(101)));
    assert_eq!(got, "the grammar at line 1, column 110 has `(`, expected groups at most 100 deep");
    gbnf(&format!("root ::= {}\"a\"{}", "(".repeat(100), ")".repeat(100)));
    let got = message(&" ".repeat((1 << 20) + 1));
    assert_eq!(got, "the grammar at line 1, column 1 has 1048577 bytes, expected at most 1048576");
}

#[test]
fn regular_expressions_match_whole_texts() {
    let grammar = Grammar::regex(r"^(?i:yes|no)(, (sir|ma'am))?\.?$").unwrap();
    accepts(&grammar, &["yes", "NO.", "No, sir", "yes, ma'am."]);
    refuses(&grammar, &["", "yes!", "oh yes", "yes, "]);
    accepts(&Grammar::regex(r"\w+( \w+){0,3}").unwrap(), &["élan vital", "日本", "a b c d"]);
    accepts(&Grammar::regex(r"(?-u:[a-f])|^^x$$|").unwrap(), &["a", "x", ""]);
    refuses(&Grammar::regex(".").unwrap(), &["\n", "", "ab"]);
}

#[test]
fn faults_of_regular_expressions_are_told() {
    let message = |pattern: &str| Grammar::regex(pattern).unwrap_err().to_string();
    assert_eq!(
        message("é(a"),
        "the regular expression at column 2 has unclosed group, expected the syntax of Rust's regex crate"
    );
    assert!(message("a(?=b)").contains("column 2 has look-around"), "{}", message("a(?=b)"));
    for pattern in [r"\bword\b", "a^b", "(a$b)", "(?m)^a$", "a?^b", "(^a)*"] {
        assert!(
            message(pattern).contains(r"has a look around such as \b"),
            "{pattern}: {}",
            message(pattern)
        );
    }
    for pattern in ["a{100000}{100000}", r"((\w{500}){500}){500}"] {
        assert!(message(pattern).contains("expected fewer or shorter"), "{pattern}: {}", message(pattern));
    }
    assert!(message(r"[^\s\S]").contains("a pattern that no text matches"));
    assert!(message(&"a".repeat(65_537)).contains("has 65537 bytes, expected at most 65536"));
    assert!(Grammar::regex(&"(".repeat(60_000)).is_err());
}
