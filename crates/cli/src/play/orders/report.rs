//! The end report: every line, every thousandth, against the file and against the ledger's own figures.

use super::tally::{Check, Group, Sum, Tally, grouped, money};
use crate::{import::orders::facts::Facts, play::figures::Figures};
use databourse_primitives::{PartyId, RefusalCode};
use std::{collections::BTreeMap, fmt::Write as _};

/// What a replay did.
pub(crate) struct OrdersReport {
    pub(crate) file: String,
    pub(crate) limited: bool,
    pub(crate) invoices: u64,
    /// What the first reading counted.
    pub(crate) read: Sum,
    /// The whole file counted a second way, without grouping and market; only if all of it was played.
    pub(crate) counted: Option<Facts>,
    pub(crate) tally: Tally,
    pub(crate) retailer: PartyId,
    pub(crate) certificate_count: u64,
    pub(crate) certificate_refusals: BTreeMap<String, u64>,
    pub(crate) commands_sent: u64,
    pub(crate) commands_repeated: u64,
    pub(crate) took_millis: u64,
}

impl OrdersReport {
    /// The equations that must hold.
    pub(crate) fn checks(&self, ledger: &Figures) -> Vec<Check> {
        let total = self.tally.total();
        let [purchases, refunds] = [Group::Purchase, Group::Refund].map(|group| self.tally.of(&group));
        let money_of = ledger.of("XTS/3");
        let net = money_of.posted - money_of.refunded;
        let nobody = self.tally.of(&Group::refused(RefusalCode::OrderBuyerMissing.as_str()));
        let supplier = ledger.available_of(&self.retailer, "XTS/3");
        let mut checks = vec![
            Check::count("lines: groups = file", total.lines, self.read.lines),
            Check::money("money: groups = file", total.milli, self.read.milli),
            Check::money("accepted purchases = posted by the ledger", purchases.milli, money_of.posted),
            Check::money("accepted refunds = refunded by the ledger", -refunds.milli, money_of.refunded),
            Check::money(
                "posted − refunded = retailer's money + fees + tax",
                net,
                supplier + money_of.fees + money_of.tax,
            ),
            Check::money(
                "deposits − buyers' money left − held = posted − refunded",
                money_of.deposited - (money_of.available - supplier) - money_of.held,
                net,
            ),
        ];
        if let Some(counted) = &self.counted {
            checks.push(Check::money(
                "money: groups = file counted line by line",
                total.milli,
                counted.net_milli,
            ));
            checks.push(Check::count(
                "refused for want of a buyer = lines without a customer",
                nobody.lines,
                counted.lines_without_customer,
            ));
        }
        checks
    }

    /// How the file differs from the one that the project knows; `None` if it is another file.
    fn differences(&self) -> Option<Vec<String>> {
        let counted = self.counted.as_ref().filter(|facts| facts.lines == Facts::ONLINE_RETAIL.lines)?;
        Some(counted.differences(&Facts::ONLINE_RETAIL))
    }

    pub(crate) fn render(&self, ledger: &Figures) -> String {
        let mut text = String::new();
        let which = if self.limited { "the first " } else { "" };
        // Writing into a string does not fail.
        let _ = writeln!(
            text,
            "Retail orders 零售订单: {} ({which}{} invoices). Real retail orders, not trades in data. Money in XTS.",
            self.file,
            grouped(self.invoices.into())
        );
        let _ = writeln!(text, "  {:<58} {:>9} {:>18}", "group", "lines", "money");
        text.push_str(&self.tally.render());
        let checks = self.checks(ledger);
        for check in &checks {
            text.push_str(&check.render());
        }
        if let Some(differences) = self.differences() {
            let words = "the file is UCI Online Retail as published: 15 of 15 facts";
            let _ = match differences.is_empty() {
                true => writeln!(text, "  ✓ {words}"),
                false => writeln!(
                    text,
                    "  note: not quite UCI Online Retail as published: {}",
                    differences.join("; ")
                ),
            };
        }
        let verdict = if checks.iter().all(Check::holds) { "PASS" } else { "FAIL" };
        let total = self.tally.total();
        let _ = writeln!(
            text,
            "{verdict}: {} lines, net {} XTS, {} certificates",
            grouped(total.lines.into()),
            money(total.milli),
            grouped(self.certificate_count.into())
        );
        for (code, count) in &self.certificate_refusals {
            let why = match code.as_str() {
                "certificate.trade_incomplete" => " (every line was refunded before it was issued)",
                _ => "",
            };
            let _ = writeln!(text, "  certificates refused {code}: {count}{why}");
        }
        let rate = |count: u64| grouped((count.saturating_mul(1000) / self.took_millis.max(1)).into());
        let _ = writeln!(
            text,
            "  {} commands ({} answered again) in {}.{} s: {} lines/s, {} entries/s, one batch at a time, all durable",
            grouped(self.commands_sent.into()),
            grouped(self.commands_repeated.into()),
            self.took_millis / 1000,
            self.took_millis % 1000 / 100,
            rate(total.lines),
            rate(self.commands_sent - self.commands_repeated),
        );
        text
    }

    pub(crate) fn holds(&self, ledger: &Figures) -> bool {
        self.checks(ledger).iter().all(Check::holds)
    }
}
