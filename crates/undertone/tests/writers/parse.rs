//! Strict readers of every format, written apart from the writers. Not lenient as players are.

/// Times in milliseconds and the text.
pub type Cue = (u64, u64, String);

/// `[H+:]MM:SS` with a fraction of `digits` digits after `mark`, in units of that fraction.
fn clock(text: &str, mark: char, digits: u32) -> u64 {
    let (clock, fraction) = text.split_once(mark).expect("a fraction");
    assert_eq!(fraction.len(), digits as usize, "{text}");
    let number = |part: &str| {
        assert!(!part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()), "{text}");
        part.parse::<u64>().expect("a number")
    };
    let seconds = clock.split(':').fold(0, |sum, part| sum * 60 + number(part));
    seconds * 10_u64.pow(digits) + number(fraction)
}

fn span(line: &str, mark: char) -> (u64, u64) {
    let (start, end) = line.split_once(" --> ").expect("a line of times");
    (clock(start, mark, 3), clock(end, mark, 3))
}

/// Cues as blocks of lines, each ended by an empty one; texts are never empty.
fn blocks(body: &str) -> impl Iterator<Item = Vec<&str>> {
    assert!(body.is_empty() || body.ends_with("\n\n"), "{body:?}");
    let blocks = body.split_terminator("\n\n");
    blocks.map(move |block| block.split('\n').inspect(|line| assert!(!line.is_empty(), "{body:?}")).collect())
}

pub fn srt(body: &str) -> Vec<Cue> {
    let cue = |(place, lines): (usize, Vec<&str>)| {
        assert_eq!(lines[0], (place + 1).to_string());
        let (start, end) = span(lines[1], ',');
        let text = lines[2..].join("\n");
        assert!(!text.contains("-->"), "{text}");
        (start, end, text)
    };
    blocks(body).enumerate().map(cue).collect()
}

pub fn vtt(body: &str) -> Vec<Cue> {
    let cue = |lines: Vec<&str>| {
        let (start, end) = span(lines[0], '.');
        let text = lines[1..].join("\n");
        assert!(!text.contains("-->") && !text.contains('<'), "{text}");
        (start, end, text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    };
    blocks(body.strip_prefix("WEBVTT\n\n").expect("a head")).map(cue).collect()
}

pub fn csv(body: &str) -> Vec<Cue> {
    let mut rest = body.strip_prefix("start,end,text\n").expect("a head");
    let mut rows = Vec::new();
    while !rest.is_empty() {
        let mut cells = rest.splitn(3, ',');
        let mut cell = || cells.next().expect("three cells");
        let (start, end, quoted) = (cell(), cell(), cell());
        let mut text = String::new();
        let mut inside = quoted.strip_prefix('"').expect("quotes");
        loop {
            let (part, after) = inside.split_once('"').expect("the quote's end");
            text.push_str(part);
            inside = after;
            match inside.strip_prefix('"') {
                Some(after) => {
                    text.push('"');
                    inside = after;
                }
                None => break,
            }
        }
        rest = inside.strip_prefix('\n').expect("the line's end");
        rows.push((start.parse().unwrap(), end.parse().unwrap(), text));
    }
    rows
}

/// Times in hundredths of a second and texts.
pub fn lrc(body: &str) -> Vec<(u64, String)> {
    let lines = body.strip_prefix("[by:undertone]\n").expect("a head").split_terminator('\n');
    let line = |line: &str| {
        let (time, text) = line.strip_prefix('[').and_then(|line| line.split_once(']')).expect("a time");
        assert!(!text.starts_with('['), "{line}");
        (clock(time, '.', 2), text.to_owned())
    };
    lines.map(line).collect()
}

/// A line of dialogue: hundredths of a second, the text, and the hundredths of its karaoke tags.
pub struct Dialogue {
    pub start: u64,
    pub end: u64,
    pub text: String,
    pub syllables: Vec<u64>,
}

pub fn ass(body: &str) -> Vec<Dialogue> {
    let (head, events) = body.split_once("[Events]\n").expect("events");
    assert!(head.starts_with("[Script Info]\nScriptType: v4.00+\n"));
    let fields = |line: &str| line.split(',').count();
    let mut styles = head.lines().filter_map(|line| line.strip_prefix("Style: "));
    assert_eq!(styles.next().map(fields), Some(23));
    let mut lines = events.split_terminator('\n');
    let format = lines.next().and_then(|line| line.strip_prefix("Format: ")).expect("a format");
    assert_eq!((fields(format), format.rsplit(", ").next()), (10, Some("Text")));
    lines.map(dialogue).collect()
}

fn dialogue(line: &str) -> Dialogue {
    let cells: Vec<&str> = line.strip_prefix("Dialogue: ").expect("dialogue").splitn(10, ',').collect();
    let (start, end) = (clock(cells[1], '.', 2), clock(cells[2], '.', 2));
    let (mut text, mut syllables) = (String::new(), Vec::new());
    let mut chars = cells[9].chars();
    while let Some(c) = chars.next() {
        match c {
            '{' => {
                let tag: String = chars.by_ref().take_while(|c| *c != '}').collect();
                syllables.push(tag.strip_prefix("\\k").expect("a karaoke tag").parse().unwrap());
            }
            '\\' => match chars.next().expect("an escape") {
                'N' => text.push('\n'),
                '\u{2060}' => text.push('\\'),
                brace @ ('{' | '}') => text.push(brace),
                other => panic!("no escape: {other}"),
            },
            '}' => panic!("no tag ends here: {line}"),
            c => text.push(c),
        }
    }
    Dialogue { start, end, text, syllables }
}

/// Cues, each with the times of its spans from its begin.
pub fn ttml(body: &str) -> Vec<(Cue, Vec<(u64, u64)>)> {
    let document = roxmltree::Document::parse(body).expect("it is XML");
    let root = document.root_element();
    assert_eq!(
        (root.tag_name().namespace(), root.tag_name().name()),
        (Some("http://www.w3.org/ns/ttml"), "tt")
    );
    let paragraphs = root.descendants().filter(|node| node.has_tag_name(("http://www.w3.org/ns/ttml", "p")));
    let ms = |text: &str| text.strip_suffix("ms").expect("milliseconds").parse().unwrap();
    let cue = |node: roxmltree::Node| {
        let time = |name| clock(node.attribute(name).expect("a time"), '.', 3);
        let text = node.descendants().filter_map(|n| if n.is_text() { n.text() } else { None });
        let spans = node.children().filter(|n| n.tag_name().name() == "span");
        let spans = spans.map(|n| (ms(n.attribute("begin").unwrap()), ms(n.attribute("end").unwrap())));
        ((time("begin"), time("end"), text.collect()), spans.collect())
    };
    paragraphs.map(cue).collect()
}
