//! Pages one after another: each begins with who, where and when, and ends with its number.

use super::{
    book::Page,
    canvas::{Canvas, Ink},
    face::{Length, Style, measure, printable},
    wrap::{fit, wrap},
};
use crate::{
    Statement, WindowStage,
    csv_file::{local_time, offset},
    words::{self as w, Language, Words, both},
};
use databourse_primitives::Timestamp;

/// A4, landscape.
const PAGE_WIDTH: Length = 84_189;
const PAGE_HEIGHT: Length = 59_528;
const MARGIN: Length = 2_800;
/// The left edge of everything.
pub(super) const LEFT: Length = MARGIN;
/// The right edge of everything.
pub(super) const RIGHT: Length = PAGE_WIDTH - MARGIN;
/// Below it is the page's number.
const BOTTOM: Length = MARGIN + 1_200;

const TITLE: Style = Style::bold(1_500);
const BODY: Style = Style::plain(850);
const FOOT: Style = Style::plain(700);

/// The page under way and those before it.
pub(super) struct Sheet<'a> {
    statement: &'a Statement,
    bodies: Vec<Vec<u8>>,
    pub(super) canvas: Canvas,
    /// The upper edge of what is still free.
    pub(super) top: Length,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(statement: &'a Statement) -> Self {
        let mut sheet = Self { statement, bodies: Vec::new(), canvas: Canvas::new(), top: 0 };
        sheet.begin();
        sheet
    }

    /// Begins a page unless `height` is still free; says whether it did.
    pub(super) fn ensure(&mut self, height: Length) -> bool {
        let full = self.top - height < BOTTOM;
        if full {
            let done = std::mem::replace(&mut self.canvas, Canvas::new());
            self.bodies.push(done.finish());
            self.begin();
        }
        full
    }

    /// One paragraph over the whole width, broken into lines and over pages.
    pub(super) fn paragraph(&mut self, style: Style, ink: Ink, text: &str) {
        let leading = style.size + style.size / 3;
        for line in wrap(&printable(text), style, RIGHT - LEFT, usize::MAX) {
            self.ensure(leading);
            self.canvas.text(LEFT, self.top - style.size, style, ink, &line);
            self.top -= leading;
        }
    }

    /// A heading that does not stand alone at the end of a page.
    pub(super) fn heading(&mut self, words: Words) {
        const HEADING: Style = Style::bold(1_000);
        self.ensure(4_500);
        self.top -= 900;
        self.canvas.text(LEFT, self.top - HEADING.size, HEADING, Ink::Black, &words.say(Language::Both));
        self.top -= HEADING.size + 500;
    }

    /// Ends the last page and numbers all.
    pub(super) fn finish(mut self) -> Vec<Page> {
        self.bodies.push(self.canvas.finish());
        let count = self.bodies.len();
        let parts = self.statement.parts();
        let source = format!("{} · {}", parts.holder, parts.window);
        let numbered = self.bodies.into_iter().zip(1_usize..).map(|(body, number)| {
            let mut canvas = Canvas::new();
            canvas.rule(LEFT, RIGHT, MARGIN + 900, 30);
            canvas.text(LEFT, MARGIN, FOOT, Ink::Grey, &source);
            canvas.text_right(RIGHT, MARGIN, FOOT, Ink::Grey, &format!("{number} / {count}"));
            Page { body, footer: canvas.finish() }
        });
        numbered.collect()
    }

    fn begin(&mut self) {
        let parts = self.statement.parts();
        let minutes = parts.utc_offset_minutes;
        let closed_at = parts.closed_at.map_or_else(String::new, |at| seconds(at, minutes));
        let period = format!("{} – {closed_at} ({})", seconds(parts.opened_at, minutes), offset(minutes));
        let mut stage = parts.stage.words().say(Language::Both);
        if matches!(parts.stage, WindowStage::Open | WindowStage::Closing) {
            stage = format!("{stage} · {}", w::PROVISIONAL.say(Language::Both));
        }

        self.top = PAGE_HEIGHT - MARGIN;
        let base = self.top - TITLE.size;
        self.canvas.text(LEFT, base, TITLE, Ink::Black, &w::TITLE.say(Language::Both));
        self.canvas.text_right(RIGHT, base, Style::bold(1_000), Ink::Black, &stage);
        self.top = base - 900;
        self.fact(LEFT, RIGHT, w::HOLDER, &both(&parts.holder_name), &format!("  ({})", parts.holder));
        self.top -= 1_250;
        self.fact(LEFT, RIGHT, w::EXCHANGE, &both(&parts.exchange_name), &format!("  ({})", parts.exchange));
        self.top -= 1_250;
        // Windows, times and currencies are bounded, so these have fixed places.
        self.fact(LEFT, 23_500, w::WINDOW, "", &parts.window.to_string());
        self.fact(24_000, 62_000, w::PERIOD, "", &period);
        self.fact(63_000, RIGHT, w::CURRENCY, "", self.statement.asset().code());
        self.top -= 1_500;
        self.canvas.rule(LEFT, RIGHT, self.top, 80);
        self.top -= 500;
    }

    /// `持有人 Holder  name  (code)`: a name that is too long is cut, the code never is.
    fn fact(&mut self, left: Length, right: Length, label: Words, name: &str, code: &str) {
        let base = self.top - BODY.size;
        let label = label.say(Language::Both);
        self.canvas.text(left, base, BODY, Ink::Grey, &label);
        let from = left + measure(&label, BODY) + 600;
        let name = fit(&printable(name), BODY, right - from - measure(code, BODY));
        self.canvas.text(from, base, BODY, Ink::Black, &format!("{name}{code}"));
    }
}

/// A time to the second: milliseconds are in JSON and CSV.
pub(super) fn seconds(time: Timestamp, utc_offset_minutes: i16) -> String {
    let mut text = local_time(time, utc_offset_minutes);
    text.truncate(19);
    text
}
