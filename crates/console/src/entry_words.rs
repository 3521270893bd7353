//! Entries in plain words: what each type of entry says was done.

use crate::lang::Lang;

/// Every type of entry: its name in the ledger, what was done in Chinese and in English. The words are short enough for a
/// node of a graph.
const TYPES: &[(&str, &str, &str)] = &[
    ("region.found", "创立区域", "Region founded"),
    ("member.propose", "提出成员变更", "Change proposed"),
    ("member.vote", "表决提案", "Vote cast"),
    ("member.report", "举报违规", "Double signing reported"),
    ("member.depart", "退出区域", "Exchange departed"),
    ("ledger.close", "终结账本", "Ledger closed"),
    ("snapshot.order", "安排快照", "Snapshot ordered"),
    ("snapshot.attest", "证实快照", "Snapshot attested"),
    ("anchor.record", "记录锚定", "Anchor recorded"),
    ("tax.publish", "发布税率表", "Tax rates published"),
    ("schedule.publish", "发布费率表", "Fees published"),
    ("party.certify", "认证主体", "Party certified"),
    ("party.replace_keys", "更换主体密钥", "Party keys replaced"),
    ("party.revoke", "撤销认证", "Certification revoked"),
    ("right.register", "登记权利", "Right registered"),
    ("product.list", "挂牌产品", "Product listed"),
    ("product.revise", "修订产品", "Product revised"),
    ("product.pause", "暂停订购", "Ordering paused"),
    ("product.resume", "恢复订购", "Ordering resumed"),
    ("product.delist", "摘牌产品", "Product delisted"),
    ("shares.publish", "发布收益分配", "Shares published"),
    ("offer.publish", "发布要约", "Offer published"),
    ("offer.withdraw", "撤回要约", "Offer withdrawn"),
    ("order.place", "下单", "Order placed"),
    ("delivery.record", "记录交付", "Delivery recorded"),
    ("order.accept", "验收", "Lines accepted"),
    ("order.reject", "拒收", "Lines rejected"),
    ("order.expire", "订单到期", "Order expired"),
    ("refund.grant", "退款", "Refund granted"),
    ("dispute.open", "提起争议", "Dispute opened"),
    ("dispute.decide", "裁定争议", "Dispute decided"),
    ("voucher.issue", "发放科技创新券", "Voucher issued"),
    ("fee.charge", "收取年费", "Yearly fee charged"),
    ("account.constrain", "限制或恢复账户", "Account constrained"),
    ("account.deposit", "入金", "Money paid in"),
    ("account.withdraw", "出金", "Money paid out"),
    ("window.close", "关闭结算窗口", "Window closed"),
    ("window.sign", "签署窗口摘要", "Window head signed"),
    ("window.instruct", "轧差并下达付款指令", "Window netted"),
    ("instruction.confirm", "确认到账", "Payment confirmed"),
    ("window.abort", "中止结算窗口", "Window aborted"),
    ("break.open", "登记差错", "Break opened"),
    ("break.assign", "指派差错", "Break assigned"),
    ("break.evidence", "补充差错证据", "Evidence added"),
    ("break.propose", "提出差错处理", "Resolution proposed"),
    ("break.approve", "批准差错处理", "Resolution approved"),
    ("break.reject", "驳回差错处理", "Resolution rejected"),
    ("break.resolve", "解决差错", "Break resolved"),
    ("break.write_off", "核销差错", "Break written off"),
    ("break.escalate", "上报差错", "Break escalated"),
    ("break.carry", "结转差错", "Break carried forward"),
    ("certificate.issue", "签发凭证", "Certificate issued"),
    ("block.header", "区块头", "Block header"),
];

/// What an entry of this type says was done; the type itself if this program does not know it.
pub(crate) fn entry_type(lang: Lang, name: &str) -> &str {
    let known = TYPES.iter().find(|(known, _, _)| *known == name);
    known.map_or(name, |(_, zh, en)| lang.pick(*zh, *en))
}

#[cfg(test)]
mod tests {
    use super::*;
    use databourse_market::Command;
    use std::collections::BTreeSet;

    #[test]
    fn every_type_of_entry_has_words_of_its_own_in_both_languages() {
        for lang in [Lang::Zh, Lang::En] {
            let words: BTreeSet<&str> = Command::TYPES.iter().map(|name| entry_type(lang, name)).collect();
            assert_eq!(words.len(), Command::TYPES.len());
            for name in Command::TYPES {
                let words = entry_type(lang, name);
                assert!(words != *name && words.is_ascii() == (lang == Lang::En), "{name}: {words}");
            }
        }
        assert_eq!(TYPES.len(), Command::TYPES.len() + 1, "and a header of blocks, which is no command");
        assert_eq!(entry_type(Lang::En, "order.invented"), "order.invented");
    }
}
