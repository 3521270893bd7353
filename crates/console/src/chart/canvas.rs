//! Where plotters draws: SVG whose elements have classes of the style sheet instead of colours, so that charts follow the
//! tokens, in the dark and in print as well. Coordinates are whole: a canvas has ten units for each unit of text.

use plotters::style::RGBColor;
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    text_anchor::{HPos, VPos},
};
use std::{convert::Infallible, fmt::Write as _};

/// Width and height of every chart. At 360 px of screen the text is a little above 11 px.
pub(super) const SIZE: (u32, u32) = (3_600, 2_200);
/// Height of the text.
pub(super) const TEXT: i32 = 125;
/// What the axes are drawn with.
pub(super) const INK: RGBColor = RGBColor(0, 0, 0);
/// What the lines behind the data are drawn with.
pub(super) const GRID: RGBColor = RGBColor(1, 0, 0);

/// The colour that stands for the series of that place, from 0 on.
pub(super) fn series(place: usize) -> RGBColor {
    RGBColor(2, u8::try_from(place % SERIES.len()).unwrap_or_default(), 0)
}

/// The classes of the series.
pub(super) const SERIES: [&str; 4] = ["s1", "s2", "s3", "s4"];

/// The class of what is drawn in `color`.
fn class((kind, place, _): (u8, u8, u8)) -> &'static str {
    match kind {
        0 => "axis",
        1 => "grid",
        _ => SERIES.get(usize::from(place)).copied().unwrap_or("s1"),
    }
}

/// A canvas that appends to a text.
pub(super) struct Canvas<'a>(pub(super) &'a mut String);

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl Canvas<'_> {
    /// Appends; writing into a text does not fail.
    fn put(&mut self, element: std::fmt::Arguments<'_>) -> Drawn {
        let _ = self.0.write_fmt(element);
        Ok(())
    }

    fn points(path: impl IntoIterator<Item = BackendCoord>) -> String {
        path.into_iter().fold(String::new(), |mut text, (x, y)| {
            let gap = if text.is_empty() { "" } else { " " };
            let _ = write!(text, "{gap}{x},{y}");
            text
        })
    }
}

/// What is drawn with a pen: axes and grid by their own class, a series by its class and `stroke`.
fn pen(color: BackendColor) -> String {
    let class = class(color.rgb);
    if SERIES.contains(&class) { format!("{class} stroke") } else { class.to_owned() }
}

impl DrawingBackend for Canvas<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        SIZE
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> Drawn {
        let class = class(color.rgb);
        self.put(format_args!("<rect class=\"area {class}\" x=\"{x}\" y=\"{y}\" width=\"1\" height=\"1\"/>"))
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        (x1, y1): BackendCoord,
        (x2, y2): BackendCoord,
        style: &S,
    ) -> Drawn {
        let pen = pen(style.color());
        self.put(format_args!("<path class=\"{pen}\" d=\"M{x1} {y1}L{x2} {y2}\"/>"))
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        (left, top): BackendCoord,
        (right, bottom): BackendCoord,
        style: &S,
        _fill: bool,
    ) -> Drawn {
        let class = class(style.color().rgb);
        let (width, height) = ((right - left).abs(), (bottom - top).abs());
        let (x, y) = (left.min(right), top.min(bottom));
        self.put(format_args!(
            "<rect class=\"area {class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>"
        ))
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        let (pen, points) = (pen(style.color()), Self::points(path));
        self.put(format_args!("<polyline class=\"{pen}\" points=\"{points}\"/>"))
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        (x, y): BackendCoord,
        radius: u32,
        style: &S,
        _fill: bool,
    ) -> Drawn {
        let class = class(style.color().rgb);
        self.put(format_args!("<circle class=\"area {class}\" cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"/>"))
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        vert: I,
        style: &S,
    ) -> Drawn {
        let (class, points) = (class(style.color().rgb), Self::points(vert));
        self.put(format_args!("<polygon class=\"area {class}\" points=\"{points}\"/>"))
    }

    fn draw_text<T: BackendTextStyle>(&mut self, text: &str, style: &T, (x, y): BackendCoord) -> Drawn {
        let anchor = match style.anchor().h_pos {
            HPos::Left => "start",
            HPos::Center => "middle",
            HPos::Right => "end",
        };
        // The baseline: what stands above it is about four fifths of the height.
        let y = match style.anchor().v_pos {
            VPos::Top => y + TEXT * 4 / 5,
            VPos::Center => y + TEXT * 7 / 20,
            VPos::Bottom => y,
        };
        let text = maud::html! { (text) }.into_string();
        self.put(format_args!(
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{TEXT}\" text-anchor=\"{anchor}\">{text}</text>"
        ))
    }

    fn estimate_text_size<T: BackendTextStyle>(
        &self,
        text: &str,
        _: &T,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        Ok((u32::try_from(width(text)).unwrap_or_default(), u32::try_from(TEXT).unwrap_or_default()))
    }
}

/// About how wide a text is: Han characters are as wide as high, others a good half of that. The browser's font decides;
/// this only leaves room.
pub(super) fn width(text: &str) -> i32 {
    text.chars().map(|letter| if letter >= '\u{2e80}' { TEXT } else { TEXT * 13 / 20 }).sum()
}
