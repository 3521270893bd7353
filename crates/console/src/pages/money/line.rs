//! `/money/lines/{licence}`: why a line of an order is worth to me what it is: each step with its rule, version and rate, and
//! the entries that prove it.

use super::{fee, own_party, split};
use crate::{
    failure::Failure,
    layout::{facts, table},
    names::{Names, short},
    pages::shop::sale::Sale,
    visit::{self, Visit},
    words,
};
use axum::{extract::Path, response::Response};
use databourse_licensing::Licence;
use databourse_listing::{Offer, Product};
use databourse_market::{DeliveryRecord, RefundRecord};
use databourse_primitives::{EntryId, LicenceId, ScheduleVersion, Timestamp};
use databourse_settlement::{Schedule, TaxTable};
use maud::{Markup, html};

/// All that a line follows from.
pub(super) struct Basis {
    pub(super) licence: Licence,
    pub(super) sale: Sale,
    pub(super) offer: Offer,
    pub(super) product: Product,
    pub(super) schedule: Schedule,
    pub(super) tax: TaxTable,
    deliveries: Vec<DeliveryRecord>,
    refunds: Vec<RefundRecord>,
}

impl Basis {
    async fn read(visit: &Visit, id: &LicenceId) -> Result<Self, Failure> {
        let licence: Licence = visit.get(&format!("/v1/licences/{id}")).await?;
        let side = if visit.party() == Some(licence.supplier) { "supplier" } else { "buyer" };
        let events = |noun: &str| format!("/v1/{noun}?order={}&side={side}&limit=200&sort=oldest", id.order);
        let order = id.order.to_string();
        let (offer, product) =
            (format!("/v1/offers/{}", licence.offer), format!("/v1/products/{}", licence.product));
        let (deliveries, refunds) = (events("deliveries"), events("refunds"));
        let (sale, offer, product, deliveries, refunds) = tokio::try_join!(
            Sale::read(visit, &order),
            visit.get::<Offer>(&offer),
            visit.get::<Product>(&product),
            visit.get::<visit::Page<DeliveryRecord>>(&deliveries),
            visit.get::<visit::Page<RefundRecord>>(&refunds),
        )?;
        let ScheduleVersion { asset, version } = sale.schedule;
        let schedule = format!("/v1/schedules/{}/{version}", asset.to_string().replace('/', "-"));
        let schedule: Schedule = visit.get(&schedule).await?;
        let tax = visit.get(&format!("/v1/tax-tables/{}", schedule.tax)).await?;
        let is_of = |lines: &[u32]| lines.contains(&id.line);
        Ok(Self {
            deliveries: deliveries.items.into_iter().filter(|one| is_of(&one.lines)).collect(),
            refunds: refunds
                .items
                .into_iter()
                .filter(|one| one.lines.iter().any(|line| line.line == id.line))
                .collect(),
            licence,
            sale,
            offer,
            product,
            schedule,
            tax,
        })
    }
}

pub(super) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Failure> {
    own_party(&visit)?;
    let id: LicenceId = id.parse().map_err(|_| Failure::Unknown)?;
    let basis = Basis::read(&visit, &id).await?;
    let licence = &basis.licence;
    let names = Names::of(&visit, split::parties(licence), [licence.product]).await?;
    let title = visit.t("一行的来龙去脉", "One line, and why");
    let (state, class) = words::licence_state(visit.lang, &licence.state, visit.console.now());
    Ok(visit.page(
        title,
        html! {
            p { a href="/money" { (visit.t("我的资金", "My money")) } }
            h1 { (title) ": " (names.title(licence.product)) }
            p { span class={ "state " (class) } { (state) } }
            (facts(&[
                (visit.t("订单与行", "Order and line"), html! { (short(id.order)) "." (id.line) }),
                (visit.t("产品", "Product"), names.product(licence.product)),
                (visit.t("需方", "Buyer"), names.party(licence.buyer)),
                (visit.t("供方", "Supplier"), names.party(licence.supplier)),
                (visit.t("用途", "Purpose"), html! { (words::purpose(visit.lang, &licence.purpose)) }),
            ]))
            h2 { (visit.t("怎样算出来的", "How it was computed")) }
            (split::steps(&visit, &basis, &names))
            (rules(&visit, &basis))
            h2 { (visit.t("证明", "Proof")) }
            (proofs(&visit, &basis))
        },
    ))
}

/// The versions that the steps cite, with their rates.
fn rules(visit: &Visit, basis: &Basis) -> Markup {
    let (schedule, asset) = (&basis.schedule, basis.licence.asset);
    let rows: Vec<_> = schedule
        .fees
        .iter()
        .map(|rule| {
            let scope = fee::scope(visit, rule);
            html! {
                td { @if scope.is_empty() { (visit.t("所有其他行", "every other line")) } @else { (scope) } }
                td { (fee::in_words(visit, asset, &rule.fee)) }
            }
        })
        .collect();
    let rates: Vec<_> = basis
        .tax
        .rates
        .iter()
        .map(|(category, rate)| {
            html! {
                td { code { (category) } }
                td.number { (fee::percent(*rate)) }
                td { (uses(visit, basis, category.as_str())) }
            }
        })
        .collect();
    html! {
        details {
            summary { (visit.t("费率表 ", "Fee schedule ")) (schedule.version) (visit.t("（下单时有效的版本）", " (in force when it was ordered)")) }
            p { (visit.t("自账本第 ", "In force from place ")) (visit.format().number(schedule.effective_from.0))
                (visit.t(" 个位置起有效，发布于 ", " of the ledger on, published ")) (visit.format().time(schedule.published_at)) "." }
            (table(visit.t("手续费规则，第一条相符的适用", "Fee rules; the first that matches applies"),
                &[visit.t("适用于", "For"), visit.t("手续费", "Fee")], &rows,
                visit.t("此版本不收手续费。", "This version charges no fee.")))
            p.quiet { (visit.t("经其他交易所售出时，手续费中归售出交易所的部分：", "The selling exchange's part of the fee, if another one lists the product: "))
                (fee::percent(schedule.selling_share)) }
        }
        details {
            summary { (visit.t("税率表，第 ", "Tax table, version ")) (basis.tax.version) (visit.t(" 版", "")) }
            (table(visit.t("税率", "Rates"), &[visit.t("类别", "Category"), visit.t("税率", "Rate"), visit.t("用于", "Used for")],
                &rates, ""))
            p.quiet { (visit.t("发布于 ", "Published ")) (visit.format().time(basis.tax.published_at)) }
        }
    }
}

/// What a category of the tax table taxes on this line.
fn uses(visit: &Visit, basis: &Basis, category: &str) -> String {
    let kind = basis.product.details.kind.as_str();
    let named = basis
        .tax
        .kinds
        .iter()
        .find(|(known, _)| known.as_str() == kind)
        .map_or(&basis.tax.default, |(_, it)| it);
    let mut uses = Vec::new();
    if named.as_str() == category {
        uses.push(visit.t("此产品", "this product"));
    }
    if basis.schedule.fee_vat.as_str() == category {
        uses.push(visit.t("手续费", "the fee"));
    }
    uses.join(visit.t("、", ", "))
}

/// The entries that the line rests on, in their order.
fn proofs(visit: &Visit, basis: &Basis) -> Markup {
    let licence = &basis.licence;
    let row = |what: &str, entry: EntryId, at: Option<Timestamp>| {
        html! {
            td { (what) }
            td { @if let Some(at) = at { (visit.format().time(at)) } }
            td { a href={ "/ledger/entries/" (entry) } { (visit.t("条目 ", "Entry ")) (short(entry)) } }
            td { a href={ "/ledger/entries/" (entry) "/receipt" } download { (visit.t("存证回执", "Receipt")) } }
        }
    };
    let mut rows = vec![
        row(visit.t("要约", "Offer"), licence.offer.into(), Some(basis.offer.published_at)),
        row(visit.t("下单", "Order"), licence.id.order.into(), Some(basis.sale.placed_at)),
    ];
    for one in &basis.deliveries {
        rows.push(row(visit.t("交付", "Delivery"), one.id, Some(one.delivered_at)));
    }
    for one in &basis.refunds {
        rows.push(row(visit.t("退款", "Refund"), one.id, Some(one.granted_at)));
    }
    if let Some(dispute) = licence.dispute {
        rows.push(row(visit.t("争议", "Dispute"), dispute.into(), None));
    }
    let headings = [
        visit.t("步骤", "Step"),
        visit.t("时间", "Time"),
        visit.t("条目", "Entry"),
        visit.t("回执", "Receipt"),
    ];
    html! {
        (table(visit.t("账本中的条目", "Entries of the ledger"), &headings, &rows, ""))
        p {
            @if let Some(number) = &basis.sale.certificate {
                (visit.t("整笔交易的凭证：", "Certificate of the whole trade: "))
                a href={ "/certificates/" (number) } { (number) }
            } @else {
                span.quiet { (visit.t("整个订单完成后，交易所会出具凭证。", "When the whole order is complete, the exchange issues a certificate.")) }
            }
        }
        p { a href={ "/ledger/trace/" (licence.id) } { (visit.t("此行在账本中的经历", "The life of this line in the ledger")) } }
    }
}
