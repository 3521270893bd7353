//! What certifying and giving new keys ask alike: who signs for the party.

use crate::{
    form::{Field, Form},
    visit::Visit,
};
use maud::{Markup, html};
use serde_json::Value;

/// The fields.
pub(super) fn signing(visit: &Visit, form: &Form) -> Markup {
    html! {
        fieldset {
            legend { (visit.t("由谁签名", "Who signs for it")) }
            (form.check("entrusts_exchange", (
                visit.t("委托交易所代签", "It entrusts the exchange"),
                visit.t("所属交易所可以代其签署条目，条目会写明。", "Its home exchange may sign on its behalf, and the entries say so."),
            )))
            (form.check("custody", (
                visit.t("由交易所保管密钥", "The exchange keeps a key for it"),
                visit.t("节点为其生成密钥并密封保管，用它签署该主体的命令。", "The node makes a key pair, keeps it sealed and signs the party's commands with it."),
            )))
            (form.field(visit, &Field::text("keys", visit.t("主体自己的公钥", "Public keys of its own"))
                .hint(visit.t("每行一个，ed25519: 开头，最多 8 个；若委托交易所或由其保管密钥，可以留空。",
                    "One per line, each beginning with ed25519:, at most 8. Empty if it entrusts the exchange, or the exchange keeps its key."))
                .optional()))
        }
    }
}

/// The keys as the API takes them.
pub(super) fn keys(form: &Form) -> Value {
    form.value("keys").lines().map(str::trim).filter(|line| !line.is_empty()).map(Value::from).collect()
}

/// The field of the form that holds what the API calls `field`.
pub(super) fn mend(field: &str) -> Option<&'static str> {
    if field.starts_with("keys") {
        Some("keys")
    } else if field.starts_with("roles") {
        Some("roles")
    } else if field == "legal_name" {
        Some("legal_name.zh")
    } else {
        None
    }
}
