//! What stands around a drawing: its title, what it shows, its legend, and its data as a table and as CSV.

use super::{
    Chart, Kind,
    canvas::{SERIES, SIZE},
};
use crate::{layout, visit::Visit};
use maud::{Markup, html};

impl Chart<'_> {
    /// The chart with its title, what it shows, its legend, and its data.
    pub(crate) fn figure(&self, visit: &Visit) -> Markup {
        let (title, caption) = (format!("{}-title", self.id), format!("{}-caption", self.id));
        let is_empty = self.series.iter().all(|series| series.values.iter().all(Option::is_none));
        html! {
            figure.plot id=(self.id) {
                h3 id=(title) { (self.title) }
                @if is_empty {
                    p.nothing { (visit.t("所选时段内没有数据。请选择更长的时段。", "Nothing happened in the chosen period. Choose a longer one.")) }
                } @else {
                    svg.chart role="img" aria-labelledby=(title) aria-describedby=(caption)
                        viewBox={ "0 0 " (SIZE.0) " " (SIZE.1) } { (self.drawing()) }
                    @if self.series.len() > 1 { (self.legend()) }
                }
                figcaption id=(caption) { (self.caption) }
                @if !is_empty {
                    details {
                        summary { (visit.t("数据表", "The data as a table")) }
                        (self.table(visit))
                    }
                    p { a href=(self.csv) { (visit.t("下载 CSV：", "Download CSV: ")) (self.title) } }
                }
            }
        }
    }

    fn legend(&self) -> Markup {
        html! {
            ul.legend {
                @for (series, class) in self.series.iter().zip(SERIES) {
                    li { span class={ "swatch " (class) } aria-hidden="true" {
                        svg viewBox="0 0 24 12" width="24" height="12" focusable="false" {
                            @match self.kind {
                                Kind::Bars => { rect class="area" width="24" height="12" {} }
                                Kind::Lines => { path class={ "stroke " (class) } d="M0 6L24 6" {} }
                            }
                        }
                    } " " (series.name) }
                }
            }
        }
    }

    fn table(&self, visit: &Visit) -> Markup {
        let mut headings = vec![visit.t("时段", "Period")];
        headings.extend(self.series.iter().map(|series| series.name.as_str()));
        let rows = self.periods.iter().enumerate().map(|(place, period)| {
            let cells = self.series.iter().map(|series| series.values.get(place).copied().flatten());
            let cells: Vec<_> = cells.map(|value| value.map_or_else(|| "–".to_owned(), self.value)).collect();
            html! {
                th scope="row" { (period.long) }
                @for cell in cells { td.number { (cell) } }
            }
        });
        layout::table(self.title, &headings, &rows.collect::<Vec<_>>(), "")
    }
}
