//! The members of an entry's statement in plain words.

use crate::lang::Lang;

/// Name in the ledger, words in Chinese and in English.
const MEMBERS: &[(&str, &str, &str)] = &[
    ("account", "账户", "Account"),
    ("amount_minor", "金额", "Amount"),
    ("approve", "赞成", "In favour"),
    ("asset", "币种", "Currency"),
    ("assets", "结算币种", "Currencies"),
    ("audience", "定向需方", "Only for this buyer"),
    ("author_key", "签名密钥", "Key that signed"),
    ("authorisation", "授权运营记录", "Record of the authorised operation"),
    ("bank_reference", "银行流水号", "Bank reference"),
    ("bank_tolerance_minor", "银行差额容许", "Tolerated bank difference"),
    ("base", "计费方式", "How it is charged"),
    ("beneficiary", "受益方", "Beneficiary"),
    ("block_number", "链上区块", "Block of the chain"),
    ("buyer", "需方", "Buyer"),
    ("buyer_name", "需方名称", "Buyer's name"),
    ("chain_id", "公链编号", "Chain"),
    ("change", "变更", "Change"),
    ("chargeback", "拒付参考号", "Chargeback reference"),
    ("checkpoint_key", "检查点密钥", "Checkpoint key"),
    ("children", "下级分成", "Divided among"),
    ("code", "代码", "Code"),
    ("completed_at", "完成时间", "Completed"),
    ("consensus_key", "共识密钥", "Consensus key"),
    ("constraint", "账户状态", "State of the account"),
    ("content", "内容", "Content"),
    ("contract", "合约", "Contract"),
    ("cosignature_key", "联署密钥", "Cosignature key"),
    ("counterparty", "对方", "Counterparty"),
    ("data_class", "数据类别", "Class of data"),
    ("default", "默认税率", "Default rate"),
    ("deidentification", "去标识化证明", "De-identification certificate"),
    ("description", "说明", "Description"),
    ("details", "产品说明", "What it is"),
    ("digest", "摘要", "Digest"),
    ("dispute", "争议", "Dispute"),
    ("dispute_days", "争议期（天）", "Days for disputes"),
    ("effective_from", "生效时间", "In force from"),
    ("ends_at", "截止时间", "Ends"),
    ("entrusts_exchange", "委托交易所签名", "Lets its exchange sign for it"),
    ("entry", "条目", "Entry"),
    ("entry_key", "条目密钥", "Entry key"),
    ("evidence", "证据摘要", "Evidence"),
    ("exchange", "交易所", "Exchange"),
    ("exchanges", "交易所", "Exchanges"),
    ("exclusive", "独家", "Exclusive"),
    ("expires_at", "到期时间", "Expires"),
    ("facts", "凭证事实", "What it states"),
    ("fee", "费用", "Fee"),
    ("fee_vat", "手续费税率", "Tax rate of fees"),
    ("fees", "费率", "Fees"),
    ("format", "格式", "Format"),
    ("from_minor", "起点金额", "From"),
    ("gross_minor", "含税金额", "Paid, tax included"),
    ("group", "所属采购", "Part of a larger purchase"),
    ("head", "窗口摘要", "Head of the window"),
    ("header", "区块头", "Block header"),
    ("height", "区块高度", "Height"),
    ("hold_days", "冻结期（天）", "Days that money is held"),
    ("holder", "持有人", "Holder"),
    ("home_region", "所在地区", "Region"),
    ("instruction", "付款指令", "Payment"),
    ("interests", "权益", "Interests"),
    ("key", "键", "Key"),
    ("keys", "密钥", "Keys"),
    ("keywords", "关键词", "Keywords"),
    ("kind", "类型", "Kind"),
    ("kinds", "产品类型", "Kinds of products"),
    ("landing_page", "介绍页", "Page about it"),
    ("left_minor", "一方金额", "Amount on one side"),
    ("left_root", "一方的根", "Root on one side"),
    ("left_to_right_minor", "前者应付后者", "The first owes the second"),
    ("legal_identifier", "法人标识", "Legal identifier"),
    ("legal_name", "法定名称", "Legal name"),
    ("line", "行", "Line"),
    ("line_count", "行数", "Number of lines"),
    ("lines", "明细行", "Lines"),
    ("lines_digest", "全部明细的摘要", "Digest of all lines"),
    ("max_minor", "最高", "At most"),
    ("method", "方式", "How"),
    ("min_minor", "最低", "At least"),
    ("name", "名称", "Name"),
    ("note", "说明", "Note"),
    ("number", "编号", "Number"),
    ("offer", "要约", "Offer"),
    ("order", "订单", "Order"),
    ("origin", "账本名称", "Name of the ledger"),
    ("owner", "负责人", "In charge"),
    ("pair", "交易所对", "Between"),
    ("part", "第几部分", "Part"),
    ("parts", "共几部分", "Of parts"),
    ("party", "主体", "Party"),
    ("person", "经办人", "Person"),
    ("placed_at", "下单时间", "Ordered"),
    ("policy", "验证策略", "Policy"),
    ("posting", "记账条目", "Correcting entry"),
    ("predecessor", "前任账本", "Earlier ledger"),
    ("pricing", "计价方式", "Priced by"),
    ("product", "产品", "Product"),
    ("proof", "证明", "Proof"),
    ("proofs", "证明", "Proofs"),
    ("proposal", "提案", "Proposal"),
    ("purpose", "用途", "Purpose"),
    ("purposes", "允许的用途", "Purposes allowed"),
    ("quantity", "数量", "Quantity"),
    ("quantity_max", "最大数量", "Quantity at most"),
    ("rate", "费率", "Rate"),
    ("rates", "税率", "Rates"),
    ("reason", "理由", "Reason"),
    ("receipt", "存证回执", "Receipt"),
    ("received_minor", "到账金额", "Received"),
    ("reference", "自编参考号", "Own reference"),
    ("refunds", "退还", "What goes back"),
    ("resolution", "处理方式", "Resolution"),
    ("revision", "修订号", "Revision"),
    ("right", "权利", "Right"),
    ("right_minor", "另一方金额", "Amount on the other side"),
    ("right_root", "另一方的根", "Root on the other side"),
    ("right_to_left_minor", "后者应付前者", "The second owes the first"),
    ("role", "角色", "Role"),
    ("roles", "角色", "Roles"),
    ("root", "根", "Root"),
    ("rounding", "舍入规则", "Rounding"),
    ("row_count", "记录数", "Number of records"),
    ("selling_share", "销售交易所分成", "Share of the selling exchange"),
    ("share", "分成", "Share"),
    ("size", "条目数", "Number of entries"),
    ("source", "数据来源", "Source"),
    ("source_digest", "来源记录摘要", "Digest of the source's record"),
    ("source_licence", "来源许可条款", "Licence of the source"),
    ("source_statement", "来源说明", "Where the data come from"),
    ("subject", "锚定内容", "What was anchored"),
    ("successor", "继任者", "Successor"),
    ("supplier", "供方", "Supplier"),
    ("tax", "税率表", "Table of tax rates"),
    ("term_days", "许可期限（天）", "Term in days"),
    ("terms", "条款", "Terms"),
    ("territory", "地域", "Territory"),
    ("tiers", "阶梯", "Tiers"),
    ("title", "名称", "Title"),
    ("total_minor", "总额", "Total"),
    ("transaction", "链上交易", "Transaction of the chain"),
    ("tree_size", "条目数", "Number of entries"),
    ("unit_price", "单价（不含税）", "Price of one unit, tax excluded"),
    ("update_frequency", "更新频率", "Updated"),
    ("usable_not_visible", "可用不可见", "Usable, not visible"),
    ("valid_until", "有效期至", "Valid until"),
    ("version", "版本", "Version"),
    ("voucher", "科技创新券", "Innovation voucher"),
    ("weight_bp", "权重（万分之一）", "Weight, in ten-thousandths"),
    ("window", "结算窗口", "Settlement window"),
    ("year", "年度", "Year"),
    ("yearly", "年费", "Yearly fees"),
];

/// A member in words; its own name with spaces if this program does not know it.
pub(super) fn member(lang: Lang, name: &str) -> String {
    let known = MEMBERS.iter().find(|(known, _, _)| *known == name);
    known.map_or_else(|| name.replace('_', " "), |(_, zh, en)| lang.pick(*zh, *en).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::collections::BTreeSet;

    /// The names of the members of what is below `schema`, references followed once each.
    fn names(document: &Value, schema: &Value, seen: &mut BTreeSet<String>, found: &mut BTreeSet<String>) {
        match schema {
            Value::Object(members) => {
                if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                    let target = document.pointer(reference.trim_start_matches('#'));
                    if let Some(target) = target.filter(|_| seen.insert(reference.to_owned())) {
                        names(document, target, seen, found);
                    }
                }
                if let Some(Value::Object(properties)) = members.get("properties") {
                    found.extend(properties.keys().cloned());
                }
                members.iter().filter(|(key, _)| *key != "example").for_each(|(_, below)| {
                    names(document, below, seen, found);
                });
            }
            Value::Array(items) => items.iter().for_each(|below| names(document, below, seen, found)),
            _ => {}
        }
    }

    #[test]
    fn what_commands_say_has_words() {
        let document: Value = serde_json::from_str(&databourse_api::openapi().to_json().unwrap()).unwrap();
        let mut found = BTreeSet::new();
        for (path, operations) in document["paths"].as_object().unwrap() {
            // What is asked of a batch stands inside the entries, and files of a bank are no entries.
            if !matches!(
                path.as_str(),
                "/v1/entries" | "/v1/commands" | "/v1/reconciliations" | "/v1/confirmations"
            ) {
                names(&document, &operations["post"]["requestBody"], &mut BTreeSet::new(), &mut found);
            }
        }
        // Asked for by requests and not written into entries; the two languages of a text, of which one is shown.
        for other in ["custody", "en", "zh"] {
            found.remove(other);
        }
        assert!(found.len() > 60, "{found:?}");
        let unknown: Vec<_> =
            found.iter().filter(|name| !MEMBERS.iter().any(|(known, _, _)| known == name)).collect();
        assert_eq!(unknown, Vec::<&String>::new());
    }

    #[test]
    fn each_member_stands_once_in_order() {
        assert!(MEMBERS.is_sorted_by(|a, b| a.0 < b.0));
        assert_eq!(member(Lang::En, "never_heard_of"), "never heard of");
    }
}
