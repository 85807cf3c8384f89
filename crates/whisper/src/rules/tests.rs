//! Tests of the rules against a direct restatement of openai-whisper's filters. Not of the graph that applies them.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::tokenizer::tests::subset;
use crate::weights::tests::tiny;

fn config() -> Config {
    Config { n_audio_ctx: 1500, ..tiny() }
}

fn rules(options: &RuleOptions) -> Rules {
    Rules::new(subset(), &config(), options).unwrap()
}

/// Everything that the bias row and the spans ban after `sampled`.
fn banned(rules: &Rules, sampled: &[u32]) -> BTreeSet<u32> {
    let row = &rules.bias_table()[rules.bias_row(sampled.len())];
    let mut all: BTreeSet<u32> = (0..).zip(row).filter(|(_, bias)| **bias != 0.0).map(|(id, _)| id).collect();
    let [a0, b0, a1, b1] = rules.spans(sampled).banned;
    all.extend((a0..b0).chain(a1..b1).map(|id| id as u32));
    all
}

/// The filters of `decoding.py`, one after another, on a set of ids.
fn naive(tokenizer: &Tokenizer, options: &RuleOptions, sampled: &[u32]) -> BTreeSet<u32> {
    let s = *tokenizer.specials();
    let mut out = BTreeSet::new();
    if options.suppress_blank && sampled.is_empty() {
        out.extend(tokenizer.encode(" "));
        out.insert(s.eot);
    }
    if !options.suppress_tokens.is_empty() {
        out.extend(options.suppress_tokens.iter().filter(|id| **id >= 0).map(|id| *id as u32));
        if options.suppress_tokens.contains(&-1) {
            out.extend(tokenizer.non_speech_tokens());
        }
        out.extend([s.transcribe, s.translate, s.sot, s.sot_prev, s.sot_lm, s.no_speech]);
    }
    if options.without_timestamps {
        return out;
    }
    out.insert(s.no_timestamps);
    let at = |back: usize| sampled.len().checked_sub(back).map(|i| sampled[i] >= s.timestamp_begin);
    let last = at(1) == Some(true);
    let penultimate = at(2) != Some(false);
    if last {
        out.extend(if penultimate { s.timestamp_begin..s.n_vocab } else { 0..s.eot });
    }
    if let Some(latest) = sampled.iter().rfind(|token| **token >= s.timestamp_begin) {
        out.extend(s.timestamp_begin..if last && !penultimate { *latest } else { latest + 1 });
    }
    if sampled.is_empty() {
        out.extend(0..s.timestamp_begin);
        if let Some(seconds) = options.max_initial_timestamp.filter(|seconds| *seconds != 0.0) {
            out.extend(s.timestamp_begin + (seconds / 0.02).round() as u32 + 1..s.n_vocab);
        }
    }
    out
}

#[test]
fn the_first_token_is_an_early_timestamp() {
    let tokenizer = subset();
    let begin = tokenizer.specials().timestamp_begin;
    let rules = rules(&RuleOptions::default());
    let allowed: Vec<u32> = {
        let banned = banned(&rules, &[]);
        (0..tokenizer.specials().n_vocab).filter(|id| !banned.contains(id)).collect()
    };
    assert_eq!(allowed, (begin..=begin + 50).collect::<Vec<_>>());
    assert_eq!(rules.bias_row(0), ROW_FIRST);
    assert_eq!(rules.bias_row(3), ROW_LATER);
}

#[test]
fn the_language_row_leaves_the_languages() {
    let tokenizer = subset();
    let table = rules(&RuleOptions::default()).bias_table();
    let allowed: Vec<u32> =
        (0..).zip(&table[ROW_LANGUAGE]).filter(|(_, bias)| **bias == 0.0).map(|(id, _)| id).collect();
    let first = tokenizer.specials().first_language;
    assert_eq!(allowed, (first..first + 99).collect::<Vec<_>>());
}

#[test]
fn the_text_row_leaves_what_stands_before_the_end() {
    let eot = subset().specials().eot as usize;
    let text = rules(&RuleOptions::default()).bias_table().swap_remove(ROW_TEXT);
    assert!(text[..eot].iter().all(|bias| *bias == 0.0));
    assert!(text[eot..].iter().all(|bias| *bias == f32::NEG_INFINITY));
}

#[test]
fn no_suppression_leaves_special_tokens_alone_as_openai_whisper_does() {
    let s = *subset().specials();
    let options = RuleOptions { suppress_tokens: vec![], without_timestamps: true, ..RuleOptions::default() };
    let rules = rules(&options);
    assert!(banned(&rules, &[5]).is_empty());
    assert!(!rules.spans(&[]).timestamp_mass);
    assert_eq!(banned(&rules, &[]), naive(subset(), &options, &[]));
    assert!(banned(&rules, &[]).contains(&s.eot));
}

#[test]
fn ids_outside_the_vocabulary_are_refused() {
    for id in [-2, 3093, i64::MAX] {
        let options = RuleOptions { suppress_tokens: vec![-1, id], ..RuleOptions::default() };
        let error = Rules::new(subset(), &config(), &options).unwrap_err().to_string();
        assert_eq!(error, format!("token {id} is not in the vocabulary, expected -1 or an id below 3093"));
    }
}

#[test]
fn a_limit_beyond_the_window_is_none() {
    let s = *subset().specials();
    for seconds in [Some(1e30), Some(30.0), Some(0.0), None] {
        let rules = rules(&RuleOptions { max_initial_timestamp: seconds, ..RuleOptions::default() });
        let begin = s.timestamp_begin as i32;
        let end = s.n_vocab as i32;
        assert_eq!(rules.spans(&[]).banned, [0, begin, end, end], "{seconds:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    /// Over histories that the rules themselves allow, of text, timestamps and other special tokens.
    #[test]
    fn bans_are_those_of_the_filters_one_by_one(
        picks in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..3), 0..12),
        suppress_tokens in prop::sample::select(vec![vec![-1], vec![], vec![3, 70], vec![-1, 5]]),
        suppress_blank in any::<bool>(),
        without_timestamps in prop::bool::weighted(0.2),
        max_initial_timestamp in prop::sample::select(vec![Some(1.0), Some(0.0), None, Some(2.5)]),
    ) {
        let options = RuleOptions { suppress_tokens, suppress_blank, without_timestamps, max_initial_timestamp };
        let tokenizer = subset();
        let rules = rules(&options);
        let s = *tokenizer.specials();
        let mut sampled = vec![];
        for (pick, kind) in picks {
            let got = banned(&rules, &sampled);
            prop_assert_eq!(&got, &naive(tokenizer, &options, &sampled), "after {:?}", sampled);
            prop_assert_eq!(rules.spans(&sampled).timestamp_mass, !options.without_timestamps);
            // Timestamps would else be rare: text is half of the ids, and one kind may be wholly banned.
            let kinds = [0..s.eot, s.timestamp_begin..s.n_vocab, 0..s.n_vocab];
            let of_kind: Vec<u32> = kinds[usize::from(kind)].clone().filter(|id| !got.contains(id)).collect();
            let any: Vec<u32> = (0..s.n_vocab).filter(|id| !got.contains(id)).collect();
            let pool = if of_kind.is_empty() { any } else { of_kind };
            sampled.push(pool[pick.index(pool.len())]);
        }
    }

    /// A prefix may hold anything, so that histories need not be legal.
    #[test]
    fn bans_are_those_of_the_filters_after_any_history(sampled in prop::collection::vec(0_u32..3093, 0..8)) {
        let options = RuleOptions::default();
        prop_assert_eq!(banned(&rules(&options), &sampled), naive(subset(), &options, &sampled));
    }
}
