//! Fuzzes the vocabulary readers: the first byte picks one, the rest is the file. Not encoding with a real vocabulary.
#![no_main]

use libfuzzer_sys::fuzz_target;
use whisper::Tokenizer;
use whisper::tokenizer::Source;

fuzz_target!(|data: &[u8]| {
    let Some((kind, file)) = data.split_first() else { return };
    let source = [Source::TokenizerJson, Source::VocabularyJson, Source::Tiktoken][usize::from(kind % 3)];
    // 256 text tokens, the fewest that a vocabulary has, with 1 to 100 languages.
    let n_vocab = 256 + 1510 + usize::from(kind / 3);
    if let Ok(tokenizer) = Tokenizer::from_bytes(source, file, n_vocab) {
        let text = String::from_utf8_lossy(file);
        assert_eq!(tokenizer.decode(&tokenizer.encode(&text)), text);
    }
});
