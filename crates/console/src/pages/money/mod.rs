//! `/money`: what I am owed and why: my accounts, what moved on them, the reason of each movement and its proof.

mod csv;
mod fee;
mod line;
mod posting;
mod split;
mod statement;
mod withdraw;

use super::{Audience, Link, Page};
use crate::{
    backend::with_query,
    console::Console,
    failure::Failure,
    layout::{self, table},
    visit::{self, Visit},
};
use axum::{Router, response::Response, routing::get};
use databourse_api::token::TokenRole;
use databourse_primitives::{PartyId, WindowId};
use databourse_settlement::{AccountId, Purpose};
use maud::{Markup, html};
use posting::Posting;
use serde::Deserialize;
use std::collections::BTreeSet;

const PARTY: &[TokenRole] = &[TokenRole::Merchant, TokenRole::Buyer];

pub(crate) const PAGE: Page = Page {
    links: &[Link { path: "/money", zh: "我的资金", en: "My money", audience: Audience::Roles(PARTY) }],
    routes,
};

fn routes() -> Router<Console> {
    Router::new()
        .route("/money", get(show))
        .route("/money/postings.csv", get(csv::download))
        .route("/money/lines/{licence}", get(line::show))
        .route("/money/withdrawal", get(withdraw::show).post(withdraw::send))
        .route("/money/statements/{asset}/{number}", get(statement::download))
}

/// The party that is signed in.
///
/// # Errors
/// Nobody or somebody else is.
fn own_party(visit: &Visit) -> Result<PartyId, Failure> {
    visit.need(PARTY)?;
    visit.party().ok_or(Failure::Forbidden)
}

/// An account with its balances.
#[derive(Debug, Deserialize)]
struct Account {
    id: AccountId,
    posted_minor: i64,
    pending_in_minor: i64,
    pending_out_minor: i64,
    available_minor: i64,
    #[serde(default)]
    constraint: Option<Constraint>,
}

/// What an account may still do.
#[derive(Debug, Deserialize)]
struct Constraint {
    name: String,
    #[serde(default)]
    reason: String,
}

impl Account {
    fn words(&self, visit: &Visit) -> &'static str {
        match self.id.purpose {
            Purpose::Funds => visit.t("资金", "Funds"),
            Purpose::Voucher => visit.t("科技创新券", "Innovation vouchers"),
            Purpose::Tax => visit.t("代收的增值税", "Value-added tax to pay"),
            Purpose::Fees => visit.t("手续费", "Fees"),
            Purpose::Bank => visit.t("银行存款", "Bank"),
            Purpose::Clearing => visit.t("清算", "Clearing"),
            Purpose::Difference => visit.t("差额", "Differences"),
        }
    }
}

/// The party's accounts, its funds first.
///
/// # Errors
/// The page to show instead.
async fn accounts(visit: &Visit) -> Result<Vec<Account>, Failure> {
    own_party(visit)?;
    let mut accounts: Vec<Account> = visit.get::<visit::Page<Account>>("/v1/accounts").await?.items;
    accounts.sort_by(|one, other| (one.id.purpose, &one.id).cmp(&(other.id.purpose, &other.id)));
    Ok(accounts)
}

/// The account that the address names, else the first.
fn chosen<'a>(visit: &Visit, accounts: &'a [Account]) -> Option<&'a Account> {
    let named = visit.parameter("account").and_then(|name| name.parse::<AccountId>().ok());
    accounts.iter().find(|account| Some(&account.id) == named.as_ref()).or_else(|| accounts.first())
}

/// A page of an account's postings, the newest first, each with its reason.
///
/// # Errors
/// The page to show instead.
async fn postings(visit: &Visit, account: &AccountId) -> Result<visit::Page<Posting>, Failure> {
    let cursor = visit.parameter("cursor").unwrap_or_default();
    let account = account.to_string().replace('/', "-");
    let path = format!("/v1/accounts/{account}/postings");
    visit.get(&with_query(&path, &[("sort", "newest"), ("with", "reasons"), ("cursor", &cursor)])).await
}

async fn show(visit: Visit) -> Result<Response, Failure> {
    let accounts = accounts(&visit).await?;
    let account = chosen(&visit, &accounts);
    let postings = match account {
        Some(account) => postings(&visit, &account.id).await?,
        None => visit::Page { items: Vec::new(), next: None },
    };
    let title = visit.t("我的资金", "My money");
    Ok(visit.page(title, html! {
        h1 { (title) }
        section #balances data-live="" { (balances(&visit, &accounts)) }
        @if let Some(account) = account {
            div.actions {
                a.button href={ "/money/withdrawal?asset=" (account.id.asset) } { (visit.t("出金", "Withdraw")) }
                a.button.second href=(csv_path(&visit, &account.id)) download { (visit.t("下载所列明细（CSV）", "Download what is listed (CSV)")) }
            }
            section #postings data-live="" {
                h2 { (account.words(&visit)) " · " (visit.t("明细", "What moved, and why")) }
                (movements(&visit, &account.id, &postings.items))
            }
            (layout::next(&visit, postings.next.as_deref()))
            (statements(&visit, &account.id, &postings.items))
        }
    }))
}

fn csv_path(visit: &Visit, account: &AccountId) -> String {
    let cursor = visit.parameter("cursor").unwrap_or_default();
    with_query("/money/postings.csv", &[("account", &account.to_string()), ("cursor", &cursor)])
}

fn balances(visit: &Visit, accounts: &[Account]) -> Markup {
    let rows: Vec<_> = accounts
        .iter()
        .map(|account| {
            let money = |minor| visit.format().money(account.id.asset, minor);
            html! {
                td {
                    a href=(visit.here_with("account", &account.id.to_string())) { (account.words(visit)) }
                    " " span.quiet { (account.id.asset.code()) }
                    @if let Some(constraint) = account.constraint.as_ref().filter(|it| it.name != "open") {
                        br; span.state.bad {
                            @if constraint.name == "frozen" { (visit.t("已冻结", "Frozen")) } @else { (visit.t("已关闭", "Closed")) }
                        } " " (constraint.reason)
                    }
                }
                td.number { (money(account.posted_minor)) }
                td.number { (money(account.pending_out_minor)) }
                td.number { (money(account.pending_in_minor)) }
                td.number { strong { (money(account.available_minor)) } }
            }
        })
        .collect();
    html! {
        (table(visit.t("我的账户", "My accounts"), &[
            visit.t("账户", "Account"), visit.t("已入账", "Posted"), visit.t("被冻结", "Held"), visit.t("待入账", "Expected"),
            visit.t("可用", "Available"),
        ], &rows, visit.t("您还没有账户。第一笔入金、销售或科技创新券之后，这里会显示余额。入金由交易所登记：请向交易所的银行账户汇款。",
            "You have no account yet. It appears with the first deposit, sale or voucher. To deposit, pay into the bank account \
             of your exchange, which records it.")))
        @if !rows.is_empty() {
            p.quiet { (visit.t(
                "被冻结：为您下的订单或争议保留，尚未付出。待入账：已售出、需方验收后归您。可用 = 已入账 − 被冻结。",
                "Held: set aside for orders that you placed or for disputes, not paid yet. Expected: sold, and yours when the buyer \
                 accepts. Available = posted − held.")) }
        }
    }
}

fn movements(visit: &Visit, account: &AccountId, postings: &[Posting]) -> Markup {
    let rows: Vec<_> = postings.iter().map(|posting| posting.row(visit, account.purpose)).collect();
    table(
        visit.t("明细，最新的在前", "What moved, the newest first"),
        &[
            visit.t("时间", "Time"),
            visit.t("原因", "Reason"),
            visit.t("入账", "Posted"),
            visit.t("冻结变化", "Held or expected"),
            visit.t("证明", "Proof"),
        ],
        &rows,
        visit.t("此账户还没有发生任何变动。", "Nothing has moved on this account yet."),
    )
}

/// The statements of the windows that the listed postings belong to.
fn statements(visit: &Visit, account: &AccountId, postings: &[Posting]) -> Markup {
    let windows: BTreeSet<WindowId> = postings.iter().map(|posting| posting.window).collect();
    let rows: Vec<_> = windows
        .iter()
        .rev()
        .map(|window| {
            let path = format!("/money/statements/{}/{}", window.asset.to_string().replace('/', "-"), window.number);
            let language = visit.lang.code();
            html! {
                td { (window) }
                td { a href={ (path) "?format=pdf" } download { (visit.t("PDF，供阅读", "PDF, to read")) } }
                td { a href={ (path) "?format=csv&language=" (language) } download { (visit.t("CSV，供表格软件", "CSV, for spreadsheets")) } }
                td { a href={ (path) "?format=json" } download { (visit.t("JSON，供程序", "JSON, for programs")) } }
            }
        })
        .collect();
    html! {
        @if account.purpose == Purpose::Funds && !rows.is_empty() {
            h2 { (visit.t("结算单", "Statements")) }
            p { (visit.t("每个结算窗口一份：每一行的金额、费率表、税率表和分配方案的版本，可逐行复算。",
                "One for each settlement window: every line with its amounts and the versions of fee schedule, tax table and \
                 shares, so that it can be computed again.")) }
            (table(visit.t("所列明细涉及的结算窗口", "Settlement windows of what is listed"), &[
                visit.t("结算窗口", "Window"), "PDF", "CSV", "JSON",
            ], &rows, ""))
        }
    }
}
