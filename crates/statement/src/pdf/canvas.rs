//! Draws on one page. Lengths are hundredths of a point, the origin is the lower left corner.

use super::face::{Length, Run, Style, measure, runs};
use pdf_writer::{Content, Name, Str};

/// Names of the fonts in the pages' resources.
pub(super) const PLAIN: Name<'static> = Name(b"Latin");
pub(super) const BOLD: Name<'static> = Name(b"LatinBold");
pub(super) const CHINESE: Name<'static> = Name(b"Chinese");

/// How dark text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Black,
    Grey,
}

/// A page being drawn.
pub(super) struct Canvas {
    content: Content,
}

impl Canvas {
    pub(super) fn new() -> Self {
        let mut content = Content::new();
        // One unit is a hundredth of a point.
        content.save_state().transform([0.01, 0.0, 0.0, 0.01, 0.0, 0.0]);
        Self { content }
    }

    /// Text that begins at `left`, on the base line `base`.
    pub(super) fn text(&mut self, left: Length, base: Length, style: Style, ink: Ink, text: &str) {
        self.content.set_fill_gray(match ink {
            Ink::Black => 0.0,
            Ink::Grey => 0.4,
        });
        self.content.begin_text().next_line(number(left), number(base));
        for run in runs(text) {
            let (font, bytes) = match run {
                Run::Latin(bytes) => (if style.bold { BOLD } else { PLAIN }, bytes),
                Run::Chinese(bytes) => (CHINESE, bytes),
            };
            self.content.set_font(font, number(style.size)).show(Str(&bytes));
        }
        self.content.end_text();
    }

    /// Text that ends at `right`.
    pub(super) fn text_right(&mut self, right: Length, base: Length, style: Style, ink: Ink, text: &str) {
        self.text(right - measure(text, style), base, style, ink, text);
    }

    /// A horizontal rule.
    pub(super) fn rule(&mut self, left: Length, right: Length, at: Length, weight: Length) {
        self.content.set_stroke_gray(0.6).set_line_width(number(weight));
        self.content.move_to(number(left), number(at)).line_to(number(right), number(at)).stroke();
    }

    /// A light rectangle behind text.
    pub(super) fn shade(&mut self, left: Length, right: Length, bottom: Length, top: Length) {
        self.content.set_fill_gray(0.93);
        self.content.rect(number(left), number(bottom), number(right - left), number(top - bottom));
        self.content.fill_nonzero();
    }

    /// The page's content stream, compressed (`FlateDecode`).
    pub(super) fn finish(mut self) -> Vec<u8> {
        const LEVEL: u8 = 6;
        self.content.restore_state();
        miniz_oxide::deflate::compress_to_vec_zlib(self.content.finish().as_slice(), LEVEL)
    }
}

/// A length as PDF numbers are written. Exact: a page is less than 2^24 hundredths of a point wide.
fn number(length: Length) -> f32 {
    length as f32
}
