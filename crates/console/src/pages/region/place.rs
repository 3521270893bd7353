//! Where exchanges stand on the map. All places are whole numbers; the map is [`WIDTH`] wide and [`HEIGHT`] high.

use databourse_primitives::ExchangeCode;

/// Width of the map. On a screen of 360 px a unit is a little less than a pixel.
pub(super) const WIDTH: i64 = 360;
/// Height of the map.
pub(super) const HEIGHT: i64 = 380;
/// Where a circle of exchanges has its middle, and how large it is.
const MIDDLE: (i64, i64) = (180, 185);
const RADIUS: i64 = 130;

/// A place on the map: from the left, from the top.
pub(super) type Point = (i64, i64);

/// A region that we have drawn: the outline of its land and the places of its exchanges.
///
/// Approximate and drawn by hand, to be recognised and not to be measured.
pub(super) struct Drawn {
    /// The outline, as a path of SVG.
    pub(super) land: &'static str,
    /// A river, for orientation.
    pub(super) river: &'static str,
    places: &'static [(&'static str, Point)],
}

/// The Yangtze River Delta: Shanghai, Jiangsu, Zhejiang, Anhui, and the Yangtze.
const YANGTZE_RIVER_DELTA: Drawn = Drawn {
    land: "M58 63Q74 42 92 44Q111 46 136 34Q162 22 182 21Q203 20 226 37Q249 55 265 83Q281 111 304 134\
           Q327 158 327 177Q327 197 311 204Q295 212 286 218Q277 225 297 232Q318 240 329 250\
           Q341 261 327 287Q314 313 293 332Q272 351 247 351Q222 351 203 334Q185 317 173 295\
           Q162 274 136 265Q111 257 90 250Q70 244 58 222Q47 201 37 181Q28 162 19 138Q10 115 26 100\
           Q42 85 58 63Z",
    river: "M51 248Q102 214 132 196Q162 179 171 164Q180 149 201 146Q222 143 245 149Q268 156 318 175",
    places: &[("sh", (304, 186)), ("js", (196, 88)), ("zj", (246, 290)), ("ah", (92, 166))],
};

/// Every region that we have drawn.
const DRAWN: [Drawn; 1] = [YANGTZE_RIVER_DELTA];

/// The map under the exchanges, if all of them stand on one that we have drawn.
pub(super) fn drawn(codes: &[&ExchangeCode]) -> Option<&'static Drawn> {
    const { &DRAWN }
        .iter()
        .find(|drawn| !codes.is_empty() && codes.iter().all(|code| drawn.place(code).is_some()))
}

impl Drawn {
    fn place(&self, code: &ExchangeCode) -> Option<Point> {
        self.places.iter().find(|(known, _)| *known == code.as_str()).map(|(_, place)| *place)
    }
}

/// Where each of `codes` stands: as drawn, else on a circle from the top clockwise, one alone in the middle.
pub(super) fn places(codes: &[&ExchangeCode]) -> Vec<Point> {
    let drawn = drawn(codes);
    let count = i64::try_from(codes.len()).unwrap_or(1).max(1);
    let on_circle = |place: i64| {
        if count == 1 {
            return MIDDLE;
        }
        let angle = 360_000 * place / count;
        let (sine, cosine) = (sine_permille(angle), sine_permille(angle + 90_000));
        (MIDDLE.0 + RADIUS * sine / 1_000, MIDDLE.1 - RADIUS * cosine / 1_000)
    };
    let place =
        |(code, number)| drawn.and_then(|drawn| drawn.place(code)).unwrap_or_else(|| on_circle(number));
    codes.iter().copied().zip(0..).map(place).collect()
}

/// The sine in thousandths of an angle in thousandths of a degree, by the approximation of Bhāskara I: within 2 thousandths.
fn sine_permille(angle: i64) -> i64 {
    let angle = angle.rem_euclid(360_000);
    if angle >= 180_000 {
        return -sine_permille(angle - 180_000);
    }
    let product = angle * (180_000 - angle);
    4_000 * product / (40_500_000_000 - product)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(count: usize) -> Vec<ExchangeCode> {
        (0..count).map(|number| format!("x{number}").parse().unwrap()).collect()
    }

    #[test]
    fn the_delta_is_drawn_and_other_regions_stand_on_a_circle() {
        let delta: Vec<ExchangeCode> = ["ah", "js", "sh", "zj"].map(|code| code.parse().unwrap()).into();
        let delta: Vec<_> = delta.iter().collect();
        assert!(drawn(&delta).is_some() && drawn(&delta[..1]).is_some() && drawn(&[]).is_none());
        assert_eq!(places(&delta)[2], (304, 186), "Shanghai lies by the sea");
        let other = codes(1);
        let both = vec![delta[0], &other[0]];
        assert!(drawn(&both).is_none());
        assert_eq!(places(&both), [(180, 55), (180, 315)]);
        assert_eq!(places(&[&other[0]]), [MIDDLE]);
    }

    #[test]
    fn every_region_of_up_to_twenty_exchanges_has_room() {
        for count in 1..=20 {
            let codes = codes(count);
            let places = places(&codes.iter().collect::<Vec<_>>());
            for (number, (x, y)) in places.iter().enumerate() {
                assert!((30..=WIDTH - 30).contains(x) && (30..=HEIGHT - 30).contains(y), "{count} {x} {y}");
                for (other_x, other_y) in &places[..number] {
                    let apart = (x - other_x).pow(2) + (y - other_y).pow(2);
                    assert!(apart > 36 * 36, "{count}: {number} stands apart from others");
                }
            }
        }
    }

    #[test]
    fn sines_are_near_the_true_ones() {
        for (degrees, expected) in
            [(0, 0), (30, 500), (90, 1_000), (180, 0), (210, -500), (270, -1_000), (450, 1_000)]
        {
            assert!((sine_permille(degrees * 1_000) - expected).abs() <= 2, "{degrees}");
        }
    }
}
