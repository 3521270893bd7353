//! The values of an entry's statement that are one of few, in plain words. Only what is written with small letters and
//! low lines in the ledger is looked up; texts of people never are.

use crate::lang::Lang;

/// Value in the ledger, words in Chinese and in English.
const VALUES: &[(&str, &str, &str)] = &[
    ("amount", "金额不符", "Amounts differ"),
    ("ambiguous", "无法唯一对应", "More than one may be meant"),
    ("api", "接口访问", "Access to an API"),
    ("api_service", "API 服务", "API service"),
    ("assessor", "第三方评估", "Assessor"),
    ("auditor", "审计方", "Auditor"),
    ("bilateral", "双边轧差", "Between each two"),
    ("broker", "数据经纪", "Broker"),
    ("buyer", "需方", "Buyer"),
    ("checkpoint", "检查点", "Checkpoint"),
    ("close", "终结账本", "To close the ledger"),
    ("closed", "已关闭", "Closed"),
    ("compute", "算力", "Compute"),
    ("compute_to_data", "数据不出域计算", "Computing where the data are; only results leave"),
    ("consensus", "共识", "Consensus"),
    ("cosignature", "联署", "Cosignature"),
    ("currency", "币种不符", "Currencies differ"),
    ("dataset", "数据集", "Data set"),
    ("delivery_service", "交付服务", "Delivery service"),
    ("document", "文件", "Document"),
    ("duplicate", "重复", "Duplicate"),
    ("enterprise", "企业数据", "Enterprise"),
    ("external", "外部", "From outside"),
    ("fee_rule", "费率不符", "Fees differ"),
    ("file", "文件", "File"),
    ("flat", "固定金额", "A fixed amount"),
    ("frozen", "已冻结", "Frozen"),
    ("half-up-largest-remainder-carry/1", "四舍五入，余额结转", "Half up, remainders carried"),
    ("heads", "窗口摘要", "Heads"),
    ("holding", "数据资源持有权", "Right to hold the data"),
    ("inclusion", "包含证明", "Proof of inclusion"),
    ("join", "入链", "To join"),
    ("leave", "退链", "To leave"),
    ("missing_left", "一方缺失", "Missing on one side"),
    ("missing_right", "另一方缺失", "Missing on the other side"),
    ("model", "模型", "Model"),
    ("multilateral", "多边轧差", "Among all"),
    ("no_action", "不作处理", "No action"),
    ("non_inclusion", "不包含证明", "Proof of absence"),
    ("one_off", "一次性购买", "One-off purchase"),
    ("open", "正常", "Open"),
    ("orphan_refund", "无对应交易的退款", "Refund without a trade"),
    ("over_refund", "超额退款", "Refund of more than was paid"),
    ("party", "主体不符", "Parties differ"),
    ("per_call", "按调用次数预付", "Calls, paid in advance"),
    ("per_compute_hour", "按算力小时预付", "Hours of computing, paid in advance"),
    ("percentage", "按比例", "A percentage"),
    ("personal", "个人数据", "Personal"),
    ("post", "补记账", "To be posted"),
    ("processing_and_use", "数据加工使用权", "Right to process and use the data"),
    ("processor", "加工方", "Processor"),
    ("product_operation", "数据产品经营权", "Right to operate data products"),
    ("public", "公共数据", "Public"),
    ("quasi_public", "准公共数据", "Quasi-public"),
    ("reinstate", "恢复", "To reinstate"),
    ("replace_keys", "更换密钥", "To replace keys"),
    ("report", "数据报告", "Report"),
    ("root", "根不符", "Roots differ"),
    ("rounding", "舍入差异", "Rounding"),
    ("share", "数据空间共享", "Share of a data space"),
    ("statement", "结算单", "Settlement statement"),
    ("status", "状态不符", "States differ"),
    ("subscription", "按期订阅", "Subscription"),
    ("supplier", "供方", "Supplier"),
    ("suspend", "暂停", "To suspend"),
    ("tax", "税额不符", "Taxes differ"),
    ("tiers", "阶梯计费", "By tiers"),
    ("timing", "时间差异", "Timing"),
    ("uscc", "统一社会信用代码", "Unified social credit code"),
    ("write_off", "核销", "To be written off"),
];

/// The members whose values are one of few; those of all others are shown as they are.
const MEMBERS: &[&str] = &[
    "constraint",
    "data_class",
    "interests",
    "kind",
    "kinds",
    "method",
    "name",
    "pricing",
    "role",
    "roles",
    "rounding",
];

/// `value` of `member` in words, if it is one of few.
pub(super) fn value(lang: Lang, member: &str, value: &str) -> Option<&'static str> {
    let known = VALUES.iter().find(|(known, _, _)| *known == value && MEMBERS.contains(&member))?;
    Some(lang.pick(known.1, known.2))
}

/// What a thing is called that says what it is by the name of its one member, as a legal identifier does.
pub(super) fn variant(lang: Lang, name: &str) -> Option<&'static str> {
    VALUES.iter().find(|(known, _, _)| *known == name).map(|(_, zh, en)| lang.pick(*zh, *en))
}

#[cfg(test)]
mod tests {
    use super::*;
    use databourse_licensing::DeliveryMethod;
    use databourse_listing::{DataClass, Interest, Pricing, ProductKind};
    use databourse_party::Role;
    use serde::Serialize;

    #[track_caller]
    fn check(member: &str, values: &[impl Serialize]) {
        for one in values {
            let text = serde_json::to_value(one).unwrap();
            assert!(value(Lang::Zh, member, text.as_str().unwrap()).is_some(), "{member}: {text}");
        }
    }

    #[test]
    fn what_is_one_of_few_has_words() {
        use {DataClass as C, DeliveryMethod as D, Interest as I, Pricing as P, ProductKind as K};
        check("data_class", &[C::Public, C::QuasiPublic, C::Enterprise, C::Personal]);
        check("method", &[D::File, D::Api, D::Share, D::ComputeToData]);
        check("interests", &[I::Holding, I::ProcessingAndUse, I::ProductOperation]);
        check("pricing", &[P::OneOff, P::Subscription, P::PerCall, P::PerComputeHour]);
        check("kind", &[K::Dataset, K::ApiService, K::Report, K::Model, K::Compute]);
        let (supplier, processor, broker) = (Role::Supplier, Role::Processor, Role::Broker);
        check("roles", &[supplier, processor, broker, Role::Assessor, Role::DeliveryService]);
        check("roles", &[Role::Buyer, Role::Auditor]);
    }

    #[test]
    fn the_words_of_people_are_left_alone() {
        assert_eq!(value(Lang::Zh, "reason", "duplicate"), None);
        assert_eq!(value(Lang::Zh, "kind", "duplicate"), Some("重复"));
    }
}
