//! `/money/withdrawal`: available money out, to the bank account that the exchange has on file.

use super::{Account, accounts, own_party};
use crate::{
    act::{Act, Sent, refused, take_minor},
    failure::Failure,
    form::{Field, Form, Submitted},
    visit::Visit,
};
use axum::response::Response;
use databourse_primitives::Asset;
use databourse_settlement::Purpose;
use maud::html;
use serde_json::json;

pub(super) async fn show(visit: Visit) -> Result<Response, Failure> {
    own_party(&visit)?;
    let form = visit.form()?.with("asset", visit.parameter("asset").unwrap_or_default());
    page(&visit, &form).await
}

async fn page(visit: &Visit, form: &Form) -> Result<Response, Failure> {
    let mut accounts = accounts(visit).await?;
    accounts.retain(|account| account.id.purpose == Purpose::Funds);
    let title = visit.t("出金", "Withdraw money");
    if accounts.is_empty() && form.is_good() {
        return Ok(visit.page(title, html! {
            h1 { (title) }
            p.nothing { (visit.t("您还没有资金账户，因此没有可以提取的资金。", "You have no funds yet, so there is nothing to withdraw.")) }
            p { a href="/money" { (visit.t("返回我的资金", "Back to my money")) } }
        }));
    }
    let available = |account: &Account| visit.format().money(account.id.asset, account.available_minor);
    let assets = accounts.iter().map(|account| {
        let words = visit.t(
            format!("{}，可用 {}", account.id.asset.code(), available(account)),
            format!("{}, {} available", account.id.asset.code(), available(account)),
        );
        (account.id.asset, words)
    });
    let asset = Field::choice("asset", visit.t("币种", "Currency"), assets);
    let amount = Field::line("amount_minor", visit.t("金额", "Amount"));
    Ok(Act {
        title,
        lead: html! { p { (visit.t(
            "款项汇往交易所为您登记的银行账户。被冻结的金额不能提取。记录后不能撤销。",
            "It goes to the bank account that your exchange has on file. What is held cannot be withdrawn. It cannot be undone.")) } },
        fields: html! {
            (form.field(visit, &asset.hint(visit.t("从哪个资金账户。", "From which of your funds."))))
            (form.field(visit, &amount.hint(visit.t(
                "大于零、不超过可用余额的金额，例如 1,200.00。", "Above zero and at most what is available, such as 1,200.00."))))
        },
        button: visit.t("出金", "Withdraw"),
        is_danger: true,
        path: "/money/withdrawal",
        back: "/money",
    }
    .page(visit, form))
}

pub(super) async fn send(visit: Visit, Submitted(mut form): Submitted) -> Result<Response, Failure> {
    own_party(&visit)?;
    let amount = match form.value("asset").parse::<Asset>() {
        Ok(asset) => take_minor(&visit, &mut form, "amount_minor", asset),
        Err(_) => {
            form.refuse("asset", visit.t("请选择一个币种。", "Choose a currency."));
            None
        }
    };
    let Some(amount) = amount else { return page(&visit, &form).await };
    let body = json!({ "asset": form.value("asset"), "amount_minor": amount });
    let sent = match visit.record("/v1/accounts/withdrawals", form.key(), &body).await {
        Ok(done) => Sent::Done(visit.done("/money", &done)),
        Err(problem) => refused(&visit, form, problem)?,
    };
    match sent {
        Sent::Done(response) => Ok(response),
        Sent::Refused(form) => page(&visit, &form).await,
    }
}
