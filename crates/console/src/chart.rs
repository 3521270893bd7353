//! Charts over time, as SVG that is made here: [plotters](https://docs.rs/plotters) lays them out, `canvas` writes them.
//!
//! A chart is never alone: its figure says what it shows, names its series, and holds its data as a table and as CSV.

mod canvas;
mod figure;
mod scale;

use canvas::{Canvas, GRID, INK, SERIES, TEXT};
use maud::{Markup, PreEscaped};
use plotters::{
    chart::ChartBuilder,
    coord::combinators::BindKeyPoints as _,
    drawing::{DrawingAreaErrorKind, IntoDrawingArea as _},
    element::{Circle, Rectangle},
    series::LineSeries,
    style::{Color as _, IntoFont as _, IntoTextStyle as _},
};
use std::convert::Infallible;

/// Units along the axis of time for each period: bars leave one free on each side.
const SLOT: i64 = 10;
/// Above this many periods points have no marks and bars no gaps.
const MARKED_PERIODS_MAX: usize = 60;
/// The most labels along the axis of time.
const LABELS_MAX: usize = 4;
/// Width at the left of the axis of values, at least.
const LABEL_ROOM_MIN: i32 = 360;
/// Fewer periods than this are drawn as narrow as if there were so many.
const ROOM_MIN: i64 = 6;

/// A chart over time.
pub(crate) struct Chart<'a> {
    /// The `id` of its figure.
    pub(crate) id: &'a str,
    /// What is drawn, e.g. "Sales a day".
    pub(crate) title: &'a str,
    /// What it shows, in a sentence or two.
    pub(crate) caption: &'a str,
    /// How it is drawn.
    pub(crate) kind: Kind,
    /// The periods, in order.
    pub(crate) periods: &'a [Period],
    /// What is drawn, at most four; each has a value or none for every period.
    pub(crate) series: Vec<Series>,
    /// What the labels of the axis of values are multiples of, if the values are not too small for that.
    pub(crate) unit: i64,
    /// Writes a value on the axis, shortly.
    pub(crate) tick: &'a dyn Fn(i64) -> String,
    /// Writes a value in the table, exactly.
    pub(crate) value: &'a dyn Fn(i64) -> String,
    /// Where the data can be had as CSV.
    pub(crate) csv: &'a str,
}

/// How a chart is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A bar for each period, the series on top of one another; for amounts that can be added.
    Bars,
    /// A line for each series.
    Lines,
}

/// A period of the axis of time.
#[derive(Debug, Clone)]
pub(crate) struct Period {
    /// Its name on the axis, e.g. `23 Nov`.
    pub(crate) short: String,
    /// Its name in the table.
    pub(crate) long: String,
}

/// What is drawn in one colour.
#[derive(Debug, Clone)]
pub(crate) struct Series {
    /// What it is called.
    pub(crate) name: String,
    /// A value for each period, or none.
    pub(crate) values: Vec<Option<i64>>,
}

impl Chart<'_> {
    fn drawing(&self) -> Markup {
        let mut svg = String::new();
        let drawn = self.draw(&mut svg);
        // The canvas takes everything, and nothing else can fail; the table has the data all the same.
        if let Err(error) = drawn {
            tracing::error!(%error, chart = self.id, "a chart was not drawn");
        }
        PreEscaped(svg)
    }

    fn draw(&self, svg: &mut String) -> Result<(), DrawingAreaErrorKind<Infallible>> {
        let slots = i64::try_from(self.periods.len()).unwrap_or_default().max(1);
        let room = (ROOM_MIN - slots).max(0) * SLOT / 2;
        let stacks = self.stacks();
        let drawn = stacks.iter().flatten().flatten().flat_map(|(from, to)| [*from, *to]);
        let values = scale::Scale::of(drawn, self.unit);
        let root = Canvas(svg).into_drawing_area();
        let text = ("sans-serif", TEXT).into_font().into_text_style(&root);
        let mut chart = ChartBuilder::on(&root)
            .margin_top(100)
            .margin_right(160)
            .x_label_area_size(260)
            .y_label_area_size(self.label_width(&values))
            .build_cartesian_2d(
                (-room..slots * SLOT + room).with_key_points(label_places(self.periods.len())),
                (values.least..values.most).with_key_points(values.ticks.clone()),
            )?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .bold_line_style(GRID)
            .light_line_style(GRID)
            .axis_style(INK)
            .set_all_tick_mark_size(40)
            .label_style(text)
            .x_label_formatter(&|at| {
                self.period_at(*at).map_or_else(String::new, |period| period.short.clone())
            })
            .y_label_formatter(&|value| (self.tick)(*value))
            .draw()?;
        for (place, spans) in stacks.iter().enumerate() {
            let color = canvas::series(place);
            let (is_marked, middle) = (self.periods.len() <= MARKED_PERIODS_MAX, SLOT / 2);
            let spans = spans.iter().zip((0..).step_by(10));
            match self.kind {
                Kind::Bars => {
                    let gap = i64::from(is_marked);
                    let bars = spans.filter_map(|(span, left)| Some((left, (*span)?)));
                    chart.draw_series(bars.map(|(left, (from, to))| {
                        Rectangle::new([(left + gap, to), (left + SLOT - gap, from)], color.filled())
                    }))?;
                }
                Kind::Lines => {
                    let points: Vec<_> =
                        spans.map(|(span, left)| Some((left + middle, (*span)?.1))).collect();
                    for run in points.split(Option::is_none) {
                        let run: Vec<_> = run.iter().copied().flatten().collect();
                        let is_alone = run.len() == 1;
                        let marks = run.iter().filter(|_| is_marked || is_alone);
                        chart.draw_series(marks.map(|point| Circle::new(*point, 30, color.filled())))?;
                        chart.draw_series(LineSeries::new(run, color))?;
                    }
                }
            }
        }
        Ok(())
    }

    /// From where to where each series is drawn in each period: bars stand on those before them, lines on nothing.
    fn stacks(&self) -> Vec<Vec<Option<(i64, i64)>>> {
        let mut tops = vec![0_i64; self.periods.len()];
        let spans = self.series.iter().take(SERIES.len()).map(|series| {
            let spans = series.values.iter().zip(&mut tops).map(|(value, top)| match (self.kind, *value) {
                (_, None) => None,
                (Kind::Lines, Some(value)) => Some((value, value)),
                (Kind::Bars, Some(value)) => {
                    let from = *top;
                    *top = top.saturating_add(value);
                    Some((from, *top))
                }
            });
            spans.collect()
        });
        spans.collect()
    }

    fn period_at(&self, at: i64) -> Option<&Period> {
        self.periods.get(usize::try_from(at / SLOT).ok()?)
    }

    /// Room for the longest label of the axis of values, and for half of the first one of the axis of time.
    fn label_width(&self, values: &scale::Scale) -> i32 {
        let labels = values.ticks.iter().map(|tick| canvas::width(&(self.tick)(*tick)));
        (labels.max().unwrap_or_default() + 140).max(LABEL_ROOM_MIN)
    }
}

/// Where labels stand along the axis of time: in the middle of some of the periods, evenly apart.
fn label_places(periods: usize) -> Vec<i64> {
    let step = periods.div_ceil(LABELS_MAX).max(1);
    (0..periods)
        .step_by(step)
        .filter_map(|place| Some(i64::try_from(place).ok()? * SLOT + SLOT / 2))
        .collect()
}
