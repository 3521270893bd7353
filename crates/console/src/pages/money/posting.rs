//! A posting with its reason, as a row that opens.

use crate::{
    layout::{facts, named},
    visit::Visit,
    words,
};
use databourse_primitives::{
    AmountMinor, Asset, BilingualText, EntryId, LicenceId, Rate, ScheduleVersion, SharesVersion, TaxVersion,
    Timestamp, WindowId,
};
use databourse_settlement::{Purpose, Side, TransactionKind};
use maud::{Markup, html};
use serde::Deserialize;

/// As many lines of one entry as a row shows; an acceptance can have 400.
const LINES_MAX: usize = 10;

/// A posting as the API shows it.
#[derive(Debug, Deserialize)]
pub(super) struct Posting {
    pub(super) entry: EntryId,
    pub(super) leaf_index: u64,
    pub(super) time: Timestamp,
    pub(super) side: Side,
    pub(super) amount_minor: AmountMinor,
    pub(super) pending_minor: i64,
    pub(super) asset: Asset,
    pub(super) kind: TransactionKind,
    pub(super) window: WindowId,
    #[serde(default)]
    pub(super) lines: Vec<Why>,
}

/// One reason, with the parts that its amount follows from. Parts are magnitudes; the effect has a sign.
#[derive(Debug, Deserialize)]
pub(super) struct Why {
    pub(super) kind: String,
    #[serde(default)]
    pub(super) licence: Option<LicenceId>,
    #[serde(default)]
    pub(super) product: Option<BilingualText>,
    #[serde(default)]
    pub(super) counterparty: Option<BilingualText>,
    #[serde(default)]
    pub(super) net_minor: i64,
    #[serde(default)]
    pub(super) vat_minor: i64,
    #[serde(default)]
    pub(super) vat_rate: Option<Rate>,
    #[serde(default)]
    pub(super) fee_minor: i64,
    #[serde(default)]
    pub(super) fee_vat_minor: i64,
    #[serde(default)]
    pub(super) revenue_minor: i64,
    #[serde(default)]
    pub(super) voucher_minor: i64,
    pub(super) effect_minor: i64,
    #[serde(default)]
    pub(super) schedule: Option<ScheduleVersion>,
    #[serde(default)]
    pub(super) tax: Option<TaxVersion>,
    #[serde(default)]
    pub(super) shares: Option<SharesVersion>,
}

impl Posting {
    /// What was posted, signed as the account's holder sees it: a party's accounts grow by credits.
    pub(super) fn effect_minor(&self) -> i64 {
        match self.side {
            Side::Credit => self.amount_minor.get(),
            Side::Debit => self.amount_minor.get().saturating_neg(),
        }
    }

    /// What it is for, in a word.
    pub(super) fn words(&self, visit: &Visit) -> &'static str {
        self.lines
            .first()
            .map_or_else(|| words::transaction_kind(visit.lang, self.kind), |line| line.words(visit))
    }

    /// Its row.
    pub(super) fn row(&self, visit: &Visit, purpose: Purpose) -> Markup {
        let format = visit.format();
        html! {
            td { (format.time(self.time)) }
            td { (self.reason(visit, purpose)) }
            td.number { @if !self.amount_minor.is_zero() { (signed(visit, self.asset, self.effect_minor())) } @else { "–" } }
            td.number { @if self.pending_minor != 0 { (self.pending(visit)) } @else { "–" } }
            td {
                a href={ "/ledger/entries/" (self.entry) } { (visit.t("条目 ", "Entry ")) (format.number(self.leaf_index)) }
                br; a href={ "/ledger/entries/" (self.entry) "/receipt" } download { (visit.t("存证回执", "Receipt")) }
            }
        }
    }

    /// What is held or expected more or less than before.
    fn pending(&self, visit: &Visit) -> Markup {
        let what = match self.side {
            Side::Debit => visit.t("冻结 ", "held "),
            Side::Credit => visit.t("待入账 ", "expected "),
        };
        html! { (what) (signed(visit, self.asset, self.pending_minor)) }
    }

    fn reason(&self, visit: &Visit, purpose: Purpose) -> Markup {
        html! {
            @if self.lines.is_empty() {
                (self.words(visit))
                @if self.kind == TransactionKind::Hold {
                    // An order's hold is made by the entry that placed it, whose id is the order's.
                    " · " a href={ "/orders/" (self.entry) } { (visit.t("订单", "order")) }
                }
            } @else {
                @for line in self.lines.iter().take(LINES_MAX) {
                    details {
                        summary {
                            (line.words(visit))
                            @if let Some(product) = &line.product { " · " (named(visit.lang, product)) }
                            @if let Some(other) = &line.counterparty { " · " span.quiet { (named(visit.lang, other)) } }
                        }
                        (line.facts(visit, self.asset, purpose))
                    }
                }
                @if self.lines.len() > LINES_MAX {
                    p.quiet { (visit.t("此条目还有更多行，全部列在结算单中。", "This entry has more lines; the statement lists all of them.")) }
                }
            }
        }
    }
}

impl Why {
    /// What it is for, in a word.
    fn words(&self, visit: &Visit) -> &'static str {
        match self.kind.as_str() {
            "sale" => visit.t("销售", "Sale"),
            "purchase" => visit.t("购买", "Purchase"),
            "refund_given" => visit.t("退款付出", "Refund given"),
            "refund_received" => visit.t("退款收到", "Refund received"),
            "yearly_fee" => visit.t("年费", "Yearly fee"),
            "revenue_share" => visit.t("收益分配", "Share of revenue"),
            "fee_earned" => visit.t("手续费收入", "Fee earned"),
            "voucher" => visit.t("科技创新券", "Innovation voucher"),
            _ => visit.t("其他", "Other"),
        }
    }

    /// The parts, and what each follows from.
    fn facts(&self, visit: &Visit, asset: Asset, purpose: Purpose) -> Markup {
        let money = |minor| visit.format().money(asset, minor);
        let mut list = Vec::new();
        let mut part = |name, minor: i64, basis: Markup| {
            if minor != 0 {
                list.push((name, html! { (money(minor)) " " span.quiet { (basis) } }));
            }
        };
        let schedule = html! { @if let Some(version) = &self.schedule {
        (visit.t("按费率表 ", "by fee schedule ")) (version) } };
        let tax = html! {
            @if let Some(rate) = &self.vat_rate { (super::super::market::percent(rate.as_decimal())) " · " }
            @if let Some(version) = self.tax { (visit.t("税率表第 ", "tax table ")) (version) (visit.t(" 版", "")) }
        };
        let shares = html! { @if let Some(version) = self.shares {
        (visit.t("分配方案第 ", "shares, version ")) (version) (visit.t(" 版", "")) } };
        part(visit.t("净价", "Net price"), self.net_minor, html! {});
        part(visit.t("增值税", "Value-added tax"), self.vat_minor, tax);
        part(visit.t("手续费", "Fee"), self.fee_minor, schedule.clone());
        part(visit.t("手续费增值税", "Tax on the fee"), self.fee_vat_minor, schedule);
        part(visit.t("收益分配", "Shares of revenue"), self.revenue_minor, shares);
        part(visit.t("科技创新券支付", "Paid by voucher"), self.voucher_minor, html! {});
        list.push((
            visit.t("资金变动", "Effect on your funds"),
            html! { strong { (signed(visit, asset, self.effect_minor)) } },
        ));
        html! {
            (facts(&list))
            @if purpose == Purpose::Tax {
                p.quiet { (visit.t("增值税记在单独的账户上。", "The value-added tax is on an account of its own.")) }
            }
            @if let Some(licence) = &self.licence {
                p { a href={ "/money/lines/" (licence) } { (visit.t("逐步计算、费率和证明", "Step by step, with rates and proof")) } }
            }
        }
    }
}

/// Money with its sign, a plus as well.
pub(super) fn signed(visit: &Visit, asset: Asset, minor: i64) -> String {
    let plus = if minor > 0 { "+" } else { "" };
    format!("{plus}{}", visit.format().money(asset, minor))
}
