//! The words of the market in the reader's language: states, kinds and roles as people call them. The glossary
//! (docs/GLOSSARY.md) is where they are decided.

use crate::lang::Lang;
use databourse_licensing::{DeliveryMethod, LicenceState};
use databourse_listing::{DataClass, Interest, Pricing, ProductKind, ProductState};
use databourse_party::Role;
use databourse_primitives::{Label, Timestamp};
use databourse_settlement::TransactionKind;

/// A kind of product.
pub(crate) fn product_kind(lang: Lang, kind: ProductKind) -> &'static str {
    match kind {
        ProductKind::Dataset => lang.pick("数据集", "Data set"),
        ProductKind::ApiService => lang.pick("API 服务", "API service"),
        ProductKind::Report => lang.pick("数据报告", "Report"),
        ProductKind::Model => lang.pick("模型", "Model"),
        ProductKind::Compute => lang.pick("算力", "Compute"),
    }
}

/// Where a listing stands.
pub(crate) fn product_state(lang: Lang, state: ProductState) -> &'static str {
    match state {
        ProductState::Listed => lang.pick("已挂牌", "Listed"),
        ProductState::OrderingPaused => lang.pick("暂停订购", "Ordering paused"),
        ProductState::Delisted => lang.pick("已摘牌", "Delisted"),
    }
}

/// A class of data.
pub(crate) fn data_class(lang: Lang, class: DataClass) -> &'static str {
    match class {
        DataClass::Public => lang.pick("公共数据", "Public"),
        DataClass::QuasiPublic => lang.pick("准公共数据", "Quasi-public"),
        DataClass::Enterprise => lang.pick("企业数据", "Enterprise"),
        DataClass::Personal => lang.pick("个人数据", "Personal"),
    }
}

/// One of the three separable interests in data.
pub(crate) fn interest(lang: Lang, interest: Interest) -> &'static str {
    match interest {
        Interest::Holding => lang.pick("数据资源持有权", "Right to hold the data"),
        Interest::ProcessingAndUse => lang.pick("数据加工使用权", "Right to process and use the data"),
        Interest::ProductOperation => lang.pick("数据产品经营权", "Right to operate data products"),
    }
}

/// How an offer is priced.
pub(crate) fn pricing(lang: Lang, pricing: Pricing) -> &'static str {
    match pricing {
        Pricing::OneOff => lang.pick("一次性购买", "One-off purchase"),
        Pricing::Subscription => lang.pick("按期订阅", "Subscription"),
        Pricing::PerCall => lang.pick("按调用次数预付", "Calls, paid in advance"),
        Pricing::PerComputeHour => lang.pick("按算力小时预付", "Hours of computing, paid in advance"),
    }
}

/// What one unit of an offer is: what stands after its price, and after a quantity.
pub(crate) fn unit(lang: Lang, pricing: Pricing) -> &'static str {
    match pricing {
        Pricing::OneOff => lang.pick("份", "copy"),
        Pricing::Subscription => lang.pick("期", "term"),
        Pricing::PerCall => lang.pick("次调用", "call"),
        Pricing::PerComputeHour => lang.pick("算力小时", "hour of computing"),
    }
}

/// Where a licence stands at `now`, for whoever bought it; and whether that is good, needs an act, or is an end.
pub(crate) fn licence_state(
    lang: Lang,
    state: &LicenceState,
    now: Timestamp,
) -> (&'static str, &'static str) {
    match state {
        LicenceState::Ordered => (lang.pick("待交付", "To be delivered"), ""),
        LicenceState::Delivered { .. } => (lang.pick("已交付，待验收", "Delivered, to be accepted"), "warn"),
        LicenceState::Active { ends_at, .. } if *ends_at <= now => (lang.pick("已到期", "Ended"), ""),
        LicenceState::Active { .. } => (lang.pick("已验收，许可生效", "Accepted, in force"), "good"),
        LicenceState::Rejected { .. } => (lang.pick("已拒收", "Rejected"), "bad"),
        LicenceState::Expired { .. } => {
            (lang.pick("逾期未验收，已作废", "Lapsed, not accepted in time"), "bad")
        }
        LicenceState::Refunded { .. } => (lang.pick("已全额退款", "Wholly refunded"), "bad"),
    }
}

/// How a product reached the buyer.
pub(crate) fn delivery_method(lang: Lang, method: DeliveryMethod) -> &'static str {
    match method {
        DeliveryMethod::File => lang.pick("文件", "File"),
        DeliveryMethod::Api => lang.pick("接口访问", "Access to an API"),
        DeliveryMethod::Share => lang.pick("数据空间共享", "Share of a data space"),
        DeliveryMethod::ComputeToData => {
            lang.pick("数据不出域计算", "Computing where the data are; only results leave")
        }
    }
}

/// Why money moved, for whose account it is.
pub(crate) fn transaction_kind(lang: Lang, kind: TransactionKind) -> &'static str {
    match kind {
        TransactionKind::Deposit => lang.pick("入金", "Deposit"),
        TransactionKind::Withdrawal => lang.pick("出金", "Withdrawal"),
        TransactionKind::Hold => lang.pick("冻结", "Held"),
        TransactionKind::Post => lang.pick("验收入账", "Paid at acceptance"),
        TransactionKind::Void => lang.pick("解除冻结", "Released"),
        TransactionKind::Expire => lang.pick("到期解冻", "Released, its time was over"),
        TransactionKind::Refund => lang.pick("退款", "Refund"),
        TransactionKind::Fee => lang.pick("年费", "Yearly fee"),
        TransactionKind::Voucher => lang.pick("科技创新券", "Innovation voucher"),
        TransactionKind::Settlement => lang.pick("交易所间结算", "Settlement between exchanges"),
        TransactionKind::WriteOff => lang.pick("核销", "Write-off"),
        TransactionKind::Succession => lang.pick("承继", "Succession"),
    }
}

/// How often something is updated: in the reader's words where they are the usual ones, else as the supplier wrote it.
pub(crate) fn frequency(lang: Lang, frequency: &str) -> &str {
    let (zh, en) = match frequency {
        "real-time" => ("实时", "In real time"),
        "hourly" => ("每小时", "Hourly"),
        "daily" => ("每日", "Daily"),
        "weekly" => ("每周", "Weekly"),
        "monthly" => ("每月", "Monthly"),
        "quarterly" => ("每季度", "Quarterly"),
        "annual" | "yearly" => ("每年", "Yearly"),
        "irregular" => ("不定期", "From time to time"),
        _ => return frequency,
    };
    lang.pick(zh, en)
}

/// A purpose of a licence: in the reader's words where the market has such, else as the supplier wrote it.
pub(crate) fn purpose(lang: Lang, purpose: &Label) -> String {
    let (zh, en) = match purpose.as_str().replace('-', "_").as_str() {
        "agriculture" => ("农业", "Agriculture"),
        "carbon_accounting" => ("碳核算", "Carbon accounting"),
        "commercial" => ("商业使用", "Commercial use"),
        "compliance_check" => ("合规核查", "Compliance checks"),
        "credit_risk" => ("信用风险", "Credit risk"),
        "drug_development" => ("药物研发", "Drug development"),
        "energy_management" => ("能源管理", "Energy management"),
        "healthcare_research" => ("医疗研究", "Health research"),
        "industrial_quality" => ("工业质量", "Industrial quality"),
        "insurance_pricing" => ("保险定价", "Insurance pricing"),
        "logistics" => ("物流", "Logistics"),
        "logistics_routing" => ("物流规划", "Logistics routing"),
        "model_training" => ("模型训练", "Training of models"),
        "public_service" => ("公共服务", "Public service"),
        "research" => ("科学研究", "Research"),
        "retail_site_selection" => ("零售选址", "Choice of retail sites"),
        "supply_chain" => ("供应链", "Supply chains"),
        "tourism_planning" => ("旅游规划", "Tourism planning"),
        "traffic_planning" => ("交通规划", "Traffic planning"),
        "urban_planning" => ("城市规划", "Urban planning"),
        _ => return purpose.to_string(),
    };
    lang.pick(zh, en).to_owned()
}

/// What a party is certified to do.
pub(crate) fn party_role(lang: Lang, role: Role) -> &'static str {
    match role {
        Role::Supplier => lang.pick("供方", "Supplier"),
        Role::Processor => lang.pick("加工方", "Processor"),
        Role::Broker => lang.pick("经纪", "Broker"),
        Role::Assessor => lang.pick("评估", "Assessor"),
        Role::DeliveryService => lang.pick("交付服务", "Delivery service"),
        Role::Buyer => lang.pick("需方", "Buyer"),
        Role::Auditor => lang.pick("审计方", "Auditor"),
    }
}
