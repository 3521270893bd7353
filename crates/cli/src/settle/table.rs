//! Plain tables of text in two scripts.

/// How many columns a text takes on a terminal: characters of Chinese take two.
fn width(text: &str) -> usize {
    text.chars().map(|character| if character >= '\u{1100}' && character != '−' { 2 } else { 1 }).sum()
}

/// A table that grows row by row. The columns of figures are right-aligned.
pub(crate) struct Table<const N: usize> {
    figures: [bool; N],
    rows: Vec<[String; N]>,
}

impl<const N: usize> Table<N> {
    /// A table with its headings; one that ends in `>` heads figures.
    pub(crate) fn new(headings: [&str; N]) -> Self {
        let figures = headings.map(|heading| heading.ends_with('>'));
        Self { figures, rows: vec![headings.map(|heading| heading.trim_end_matches('>').to_owned())] }
    }

    pub(crate) fn row(&mut self, cells: [String; N]) {
        self.rows.push(cells);
    }

    /// Whether it has only headings.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.len() == 1
    }

    /// Lines with two spaces before each and between columns.
    pub(crate) fn render(&self) -> String {
        let widths: [usize; N] =
            std::array::from_fn(|at| self.rows.iter().map(|row| width(&row[at])).max().unwrap_or(0));
        let mut text = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (at, cell) in row.iter().enumerate() {
                let padding = " ".repeat(widths[at].saturating_sub(width(cell)));
                line += "  ";
                line +=
                    &if self.figures[at] { format!("{padding}{cell}") } else { format!("{cell}{padding}") };
            }
            text += line.trim_end();
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other_in_both_scripts() {
        let mut table = Table::new(["what 何", "net 净额>"]);
        table.row(["break 差错".to_owned(), "12.00".to_owned()]);
        table.row(["a".to_owned(), "−1.00".to_owned()]);
        let text = table.render();
        assert_eq!(text, "  what 何     net 净额\n  break 差错     12.00\n  a              −1.00\n");
    }
}
