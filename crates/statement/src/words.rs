//! Words in both languages: one place for every term that a reader sees.

use databourse_primitives::BilingualText;

/// A term in Chinese and English, as `docs/GLOSSARY.md` has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words {
    /// The Chinese term.
    pub zh: &'static str,
    /// The English term.
    pub en: &'static str,
}

/// Which languages a CSV file speaks. JSON names are English always; PDF speaks both always.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Chinese; a name that has no Chinese form stands in English.
    Zh,
    /// English; a name that has no English form stands in Chinese.
    En,
    /// Both: headings and kinds side by side, names in two columns. Only this form keeps every name.
    Both,
}

impl Language {
    /// Every choice.
    pub const ALL: [Self; 3] = [Self::Zh, Self::En, Self::Both];
}

pub(crate) const fn words(zh: &'static str, en: &'static str) -> Words {
    Words { zh, en }
}

impl Words {
    /// The term as `language` wants it.
    pub(crate) fn say(self, language: Language) -> String {
        match language {
            Language::Zh => self.zh.to_owned(),
            Language::En => self.en.to_owned(),
            Language::Both => format!("{} {}", self.zh, self.en),
        }
    }
}

/// A name in both languages on one line, Chinese first: `气象数据 / Weather data`.
pub(crate) fn both(text: &BilingualText) -> String {
    match (text.zh(), text.en()) {
        (Some(zh), Some(en)) if zh != en => format!("{zh} / {en}"),
        (Some(zh), _) => zh.to_owned(),
        (None, en) => en.unwrap_or_default().to_owned(),
    }
}

pub(crate) const TITLE: Words = words("结算单", "Settlement statement");
pub(crate) const PROVISIONAL: Words = words("暂定，尚可变动", "provisional, may still change");
pub(crate) const HOLDER: Words = words("持有人", "Holder");
pub(crate) const EXCHANGE: Words = words("交易所", "Exchange");
pub(crate) const WINDOW: Words = words("结算窗口", "Window");
pub(crate) const PERIOD: Words = words("期间", "Period");
pub(crate) const CURRENCY: Words = words("币种", "Currency");
pub(crate) const TIME: Words = words("时间", "Time");
pub(crate) const KIND: Words = words("类型", "Kind");
pub(crate) const LEAF: Words = words("叶序号", "Leaf");
pub(crate) const ENTRY: Words = words("条目", "Entry");
pub(crate) const LICENCE: Words = words("许可", "Licence");
pub(crate) const PRODUCT: Words = words("产品", "Product");
pub(crate) const COUNTERPARTY: Words = words("对方", "Counterparty");
pub(crate) const NET: Words = words("净额", "Net");
pub(crate) const VAT_RATE: Words = words("增值税率", "VAT rate");
pub(crate) const VAT: Words = words("增值税", "VAT");
pub(crate) const FEE: Words = words("手续费", "Fee");
pub(crate) const FEE_VAT: Words = words("手续费增值税", "VAT on fee");
pub(crate) const REVENUE: Words = words("收益分配", "Revenue shares");
pub(crate) const VOUCHER: Words = words("创新券", "Voucher");
pub(crate) const EFFECT: Words = words("影响", "Effect");
pub(crate) const BALANCE: Words = words("余额", "Balance");
pub(crate) const SCHEDULE: Words = words("费率表", "Schedule");
pub(crate) const TAX_TABLE: Words = words("税率表", "Tax table");
pub(crate) const SHARES: Words = words("分配方案", "Shares");
pub(crate) const ROUNDING: Words = words("舍入", "Rounding");
pub(crate) const COUNT: Words = words("笔数", "Count");
pub(crate) const OPENING: Words = words("期初余额", "Opening balance");
pub(crate) const CLOSING: Words = words("期末余额", "Closing balance");
pub(crate) const MONEY_IN: Words = words("收入合计", "In");
pub(crate) const MONEY_OUT: Words = words("支出合计", "Out");
pub(crate) const TOTALS: Words = words("按类型合计", "Totals by kind");
pub(crate) const PROOF: Words = words("账本凭据", "Proof");
pub(crate) const LEDGER_SIZE: Words = words("账本大小", "Ledger size");
pub(crate) const LEDGER_ROOT: Words = words("账本根", "Ledger root");
pub(crate) const HEAD: Words = words("窗口摘要根", "Window head root");
pub(crate) const JSON_DIGEST: Words = words("JSON 摘要", "JSON digest");
pub(crate) const RECOMPUTE: Words = words("如何复核", "How to recompute");
pub(crate) const NOTES: Words = words("说明", "Notes");
