//! `/rules`: fee schedules and tax tables, in force, to come and past; for everybody.

mod words;

use super::{Audience, Link, Page};
use crate::{
    failure::Failure,
    layout,
    visit::{Page as ListPage, Visit},
};
use axum::{Router, response::Response, routing::get};
use databourse_primitives::{Asset, Label, LeafIndex, Rate, ScheduleVersion};
use databourse_settlement::{FeeRule, Schedule, TaxTable};
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::BTreeMap;
use words::{category, fee, kind_words, percent, role_words, scope};

pub(crate) const PAGE: Page = Page {
    links: &[Link { path: "/rules", zh: "费率", en: "Fees and taxes", audience: Audience::Everybody }],
    routes: || Router::new().route("/rules", get(show)),
};

/// How far the ledger has come.
#[derive(Debug, Deserialize)]
struct Head {
    final_size: u64,
}

/// `GET /rules`.
async fn show(visit: Visit) -> Result<Response, Failure> {
    let (schedules, taxes, head) = tokio::try_join!(
        visit.get::<ListPage<Schedule>>("/v1/schedules?limit=50"),
        visit.get::<ListPage<TaxTable>>("/v1/tax-tables?limit=50"),
        visit.get::<Head>("/v1/region/health"),
    )?;
    let in_force = in_force(&schedules.items, head.final_size);
    let title = visit.t("费率与税率", "Fees and taxes");
    Ok(visit.page(title, html! {
        h1 { (title) }
        p.lead { (visit.t("收费和税率是账本中带版本号的数据：每笔交易引用其适用的版本，过去的交易不受新版本影响。",
            "Fees and tax rates are versions in the ledger. Each trade cites the ones that it follows, and a new version changes nothing of the past.")) }
        h2 { (visit.t("费率表", "Fee schedules")) }
        @if schedules.items.is_empty() {
            p.nothing { (visit.t("尚未公布费率表：在此之前不能下单。", "No schedule is published yet: until then nothing can be ordered.")) }
        }
        @for schedule in &schedules.items { (of_schedule(&visit, schedule, &in_force, head.final_size)) }
        h2 { (visit.t("税率表", "Tax tables")) }
        @if taxes.items.is_empty() {
            p.nothing { (visit.t("尚未公布税率表。", "No tax table is published yet.")) }
        }
        @for table in &taxes.items { (of_tax(&visit, table)) }
    }))
}

/// The version of each asset that prices the next order.
fn in_force(schedules: &[Schedule], size: u64) -> BTreeMap<Asset, ScheduleVersion> {
    let mut found: BTreeMap<Asset, ScheduleVersion> = BTreeMap::new();
    for schedule in schedules.iter().filter(|schedule| schedule.is_effective(LeafIndex(size))) {
        let best = found.entry(schedule.version.asset).or_insert(schedule.version);
        *best = (*best).max(schedule.version);
    }
    found
}

fn of_schedule(
    visit: &Visit,
    schedule: &Schedule,
    in_force: &BTreeMap<Asset, ScheduleVersion>,
    size: u64,
) -> Markup {
    let (format, asset) = (visit.format(), schedule.version.asset);
    let is_in_force = in_force.get(&asset) == Some(&schedule.version);
    let days = |days: u32| format.duration(i64::from(days) * 86_400_000);
    let mut facts = vec![
        (visit.t("公布时间", "Published"), format.time(schedule.published_at)),
        (
            visit.t("税率表", "Tax table"),
            html! { a href={ "#tax-" (schedule.tax) } { (visit.t("版本 ", "Version ")) (schedule.tax) } },
        ),
        (visit.t("手续费的税目", "Fees are taxed as"), html! { (category(visit, &schedule.fee_vat)) }),
        (
            visit.t("由他所挂牌时，售方交易所的分成", "The selling exchange's part, when another lists"),
            html! { (percent(schedule.selling_share)) },
        ),
        (visit.t("款项冻结期限", "Money is held for"), html! { (days(schedule.hold_days)) }),
        (
            visit.t("验收后可提出争议的期限", "Disputes after acceptance within"),
            html! { (days(schedule.dispute_days)) },
        ),
        (
            visit.t("银行到账容差", "Tolerance for the bank's amounts"),
            html! { (format.money(asset, schedule.bank_tolerance_minor.get())) },
        ),
        (
            visit.t("舍入", "Rounding"),
            html! { (visit.t("四舍五入到最小单位，余数按最大者分配并结转",
            "Halves up to the minor unit; the rest goes by largest remainder and is carried")) },
        ),
    ];
    for (role, fee) in &schedule.yearly {
        let name = role_words(visit, role);
        facts.push((
            visit.t("年费（不含税）", "Yearly fee, without tax"),
            html! { (name) ": " (format.money(asset, fee.get())) },
        ));
    }
    html! {
        section.card id={ "schedule-" (asset.code()) "-" (schedule.version.version) } {
            h3 {
                (schedule.version) " "
                @if is_in_force { span.state.good { (visit.t("现行", "In force")) } }
                @else if schedule.is_effective(LeafIndex(size)) { span.state { (visit.t("已被取代", "Past")) } }
                @else {
                    span.state.warn {
                        (visit.t("将自账本第 ", "From entry ")) (schedule.effective_from) (visit.t(" 条起生效", " of the ledger on"))
                    }
                }
            }
            (layout::facts(&facts))
            (fees(visit, asset, &schedule.fees))
        }
    }
}

fn fees(visit: &Visit, asset: Asset, rules: &[FeeRule]) -> Markup {
    let headings =
        [visit.t("次序", "Order"), visit.t("适用于", "For"), visit.t("手续费（不含税）", "Fee, without tax")];
    let row = |(number, rule): (usize, &FeeRule)| {
        html! {
            td { (number + 1) }
            td { (scope(visit, rule)) }
            td { (fee(visit, asset, &rule.fee)) }
        }
    };
    let rows: Vec<Markup> = rules.iter().enumerate().map(row).collect();
    let nothing = visit.t("不收手续费。", "There is no fee.");
    html! {
        (layout::table(visit.t("手续费规则，适用第一条相符者", "Fee rules: the first that matches applies"), &headings, &rows, nothing))
    }
}

fn of_tax(visit: &Visit, table: &TaxTable) -> Markup {
    let headings = [visit.t("税目", "Category"), visit.t("税率", "Rate"), visit.t("适用于", "For")];
    let row = |(name, rate): (&Label, &Rate)| {
        let mut kinds: Vec<String> = table
            .kinds
            .iter()
            .filter(|(_, named)| *named == name)
            .map(|(kind, _)| kind_words(visit, kind))
            .collect();
        if table.default == *name {
            kinds.push(visit.t("其余产品", "every other product").to_owned());
        }
        html! { td { (category(visit, name)) } td.number { (percent(*rate)) } td { (kinds.join(visit.t("、", ", "))) } }
    };
    let rows: Vec<Markup> = table.rates.iter().map(row).collect();
    html! {
        section.card id={ "tax-" (table.version) } {
            h3 { (visit.t("版本 ", "Version ")) (table.version) }
            p { (visit.t("公布于 ", "Published ")) (visit.format().time(table.published_at)) }
            (layout::table(visit.t("增值税率", "Rates of value-added tax"), &headings, &rows, visit.t("没有税率。", "It has no rates.")))
        }
    }
}
