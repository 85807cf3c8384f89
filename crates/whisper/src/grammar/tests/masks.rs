//! Tests of the masks over a vocabulary: by hand, and token by token against a slow reading of random grammars. Not of
//! the syntaxes.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::super::expr::Expr;
use super::random::{ALPHABET, Reading, exprs, recursive, written};
use super::*;
use crate::tokenizer::tests::subset;
use crate::{LogitRule, Tokenizer};

static TRIE: LazyLock<Arc<TokenTrie>> = LazyLock::new(|| Arc::new(TokenTrie::new(subset())));

fn rule(grammar: &Grammar) -> GrammarRule {
    GrammarRule::with_trie(grammar, subset(), Arc::clone(&TRIE))
}

fn biases(rule: &GrammarRule, sampled: &[u32]) -> Vec<f32> {
    let mut bias = vec![0.0; subset().specials().n_vocab as usize];
    rule.apply(sampled, &mut bias);
    bias
}

/// The text tokens, and the end, that are not lowered.
fn allowed(rule: &GrammarRule, sampled: &[u32]) -> Vec<u32> {
    let bias = biases(rule, sampled);
    (0..=subset().specials().eot).filter(|token| bias[*token as usize] == 0.0).collect()
}

fn byte(byte: u8) -> u32 {
    (0..256).find(|token| subset().bytes(*token) == Some(&[byte])).unwrap()
}

/// The tokens with these bytes, and the end if `eot`.
fn tokens(texts: &[&str], eot: bool) -> Vec<u32> {
    let s = subset().specials();
    let is_one = |token: &u32| texts.iter().any(|text| subset().bytes(*token) == Some(text.as_bytes()));
    (0..s.eot).filter(is_one).chain(eot.then_some(s.eot)).collect()
}

#[test]
fn tokens_that_keep_to_the_grammar_are_allowed() {
    let tokenizer = subset();
    let s = *tokenizer.specials();
    let rule = rule(&gbnf(r#"root ::= "the" " a"?"#));
    // With the space that Whisper begins with, and without it.
    assert_eq!(allowed(&rule, &[]), tokens(&["t", "th", "the", " ", " t", " th", " the"], false));
    for text in [" the", "the"] {
        let sampled = [&[s.timestamp_begin][..], &tokenizer.encode(text)].concat();
        assert_eq!(allowed(&rule, &sampled), tokens(&[" ", " a"], true), "{text}");
    }
    let ended = tokenizer.encode(" the a");
    assert_eq!(allowed(&rule, &ended), [s.eot]);
    // Special tokens never, timestamps always.
    let bias = biases(&rule, &ended);
    assert!(bias[s.sot as usize..s.timestamp_begin as usize].iter().all(|bias| *bias == f32::NEG_INFINITY));
    assert!(bias[s.timestamp_begin as usize..].iter().all(|bias| *bias == 0.0));
    assert!(biases(&rule, &[])[s.eot as usize] == f32::NEG_INFINITY);
}

#[test]
fn a_space_may_be_skipped_where_text_begins_and_nowhere_else() {
    let s = *subset().specials();
    let (t, space) = (s.timestamp_begin, byte(b' '));
    let [a, b] = [b'a', b'b'].map(byte);
    let joined = rule(&gbnf(r#"root ::= "a" "b""#));
    assert_eq!(allowed(&joined, &[a]), [b]);
    assert_eq!(allowed(&joined, &[space]), tokens(&["a", "ab"], false));
    for sampled in [&[t, a, t + 1][..], &[t, space, a, t + 1, t + 1]] {
        assert_eq!(allowed(&joined, sampled), tokens(&["b", " ", " b"], false), "{sampled:?}");
    }
    assert_eq!(allowed(&joined, &[t, a, t + 1, t + 1, space]), [b]);
    assert_eq!(allowed(&joined, &[t, a, t + 1, t + 1, space, b]), [s.eot]);
    // Nothing can follow, so no space can.
    assert_eq!(allowed(&joined, &[t, a, b, t + 1, t + 1]), [s.eot]);
    // A space that the grammar has must come, and one more is not needed but allowed.
    let apart = rule(&gbnf(r#"root ::= "a" " b""#));
    assert_eq!(allowed(&apart, &[a, t + 1, t + 1]), tokens(&[" ", " b"], false));
    assert_eq!(allowed(&apart, &[a, t + 1, t + 1, space]), tokens(&["b", " ", " b"], false));
}

#[test]
fn characters_may_be_cut_anywhere() {
    let s = *subset().specials();
    // D0 B0 to D1 8F.
    let rule = rule(&gbnf("root ::= [а-я]{1,2}"));
    let after = |sampled: &[u32]| allowed(&rule, sampled);
    let single = |range: std::ops::RangeInclusive<u8>| range.map(byte).collect::<Vec<_>>();
    assert!(after(&[]).contains(&byte(0xd0)) && after(&[]).contains(&byte(0xd1)));
    for (first, continuations) in [(0xd0, 0xb0..=0xbf), (0xd1, 0x80..=0x8f)] {
        let allowed = after(&[byte(first)]);
        let alone: Vec<u32> = (0..=255).map(byte).filter(|token| allowed.contains(token)).collect();
        assert_eq!(alone, single(continuations));
    }
    assert!(!after(&[byte(0xd0)]).contains(&s.eot));
    assert!(after(&[byte(0xd0), byte(0xb0)]).contains(&s.eot));
    assert_eq!(after(&[byte(0xd0), byte(0xb0), byte(0xd1), byte(0x8f)]), [s.eot]);
}

#[test]
fn a_penalty_lowers_and_lets_go_of_text_that_left() {
    let s = *subset().specials();
    let mut rule = rule(&gbnf("root ::= \"a\" \"b\"+"));
    rule.penalty = Some(100.0);
    let [a, b, c] = [b'a', b'b', b'c'].map(byte);
    let bias = biases(&rule, &[a]);
    assert_eq!((bias[b as usize], bias[c as usize], bias[s.eot as usize]), (0.0, -100.0, -100.0));
    assert_eq!(biases(&rule, &[a, b])[s.eot as usize], 0.0);
    let bias = biases(&rule, &[c]);
    assert!(bias[..=s.eot as usize].iter().all(|bias| *bias == 0.0));
    assert_eq!(bias[s.sot as usize], f32::NEG_INFINITY);
    // Without a penalty, such text ends.
    rule.penalty = None;
    assert_eq!(allowed(&rule, &[c]), [s.eot]);
}

#[test]
fn the_end_is_allowed_where_other_rules_left_nothing() {
    let s = *subset().specials();
    let rule = rule(&gbnf("root ::= \"a\" \"b\""));
    let [a, b] = [b'a', b'b'].map(byte);
    let mut bias = vec![0.0; s.n_vocab as usize];
    bias[b as usize] = f32::NEG_INFINITY;
    rule.apply(&[a], &mut bias);
    assert_eq!(bias[s.eot as usize], 0.0);
    assert!(bias[..s.eot as usize].iter().all(|bias| *bias == f32::NEG_INFINITY));
    // A short row is no reason to panic.
    rule.apply(&[a], &mut [0.0; 3]);
    rule.apply(&[u32::MAX, a], &mut []);
}

#[test]
fn what_is_forgotten_is_found_again() {
    // Each prefix is a state with a mask of its own, and the last 16 letters tell states apart.
    let grammar = Grammar::regex("(a|b)*a(a|b){15}").unwrap();
    let many = rule(&grammar);
    let letters = [byte(b'a'), byte(b'b')];
    let sampled: Vec<u32> =
        (0..400_000_u64).map(|i| letters[(i * i * 7919 % 104_729 % 2) as usize]).collect();
    for end in (0..2200).chain([sampled.len(), sampled.len(), 900, 17]) {
        let few = allowed(&many, &sampled[..end]);
        if end % 400 == 0 || end > 2190 {
            assert_eq!(few, allowed(&rule(&grammar), &sampled[..end]), "{end}");
        }
    }
}

/// The places in a reading where tokens may follow: every text that the tokens before can be taken for.
fn readings(expr: &Expr, sampled: &[u32]) -> Vec<Vec<u8>> {
    let begin = subset().specials().timestamp_begin;
    let (mut texts, mut fresh) = (vec![Vec::new()], true);
    for token in sampled {
        if *token >= begin {
            fresh = true;
            continue;
        }
        texts = with_token(expr, &texts, subset().bytes(*token).unwrap(), fresh);
        fresh = false;
    }
    texts
}

fn with_token(expr: &Expr, texts: &[Vec<u8>], token: &[u8], fresh: bool) -> Vec<Vec<u8>> {
    let mut after: Vec<Vec<u8>> = texts.iter().map(|text| [text, token].concat()).collect();
    if fresh && token[0] == b' ' {
        let goes_on = |text: &&Vec<u8>| read(expr, text).0;
        after.extend(texts.iter().filter(goes_on).map(|text| [text, &token[1..]].concat()));
    }
    after
}

/// Whether a text can go on, and whether it may end.
fn read(expr: &Expr, text: &[u8]) -> (bool, bool) {
    let mut reading = Reading { text, viable: false };
    let ends = reading.ends(expr, &[0]).contains(&text.len());
    (reading.viable, ends)
}

fn check_masks(
    grammar: &Grammar,
    expr: &Expr,
    picks: &[(prop::sample::Index, u8)],
) -> Result<(), TestCaseError> {
    let (tokenizer, s): (&Tokenizer, _) = (subset(), *subset().specials());
    let spelt: Vec<u8> = ALPHABET.iter().collect::<String>().into_bytes();
    let rule = rule(grammar);
    let mut sampled = Vec::new();
    for (pick, kind) in picks {
        let got = allowed(&rule, &sampled);
        let texts = readings(expr, &sampled);
        let fresh = sampled.last().is_none_or(|last| *last >= s.timestamp_begin);
        let expected = (0..s.eot).filter(|token| {
            let bytes = tokenizer.bytes(*token).unwrap();
            !bytes.is_empty()
                && bytes.iter().all(|byte| spelt.contains(byte))
                && with_token(expr, &texts, bytes, fresh).iter().any(|text| {
                    let (viable, ends) = read(expr, text);
                    viable || ends
                })
        });
        let mut expected: Vec<u32> = expected.collect();
        if expected.is_empty() || texts.iter().any(|text| read(expr, text).1) {
            expected.push(s.eot);
        }
        prop_assert_eq!(&got, &expected, "after {:?}", sampled);
        let text: Vec<u32> = got.into_iter().filter(|token| *token < s.eot).collect();
        match text.len() {
            0 => break,
            _ if *kind == 0 => sampled.push(s.timestamp_begin + sampled.len() as u32),
            n => sampled.push(text[pick.index(n)]),
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn masks_of_grammars_are_those_of_a_slow_reading(
        expr in exprs(true),
        picks in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..4), 1..7),
    ) {
        let text = format!("root ::= {}\nr1 ::= {}", written(&expr, true), written(&recursive(), true));
        let grammar = Grammar::gbnf(&text);
        prop_assert!(grammar.is_ok(), "{text}: {grammar:?}");
        check_masks(&grammar.unwrap(), &expr, &picks)?;
    }

    #[test]
    fn masks_of_regular_expressions_are_those_of_a_slow_reading(
        expr in exprs(false),
        picks in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..4), 1..7),
    ) {
        let grammar = Grammar::regex(&written(&expr, false)).unwrap();
        check_masks(&grammar, &expr, &picks)?;
    }

    #[test]
    fn regular_expressions_match_what_the_regex_crate_matches(
        expr in exprs(false),
        texts in prop::collection::vec("[ abté♪]{0,6}", 8),
    ) {
        let pattern = written(&expr, false);
        let regex = regex::Regex::new(&format!("^(?:{pattern})$")).unwrap();
        let grammar = Grammar::regex(&pattern).unwrap();
        for text in texts {
            prop_assert_eq!(grammar.matches(&text), regex.is_match(&text), "{} on {:?}", pattern, text);
        }
    }

    #[test]
    fn no_text_makes_the_parsers_panic(
        text in "(root ::= )?[ -~\\n]{0,40}|(root ::= )?([\"\\[\\](){}*+?|.^$\\\\,ab#0-9-]| r | ::= |\\n){0,30}|\\PC{0,20}",
    ) {
        for grammar in [Grammar::gbnf(&text), Grammar::regex(&text)].into_iter().flatten() {
            // Whatever is a beginning can go on: a byte of some kind, or the end.
            let mut at = Vec::new();
            while let Some(byte) = (0..=255).find(|byte| grammar.may_begin(&[&at[..], &[*byte]].concat())) {
                at.push(byte);
                if at.len() > 3 {
                    break;
                }
            }
            prop_assert!(!at.is_empty() || grammar.matches(""));
        }
    }

    /// What a rule says does not depend on what it was asked before.
    #[test]
    fn a_rule_is_a_function_of_the_tokens(asked in prop::collection::vec(prop::collection::vec(0_u32..3093, 0..4), 4)) {
        let grammar = Grammar::regex(".*[a-m]").unwrap();
        let used = rule(&grammar);
        for sampled in asked.iter().chain(asked.iter().rev()) {
            prop_assert_eq!(biases(&used, sampled), biases(&rule(&grammar), sampled));
        }
    }
}

#[test]
fn every_token_is_in_the_tree_once() {
    let mut found = Vec::new();
    TRIE.walk((), |(), _, token| {
        found.extend(token);
        Some(())
    });
    found.sort_unstable();
    let spelt = |token: &u32| subset().bytes(*token).is_some_and(|bytes| !bytes.is_empty());
    assert_eq!(found, (0..subset().specials().eot).filter(spelt).collect::<Vec<_>>());
    assert!(found.iter().all(|token| TRIE.bytes(*token) == subset().bytes(*token)));
    assert_eq!((TRIE.n_tokens(), TRIE.bytes(1485)), (1485, None));
}
