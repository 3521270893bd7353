//! The two faces that the text is set in, and how wide it is, in whole numbers.
//!
//! Latin text is set in Helvetica, one of the fonts that every PDF reader has (ISO 32000-1 §9.6.2.2), all other text in
//! `STSong-Light`, the simplified Chinese font that readers supply for the character collection Adobe-GB1
//! (§9.7.5.2). Neither is embedded, as is usual for statements of banks, so a page stays small.

/// Lengths on the page are hundredths of a point: whole numbers, so that equal statements give equal bytes.
pub(super) type Length = i32;

/// Advance of a Chinese character in thousandths of the size: the default width of the CID font.
pub(super) const EM: Length = 1000;

/// How text is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Style {
    /// Size of the font.
    pub(super) size: Length,
    /// Latin text in Helvetica-Bold. The Chinese font has one weight.
    pub(super) bold: bool,
}

impl Style {
    pub(super) const fn plain(size: Length) -> Self {
        Self { size, bold: false }
    }

    pub(super) const fn bold(size: Length) -> Self {
        Self { size, bold: true }
    }
}

/// Widths of U+0020 to U+007E, thousandths of the size, from Adobe's metrics of the standard fonts.
const ASCII_PLAIN: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556,
    556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278,
    500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469,
    556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500,
    278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];
const ASCII_BOLD: [u16; 95] = [
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556,
    556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611, 975, 722, 722, 722, 722, 667, 611, 778, 722, 278,
    556, 722, 611, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584,
    556, 333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611, 611, 611, 389, 556,
    333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584,
];
/// Widths of U+00A0 to U+00FF.
const LATIN_PLAIN: [u16; 96] = [
    278, 333, 556, 556, 556, 556, 260, 556, 333, 737, 370, 556, 584, 333, 737, 333, 400, 584, 333, 333, 333,
    556, 537, 278, 333, 333, 365, 556, 834, 834, 834, 611, 667, 667, 667, 667, 667, 667, 1000, 722, 667, 667,
    667, 667, 278, 278, 278, 278, 722, 722, 778, 778, 778, 778, 778, 584, 778, 722, 722, 722, 722, 667, 667,
    611, 556, 556, 556, 556, 556, 556, 889, 500, 556, 556, 556, 556, 278, 278, 278, 278, 556, 556, 556, 556,
    556, 556, 556, 584, 611, 556, 556, 556, 556, 500, 556, 500,
];
const LATIN_BOLD: [u16; 96] = [
    278, 333, 556, 556, 556, 556, 280, 556, 333, 737, 370, 556, 584, 333, 737, 333, 400, 584, 333, 333, 333,
    611, 556, 278, 333, 333, 365, 556, 834, 834, 834, 611, 722, 722, 722, 722, 722, 722, 1000, 722, 667, 667,
    667, 667, 278, 278, 278, 278, 722, 722, 778, 778, 778, 778, 778, 584, 778, 722, 722, 722, 722, 667, 667,
    611, 556, 556, 556, 556, 556, 556, 889, 556, 556, 556, 556, 556, 278, 278, 278, 278, 611, 611, 611, 611,
    611, 611, 611, 584, 611, 611, 611, 611, 611, 556, 611, 556,
];

/// The byte of a character in `WinAnsiEncoding` (ISO 32000-1 annex D.2); `None` if it is set in the Chinese font. Full
/// width quotation marks and dashes are left to the Chinese font, where they belong in Chinese text.
fn latin(character: char) -> Option<u8> {
    match character {
        ' '..='~' | '\u{a0}'..='\u{ff}' => u8::try_from(u32::from(character)).ok(),
        '…' => Some(0x85),
        '’' => Some(0x92),
        // The Chinese collection has no minus sign; an en dash looks like one.
        '–' | '−' => Some(0x96),
        _ => None,
    }
}

/// Advance of a character in thousandths of the size.
pub(super) fn advance(character: char, bold: bool) -> Length {
    let Some(byte) = latin(character) else { return EM };
    let width = match byte {
        0x85 => Some(&1000),
        0x92 => Some(if bold { &278 } else { &222 }),
        0x96 => Some(&556),
        0xa0.. => (if bold { &LATIN_BOLD } else { &LATIN_PLAIN }).get(usize::from(byte - 0xa0)),
        _ => (if bold { &ASCII_BOLD } else { &ASCII_PLAIN }).get(usize::from(byte.saturating_sub(b' '))),
    };
    width.map_or(EM, |width| Length::from(*width))
}

/// Whether lines may break on both sides of it, as they may of Chinese characters.
pub(super) fn is_wide(character: char) -> bool {
    latin(character).is_none()
}

/// Width of a text, rounded up.
pub(super) fn measure(text: &str, style: Style) -> Length {
    let thousandths: i64 = text.chars().map(|character| i64::from(advance(character, style.bold))).sum();
    // Texts are bounded to some thousand characters, so this stays in range.
    Length::try_from((thousandths * i64::from(style.size) + 999) / 1000).unwrap_or(Length::MAX)
}

/// Text as the PDF shows it: one line, without characters that have no glyph of their own or turn the direction.
pub(super) fn printable(text: &str) -> String {
    let invisible = |character: char| {
        matches!(character,
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
    };
    let spaced = text.chars().map(|character| if character.is_whitespace() { ' ' } else { character });
    spaced.filter(|character| !invisible(*character) && !character.is_control()).collect()
}

/// Text of one face, as the bytes that its font reads.
pub(super) enum Run {
    /// `WinAnsiEncoding`.
    Latin(Vec<u8>),
    /// UTF-16, big-endian: `UniGB-UTF16-H`.
    Chinese(Vec<u8>),
}

/// Splits text by face.
pub(super) fn runs(text: &str) -> Vec<Run> {
    let mut runs = Vec::new();
    for character in text.chars() {
        match (latin(character), runs.last_mut()) {
            (Some(byte), Some(Run::Latin(bytes))) => bytes.push(byte),
            (Some(byte), _) => runs.push(Run::Latin(vec![byte])),
            (None, Some(Run::Chinese(bytes))) => bytes.extend(utf16(character)),
            (None, _) => runs.push(Run::Chinese(utf16(character).to_vec())),
        }
    }
    runs
}

/// Two bytes for every character. Beyond the basic plane the Chinese collection has next to nothing, and a reader that
/// does not know a pair shows more than one box for it; so such a character is shown as 〓, the printer's mark for a
/// missing type. JSON and CSV keep it.
fn utf16(character: char) -> [u8; 2] {
    const MISSING: u16 = 0x3013;
    u16::try_from(u32::from(character)).unwrap_or(MISSING).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_as_wide_as_what_was_measured() {
        let text = printable("A\u{202e}b\t数−\u{a0}é𠮷😀");
        assert_eq!(text, "Ab 数−\u{a0}é𠮷😀".replace('\u{a0}', " "));
        let shown: Length = runs(&text)
            .into_iter()
            .map(|run| match run {
                Run::Latin(bytes) => bytes
                    .iter()
                    .map(|byte| if *byte == 0x96 { 556 } else { advance(char::from(*byte), false) })
                    .sum(),
                // Each two bytes are one character of one em to every reader.
                Run::Chinese(bytes) => Length::try_from(bytes.len() / 2).unwrap() * EM,
            })
            .sum();
        assert_eq!(shown, measure(&text, Style::plain(1000)));
    }
}
