//! Places as people call them: what a licence's territory means. ISO 3166-1 for China, ISO 3166-2 for its parts.

use crate::lang::Lang;
use databourse_primitives::Label;

/// Code, Chinese, English.
const PLACES: &[(&str, &str, &str)] = &[
    ("worldwide", "全球", "Worldwide"),
    ("CN", "中国境内", "China"),
    ("CN-AH", "安徽", "Anhui"),
    ("CN-BJ", "北京", "Beijing"),
    ("CN-CQ", "重庆", "Chongqing"),
    ("CN-FJ", "福建", "Fujian"),
    ("CN-GD", "广东", "Guangdong"),
    ("CN-GS", "甘肃", "Gansu"),
    ("CN-GX", "广西", "Guangxi"),
    ("CN-GZ", "贵州", "Guizhou"),
    ("CN-HA", "河南", "Henan"),
    ("CN-HB", "湖北", "Hubei"),
    ("CN-HE", "河北", "Hebei"),
    ("CN-HI", "海南", "Hainan"),
    ("CN-HK", "香港", "Hong Kong"),
    ("CN-HL", "黑龙江", "Heilongjiang"),
    ("CN-HN", "湖南", "Hunan"),
    ("CN-JL", "吉林", "Jilin"),
    ("CN-JS", "江苏", "Jiangsu"),
    ("CN-JX", "江西", "Jiangxi"),
    ("CN-LN", "辽宁", "Liaoning"),
    ("CN-MO", "澳门", "Macao"),
    ("CN-NM", "内蒙古", "Inner Mongolia"),
    ("CN-NX", "宁夏", "Ningxia"),
    ("CN-QH", "青海", "Qinghai"),
    ("CN-SC", "四川", "Sichuan"),
    ("CN-SD", "山东", "Shandong"),
    ("CN-SH", "上海", "Shanghai"),
    ("CN-SN", "陕西", "Shaanxi"),
    ("CN-SX", "山西", "Shanxi"),
    ("CN-TJ", "天津", "Tianjin"),
    ("CN-TW", "台湾", "Taiwan"),
    ("CN-XJ", "新疆", "Xinjiang"),
    ("CN-XZ", "西藏", "Xizang"),
    ("CN-YN", "云南", "Yunnan"),
    ("CN-ZJ", "浙江", "Zhejiang"),
];

/// A territory in the reader's words; its code if it is another.
pub(crate) fn territory(lang: Lang, code: &Label) -> String {
    let known = PLACES.iter().find(|(known, _, _)| *known == code.as_str());
    known.map_or_else(|| code.to_string(), |(_, zh, en)| lang.pick(*zh, *en).to_owned())
}

/// Every known place: its code and its words, to choose from.
pub(crate) fn choices(lang: Lang) -> impl Iterator<Item = (&'static str, &'static str)> {
    PLACES.iter().map(move |(code, zh, en)| (*code, lang.pick(*zh, *en)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_its_name_and_another_its_code() {
        let name = |lang, code: &str| territory(lang, &code.parse().unwrap());
        assert_eq!(name(Lang::Zh, "CN-JS"), "江苏");
        assert_eq!(name(Lang::En, "CN"), "China");
        assert_eq!(name(Lang::En, "EU"), "EU");
    }
}
