//! A grammar's mask over the vocabulary: made for a state that is new, looked up for one that is known, and, as the
//! rival, worked out token by token. Not the parsing of grammars.
//!
//! `TOKENIZER=path/to/tokenizer.json` takes a multilingual model's vocabulary instead of a made-up one of its size.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use whisper::tokenizer::Source;
use whisper::{Grammar, GrammarRule, LogitRule, TokenTrie, Tokenizer};

/// Tokens of a multilingual model, and those of text among them.
const N_VOCAB: usize = 51_865;
const N_TEXT: usize = 50_257;

/// The vocabulary that the environment names, or tokens of up to ten letters, each one letter longer than another.
fn tokenizer() -> Tokenizer {
    if let Some(path) = std::env::var_os("TOKENIZER") {
        let bytes = std::fs::read(path).expect("the file is there");
        return Tokenizer::from_bytes(Source::TokenizerJson, &bytes, N_VOCAB).expect("it is a vocabulary");
    }
    // GPT-2's characters for bytes.
    let printable = ('!'..='~').chain('¡'..='¬').chain('®'..='ÿ');
    let mut all: Vec<String> = printable.chain('Ā'..='Ń').map(String::from).collect();
    let letters: Vec<char> = ('a'..='z').collect();
    all.extend(letters.iter().map(|letter| format!("Ġ{letter}")));
    let mut known: std::collections::HashSet<String> = all.iter().cloned().collect();
    let mut seed = 1_u64;
    let mut draw = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    while all.len() < N_TEXT {
        let begin = &all[draw(all.len())];
        let word = begin.chars().all(|c| c.is_ascii_lowercase() || c == 'Ġ') && begin.chars().count() < 10;
        let longer = format!("{begin}{}", letters[draw(letters.len())]);
        if word && known.insert(longer.clone()) {
            all.push(longer);
        }
    }
    all.push("<|endoftext|>".to_owned());
    let json = serde_json::to_vec(&all).expect("strings are JSON");
    Tokenizer::from_bytes(Source::VocabularyJson, &json, N_VOCAB).expect("it is a vocabulary")
}

fn grammars() -> [(&'static str, Grammar); 4] {
    let gbnf = |text| Grammar::gbnf(text).expect("it is a grammar");
    let regex = |text| Grammar::regex(text).expect("it is a pattern");
    [
        (
            "commands",
            gbnf(
                "root ::= (\"turn\" | \"switch\") \" the \" (\"lamp\" | \"radio\") \" \" (\"on\" | \"off\")",
            ),
        ),
        ("digits", regex(r"\d+(, \d+)*\.?")),
        ("words", regex(r"[a-z]+( [a-z]+)*[.!?]")),
        ("nested", gbnf("root ::= item (\", \" item)*\nitem ::= [a-z ]+ | \"(\" root \")\"")),
    ]
}

/// The tokens that may come first, each read by itself.
fn one_by_one(grammar: &Grammar, tokenizer: &Tokenizer) -> usize {
    let tokens = (0..tokenizer.specials().eot).filter_map(|token| tokenizer.bytes(token));
    tokens.filter(|bytes| grammar.may_begin(bytes.strip_prefix(b" ").unwrap_or(bytes))).count()
}

fn benches(c: &mut Criterion) {
    let tokenizer = tokenizer();
    let trie = Arc::new(TokenTrie::new(&tokenizer));
    let mut bias = vec![0.0; N_VOCAB];
    let mut group = c.benchmark_group("grammar");
    group.throughput(Throughput::Elements(N_TEXT as u64));
    group.bench_function("tree of the vocabulary", |b| b.iter(|| TokenTrie::new(black_box(&tokenizer))));
    for (name, grammar) in grammars() {
        let rule = || GrammarRule::with_trie(&grammar, &tokenizer, trie.clone());
        group.bench_function(format!("{name}: new state"), |b| {
            b.iter_batched_ref(rule, |rule| rule.apply(&[], black_box(&mut bias)), BatchSize::SmallInput);
        });
        let known = rule();
        group.bench_function(format!("{name}: known state"), |b| {
            b.iter(|| known.apply(&[], black_box(&mut bias)));
        });
        group.sample_size(10);
        group.bench_function(format!("{name}: token by token"), |b| {
            b.iter(|| one_by_one(&grammar, black_box(&tokenizer)));
        });
        group.sample_size(100);
    }
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
