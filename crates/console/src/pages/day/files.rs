//! Files of a window: what leaves for banks, and statements. The browser has no token of the API, so they pass through.

use super::{oversight, place, place::page_of, window::PaymentFile};
use crate::{
    backend::{Asked, with_query},
    failure::Failure,
    names::Names,
    visit::Visit,
};
use axum::{extract::Path, response::Response};
use databourse_primitives::{ExchangeCode, Holder};
use databourse_settlement::Window;
use maud::{Markup, html};

/// `GET /day/windows/{asset}/{number}/payment-file?rail=…&payer=…`.
pub(super) async fn payments(
    visit: Visit,
    Path((slug, number)): Path<(String, String)>,
) -> Result<Response, Failure> {
    oversight(&visit)?;
    let window = place::window_of(&slug, &number)?;
    let payer: ExchangeCode = parameter(&visit, "payer")?;
    let rail = visit.parameter("rail").ok_or(Failure::Unknown)?;
    let path = format!("{}/payment-files/{payer}", place::api_of(window));
    Ok(place::file(visit.ask(Asked::get(&with_query(&path, &[("rail", &rail)]))).await?))
}

/// `GET /day/windows/{asset}/{number}/statement?holder=…&format=…`.
pub(super) async fn statement(
    visit: Visit,
    Path((slug, number)): Path<(String, String)>,
) -> Result<Response, Failure> {
    oversight(&visit)?;
    let window = place::window_of(&slug, &number)?;
    let holder: Holder = parameter(&visit, "holder")?;
    let format = visit.parameter("format").unwrap_or_default();
    let path = format!("{}/statements/{holder}", place::api_of(window));
    Ok(place::file(visit.ask(Asked::get(&with_query(&path, &[("format", &format)]))).await?))
}

fn parameter<T: std::str::FromStr>(visit: &Visit, name: &str) -> Result<T, Failure> {
    visit.parameter(name).and_then(|text| text.trim().parse().ok()).ok_or(Failure::Unknown)
}

/// The files for the payers' banks and wallet operators.
pub(super) fn payment_files(
    visit: &Visit,
    names: &Names,
    window: &Window,
    files: &[(&str, PaymentFile)],
) -> Markup {
    html! {
        @if !window.state.instructions().is_empty() {
            h3 { (visit.t("付款文件", "Payment files")) }
            @if files.is_empty() {
                p.nothing { (visit.t("没有付款文件：本节点未配置各交易所的结算银行。",
                    "There are no files: this node is not configured with the exchanges' settlement banks.")) }
            } @else {
                p { (visit.t("由付款方交易所交给其银行或钱包运营机构。重复下载内容相同，银行不会重复付款。",
                    "The payer's exchange hands its file to its bank or wallet operator. Downloaded again it is the same, so no bank pays twice.")) }
                ul {
                    @for (rail, file) in files {
                        li {
                            a href={ (page_of(window.id)) "/payment-file?rail=" (rail) "&payer=" (file.payer) } download=(file.name) {
                                (visit.t("下载 ", "Download ")) (file.name)
                            }
                            " (" (names.exchange(&file.payer)) ", "
                            @if *rail == "ecny" { (visit.t("数字人民币", "e-CNY")) } @else { "ISO 20022" }
                            ", " (visit.format().number(file.size_bytes)) " B)"
                        }
                    }
                }
            }
        }
    }
}

/// Statements to download: this exchange's own, or a party's by its id.
pub(super) fn statements(visit: &Visit, window: &Window) -> Markup {
    let page = page_of(window.id);
    let own = format!("exchange:{}", visit.console.exchange);
    html! {
        p {
            (visit.t("本交易所：", "This exchange: "))
            @for (at, (format, words)) in [("pdf", "PDF"), ("csv", "CSV"), ("json", "JSON")].iter().enumerate() {
                @if at > 0 { ", " }
                a href={ (page) "/statement?holder=" (own) "&format=" (format) } { (words) }
            }
        }
        form method="get" action={ (page) "/statement" } {
            div.field {
                label for="holder" { (visit.t("某一主体的结算单", "The statement of a party")) }
                input id="holder" name="holder" required placeholder="party:019aa2b4-…" aria-describedby="holder-hint" autocomplete="off";
                p.hint id="holder-hint" {
                    (visit.t("party: 加主体编号；编号见“认证”。", "party: and the party's id, which the certifications show."))
                }
            }
            input type="hidden" name="format" value="pdf";
            button.second type="submit" { (visit.t("下载 PDF", "Download as PDF")) }
        }
    }
}
