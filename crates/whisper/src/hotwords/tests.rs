//! Tests of the boosts, worked out on a vocabulary that is small enough to read. Not of the list's syntax.

use proptest::prelude::*;

use super::*;
use crate::tokenizer::Source;

/// Two more than their bytes: each is joined of two before it.
const JOINED: [&str; 11] = ["Ġk", "ub", "er", "Ġkub", "ne", "net", "es", "Ġb", "ar", "Ġbar", "ing"];

fn tokenizer() -> Tokenizer {
    // GPT-2's characters for bytes: printable ones stand for themselves, the others for what is no character of theirs.
    let printable = ('!'..='~').chain('¡'..='¬').chain('®'..='ÿ');
    let bytes = printable.chain('Ā'..='Ń').map(String::from);
    let in_pairs = std::iter::once("in".to_owned());
    let joined = JOINED[..10].iter().map(ToString::to_string).chain(in_pairs).chain([JOINED[10].to_owned()]);
    let mut all: Vec<String> = bytes.chain(joined).collect();
    assert_eq!(all.len(), 268);
    all.push("<|endoftext|>".to_owned());
    Tokenizer::from_bytes(Source::VocabularyJson, &serde_json::to_vec(&all).unwrap(), 268 + 1608).unwrap()
}

fn hotwords(text: &str, tokenizer: &Tokenizer) -> Hotwords {
    Hotwords::new(&Hotwords::parse(text).unwrap(), tokenizer)
}

/// Token texts with what each is raised by.
fn raised(hotwords: &Hotwords, tokenizer: &Tokenizer, sampled: &[u32]) -> Vec<(String, f32)> {
    let mut bias = vec![0.0; tokenizer.specials().n_vocab as usize];
    hotwords.apply(sampled, &mut bias);
    let each = (0..).zip(bias).filter(|(_, bias)| *bias != 0.0);
    let mut all: Vec<_> = each.map(|(token, bias)| (tokenizer.decode(&[token]), bias)).collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

#[track_caller]
fn expect(got: &[(String, f32)], expected: &[(&str, f32)]) {
    let got: Vec<(&str, f32)> = got.iter().map(|(text, bias)| (text.as_str(), *bias)).collect();
    assert_eq!(got, expected);
}

#[test]
fn a_phrase_is_followed_token_by_token() {
    let t = tokenizer();
    let hotwords = hotwords("kubernetes bar:2", &t);
    assert_eq!(t.encode(" kubernetes bar").len(), 5);
    let phrase = t.encode(" kubernetes bar");
    let texts: Vec<String> = phrase.iter().map(|token| t.decode(&[*token])).collect();
    assert_eq!(texts, [" kub", "er", "net", "es", " bar"]);
    // At the start, with and without a space, in lower and upper case: `K` begins with its byte, and so does ` K`.
    let first = 2.0 * FIRST_SHARE;
    expect(&raised(&hotwords, &t, &[]), &[(" ", first), (" kub", first), ("K", first), ("k", first)]);
    for (n, next) in [(1, "er"), (2, "net"), (3, "es"), (4, " bar")] {
        let got = raised(&hotwords, &t, &phrase[..n]);
        let mut expected = vec![(" kub", first), (next, 2.0)];
        expected.sort_by_key(|(text, _)| *text);
        expect(&got, &expected);
    }
    // Said to the end, or broken off: only a new beginning.
    expect(&raised(&hotwords, &t, &phrase), &[(" kub", first)]);
    let broken = [&phrase[..2], &t.encode("es")].concat();
    expect(&raised(&hotwords, &t, &broken), &[(" kub", first)]);
}

#[test]
fn upper_case_begins_sentences_and_bare_spellings_begin_words() {
    let t = tokenizer();
    let hotwords = hotwords("kub:10", &t);
    let after = |text: &str| raised(&hotwords, &t, &t.encode(text));
    expect(&after(" bar"), &[(" kub", 1.0)]);
    expect(&after(" bar."), &[(" ", 1.0), (" kub", 1.0), ("K", 1.0), ("k", 1.0)]);
    expect(&after(" bar,"), &[(" kub", 1.0), ("k", 1.0)]);
    expect(&after(" bar-"), &[(" kub", 1.0), ("k", 1.0)]);
    // ` K` has been begun after a full stop; the space is no letter, so `k` may follow too.
    expect(&after(". "), &[(" kub", 1.0), ("K", 10.0), ("k", 1.0)]);
    expect(&after("? K"), &[(" kub", 1.0), ("ub", 10.0)]);
    expect(&after(" bar K"), &[(" kub", 1.0)]);
    // What is typed in upper case is looked for in upper case only.
    let upper = super::tests::hotwords("Kub:10", &t);
    expect(&raised(&upper, &t, &t.encode(" bar")), &[(" ", 1.0)]);
}

#[test]
fn timestamps_are_skipped_but_no_word_goes_on_after_one() {
    let t = tokenizer();
    let begin = t.specials().timestamp_begin;
    let hotwords = hotwords("kuber bar:10", &t);
    let first = [(" ", 1.0), (" kub", 1.0), ("K", 1.0), ("k", 1.0)];
    let phrase = t.encode(" kuber bar");
    expect(&raised(&hotwords, &t, &[begin]), &first);
    expect(&raised(&hotwords, &t, &[begin, phrase[0], begin + 9]), &first);
    expect(&raised(&hotwords, &t, &[begin, phrase[0], begin + 9, begin + 9, phrase[1]]), &[(" kub", 1.0)]);
    let word = [begin, phrase[0], phrase[1], begin + 9, begin + 9];
    expect(
        &raised(&hotwords, &t, &word),
        &[(" ", 1.0), (" bar", 10.0), (" kub", 1.0), ("K", 1.0), ("k", 1.0)],
    );
}

#[test]
fn scripts_without_spaces_begin_anywhere() {
    let t = tokenizer();
    let hotwords = hotwords("日本:10", &t);
    let bytes = "日本".as_bytes();
    assert_eq!(t.encode("日本").len(), 6);
    let mut sampled = t.encode("本");
    let mut bias = vec![0.0; t.specials().n_vocab as usize];
    hotwords.apply(&sampled, &mut bias);
    let raised: Vec<u32> = (0..268).filter(|token| bias[*token as usize] > 0.0).collect();
    let spaced = t.encode(" 日")[0];
    let mut expected = vec![t.encode("日")[0], spaced];
    expected.sort_unstable();
    assert_eq!(raised, expected);
    sampled.push(t.encode("日")[0]);
    bias.fill(0.0);
    hotwords.apply(&sampled, &mut bias);
    let next = (0..268).find(|token| t.bytes(*token) == Some(&bytes[1..2])).unwrap();
    assert_eq!(bias[next as usize], 10.0);
}

#[test]
fn shared_beginnings_take_the_larger_weight_and_nothing_adds_up() {
    let t = tokenizer();
    let hotwords = hotwords("kub:2, kuber:4, kubnet:8, kub:1", &t);
    let first = 8.0 * FIRST_SHARE;
    expect(&raised(&hotwords, &t, &t.encode(" bar kub")), &[(" kub", first), ("er", 4.0), ("net", 8.0)]);
    // A ban stays one, and blank phrases and weights that are no numbers are left out.
    let mut bias = vec![f32::NEG_INFINITY; t.specials().n_vocab as usize];
    hotwords.apply(&[], &mut bias);
    assert!(bias.iter().all(|bias| *bias == f32::NEG_INFINITY));
    let none = Hotwords::new(&[("  ".to_owned(), 4.0), ("kub".to_owned(), f32::NAN)], &t);
    expect(&raised(&none, &t, &[]), &[]);
    none.apply(&[3], &mut []);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Where the tokens before hold nothing of a phrase, only first tokens are raised, by their share.
    #[test]
    fn without_a_beginning_only_first_tokens_are_raised(
        sampled in prop::collection::vec(0_u32..1876, 0..12),
        begun in 0_usize..3,
    ) {
        let t = tokenizer();
        let hotwords = hotwords("kubernetes:8, barnes", &t);
        let firsts: Vec<u32> = [" kubernetes", "kubernetes", " Kubernetes", "Kubernetes", " barnes", "barnes", " Barnes", "Barnes"]
            .map(|text| t.encode(text)[0]).to_vec();
        let mut sampled: Vec<u32> = sampled.into_iter().filter(|token| !firsts.contains(token)).collect();
        let phrase = t.encode(" kubernetes");
        let mut bias = vec![0.0; t.specials().n_vocab as usize];
        hotwords.apply(&sampled, &mut bias);
        for (token, bias) in (0..).zip(&bias) {
            let most = if firsts.contains(&token) { 8.0 * FIRST_SHARE } else { 0.0 };
            prop_assert!((0.0..=most).contains(bias), "{token} is raised by {bias}");
        }
        sampled.extend(&phrase[..=begun]);
        hotwords.apply(&sampled, &mut bias);
        prop_assert!(bias[phrase[begun + 1] as usize] >= 8.0);
    }
}
