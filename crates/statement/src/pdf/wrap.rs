//! Text that is too long for its place: broken into lines, or cut with an ellipsis. Nothing ever runs into its neighbour.

use super::face::{Length, Style, advance, is_wide, measure};

const ELLIPSIS: char = '…';

/// The text if it fits, else its beginning and an ellipsis.
pub(super) fn fit(text: &str, style: Style, width: Length) -> String {
    if measure(text, style) <= width {
        return text.to_owned();
    }
    let room = thousandths(width) - i64::from(advance(ELLIPSIS, style.bold)) * i64::from(style.size);
    let mut used = 0;
    let kept = text.chars().take_while(|character| {
        used += i64::from(advance(*character, style.bold)) * i64::from(style.size);
        used <= room
    });
    let mut cut: String = kept.collect();
    cut.truncate(cut.trim_end().len());
    cut.push(ELLIPSIS);
    cut
}

/// At most `lines_max` lines; what is too long for them ends with an ellipsis. Empty text has no line.
pub(super) fn wrap(text: &str, style: Style, width: Length, lines_max: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() && lines.len() < lines_max {
        let length = line_length(rest, style, width);
        if lines.len() + 1 == lines_max && length < rest.len() {
            lines.push(fit(rest, style, width));
            break;
        }
        let (line, after) = rest.split_at(length);
        lines.push(line.trim_end().to_owned());
        rest = after.trim_start();
    }
    lines
}

/// Bytes of the first line: up to the last place where a line may break, else as many characters as fit, one at least.
fn line_length(text: &str, style: Style, width: Length) -> usize {
    let mut used = 0;
    let mut last_break = None;
    let mut before = None;
    for (place, character) in text.char_indices() {
        if before.is_some_and(|before| may_break(before, character)) {
            last_break = Some(place);
        }
        used += i64::from(advance(character, style.bold)) * i64::from(style.size);
        // A space at the end of a line takes no room.
        if used > thousandths(width) && place > 0 && character != ' ' {
            return last_break.unwrap_or(place);
        }
        before = Some(character);
    }
    text.len()
}

/// Whether a line may end with `before` and the next begin with `after`: at spaces and around Chinese characters, but
/// never so that closing marks begin a line or opening marks end one.
fn may_break(before: char, after: char) -> bool {
    const NOT_FIRST: &str = "，。、；：？！）》」』】〉”’…·,.;:?!)%";
    const NOT_LAST: &str = "（《「『【〈“‘(";
    if after == ' ' || NOT_FIRST.contains(after) || NOT_LAST.contains(before) {
        return false;
    }
    before == ' ' || is_wide(before) || is_wide(after)
}

fn thousandths(width: Length) -> i64 {
    i64::from(width) * 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, width: Length, lines_max: usize, expected: &[&str]) {
        // Ten points: an em is 1,000 units of length, a digit 556.
        let style = Style::plain(1000);
        let lines = wrap(text, style, width, lines_max);
        assert_eq!(lines, expected);
        assert!(lines.iter().all(|line| measure(line, style) <= width), "{lines:?}");
    }

    #[test]
    fn lines_break_where_they_may_and_never_exceed_the_width() {
        check("", 3000, 2, &[]);
        check("气象数据", 4000, 2, &["气象数据"]);
        check("气象数据集", 3000, 2, &["气象数", "据集"]);
        check("气象数，据集", 3000, 3, &["气象", "数，据", "集"]);
        check("气（象数）", 2000, 3, &["气", "（象", "数）"]);
        check("111 222 333", 4000, 2, &["111 222", "333"]);
        check("11112222", 2500, 3, &["1111", "2222"]);
        check("气象数据集合大全", 3000, 2, &["气象数", "据集…"]);
        check("1111111111", 3000, 1, &["111…"]);
        check("数据A股", 3000, 2, &["数据A", "股"]);
    }
}
