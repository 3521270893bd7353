//! The map: exchanges as circles, what flows between them as arrows.

use super::{
    label::Labels,
    place::{self, HEIGHT, Point, WIDTH},
};
use databourse_primitives::ExchangeCode;
use maud::{Markup, html};

/// Radius of the circle of an exchange that does nothing, and of the busiest; the latter also where there are many.
const RADIUS: (i64, i64) = (9, 26);
const RADIUS_OF_MANY: i64 = 15;
/// Width of the smallest arrow, and of the largest, in tenths.
const ARROW: (i64, i64) = (12, 70);
/// The most arrows that are drawn; the table has the others.
pub(super) const ARROWS_MAX: usize = 24;
/// Above this many exchanges, codes stand for names.
const NAMED_MAX: usize = 6;

/// An exchange on the map.
pub(super) struct Spot<'a> {
    pub(super) code: &'a ExchangeCode,
    pub(super) name: &'a str,
    /// How much it does.
    pub(super) activity: u64,
    /// Whether the node that serves the page is in touch with it.
    pub(super) is_reachable: bool,
}

/// What flows from one exchange to another.
pub(super) struct Arrow<'a> {
    pub(super) from: &'a ExchangeCode,
    pub(super) to: &'a ExchangeCode,
    /// How much.
    pub(super) amount: u64,
    /// How much, in words.
    pub(super) label: String,
}

/// The map as SVG, named by the element `name` and described by `description`. The largest arrow comes first in `arrows`.
pub(super) fn svg(spots: &[Spot<'_>], arrows: &[Arrow<'_>], name: &str, description: &str) -> Markup {
    let codes: Vec<_> = spots.iter().map(|spot| spot.code).collect();
    let (drawn, places) = (place::drawn(&codes), place::places(&codes));
    let busiest = spots.iter().map(|spot| spot.activity).max().unwrap_or_default();
    let largest = if spots.len() > NAMED_MAX { RADIUS_OF_MANY } else { RADIUS.1 };
    let circles: Vec<Circle> = spots
        .iter()
        .zip(places)
        .map(|(spot, middle)| Circle {
            middle,
            radius: between((RADIUS.0, largest), root_share(spot.activity, busiest)),
        })
        .collect();
    let circle_of = |code: &ExchangeCode| {
        let place = codes.iter().position(|known| *known == code)?;
        circles.get(place).copied()
    };
    let most = arrows.iter().map(|arrow| arrow.amount).max().unwrap_or_default();
    let curves: Vec<_> = arrows
        .iter()
        .filter(|arrow| arrow.from != arrow.to)
        .take(ARROWS_MAX)
        .filter_map(|arrow| {
            let width = between(ARROW, share_permille(arrow.amount, most));
            Some((Curve::between(circle_of(arrow.from)?, circle_of(arrow.to)?), width, arrow))
        })
        .collect();
    let mut labels = Labels::default();
    for (spot, circle) in spots.iter().zip(&circles) {
        // Names stand on the outer side.
        let is_above = circle.middle.1 < HEIGHT / 2;
        let y =
            if is_above { circle.middle.1 - circle.radius - 5 } else { circle.middle.1 + circle.radius + 14 };
        let place = (circle.middle.0, y);
        let is_named = spots.len() <= NAMED_MAX && labels.put("name", spot.name, [place]);
        if !is_named {
            labels.put("name", spot.code.as_str(), [place]);
        }
    }
    for (curve, _, arrow) in &curves {
        labels.put("amount", &arrow.label, [3, 2, 4].map(|sixths| curve.at(sixths)));
    }
    html! {
        svg.map role="img" aria-labelledby=(name) aria-describedby=(description)
            viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } {
            defs {
                marker #tip markerUnits="userSpaceOnUse" markerWidth="12" markerHeight="12" refX="10" refY="6"
                    orient="auto" viewBox="0 0 12 12" { path.tip d="M0 0L12 6L0 12Z" {} }
            }
            @if let Some(drawn) = drawn {
                path.land d=(drawn.land) {}
                path.river d=(drawn.river) {}
            }
            @for (curve, width, _) in &curves {
                path.flow d=(curve.path()) stroke-width={ (width / 10) "." (width % 10) } marker-end="url(#tip)" {}
            }
            @for (spot, circle) in spots.iter().zip(&circles) {
                circle class=(if spot.is_reachable { "node" } else { "node away" })
                    cx=(circle.middle.0) cy=(circle.middle.1) r=(circle.radius) { title { (spot.name) } }
            }
            (labels.svg())
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Circle {
    middle: Point,
    radius: i64,
}

/// A curve with one control point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Curve {
    start: Point,
    control: Point,
    end: Point,
}

impl Curve {
    /// From the edge of one circle to the edge of another, bent to the left of the way; so that back and forth are two.
    fn between(from: Circle, to: Circle) -> Self {
        let (dx, dy) = (to.middle.0 - from.middle.0, to.middle.1 - from.middle.1);
        let control =
            ((from.middle.0 + to.middle.0) / 2 + dy / 3, (from.middle.1 + to.middle.1) / 2 - dx / 3);
        Self {
            start: towards(from.middle, control, from.radius + 1),
            control,
            end: towards(to.middle, control, to.radius + 3),
        }
    }

    fn path(self) -> String {
        let Self { start, control, end } = self;
        format!("M{} {}Q{} {} {} {}", start.0, start.1, control.0, control.1, end.0, end.1)
    }

    /// The point after so many sixths of the curve's parameter.
    fn at(self, sixths: i64) -> Point {
        let rest = 6 - sixths;
        let part = |start: i64, control: i64, end: i64| {
            (rest * rest * start + 2 * sixths * rest * control + sixths * sixths * end) / 36
        };
        (part(self.start.0, self.control.0, self.end.0), part(self.start.1, self.control.1, self.end.1))
    }
}

/// The point that lies `distance` from `from` on the way to `to`.
fn towards(from: Point, to: Point, distance: i64) -> Point {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = (dx * dx + dy * dy).isqrt().max(1);
    (from.0 + dx * distance / length, from.1 + dy * distance / length)
}

/// What lies `permille` of the way.
fn between((least, most): (i64, i64), permille: i64) -> i64 {
    least + (most - least) * permille / 1_000
}

/// A part of a whole in thousandths; 0 of nothing.
fn share_permille(part: u64, whole: u64) -> i64 {
    let share = u128::from(part) * 1_000 / u128::from(whole.max(1));
    i64::try_from(share.min(1_000)).unwrap_or_default()
}

/// The root of the share, so that areas are as the amounts.
fn root_share(part: u64, whole: u64) -> i64 {
    (share_permille(part, whole) * 1_000).isqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circles_grow_with_the_root_and_arrows_with_the_amount() {
        assert_eq!((root_share(0, 0), root_share(1, 4), root_share(4, 4)), (0, 500, 1_000));
        assert_eq!(share_permille(u64::MAX, u64::MAX), 1_000);
        assert_eq!(between(RADIUS, 0), 9);
        assert_eq!(between(ARROW, 1_000), 70);
    }

    #[test]
    fn arrows_begin_and_end_at_the_circles_and_do_not_lie_on_one_another() {
        let (west, east) =
            (Circle { middle: (60, 100), radius: 10 }, Circle { middle: (260, 100), radius: 20 });
        let (there, back) = (Curve::between(west, east), Curve::between(east, west));
        assert!(there.at(3).1 < 100 && back.at(3).1 > 100);
        for (point, circle) in [(there.start, west), (there.end, east), (back.start, east), (back.end, west)]
        {
            let (dx, dy) = (point.0 - circle.middle.0, point.1 - circle.middle.1);
            let distance = (dx * dx + dy * dy).isqrt();
            assert!((circle.radius - 1..=circle.radius + 3).contains(&distance), "{distance}");
        }
    }

    #[test]
    fn a_name_stands_for_its_exchange_where_there_is_room() {
        let codes: Vec<ExchangeCode> = (0..7).map(|number| format!("x{number}").parse().unwrap()).collect();
        let shown = |count: usize, name: &str| {
            let spot = |code| Spot { code, name, activity: 0, is_reachable: true };
            let spots: Vec<_> = codes.iter().take(count).map(spot).collect();
            let map = svg(&spots, &[], "n", "d").into_string();
            (map.matches(&format!(">{name}</text>")).count(), map.matches(">x").count())
        };
        assert_eq!(shown(4, "上海数据交易所"), (4, 0));
        assert_eq!(shown(1, "Shanghai Data Exchange"), (1, 0));
        assert_eq!(shown(3, "An Exchange of Thirty Letters"), (2, 1), "two stand side by side");
        assert_eq!(shown(1, "Shanghai Data Exchange (demonstration)"), (0, 1));
        assert_eq!(shown(7, "上海数据交易所"), (0, 7));
    }
}
