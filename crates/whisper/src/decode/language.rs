//! Which language a window's speech is in. Not the choice among windows, nor what is done with it.

use crate::error::Error;
use crate::languages::Language;
use crate::rules::ROW_LANGUAGE;
use crate::session::{Batch, Session, Wanted};

/// A language and its probability among all languages of the model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DetectedLanguage {
    /// The language.
    pub language: Language,
    /// Its probability.
    pub probability: f64,
}

/// All languages of the model for the speech of `window`, likeliest first (decoding.py, `detect_language`). It has a
/// slot of its own: rows that decode meanwhile are not disturbed. The session's biases must be those of
/// [`Rules::bias_table`](crate::Rules::bias_table).
///
/// # Errors
/// The session refuses to run.
pub fn detect_language(session: &mut Session, window: usize) -> Result<Vec<DetectedLanguage>, Error> {
    let slot = session.options().spare_slot() as i32;
    let specials = *session.model().tokenizer.specials();
    let batch = Batch {
        token: vec![specials.sot as i32],
        row: vec![0],
        pos: vec![0],
        slot: vec![slot],
        table: vec![slot; session.model().config.n_text_ctx],
        window: vec![window as i32],
        wanted: vec![Wanted { at: 0, bias: ROW_LANGUAGE, spans: [0; 4], mass: false }],
        align: Vec::new(),
    };
    let ranked = session.decode(&batch)?;
    let found =
        (specials.first_language..specials.first_language + specials.n_languages).filter_map(|token| {
            let language = specials.language_of(token)?;
            Some(DetectedLanguage { language, probability: ranked.probability(0, token) })
        });
    let mut found: Vec<DetectedLanguage> = found.collect();
    found.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    Ok(found)
}
