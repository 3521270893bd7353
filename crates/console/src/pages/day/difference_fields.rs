//! What is asked for what is done with a break.

use super::difference_deed::Deed;
use crate::{
    act::take_minor,
    form::{Field, Form},
    visit::Visit,
};
use databourse_settlement::{Break, BreakState, Resolution};
use maud::{Markup, html};
use serde_json::{Value, json};

/// The fields.
pub(super) fn fields(visit: &Visit, deed: Deed, found: &Break, form: &Form) -> Markup {
    match deed {
        Deed::Approve | Deed::WriteOff | Deed::Carry => html! {},
        Deed::Reject | Deed::Escalate => {
            form.field(visit, &Field::line("reason", visit.t("原因", "Why")).hint(line_hint(visit)))
        }
        Deed::Resolve => resolve(visit, found, form),
        Deed::Propose => propose(visit, form),
        Deed::Evidence => evidence(visit, form),
        Deed::Assign => assign(visit, found, form),
    }
}

fn line_hint(visit: &Visit) -> &'static str {
    visit.t(
        "一行文字，最多 300 字；将永久保留在账本中。",
        "One line of at most 300 characters; it stays in the ledger.",
    )
}

/// Whether what was approved is a posting.
const fn is_by_posting(found: &Break) -> bool {
    matches!(found.state, BreakState::Approved { resolution: Resolution::Post { .. }, .. })
}

fn resolve(visit: &Visit, found: &Break, form: &Form) -> Markup {
    if !is_by_posting(found) {
        return html! {};
    }
    form.field(
        visit,
        &Field::line("posting", visit.t("更正条目", "Correcting entry")).hint(visit.t(
            "已在账本中更正此差错的条目编号（UUIDv7），例如一笔退款。",
            "The id (UUIDv7) of the entry in the ledger that corrects it, e.g. a refund.",
        )),
    )
}

fn propose(visit: &Visit, form: &Form) -> Markup {
    let ends = [
        ("post", visit.t("以一笔更正入账", "By a posting that corrects it")),
        ("write_off", visit.t("由交易所承担差额", "The exchange bears the difference")),
        ("no_action", visit.t("无需处理", "Nothing is to be done")),
    ];
    html! {
        (form.field(visit, &Field::choice("resolution.name", visit.t("如何处理", "How it ends"), ends)
            .hint(visit.t("下面只填写与所选方式有关的一项。", "Below, fill in only what belongs to the choice."))))
        (form.field(visit, &Field::line("resolution.reason", visit.t("无需处理的原因", "Why nothing is to be done"))
            .hint(line_hint(visit)).optional()))
        (form.field(visit, &Field::line("resolution.amount_minor", visit.t("承担的金额", "Amount to bear"))
            .hint(visit.t("须为全部差额，例如 12.00。", "The whole difference, such as 12.00.")).optional()))
        (form.field(visit, &Field::line("resolution.posting", visit.t("更正条目", "Correcting entry"))
            .hint(visit.t("若更正已经入账，填写该条目的编号；否则留空。", "If the correction is in the ledger already, its id; else empty.")).optional()))
    }
}

fn evidence(visit: &Visit, form: &Form) -> Markup {
    html! {
        (form.field(visit, &Field::line("evidence.note", visit.t("文件是什么，说明什么", "What the document is and shows"))
            .hint(visit.t("一行文字，例如：银行 11 月 23 日对账单，第 7 行。", "One line, e.g. bank statement of 23 November, line 7."))))
        (form.field(visit, &Field::line("evidence.digest", visit.t("文件的 SHA-256", "SHA-256 of the document"))
            .hint(visit.t("64 位十六进制，sha256: 开头或不带；命令 sha256sum 文件名 可得。", "64 hexadecimal digits, with sha256: before them or without; the command sha256sum FILE prints them."))))
        div.field hidden data-digest="evidence.digest" {
            label for="file-digest" { (visit.t("或者选择文件，由浏览器计算", "Or choose the document: the browser computes it")) }
            input id="file-digest" type="file" aria-describedby="file-digest-hint";
            p.hint id="file-digest-hint" { (visit.t("文件不会离开这台计算机。", "The document does not leave this computer.")) }
        }
        script type="module" src=(crate::assets::path("file.js")) {}
    }
}

fn assign(visit: &Visit, found: &Break, form: &Form) -> Markup {
    let exchanges: Vec<_> = found.pair.members().map(|one| (one.to_string(), one.to_string())).collect();
    html! {
        (form.field(visit, &Field::choice("owner.exchange", visit.t("交易所", "Exchange"), exchanges)
            .hint(visit.t("该对的任一交易所。", "Either exchange of the pair."))))
        (form.field(visit, &Field::line("owner.person", visit.t("负责人", "Person"))
            .hint(visit.t("登录名：1 至 64 个字母、数字或 . _ : / -。", "The name that they sign in with: 1 to 64 letters, digits or . _ : / -."))))
    }
}

/// The body of the command; nothing if a field must be mended first.
pub(super) fn body(visit: &Visit, deed: Deed, found: &Break, form: &mut Form) -> Option<Value> {
    match deed {
        Deed::Approve | Deed::WriteOff | Deed::Carry => Some(json!({})),
        Deed::Reject | Deed::Escalate => Some(json!({ "reason": form.value("reason") })),
        Deed::Resolve => Some(form.json(&["posting"])),
        Deed::Assign => Some(form.json(&["owner."])),
        Deed::Evidence => {
            let digest = form.value("evidence.digest").to_ascii_lowercase();
            let digest = if digest.starts_with("sha256:") { digest } else { format!("sha256:{digest}") };
            let note = form.value("evidence.note");
            Some(json!({ "evidence": { "name": "document", "digest": digest, "note": note } }))
        }
        Deed::Propose => match form.value("resolution.name") {
            "post" => Some(form.json(&["resolution.name", "resolution.posting"])),
            "write_off" => {
                let minor = take_minor(visit, form, "resolution.amount_minor", found.window.asset)?;
                Some(json!({ "resolution": { "name": "write_off", "amount_minor": minor } }))
            }
            _ => Some(
                json!({ "resolution": { "name": "no_action", "reason": form.value("resolution.reason") } }),
            ),
        },
    }
}
