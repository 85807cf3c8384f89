//! Words of the text form, each with its line. Not a grammar.

/// A word of the text form.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token<'a> {
    /// `%name`, without the sign.
    Value(&'a str),
    /// `@name`, without the sign.
    At(&'a str),
    /// A name, a keyword or a number.
    Word(&'a str),
    /// `"text"`, without the quotes.
    Text(&'a str),
    /// One of `( ) { } [ ] , : = * +` or the range sign `..=`.
    Sign(&'a str),
}

impl std::fmt::Display for Token<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Token::Value(name) => write!(f, "%{name}"),
            Token::At(name) => write!(f, "@{name}"),
            Token::Word(word) | Token::Sign(word) => f.write_str(word),
            Token::Text(text) => write!(f, "\"{text}\""),
        }
    }
}

/// The words of `text` with their lines, counted from 1; a comment runs from `;` to the end of its line.
pub(super) fn lex(text: &str) -> Result<Vec<(usize, Token<'_>)>, (usize, String)> {
    let mut tokens = Vec::new();
    for (i, whole) in text.lines().enumerate() {
        let line = i + 1;
        let mut rest = whole.trim_start();
        while let Some(first) = rest.chars().next().filter(|c| *c != ';') {
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
            let end = |text: &str, fits: &dyn Fn(char) -> bool| text.find(|c| !fits(c)).unwrap_or(text.len());
            let (token, len) = match first {
                '%' | '@' => {
                    let len = end(&rest[1..], &is_name);
                    let name = &rest[1..=len];
                    (if first == '%' { Token::Value(name) } else { Token::At(name) }, len + 1)
                }
                '"' => {
                    let len = rest[1..].find('"').ok_or((line, "a quote is not closed".to_owned()))?;
                    (Token::Text(&rest[1..=len]), len + 2)
                }
                '(' | ')' | '{' | '}' | '[' | ']' | ',' | ':' | '=' | '*' | '+' => {
                    (Token::Sign(&rest[..1]), 1)
                }
                '.' if rest.starts_with("..=") => (Token::Sign("..="), 3),
                _ => {
                    let len = word_len(rest);
                    if len == 0 {
                        return Err((line, format!("unexpected character {first:?}")));
                    }
                    (Token::Word(&rest[..len]), len)
                }
            };
            tokens.push((line, token));
            rest = rest[len..].trim_start();
        }
    }
    Ok(tokens)
}

/// The length of a name or number: a range sign ends it, a sign within an exponent does not.
fn word_len(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut len = usize::from(bytes[0] == b'-');
    while len < bytes.len() {
        let number = bytes[0].is_ascii_digit() || bytes[0] == b'-';
        let exponent = number && len > 0 && bytes[len - 1] == b'e';
        let fits = match bytes[len] {
            b'.' => !text[len..].starts_with("..="),
            b'-' => exponent,
            c => c.is_ascii_alphanumeric() || c == b'_',
        };
        if !fits {
            break;
        }
        len += 1;
    }
    if text[..len] == *"-" { 0 } else { len }
}
