//! `/desk`: what an operator does for parties: money that came in, vouchers, yearly fees, disputes, certificates.

mod certificate;
mod deposit;
mod dispute;
mod fee;
mod overview;
mod voucher;

use super::{Audience, Link, Page};
use crate::{
    failure::Failure,
    form::{Field, Form},
    session::Session,
    visit::Visit,
};
use axum::{Router, routing::get};
use databourse_api::token::TokenRole::{self, Auditor, Operator};
use databourse_primitives::Asset;
use maud::Markup;
use serde::Deserialize;

/// Who sees the desk.
const OVERSIGHT: &[TokenRole] = &[Operator, Auditor];

pub(crate) const PAGE: Page = Page {
    links: &[Link { path: "/desk", zh: "柜台", en: "Desk", audience: Audience::Roles(OVERSIGHT) }],
    routes: || {
        Router::new()
            .route("/desk", get(overview::show))
            .route("/desk/deposit", get(deposit::show).post(deposit::send))
            .route("/desk/voucher", get(voucher::show).post(voucher::send))
            .route("/desk/fee", get(fee::show).post(fee::send))
            .route("/desk/certificates/{order}", get(certificate::show).post(certificate::send))
            .route("/desk/disputes/{id}", get(dispute::show).post(dispute::send))
    },
};

/// Goes on for those who act.
fn operator(visit: &Visit) -> Result<&Session, Failure> {
    visit.need(&[Operator])
}

/// The assets that the region settles in.
async fn assets(visit: &Visit) -> Result<Vec<Asset>, Failure> {
    #[derive(Deserialize)]
    struct Region {
        assets: Vec<Asset>,
    }
    Ok(visit.get::<Region>("/v1/region").await?.assets)
}

/// Which party.
fn party_field(visit: &Visit, form: &Form) -> Markup {
    let field = Field::line("party", visit.t("主体编号", "Party id")).hint(visit.t(
        "“认证”页中该主体的编号（UUIDv7）。",
        "The id (UUIDv7) of the party, as the certifications show it.",
    ));
    form.field(visit, &field)
}

/// In what.
fn asset_field(visit: &Visit, form: &Form, assets: &[Asset]) -> Markup {
    let options = assets.iter().map(|asset| (asset.to_string(), words_of(visit, *asset)));
    let field = Field::choice("asset", visit.t("币种", "Currency"), options)
        .hint(visit.t("本区域结算所用的币种之一。", "One of those that the region settles in."));
    form.field(visit, &field)
}

/// An asset in the reader's words.
fn words_of(visit: &Visit, asset: Asset) -> String {
    if asset.code() == "CNY" {
        visit.t("人民币（元）", "Renminbi (yuan)").to_owned()
    } else {
        asset.code().to_owned()
    }
}

/// The bank's name of a line.
fn reference_field(visit: &Visit, form: &Form) -> Markup {
    let field = Field::line("bank_reference", visit.t("银行流水号", "Bank reference")).hint(visit.t(
        "银行对该笔的编号，1 至 64 个字母、数字或 . _ : / -；每个编号只能使用一次。",
        "The bank's name of the line: 1 to 64 letters, digits or . _ : / -; each is used once.",
    ));
    form.field(visit, &field)
}

/// How much.
fn amount_field(visit: &Visit, form: &Form) -> Markup {
    let field = Field::line("amount_minor", visit.t("金额", "Amount"))
        .hint(visit.t("大于零，例如 10,000.00。", "Above zero, such as 10,000.00."));
    form.field(visit, &field)
}

/// The asset that a form names; a wrong one is refused beside it.
fn take_asset(visit: &Visit, form: &mut Form) -> Option<Asset> {
    let found = form.value("asset").parse().ok();
    if found.is_none() {
        form.refuse("asset", visit.t("请选择币种。", "Choose a currency."));
    }
    found
}
