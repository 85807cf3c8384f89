//! The normalisers of texts beside openai-whisper's, which `eval/make.py` asked. Not the counting of errors.

use std::collections::BTreeMap;

use undertone::Language;
use undertone::eval::Normalizer;

#[test]
fn texts_become_what_openai_whisper_makes_of_them() {
    let rows: BTreeMap<String, Vec<[String; 2]>> =
        serde_json::from_str(include_str!("eval/normalized.json")).expect("rows of two strings by language");
    let mut wrong = Vec::new();
    for (code, rows) in &rows {
        let language: Language = code.parse().expect("a language");
        let normalizer = Normalizer::new(Some(language));
        assert!(rows.len() > 10);
        for [text, expected] in rows {
            let got = normalizer.normalize(text);
            if got != *expected {
                wrong.push(format!("{code} {text:?}: got {got:?}, expected {expected:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}
