//! Spans against faster-whisper's `get_speech_timestamps`, which `make.py` ran over tracks of probabilities, one of them
//! a recording's, with several options: `cases/spans.json`. Not a detector's test.

use serde::Deserialize;
use vad::{Span, TimeMap, VadOptions, speech_spans};

#[derive(Deserialize)]
struct Case {
    samples: usize,
    probabilities: Vec<f32>,
    results: Vec<Found>,
}

#[derive(Deserialize)]
struct Found {
    threshold: f64,
    neg_threshold: Option<f64>,
    min_speech_duration_ms: u32,
    max_speech_duration_s: Option<f64>,
    min_silence_duration_ms: u32,
    speech_pad_ms: u32,
    spans: Vec<(usize, usize)>,
}

impl Found {
    fn options(&self) -> VadOptions {
        VadOptions {
            threshold: self.threshold,
            neg_threshold: self.neg_threshold,
            min_speech_duration_ms: self.min_speech_duration_ms,
            max_speech_duration_s: self.max_speech_duration_s.unwrap_or(f64::INFINITY),
            min_silence_duration_ms: self.min_silence_duration_ms,
            speech_pad_ms: self.speech_pad_ms,
        }
    }
}

fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("cases/spans.json")).unwrap()
}

#[test]
fn spans_are_faster_whispers() {
    let (mut results, mut defaults) = (0, 0);
    for (i, case) in cases().iter().enumerate() {
        for found in &case.results {
            let options = found.options();
            let got = speech_spans(&case.probabilities, case.samples, &options);
            let expected: Vec<Span> = found.spans.iter().map(|&(start, end)| Span { start, end }).collect();
            assert_eq!(got, expected, "track {i}, {options:?}");
            assert!(TimeMap::new(&got).is_ok(), "in order and without overlap");
            results += 1;
            defaults += usize::from(options == VadOptions::default());
        }
    }
    assert!(results > 60 && defaults == cases().len(), "{results} results, {defaults} with the defaults");
}

#[test]
fn silence_has_no_spans_and_speech_is_one() {
    let options = VadOptions::default();
    assert_eq!(speech_spans(&[], 0, &options), []);
    assert_eq!(speech_spans(&[0.1; 50], 25_600, &options), []);
    assert_eq!(speech_spans(&[0.9; 50], 25_000, &options), [Span { start: 0, end: 25_000 }]);
}
