//! `/shop/orders/{order}/delivery`: the record of a delivery: which lines, how, and the digest of what was handed over.

use super::{merchant, sale::Sale, send};
use crate::{
    act::{Act, Sent},
    assets,
    failure::Failure,
    form::{Field, Form, Submitted},
    names::{Names, short},
    visit::Visit,
    words,
};
use axum::{extract::Path, response::Response};
use databourse_licensing::{DeliveryMethod, Licence, LicenceState};
use maud::{Markup, html};
use serde_json::json;

const METHODS: [(&str, DeliveryMethod); 4] = [
    ("file", DeliveryMethod::File),
    ("api", DeliveryMethod::Api),
    ("share", DeliveryMethod::Share),
    ("compute_to_data", DeliveryMethod::ComputeToData),
];

pub(super) async fn show(visit: Visit, Path(order): Path<String>) -> Result<Response, Failure> {
    merchant(&visit)?;
    let sale = Sale::read(&visit, &order).await?;
    let mut form = visit.form()?.with("method", "file");
    for licence in waiting(&visit, &sale) {
        form = form.with(&format!("lines.{}", licence.id.line), "true");
    }
    page(&visit, &sale, &form).await
}

/// The seller's own lines that are not delivered.
fn waiting<'a>(visit: &Visit, sale: &'a Sale) -> Vec<&'a Licence> {
    let own = visit.party();
    let is_waiting =
        |licence: &&Licence| Some(licence.supplier) == own && matches!(licence.state, LicenceState::Ordered);
    sale.licences.iter().filter(is_waiting).collect()
}

async fn page(visit: &Visit, sale: &Sale, form: &Form) -> Result<Response, Failure> {
    let waiting = waiting(visit, sale);
    let names = Names::of(visit, [sale.buyer], waiting.iter().map(|licence| licence.product)).await?;
    let title = visit.t("记录交付", "Record a delivery");
    if waiting.is_empty() && form.is_good() {
        return Ok(visit.page(
            title,
            html! {
                h1 { (title) }
                p.nothing { (visit.t("此订单没有待交付的行。", "No line of this order is to be delivered.")) }
                p { a href={ "/shop/orders?order=" (sale.id) } { (visit.t("查看此订单", "See the order")) } }
            },
        ));
    }
    Ok(Act {
        title,
        lead: html! {
            p { (visit.t("订单 ", "Order ")) (short(sale.id)) " · " (visit.t("需方：", "buyer: ")) (names.party(sale.buyer)) " · "
                (visit.format().time(sale.placed_at)) }
            p { (visit.t("先把数据交给需方，再在这里记录交付了什么。账本只保存摘要，不保存数据。需方验收后您才收到款项。",
                "Hand the data to the buyer first, then record here what you delivered. The ledger keeps a digest, not the data. \
                 You are paid when the buyer accepts.")) }
        },
        fields: fields(visit, form, &waiting, &names),
        button: visit.t("记录交付", "Record the delivery"),
        is_danger: false,
        path: &format!("/shop/orders/{}/delivery", sale.id),
        back: "/shop/orders",
    }
    .page(visit, form))
}

fn fields(visit: &Visit, form: &Form, waiting: &[&Licence], names: &Names) -> Markup {
    let lines: Vec<(String, String)> = waiting
        .iter()
        .map(|licence| {
            let words = format!(
                "{} · {} · {}",
                licence.id.line,
                names.title(licence.product),
                words::purpose(visit.lang, &licence.purpose)
            );
            (licence.id.line.to_string(), words)
        })
        .collect();
    let lines: Vec<_> = lines.iter().map(|(line, words)| (line.as_str(), words.as_str())).collect();
    let methods = METHODS.map(|(code, method)| (code, words::delivery_method(visit.lang, method)));
    html! {
        (form.checks(visit, "lines", (visit.t("交付的行", "Lines delivered"), visit.t(
            "至少一行；勾选这一次交付的行。", "At least one: those that you delivered this time.")), &lines))
        (form.field(visit, &Field::choice("method", visit.t("交付方式", "How"), methods)
            .hint(visit.t("数据怎样到达需方。", "How the data reach the buyer."))))
        (form.field(visit, &Field::line("evidence", visit.t("交付物摘要", "Digest of what was delivered")).hint(visit.t(
            "sha256: 加 64 位小写十六进制数字，即所交付文件或访问凭据的 SHA-256。需方可据此核对收到的内容。",
            "sha256: and 64 small hexadecimal digits: the SHA-256 of the file, or of the grant that gives access. \
             With it the buyer can check what arrived."))))
        div.field data-digest="f-evidence" hidden data-busy=(visit.t("正在计算……", "Computing…"))
            data-failed=(visit.t("无法读取此文件。请在别处计算 SHA-256，填入上面一栏。",
                "This file cannot be read here. Compute its SHA-256 elsewhere and write it above.")) {
            label for="digest-file" { (visit.t("或选择文件，在您的浏览器中计算", "Or choose the file, to compute it in your browser")) }
            input id="digest-file" type="file" aria-describedby="digest-hint";
            p.hint id="digest-hint" role="status" { (visit.t("文件不会离开您的电脑。", "The file does not leave your computer.")) }
        }
        script type="module" src=(assets::path("digest.js")) {}
    }
}

pub(super) async fn record(
    visit: Visit,
    Path(order): Path<String>,
    Submitted(mut form): Submitted,
) -> Result<Response, Failure> {
    merchant(&visit)?;
    let sale = Sale::read(&visit, &order).await?;
    let is_chosen = |licence: &&Licence| form.is_ticked(&format!("lines.{}", licence.id.line));
    let lines: Vec<u32> = sale.licences.iter().filter(is_chosen).map(|licence| licence.id.line).collect();
    if lines.is_empty() {
        form.refuse("lines", visit.t("请至少勾选一行。", "Choose at least one line."));
        return page(&visit, &sale, &form).await;
    }
    let body = json!({
        "order": sale.id, "lines": lines, "method": form.value("method"), "evidence": form.value("evidence"),
    });
    let then = format!("/shop/orders?order={}", sale.id);
    match send::send(&visit, form, "/v1/deliveries", &body, &[("lines", "lines")], |_| then).await? {
        Sent::Done(response) => Ok(response),
        Sent::Refused(form) => page(&visit, &sale, &form).await,
    }
}
