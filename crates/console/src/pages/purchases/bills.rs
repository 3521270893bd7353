//! `/bills`: a buyer's bill: what was held, paid and returned for which order, the newest first. It prints.

use super::{subject, tabs};
use crate::{
    backend::with_query,
    failure::Failure,
    layout::{self, named, table},
    names::{Names, short},
    visit::{Page, Visit},
    words,
};
use axum::response::Response;
use databourse_api::token::TokenRole;
use databourse_licensing::Licence;
use databourse_primitives::{Asset, BilingualText, EntryId, LicenceId, Timestamp};
use databourse_settlement::{Side, TransactionKind};
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::BTreeSet;

/// What the page needs of the region.
#[derive(Deserialize)]
struct Assets {
    assets: BTreeSet<Asset>,
}

/// What the page needs of the buyer.
#[derive(Deserialize)]
struct Payer {
    legal_name: BilingualText,
}

/// What the page needs of an account.
#[derive(Deserialize)]
struct Funds {
    posted_minor: i64,
    pending_out_minor: i64,
    available_minor: i64,
}

/// What the page needs of a posting.
#[derive(Deserialize)]
struct Movement {
    entry: EntryId,
    time: Timestamp,
    side: Side,
    amount_minor: i64,
    pending_minor: i64,
    kind: TransactionKind,
    #[serde(default)]
    lines: Vec<Reason>,
}

/// What the page needs of the line of a statement that explains a posting.
#[derive(Deserialize)]
struct Reason {
    #[serde(default)]
    licence: Option<LicenceId>,
    #[serde(default)]
    product: Option<BilingualText>,
}

pub(super) async fn show(visit: Visit) -> Result<Response, Failure> {
    visit.need(&[TokenRole::Buyer])?;
    let party = visit.party().ok_or(Failure::Forbidden)?;
    let region: Assets = visit.get("/v1/region").await?;
    let asked = visit.parameter("asset").unwrap_or_default();
    let chosen = region.assets.iter().find(|asset| asset.to_string() == asked).or(region.assets.first());
    let asset = *chosen.ok_or(Failure::Unknown)?;
    // In paths the `/` of an asset is written `-`.
    let account = format!("/v1/accounts/party:{party}:funds:{}", asset.to_string().replace('/', "-"));
    let cursor = visit.parameter("cursor").unwrap_or_default();
    let postings = with_query(
        &format!("{account}/postings"),
        &[("sort", "newest"), ("with", "reasons"), ("cursor", &cursor)],
    );
    let party_path = format!("/v1/parties/{party}");
    let (payer, funds, movements): (Payer, Funds, Page<Movement>) =
        tokio::try_join!(visit.get(&party_path), visit.get(&account), visit.get(&postings))?;
    let pairs = movements.items.iter().map(|movement| (movement.entry, movement.kind));
    let subjects = subject::orders(&visit, pairs).await?;
    let names = Names::of(&visit, [], subjects.values().map(|licence| licence.product)).await?;
    let rows: Vec<_> = movements
        .items
        .iter()
        .map(|movement| {
            row(&visit, asset, movement, &what_for(&visit, movement, subjects.get(&movement.entry), &names))
        })
        .collect();
    let headings = [
        visit.t("时间", "Time"),
        visit.t("事项", "What"),
        visit.t("产品与订单", "Product and order"),
        visit.t("冻结增减", "Held, more or less"),
        visit.t("收支", "Received or paid"),
        visit.t("账本条目", "Entry"),
    ];
    let title = visit.t("账单", "Bill");
    let money = |minor: i64| visit.format().money(asset, minor);
    Ok(visit.page(title, html! {
        h1 { (title) }
        (tabs(&visit))
        @if region.assets.len() > 1 {
            p.actions {
                @for known in &region.assets {
                    @if *known == asset { strong { (known.code()) } }
                    @else { a href=(visit.here_with("asset", &known.to_string())) { (known.code()) } }
                }
            }
        }
        section #bill data-live=(visit.uri) {
            p { (visit.t("付款方：", "Payer: ")) strong { (named(visit.lang, &payer.legal_name)) }
                " · " (visit.t("交易所：", "Exchange: ")) (named(visit.lang, &visit.console.name))
                " · " (visit.t("打印时间：", "As of ")) (visit.format().time(visit.console.now())) }
            dl.figures {
                div { dt { (visit.t("账面余额", "Balance")) } dd { (money(funds.posted_minor)) } }
                div { dt { (visit.t("冻结中", "Held for orders")) } dd { (money(funds.pending_out_minor)) } }
                div { dt { (visit.t("可用", "Available")) } dd { (money(funds.available_minor)) } }
            }
            p.quiet { (visit.t("下单时冻结，验收时支付，拒收或逾期时解冻。科技创新券支付的部分不在此账单中。",
                "Money is held when you order, paid when you accept, and released when you reject or time is over. \
                 What an innovation voucher pays is not on this bill.")) }
            (table(title, &headings, &rows, visit.t("还没有收支。入金或下单后会出现在这里。",
                "Nothing has been received or paid yet. It appears here once money is paid in or an order is placed.")))
            (layout::next(&visit, movements.next.as_deref()))
        }
    }))
}

fn row(visit: &Visit, asset: Asset, movement: &Movement, what_for: &Markup) -> Markup {
    let is_out = movement.side == Side::Debit;
    let signed = if is_out { movement.amount_minor.saturating_neg() } else { movement.amount_minor };
    html! {
        td { (visit.format().time(movement.time)) }
        td { (words::transaction_kind(visit.lang, movement.kind)) }
        td { (what_for) }
        td.number { (change(visit, asset, if is_out { movement.pending_minor } else { 0 })) }
        td.number { (change(visit, asset, signed)) }
        td { a href={ "/ledger/entries/" (movement.entry) } { (short(movement.entry)) } }
    }
}

/// An amount with its sign; a dash for nothing.
fn change(visit: &Visit, asset: Asset, minor: i64) -> String {
    match minor {
        0 => "—".to_owned(),
        1.. => format!("+{}", visit.format().money(asset, minor)),
        _ => visit.format().money(asset, minor),
    }
}

/// The products and the order of a movement: as a statement has them, or by the order that it held money for.
fn what_for(visit: &Visit, movement: &Movement, subject: Option<&Licence>, names: &Names) -> Markup {
    let explained = movement.lines.iter().filter_map(|line| Some(named(visit.lang, line.product.as_ref()?)));
    let titles: BTreeSet<_> = explained.chain(subject.map(|licence| names.title(licence.product))).collect();
    let orders = movement.lines.iter().filter_map(|line| Some(line.licence?.order));
    let orders: BTreeSet<_> = orders.chain(subject.map(|licence| licence.id.order)).collect();
    let titles: Vec<_> = titles.into_iter().collect();
    html! {
        @if !titles.is_empty() { (titles.join(visit.t("、", ", "))) br; }
        @for order in &orders {
            a href={ "/orders/" (order) } { (visit.t("订单 ", "Order ")) (short(order)) } " "
        }
    }
}
