//! Texts on the map. One that would cover another is moved or left out: the tables have it all the same.

use super::place::{Point, WIDTH};
use maud::{Markup, html};

/// Height of the text.
const TEXT: i64 = 13;
/// The widest text: two thirds of the map, so that names of neighbours leave something of it to be seen.
const WIDEST: i64 = WIDTH * 2 / 3;
/// What is left free at the edges.
const EDGE: i64 = 3;

/// Texts that do not cover one another.
#[derive(Debug, Default)]
pub(super) struct Labels<'a>(Vec<Label<'a>>);

#[derive(Debug)]
struct Label<'a> {
    class: &'static str,
    text: &'a str,
    /// The middle of its baseline.
    at: Point,
    width: i64,
}

impl<'a> Labels<'a> {
    /// Puts a text at the first of `places` (the middle of its baseline) where it covers no other; says whether it found one.
    pub(super) fn put(
        &mut self,
        class: &'static str,
        text: &'a str,
        places: impl IntoIterator<Item = Point>,
    ) -> bool {
        let width = text.chars().map(|letter| if letter >= '\u{2e80}' { TEXT } else { 8 }).sum::<i64>();
        if width > WIDEST {
            return false;
        }
        let inside = |x: i64| x.clamp(EDGE + width / 2, WIDTH - EDGE - width / 2);
        let fresh = places.into_iter().map(|(x, y)| Label { class, text, at: (inside(x), y), width });
        let free = fresh.into_iter().find(|label| !self.0.iter().any(|other| label.covers(other)));
        let is_put = free.is_some();
        self.0.extend(free);
        is_put
    }

    /// All of them.
    pub(super) fn svg(&self) -> Markup {
        html! {
            @for label in &self.0 {
                text class=(label.class) x=(label.at.0) y=(label.at.1) font-size=(TEXT) text-anchor="middle" { (label.text) }
            }
        }
    }
}

impl Label<'_> {
    fn covers(&self, other: &Self) -> bool {
        let (dx, dy) = ((self.at.0 - other.at.0).abs(), (self.at.1 - other.at.1).abs());
        dx < (self.width + other.width) / 2 && dy < TEXT + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_goes_where_it_is_free_or_is_left_out() {
        let long = "much too long ".repeat(4);
        let mut labels = Labels::default();
        assert!(labels.put("name", "上海", [(355, 50)]));
        assert!(labels.put("amount", "¥1万", [(340, 52), (340, 90)]));
        assert!(!labels.put("amount", "¥2万", [(340, 90)]));
        assert!(!labels.put("name", &long, [(180, 200)]));
        let shown = labels.svg().into_string();
        assert!(shown.contains("x=\"344\" y=\"50\"") && shown.contains("y=\"90\""), "{shown}");
        assert!(!shown.contains("¥2万"), "{shown}");
    }
}
