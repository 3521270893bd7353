//! A life as a graph: a column for each stage, a box for each step, a line from what a step rests on. SVG made of whole
//! numbers; texts are shortened to the room that they have, and the list beside the graph has all of them.

use super::{
    step::{Life, Stage, Step},
    text::{fitted, folded},
    words,
};
use crate::visit::Visit;
use maud::{Markup, html};
use std::collections::{BTreeMap, BTreeSet};

/// The width that a page offers at 1280 pixels.
const WIDTH: usize = 1_182;
const BOX_WIDTH_MIN: usize = 122;
const BOX_WIDTH_MAX: usize = 200;
/// With words on one line; on two it is higher by [`LINE`].
const BOX_HEIGHT: usize = 66;
const LINE: usize = 16;
const GAP_X: usize = 24;
const GAP_Y: usize = 18;
/// Above the boxes, for the names of the columns.
const HEAD: usize = 30;
/// Between a box's edge and its texts.
const PADDING: usize = 7;
/// Font sizes.
const LARGE: usize = 13;
const SMALL: usize = 11;

/// How large boxes are.
#[derive(Clone, Copy)]
struct Size {
    width: usize,
    height: usize,
}

/// Where a step is drawn.
struct Place<'a> {
    step: &'a Step,
    x: usize,
    y: usize,
}

/// The graph in a box that scrolls by itself.
pub(super) fn figure(visit: &Visit, life: &Life) -> Markup {
    let stages: BTreeSet<Stage> = life.steps.iter().map(|step| step.stage).collect();
    let count = stages.len().max(1);
    let room = WIDTH.saturating_sub(2 + GAP_X * (count - 1)) / count;
    let box_width = room.clamp(BOX_WIDTH_MIN, BOX_WIDTH_MAX);
    let is_tall = life
        .steps
        .iter()
        .any(|step| !folded(words(visit, step), LARGE, box_width - 2 * PADDING).1.is_empty());
    let size = Size { width: box_width, height: if is_tall { BOX_HEIGHT + LINE } else { BOX_HEIGHT } };
    let places = placed(life, &stages, size);
    // The edge of the bold box is three wide.
    let width = 4 + count * size.width + (count - 1) * GAP_X;
    let height = places.values().map(|place| place.y + size.height).max().unwrap_or(HEAD) + 2;
    let label = visit.t(
        "追溯图：左为依据，右为结果",
        "Graph of the life: from what came first, left, to what came of it, right",
    );
    html! {
        figure {
            div.scroll tabindex="0" role="region" aria-label=(label) {
                svg.life xmlns="http://www.w3.org/2000/svg" width=(width) height=(height)
                    viewBox={ "0 0 " (width) " " (height) } aria-hidden="true" {
                    defs {
                        marker #arrow viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto" {
                            path.tip d="M0 0L8 4L0 8z" {}
                        }
                    }
                    @for (column, stage) in stages.iter().enumerate() {
                        text.stage x=(x_of(column, size) + 1) y="18" font-size="12" { (stage_words(visit, *stage)) }
                    }
                    @for place in places.values() {
                        @for before in place.step.after.iter().filter_map(|key| places.get(key.as_str())) {
                            (edge(before, place, size))
                        }
                    }
                    @for place in places.values() { (node(visit, place, size)) }
                }
            }
            figcaption {
                (visit.t(
                    "每个框是一条条目；箭头从依据指向由它而来的一步。加粗的框是所追溯的事物。下面的列表内容相同。",
                    "Each box is an entry; an arrow leads from what a step rests on to the step. The bold box is what is traced. The list below says the same.",
                ))
            }
        }
    }
}

const fn x_of(column: usize, size: Size) -> usize {
    2 + column * (size.width + GAP_X)
}

/// Each column from the top, every step beside what it rests on if there is room.
fn placed<'a>(life: &'a Life, stages: &BTreeSet<Stage>, size: Size) -> BTreeMap<&'a str, Place<'a>> {
    let mut rows: BTreeMap<&str, usize> = BTreeMap::new();
    let mut places = BTreeMap::new();
    for (column, stage) in stages.iter().enumerate() {
        // Steps are in the order of time already; a stable sort keeps it among those of one row.
        let mut steps: Vec<(usize, &Step)> = life
            .steps
            .iter()
            .filter(|step| step.stage == *stage)
            .map(|step| {
                let before: Vec<usize> =
                    step.after.iter().filter_map(|key| rows.get(key.as_str()).copied()).collect();
                let wished = before.iter().sum::<usize>().checked_div(before.len()).unwrap_or(0);
                (wished, step)
            })
            .collect();
        steps.sort_by_key(|(wished, _)| *wished);
        let mut free = 0;
        for (wished, step) in steps {
            let row = wished.max(free);
            free = row + 1;
            rows.insert(&step.key, row);
            let y = HEAD + row * (size.height + GAP_Y);
            places.insert(step.key.as_str(), Place { step, x: x_of(column, size), y });
        }
    }
    places
}

fn edge(from: &Place<'_>, to: &Place<'_>, size: Size) -> Markup {
    let (x1, y1) = (from.x + size.width, from.y + size.height / 2);
    let (x2, y2) = (to.x, to.y + size.height / 2);
    // The line leaves and comes in level; between neighbours it turns in the gap.
    let bend = GAP_X / 2 + 4;
    let (out, into) = (x1 + bend, x2.saturating_sub(bend));
    html! { path.edge d={ "M" (x1) " " (y1) "C" (out) " " (y1) " " (into) " " (y2) " " (x2) " " (y2) } marker-end="url(#arrow)" {} }
}

fn node(visit: &Visit, place: &Place<'_>, size: Size) -> Markup {
    let Place { step, x, y } = place;
    let room = size.width - 2 * PADDING;
    let below = y + size.height - BOX_HEIGHT;
    let entry = step.entry.filter(|_| step.is_readable).map(|entry| format!("/ledger/entries/{entry}"));
    let class = if step.is_subject { "node subject" } else { "node" };
    let what = words(visit, step);
    let (first, second) = folded(what, LARGE, room);
    let stamp = visit.format().stamp(step.at);
    let left = x + PADDING;
    let drawn = html! {
        title { (what) " · " (step.title) " · " (stamp) }
        rect class=(class) x=(x) y=(y) width=(size.width) height=(size.height) rx="7" {}
        text.what x=(left) y=(y + 20) font-size=(LARGE) { (first) }
        @if !second.is_empty() { text.what x=(left) y=(y + 20 + LINE) font-size=(LARGE) { (second) } }
        text x=(left) y=(below + 38) font-size=(SMALL) { (fitted(&step.title, SMALL, room)) }
        text.when x=(left) y=(below + 55) font-size=(SMALL) { (fitted(&stamp, SMALL, room)) }
    };
    // What is hidden from screen readers must not take the focus; the list has the same links.
    html! {
        @match entry.as_ref().or(step.page.as_ref()) {
            Some(link) => a href=(link) tabindex="-1" { (drawn) },
            None => g { (drawn) },
        }
    }
}

fn stage_words(visit: &Visit, stage: Stage) -> &'static str {
    match stage {
        Stage::Party => visit.t("主体", "Parties"),
        Stage::Right => visit.t("登记", "Registration"),
        Stage::Product => visit.t("挂牌", "Listing"),
        Stage::Offer => visit.t("要约", "Offers"),
        Stage::Order => visit.t("交易", "Trading"),
        Stage::Delivery => visit.t("交付", "Delivery"),
        Stage::Acceptance => visit.t("验收与付款", "Acceptance"),
        Stage::Settlement => visit.t("退款与争议", "Refunds, disputes"),
        Stage::Certificate => visit.t("凭证", "Certificates"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use databourse_primitives::Timestamp;

    fn step(key: &str, stage: Stage, after: &[&str]) -> Step {
        Step {
            key: key.to_owned(),
            stage,
            entry: None,
            entry_type: "order.place",
            at: Timestamp::EPOCH,
            title: String::new(),
            page: None,
            is_readable: false,
            is_subject: false,
            after: after.iter().map(|key| (*key).to_owned()).collect(),
        }
    }

    #[test]
    fn no_two_boxes_overlap_and_a_step_stands_beside_what_it_rests_on() {
        let steps = vec![
            step("right", Stage::Right, &[]),
            step("product", Stage::Product, &["right"]),
            step("offer 1", Stage::Offer, &["product"]),
            step("offer 2", Stage::Offer, &["product"]),
            step("order 1", Stage::Order, &["offer 2"]),
            step("order 2", Stage::Order, &["offer 1"]),
            step("order 3", Stage::Order, &["offer 2", "hidden"]),
            step("delivery", Stage::Delivery, &["order 3"]),
        ];
        let life = Life { steps, cut: Vec::new() };
        let stages: BTreeSet<Stage> = life.steps.iter().map(|step| step.stage).collect();
        let places = placed(&life, &stages, Size { width: BOX_WIDTH_MAX, height: BOX_HEIGHT });
        let corners: BTreeSet<(usize, usize)> = places.values().map(|place| (place.x, place.y)).collect();
        assert_eq!(corners.len(), life.steps.len());
        assert!(places["order 2"].y < places["order 1"].y, "lines do not cross where they need not");
        assert_eq!(places["delivery"].y, places["order 3"].y);
    }
}
