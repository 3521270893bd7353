//! A life as a graph: a column for each stage, a box for each step, a line from what a step rests on. SVG made of whole
//! numbers; texts are shortened to the room that they have, and the list beside the graph has all of them.

use super::{
    step::{Life, Stage, Step},
    words,
};
use crate::visit::Visit;
use maud::{Markup, html};
use std::collections::{BTreeMap, BTreeSet};

/// The width that a page offers at 1280 pixels.
const WIDTH: usize = 1_176;
const BOX_WIDTH_MIN: usize = 122;
const BOX_WIDTH_MAX: usize = 200;
const BOX_HEIGHT: usize = 66;
const GAP_X: usize = 30;
const GAP_Y: usize = 18;
/// Above the boxes, for the names of the columns.
const HEAD: usize = 30;
/// Between a box's edge and its texts.
const PADDING: usize = 8;
/// Font sizes.
const LARGE: usize = 13;
const SMALL: usize = 11;

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
    let places = placed(life, &stages, box_width);
    let width = 2 + count * box_width + (count - 1) * GAP_X;
    let height = places.values().map(|place| place.y + BOX_HEIGHT).max().unwrap_or(HEAD) + 2;
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
                        text.stage x=(x_of(column, box_width) + 1) y="18" font-size="12" { (stage_words(visit, *stage)) }
                    }
                    @for place in places.values() {
                        @for before in place.step.after.iter().filter_map(|key| places.get(key.as_str())) {
                            (edge(before, place, box_width))
                        }
                    }
                    @for place in places.values() { (node(visit, place, box_width)) }
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

const fn x_of(column: usize, box_width: usize) -> usize {
    1 + column * (box_width + GAP_X)
}

/// Each column from the top, every step beside what it rests on if there is room.
fn placed<'a>(life: &'a Life, stages: &BTreeSet<Stage>, box_width: usize) -> BTreeMap<&'a str, Place<'a>> {
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
            let y = HEAD + row * (BOX_HEIGHT + GAP_Y);
            places.insert(step.key.as_str(), Place { step, x: x_of(column, box_width), y });
        }
    }
    places
}

fn edge(from: &Place<'_>, to: &Place<'_>, box_width: usize) -> Markup {
    let (x1, y1) = (from.x + box_width, from.y + BOX_HEIGHT / 2);
    let (x2, y2) = (to.x, to.y + BOX_HEIGHT / 2);
    // The line leaves and comes in level; between neighbours it turns in the gap.
    let bend = GAP_X / 2 + 4;
    let (out, into) = (x1 + bend, x2.saturating_sub(bend));
    html! { path.edge d={ "M" (x1) " " (y1) "C" (out) " " (y1) " " (into) " " (y2) " " (x2) " " (y2) } marker-end="url(#arrow)" {} }
}

fn node(visit: &Visit, place: &Place<'_>, box_width: usize) -> Markup {
    let Place { step, x, y } = place;
    let room = box_width - 2 * PADDING;
    let entry = step.entry.filter(|_| step.is_readable).map(|entry| format!("/ledger/entries/{entry}"));
    let class = if step.is_subject { "node subject" } else { "node" };
    let what = words(visit, step);
    let stamp = visit.format().stamp(step.at);
    let left = x + PADDING;
    let drawn = html! {
        title { (what) " · " (step.title) " · " (stamp) }
        rect class=(class) x=(x) y=(y) width=(box_width) height=(BOX_HEIGHT) rx="7" {}
        text.what x=(left) y=(y + 20) font-size=(LARGE) { (fitted(what, LARGE, room)) }
        text x=(left) y=(y + 38) font-size="12" { (fitted(&step.title, 12, room)) }
        text.when x=(left) y=(y + 55) font-size=(SMALL) { (fitted(&stamp, SMALL, room)) }
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

/// As much of `text` as fits into `room` pixels at a font size, with an ellipsis if that is not all.
fn fitted(text: &str, size: usize, room: usize) -> String {
    let (mut used, mut shown) = (0, String::new());
    let whole: usize = text.chars().map(|character| percent_of(character) * size).sum();
    let (limit, is_cut) =
        if whole <= room * 100 { (room * 100, false) } else { (room * 100 - 100 * size, true) };
    for character in text.chars() {
        used += percent_of(character) * size;
        if used > limit {
            break;
        }
        shown.push(character);
    }
    if is_cut {
        shown.truncate(shown.trim_end().len());
        shown.push('…');
    }
    shown
}

/// How wide a character is at most in the fonts that systems have, percent of the font size.
const fn percent_of(character: char) -> usize {
    match character {
        'i' | 'j' | 'l' | 't' | 'f' | 'r' | '.' | ',' | ':' | ';' | '\'' | '|' | ' ' | '-' | '/' | '('
        | ')' => 42,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 100,
        'A'..='Z' => 78,
        '\0'..='\u{7f}' => 64,
        _ => 100,
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
    fn texts_fit_or_say_that_they_are_cut() {
        for room in [60, 106, 184] {
            for text in ["Certification revoked", "长三角港口吞吐量与货物周转数据集", "2026-11-23 04:05", ""]
            {
                let shown = fitted(text, 13, room);
                let width: usize = shown.chars().map(|character| percent_of(character) * 13).sum();
                assert!(width <= room * 100, "{shown} in {room}");
                assert!(shown == text || shown.ends_with('…'), "{shown}");
            }
        }
        assert_eq!(fitted("2026-11-23 04:05", SMALL, BOX_WIDTH_MIN - 2 * PADDING), "2026-11-23 04:05");
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
        let places = placed(&life, &stages, BOX_WIDTH_MAX);
        let corners: BTreeSet<(usize, usize)> = places.values().map(|place| (place.x, place.y)).collect();
        assert_eq!(corners.len(), life.steps.len());
        assert!(places["order 2"].y < places["order 1"].y, "lines do not cross where they need not");
        assert_eq!(places["delivery"].y, places["order 3"].y);
    }
}
