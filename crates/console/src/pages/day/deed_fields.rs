//! What is asked for what is done with a window.

use super::{deed::Deed, words};
use crate::{
    form::{Field, Form},
    visit::Visit,
};
use databourse_settlement::{InstructionState, NettingMethod, Window};
use maud::{Markup, html};

/// The fields.
pub(super) fn fields(visit: &Visit, deed: Deed, window: &Window, form: &Form) -> Markup {
    match deed {
        Deed::Close | Deed::Sign => html! {},
        Deed::Instruct => {
            let options = [NettingMethod::Multilateral, NettingMethod::Bilateral]
                .map(|method| (method_name(method), words::netting(visit.lang, method)));
            form.field(
                visit,
                &Field::choice("method", visit.t("轧差方式", "Netting"), options).hint(visit.t(
                    "多边轧差的付款最少；各交易所须约定一致。",
                    "Multilateral makes the fewest payments; the exchanges agree on one.",
                )),
            )
        }
        Deed::Confirm => confirm_fields(visit, window, form),
        Deed::Abort => form.field(
            visit,
            &Field::line("reason", visit.t("原因", "Why")).hint(visit.t(
                "一行文字，最多 300 字；将永久保留在账本中。",
                "One line of at most 300 characters; it stays in the ledger.",
            )),
        ),
    }
}

const fn method_name(method: NettingMethod) -> &'static str {
    match method {
        NettingMethod::Bilateral => "bilateral",
        NettingMethod::Multilateral => "multilateral",
    }
}

fn confirm_fields(visit: &Visit, window: &Window, form: &Form) -> Markup {
    let own = &visit.console.exchange;
    let payments = window.state.instructions().iter();
    let pending = payments.filter(|one| one.state == InstructionState::Pending && one.payee == *own);
    let options: Vec<(String, String)> = pending
        .map(|one| {
            let amount = visit.format().money(window.id.asset, one.amount_minor.get());
            (one.id.number.to_string(), format!("{}: {} → {}, {amount}", one.id, one.payer, one.payee))
        })
        .collect();
    html! {
        (form.field(visit, &Field::choice("instruction", visit.t("付款指令", "Payment"), options)
            .hint(visit.t("本交易所为收款方的待到账款项。", "A payment to this exchange that is not confirmed yet."))))
        (form.field(visit, &Field::line("bank_reference", visit.t("银行流水号", "Bank reference"))
            .hint(visit.t("银行对该笔入账的编号，1 至 64 个字母、数字或 . _ : / -；每个编号只能使用一次。",
                "The bank's name of the line: 1 to 64 letters, digits or . _ : / -; each is used once."))))
        (form.field(visit, &Field::line("received_minor", visit.t("到账金额", "Amount that arrived"))
            .hint(visit.t("例如 1,200.00；可在费率表的容差以内。", "Such as 1,200.00; it may be off within the schedule's tolerance."))))
    }
}
