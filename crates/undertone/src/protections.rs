//! Options that a model can't honour, refused before it silently does something else. Not the rules of decoding.

use crate::{Error, Options};
use whisper::languages::Language;
use whisper::{Config, Task};

/// Refuses options that the model of `config` would ignore.
///
/// # Errors
/// [`Error::Unfit`]: a translation by a model that was not trained on any, or a language other than English for an
/// English-only model.
pub fn check(options: &Options, config: &Config) -> Result<(), Error> {
    let unfit = |what: String| Err(Error::Unfit(what));
    if !config.is_multilingual() {
        if options.task == Task::Translate {
            return unfit("this model knows English only and can't translate: use a multilingual one".into());
        }
        if let Some(language) = options.language.filter(|&language| language != Language::ENGLISH) {
            let name = language.name();
            return unfit(format!("this model knows English only, and the language given is {name}"));
        }
    }
    if options.task == Task::Translate && config.n_text_layer < config.n_audio_layer {
        return unfit(format!(
            "this model can't translate: models whose decoder is cut down ({} layers, and {} in the encoder), such as \
             turbo, are trained on transcription alone; use medium or large-v3",
            config.n_text_layer, config.n_audio_layer
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use whisper::config::ENGLISH_VOCAB;

    fn config(n_vocab: usize, layers: (usize, usize)) -> Config {
        Config {
            n_mels: 80,
            n_audio_ctx: 1500,
            n_audio_state: 512,
            n_audio_head: 8,
            n_audio_layer: layers.0,
            n_vocab,
            n_text_ctx: 448,
            n_text_state: 512,
            n_text_head: 8,
            n_text_layer: layers.1,
            alignment_heads: Vec::new(),
            suppress: Vec::new(),
            suppress_first: Vec::new(),
        }
    }

    #[test]
    fn only_what_would_be_ignored_is_refused() {
        let (english, base, turbo) =
            (config(ENGLISH_VOCAB, (6, 6)), config(51_865, (6, 6)), config(51_866, (32, 4)));
        let mut options = Options { language: "de".parse().ok(), ..Options::ours() };
        let refusal = |options: &Options, config| check(options, config).map_err(|e| e.to_string());
        assert!(refusal(&options, &english).unwrap_err().contains("german"));
        assert_eq!(refusal(&options, &base), Ok(()));
        assert_eq!(refusal(&options, &turbo), Ok(()));
        options.language = "en".parse().ok();
        assert_eq!(refusal(&options, &english), Ok(()));
        options.task = Task::Translate;
        assert!(refusal(&options, &english).unwrap_err().contains("English only"));
        assert!(refusal(&options, &turbo).unwrap_err().contains("4 layers"));
        assert_eq!(refusal(&options, &base), Ok(()));
    }
}
