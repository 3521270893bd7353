//! Fitting texts of the outside world into the bounds of `primitives`, and saying when something was cut.

use databourse_primitives::{BilingualText, Line};

/// The most keywords of a product, as the rules of `listing` have it; the real files have up to 41.
pub(super) const WORDS_MAX: usize = 30;
const ELLIPSIS: char = '…';

/// Fits texts one after the other and remembers whether any had to be cut.
#[derive(Debug, Default)]
pub(super) struct Fitter {
    /// Whether any text or list was cut so far.
    pub(super) shortened: bool,
}

impl Fitter {
    /// A text of up to [`BilingualText::CHARACTERS_MAX`] characters, `None` if blank. Control characters go, line
    /// breaks and tabs stay.
    pub(super) fn text(&mut self, text: &str) -> Option<String> {
        let clean: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
        self.cut(clean.trim(), BilingualText::CHARACTERS_MAX)
    }

    /// One [`Line`], `None` if blank. White space of any kind becomes one space.
    pub(super) fn line(&mut self, text: &str) -> Option<Line> {
        self.cut(&single_line(text), Line::CHARACTERS_MAX)?.parse().ok()
    }

    /// The lines of a list, in their order, blank and repeated ones left out.
    pub(super) fn words(&mut self, words: &[String]) -> Vec<Line> {
        let mut kept: Vec<Line> = Vec::new();
        for word in words.iter().filter_map(|word| self.line(word)) {
            if kept.contains(&word) {
                continue;
            }
            if kept.len() == WORDS_MAX {
                self.shortened = true;
                break;
            }
            kept.push(word);
        }
        kept
    }

    /// Two languages of one text, `None` if both are blank.
    pub(super) fn bilingual(&mut self, zh: Option<&str>, en: Option<&str>) -> Option<BilingualText> {
        let zh = zh.and_then(|text| self.text(text));
        let en = en.and_then(|text| self.text(text));
        BilingualText::new(zh.as_deref(), en.as_deref()).ok()
    }

    fn cut(&mut self, text: &str, characters_max: usize) -> Option<String> {
        if text.is_empty() {
            return None;
        }
        if text.chars().count() <= characters_max {
            return Some(text.to_owned());
        }
        self.shortened = true;
        let kept: String = text.chars().take(characters_max.saturating_sub(1)).collect();
        let mut kept = kept.trim_end().to_owned();
        kept.push(ELLIPSIS);
        Some(kept)
    }
}

/// The words of `text` with one space between them, without control characters.
pub(super) fn single_line(text: &str) -> String {
    let words: Vec<String> = text
        .split_whitespace()
        .map(|word| word.chars().filter(|c| !c.is_control()).collect::<String>())
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ")
}

/// `text` without Markdown links, which leave their label, and without quotes around the whole.
pub(super) fn without_links(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, label, after)) = split_link(rest) {
        plain.push_str(before);
        plain.push_str(label);
        rest = after;
    }
    plain.push_str(rest);
    single_line(&plain).trim_matches('"').trim().to_owned()
}

/// The first `[label](target)` of `text`: what stands before it, its label, what stands after it.
fn split_link(text: &str) -> Option<(&str, &str, &str)> {
    let (head, tail) = text.split_once("](")?;
    let (before, label) = head.rsplit_once('[')?;
    let (_, after) = tail.split_once(')')?;
    Some((before, label, after))
}

/// The first web address in `text`.
pub(super) fn first_url(text: &str) -> Option<&str> {
    let start = ["https://", "http://"].iter().filter_map(|scheme| text.find(scheme)).min()?;
    let tail = &text[start..];
    let is_end = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | ')' | ']');
    let url = &tail[..tail.find(is_end).unwrap_or(tail.len())];
    let url = url.trim_end_matches(['.', ',', ';', ':']);
    (!url.ends_with("//")).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_at_a_character_and_says_so() {
        let mut fitter = Fitter::default();
        assert_eq!(fitter.text(" a\r\nb\u{9d}\t ").unwrap(), "a\nb");
        assert_eq!(fitter.line(" a \n b ").unwrap().as_str(), "a b");
        assert_eq!(fitter.text(" \n"), None);
        assert!(fitter.bilingual(Some(""), None).is_none());
        assert!(fitter.text(&"数".repeat(4_000)).is_some() && !fitter.shortened);
        let cut = fitter.text(&"数".repeat(4_001)).unwrap();
        assert!(fitter.shortened && cut.chars().count() == 4_000 && cut.ends_with("数…"));
        let mut fitter = Fitter::default();
        let words: Vec<String> = (0..50).map(|n| format!("w{}", n / 2)).collect();
        assert_eq!((fitter.words(&words).len(), fitter.shortened), (25, false));
        let words: Vec<String> = (0..70).map(|n| format!("w{n}")).collect();
        assert_eq!((fitter.words(&words).len(), fitter.shortened), (WORDS_MAX, true));
    }

    #[test]
    fn links_leave_their_words() {
        for (text, expected) in [
            ("\"[NOAA](http://www.noaa.gov/)\"\n", "NOAA"),
            ("Archive ([IRSA](https://x.y/z)) at C", "Archive (IRSA) at C"),
            ("[A](b) and [C](d)", "A and C"),
            ("plain [x] (y)", "plain [x] (y)"),
            ("[open](never", "[open](never"),
        ] {
            assert_eq!(without_links(text), expected);
        }
    }

    #[test]
    fn an_address_ends_where_the_words_go_on() {
        for (text, expected) in [
            ("https://a.b/c", Some("https://a.b/c")),
            ("see [here](https://a.b/c), now", Some("https://a.b/c")),
            ("http://a.b/c, https://d.e", Some("http://a.b/c")),
            ("<a href=\"https://a.b\">", Some("https://a.b")),
            ("https:// nothing", None),
            ("none", None),
        ] {
            assert_eq!(first_url(text), expected, "{text}");
        }
    }
}
