//! How good a place between two chunks is for a break, and where there must be none. Not a grammar: short lists of
//! words for the languages that have them here, punctuation for all.

use super::chunks::Chunk;

/// After the end of a sentence.
const SENTENCE: f64 = 0.0;
/// After a comma and its like.
const CLAUSE: f64 = 10.0;
/// Between two segments, where nothing better is said.
const SEGMENT: f64 = 14.0;
/// Before a conjunction.
const CONJUNCTION: f64 = 18.0;
/// Before a preposition.
const PREPOSITION: f64 = 22.0;
/// Between any two words.
const PLAIN: f64 = 40.0;
/// Between a word and what it opens: an article and its noun, a preposition and its phrase.
const OPEN: f64 = 100.0;
/// Where no line may break.
const FORBIDDEN: f64 = 400.0;

/// The little words of a language.
struct Words {
    language: &'static str,
    /// After which a phrase is still open.
    articles: &'static [&'static str],
    prepositions: &'static [&'static str],
    conjunctions: &'static [&'static str],
}

const WORDS: [Words; 4] = [
    Words {
        language: "en",
        articles: &[
            "a", "an", "the", "my", "your", "his", "her", "its", "our", "their", "this", "these", "those",
            "no", "mr", "mrs", "ms", "dr", "very", "i", "i'm", "not",
        ],
        prepositions: &[
            "of", "in", "on", "at", "by", "for", "with", "from", "to", "into", "onto", "about", "over",
            "under", "after", "before", "between", "through", "during", "without", "within", "against",
            "among", "upon",
        ],
        conjunctions: &[
            "and", "but", "or", "nor", "so", "yet", "because", "although", "though", "while", "when",
            "where", "if", "unless", "until", "since", "that", "which", "who", "whom", "whose", "than", "as",
        ],
    },
    Words {
        language: "de",
        articles: &[
            "der", "die", "das", "den", "dem", "des", "ein", "eine", "einen", "einem", "einer", "eines",
            "mein", "meine", "dein", "sein", "seine", "ihr", "ihre", "unser", "unsere", "kein", "keine",
            "sehr", "nicht",
        ],
        prepositions: &[
            "in", "im", "an", "am", "auf", "aus", "bei", "beim", "mit", "nach", "seit", "von", "vom", "zu",
            "zum", "zur", "durch", "für", "gegen", "ohne", "um", "über", "unter", "vor", "zwischen",
            "hinter", "neben",
        ],
        conjunctions: &[
            "und", "aber", "oder", "denn", "sondern", "weil", "dass", "obwohl", "während", "wenn", "als",
            "ob", "damit", "bevor", "nachdem", "bis",
        ],
    },
    Words {
        language: "fr",
        articles: &[
            "le", "la", "les", "l", "un", "une", "des", "du", "mon", "ma", "mes", "ton", "ta", "tes", "son",
            "sa", "ses", "notre", "nos", "votre", "vos", "leur", "leurs", "ce", "cet", "cette", "ces",
            "très", "ne", "je",
        ],
        prepositions: &[
            "à", "au", "aux", "de", "en", "dans", "par", "pour", "sur", "sous", "avec", "sans", "chez",
            "vers", "entre", "contre", "depuis", "pendant", "après", "avant",
        ],
        conjunctions: &[
            "et", "ou", "mais", "donc", "or", "ni", "car", "que", "qui", "dont", "où", "quand", "lorsque",
            "si", "comme", "parce", "puisque",
        ],
    },
    Words {
        language: "es",
        articles: &[
            "el", "la", "los", "las", "un", "una", "unos", "unas", "mi", "mis", "tu", "tus", "su", "sus",
            "nuestro", "nuestra", "este", "esta", "estos", "estas", "muy", "no",
        ],
        prepositions: &[
            "a", "al", "de", "del", "en", "con", "sin", "por", "para", "sobre", "entre", "hacia", "hasta",
            "desde", "bajo", "contra", "tras", "según",
        ],
        conjunctions: &[
            "y", "e", "o", "u", "pero", "sino", "ni", "que", "quien", "cuando", "donde", "si", "porque",
            "aunque", "como", "mientras",
        ],
    },
];

/// The price of a break between two chunks; less is better.
pub(super) fn price(before: &Chunk, after: &Chunk, language: &str) -> f64 {
    if !after.spaced && (opens(&before.text) || begins_with_closing(&after.text)) {
        return FORBIDDEN;
    }
    let last = before.text.trim_end_matches(is_closing_mark).chars().next_back();
    let ending = |marks: &[char]| last.is_some_and(|c| marks.contains(&c));
    let own = [bare(&before.text), bare(&after.text)];
    let words = WORDS.iter().find(|words| words.language == language);
    let is = |word: &str, of: fn(&Words) -> &[&str]| words.is_some_and(|words| of(words).contains(&word));
    let title = ending(&['.']) && is(&own[0], |words| words.articles);
    let by_words = if ending(&['.', '?', '!', '…', '。', '？', '！', '؟', '।', '。', '．']) && !title
    {
        SENTENCE
    } else if ending(&[',', ';', ':', '、', '，', '；', '：', '،', '؛', '–', '—']) {
        CLAUSE
    } else if is(&own[0], |w| w.articles)
        || is(&own[0], |w| w.prepositions)
        || is(&own[0], |w| w.conjunctions)
    {
        OPEN
    } else if is(&own[1], |words| words.conjunctions) {
        CONJUNCTION
    } else if is(&own[1], |words| words.prepositions) {
        PREPOSITION
    } else {
        PLAIN
    };
    if before.segment == after.segment { by_words } else { by_words.min(SEGMENT) }
}

/// The word without the signs around it, in small letters.
fn bare(text: &str) -> String {
    text.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase()
}

/// Whether the later chunk may not be parted from the one before it: no line begins with what closes, and none ends
/// with what opens (the kinsoku rules).
pub(super) fn clings(before: &Chunk, after: &Chunk) -> bool {
    !after.spaced && (opens(&before.text) || begins_with_closing(&after.text))
}

fn opens(text: &str) -> bool {
    text.ends_with([
        '(', '[', '{', '「', '『', '（', '［', '｛', '〈', '《', '【', '〔', '“', '‘', '«', '¿', '¡',
    ])
}

fn begins_with_closing(text: &str) -> bool {
    text.starts_with(|c| {
        is_closing_mark(c) || ",.;:?!%、。，．；：？！…‥・ー～々ゝゞ％".contains(c) || is_small_kana(c)
    })
}

/// What may stand behind the sign that ends a sentence.
fn is_closing_mark(c: char) -> bool {
    ")]}\"'”’»」』）］｝〉》】〕".contains(c)
}

fn is_small_kana(c: char) -> bool {
    "ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ".contains(c)
}

/// Characters of scripts that put no space between words: Han, kana, Thai, Lao, Khmer, Burmese, and the full-width signs
/// that go with them.
pub(super) fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{2e80}'..='\u{312f}'
        | '\u{31a0}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe4f}' | '\u{ff00}'..='\u{ffef}'
        | '\u{20000}'..='\u{3ffff}')
}
