//! Texts of a picture, shortened or folded to the room that they have.

/// Words at a font size on one line of `room` pixels, or on two where it is too narrow for them.
pub(super) fn folded(words: &str, size: usize, room: usize) -> (String, String) {
    if width_of(words, size) <= room * 100 {
        return (words.to_owned(), String::new());
    }
    let breaks: Vec<(&str, &str)> = words.match_indices(' ').map(|(at, _)| words.split_at(at)).collect();
    let fits = breaks.iter().rev().find(|(first, _)| width_of(first, size) <= room * 100);
    match fits {
        Some((first, second)) => ((*first).to_owned(), fitted(second.trim_start(), size, room)),
        None => (fitted(words, size, room), String::new()),
    }
}

/// Hundredths of a pixel.
fn width_of(text: &str, size: usize) -> usize {
    text.chars().map(|character| percent_of(character) * size).sum()
}

/// As much of `text` as fits into `room` pixels at a font size, with an ellipsis if that is not all.
pub(super) fn fitted(text: &str, size: usize, room: usize) -> String {
    let (mut used, mut shown) = (0, String::new());
    let whole = width_of(text, size);
    let (limit, is_cut) =
        if whole <= room * 100 { (room * 100, false) } else { (room * 100 - 100 * size, true) };
    for character in text.chars() {
        used += percent_of(character) * size;
        if used > limit {
            break;
        }
        shown.push(character);
    }
    if is_cut {
        shown.truncate(shown.trim_end().len());
        shown.push('…');
    }
    shown
}

/// How wide a character is at most in the fonts that systems have, percent of the font size.
const fn percent_of(character: char) -> usize {
    match character {
        'i' | 'j' | 'l' | 't' | 'f' | 'r' | '.' | ',' | ':' | ';' | '\'' | '|' | ' ' | '-' | '/' | '('
        | ')' => 42,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 100,
        'A'..='Z' => 78,
        '\0'..='\u{7f}' => 64,
        _ => 100,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_fit_or_say_that_they_are_cut() {
        for room in [60, 106, 184] {
            for text in ["Certification revoked", "长三角港口吞吐量与货物周转数据集", "2026-11-23 04:05", ""]
            {
                let shown = fitted(text, 13, room);
                let width = width_of(&shown, 13);
                assert!(width <= room * 100, "{shown} in {room}");
                assert!(shown == text || shown.ends_with('…'), "{shown}");
            }
        }
        for whole in ["2026-11-23 04:05", "sh-2026-00000001"] {
            assert_eq!(fitted(whole, 11, 108), whole);
        }
        assert_eq!(folded("Certificate issued", 13, 108), ("Certificate".to_owned(), "issued".to_owned()));
        assert_eq!(folded("验收", 13, 108), ("验收".to_owned(), String::new()));
    }
}
