//! How one exchange's book names its columns and writes its values.

use crate::word::{LineKind, LineStatus};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where the value of a field comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The column of this name, as the header spells it.
    Column(String),
    /// The same text in every line: for what the book does not keep and the configuration answers for, e.g. the version
    /// of the schedule that the exchange applied.
    Value(String),
}

/// Which column holds which field of a [`SettlementLine`](crate::SettlementLine). An optional field that is absent here,
/// or whose text is empty, is absent in the line; an amount is then zero and a status final.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Columns {
    /// Business key; absent in a book of totals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Source>,
    /// Kind of business.
    pub kind: Source,
    /// Party id or exchange code.
    pub counterparty: Source,
    /// Asset, e.g. `CNY/2`.
    pub asset: Source,
    /// Net amount.
    pub net: Source,
    /// Value-added tax on the net.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vat: Option<Source>,
    /// Fee.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee: Option<Source>,
    /// Value-added tax on the fee.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee_vat: Option<Source>,
    /// Version of the fee schedule, e.g. `CNY/2@1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Source>,
    /// Version of the tax table, e.g. `1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<Source>,
    /// Settlement window, e.g. `CNY/2#7`.
    pub window: Source,
    /// State.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Source>,
    /// Key of the sale that a refund gives back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<Source>,
    /// Time of the business.
    pub occurred_at: Source,
}

impl Columns {
    /// The fields in the order in which a book is written, with their names here.
    pub(super) fn all(&self) -> [(&'static str, Option<&Source>); 14] {
        [
            ("key", self.key.as_ref()),
            ("kind", Some(&self.kind)),
            ("counterparty", Some(&self.counterparty)),
            ("asset", Some(&self.asset)),
            ("net", Some(&self.net)),
            ("vat", self.vat.as_ref()),
            ("fee", self.fee.as_ref()),
            ("fee_vat", self.fee_vat.as_ref()),
            ("schedule", self.schedule.as_ref()),
            ("tax", self.tax.as_ref()),
            ("window", Some(&self.window)),
            ("status", self.status.as_ref()),
            ("original", self.original.as_ref()),
            ("occurred_at", Some(&self.occurred_at)),
        ]
    }
}

/// How amounts are written. Only digits, one point and a leading `-` are read; never a separator of thousands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AmountForm {
    /// In major units with at most the asset's decimals: `12.34`.
    #[default]
    Major,
    /// In minor units: `1234`.
    Minor,
}

/// How times are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateForm {
    /// RFC 3339 with its offset: `2026-11-22T10:47:32+08:00`.
    #[default]
    Rfc3339,
    /// `2026-11-22 10:47:32` by a clock this many minutes ahead of UTC, from -1439 to 1439; 480 in China.
    DateTime {
        /// Minutes ahead of UTC.
        utc_offset_minutes: i16,
    },
}

/// What the sign of an amount means in the book. In a line it follows [`LineKind`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignRule {
    /// As in a line: refunds and withdrawals negative.
    #[default]
    Signed,
    /// The opposite: a book of what the exchange owes.
    Inverted,
    /// No signs: the kind says it. A settlement is then what was received.
    Unsigned,
}

/// The configuration of one exchange's book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnMapping {
    /// Which column holds which field.
    pub columns: Columns,
    /// How amounts are written.
    #[serde(default)]
    pub amounts: AmountForm,
    /// How times are written.
    #[serde(default)]
    pub dates: DateForm,
    /// What signs mean.
    #[serde(default)]
    pub signs: SignRule,
    /// What keeps fields apart.
    #[serde(default = "comma")]
    pub separator: char,
    /// The book's words for kinds; if empty, ours: `sale`, `refund`, …
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub kinds: BTreeMap<String, LineKind>,
    /// The book's words for states; if empty, ours: `final`, `reversed`, `pending`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub statuses: BTreeMap<String, LineStatus>,
}

const fn comma() -> char {
    ','
}

impl ColumnMapping {
    /// Every field in a column of its own name, our words, amounts in major units, times in RFC 3339.
    pub fn plain() -> Self {
        let column = |name: &str| Source::Column(name.to_owned());
        let columns = Columns {
            key: Some(column("key")),
            kind: column("kind"),
            counterparty: column("counterparty"),
            asset: column("asset"),
            net: column("net"),
            vat: Some(column("vat")),
            fee: Some(column("fee")),
            fee_vat: Some(column("fee_vat")),
            schedule: Some(column("schedule")),
            tax: Some(column("tax")),
            window: column("window"),
            status: Some(column("status")),
            original: Some(column("original")),
            occurred_at: column("occurred_at"),
        };
        Self {
            columns,
            amounts: AmountForm::default(),
            dates: DateForm::default(),
            signs: SignRule::default(),
            separator: comma(),
            kinds: BTreeMap::new(),
            statuses: BTreeMap::new(),
        }
    }
}
