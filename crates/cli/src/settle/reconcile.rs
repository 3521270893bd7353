//! Reconciliation 对账: the ledger against the exchange's own book and its bank.

use super::{Session, breaks, money, table::Table, word};
use crate::args::settle::ReconcileArgs;
use anyhow::{Context as _, Result};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use databourse_exchange::{BankReport, BookReport, HeadVerdict, OpenedBreak, ReconcileReport, ReportedBreak};
use databourse_primitives::Asset;
use databourse_reconcile::{
    BreakKind, SettlementLine,
    bank::BankLine,
    matching::{Matched, Rule},
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fmt::Write as _, path::Path};

/// Ages of breaks that the ledger has, in words, by the break's id.
type Ages = BTreeMap<String, &'static str>;

/// Has the node compare, and prints what differs; says whether nothing does.
///
/// # Errors
/// A file that cannot be read, or the node's.
pub(crate) async fn run(session: &Session, args: &ReconcileArgs) -> Result<bool> {
    let read = |file: &Path| -> Result<String> {
        let bytes = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
        Ok(STANDARD.encode(bytes))
    };
    let mut body = json!({ "window": args.window, "fix_nothing": args.fix_nothing });
    if let Some(book) = &args.book {
        body["book"] = json!(read(book)?);
    }
    if let Some(bank) = &args.bank {
        body["bank"] = json!({ "rail": args.rail.as_str(), "file": read(bank)? });
    }
    let answer: Value = session
        .client
        .post(super::new_id()?, &databourse_client::Endpoint { path: "/v1/reconciliations".to_owned(), body })
        .await?;
    let report: ReconcileReport = serde_json::from_value(answer.clone()).context("the node's report")?;
    let clean = report.break_count() == 0;
    if !session.printed_json(&answer)? {
        let ages = if clean { Ages::new() } else { breaks::ages(session, args.window).await? };
        print!("{}", render(&report, &ages));
    }
    Ok(clean)
}

/// The report for people.
fn render(report: &ReconcileReport, ages: &Ages) -> String {
    let asset = report.window.asset;
    let mut text = format!("reconciliation 对账  {}  {}\n", report.window, report.exchange);
    let mut heads = Table::new(["pair 交易所对", "lines 明细>", "signed by 已签名", "verdict 判定"]);
    for reported in &report.heads {
        let head = &reported.head;
        let signed: Vec<_> = head.signed.keys().map(ToString::to_string).collect();
        let verdict = match head.verdict {
            HeadVerdict::Agreed => "agreed 一致".to_owned(),
            HeadVerdict::Waiting => "waiting 待签".to_owned(),
            HeadVerdict::Differs => format!("DIFFERS 不一致 {}", opened(reported.ledger.as_ref(), ages)),
        };
        heads.row([head.pair.to_string(), head.line_count.to_string(), signed.join(", "), verdict]);
    }
    if !heads.is_empty() {
        text += &heads.render();
    }
    for pair in report.book.iter().flatten() {
        text += &book(pair, asset, ages);
    }
    if let Some(leg) = &report.bank {
        text += &bank(leg, asset, ages);
    }
    // Writing into a string does not fail.
    let _ = match report.break_count() {
        0 => writeln!(text, "clean 一致"),
        count => writeln!(text, "{count} breaks 差错, {} opened now 本次登记", report.opened.len()),
    };
    text
}

fn book(pair: &BookReport, asset: Asset, ages: &Ages) -> String {
    let mut text = format!(
        "book 自有账  {}  {} lines in the ledger 账本, {} in the book 自有账, {} hashes fetched\n",
        pair.pair, pair.tally.lines.left, pair.tally.lines.right, pair.hashes_fetched
    );
    text += &rules(&pair.matched);
    let amount = |lines: &[SettlementLine]| {
        let sum: i128 = lines.iter().map(SettlementLine::amount_minor).sum();
        (!lines.is_empty()).then_some(sum)
    };
    text + &found(&pair.breaks, asset, ages, amount)
}

fn bank(leg: &BankReport, asset: Asset, ages: &Ages) -> String {
    let mut text = format!(
        "bank 银行  {} payments in the ledger 账本, {} lines of the bank 银行\n",
        leg.tally.lines.left, leg.tally.lines.right
    );
    text += &rules(&leg.matched);
    for posted in &leg.differences {
        // Writing into a string does not fail.
        let _ =
            writeln!(text, "  difference 差额  {}  {}", posted.key, money(asset, posted.difference_minor));
    }
    for (reason, count) in &leg.skipped {
        // Writing into a string does not fail.
        let _ = writeln!(text, "  {count} lines skipped 略过: {}", word(reason).replace('_', " "));
    }
    let amount = |lines: &[BankLine]| {
        let sum: i128 = lines.iter().map(|line| i128::from(line.signed_minor())).sum();
        (!lines.is_empty()).then_some(sum)
    };
    text + &found(&leg.breaks, asset, ages, amount)
}

/// How many lines each rule matched.
fn rules(matched: &BTreeMap<Rule, Matched>) -> String {
    let mut table = Table::new(["matched by 匹配规则", "ledger 账本>", "other 对方>"]);
    for (rule, count) in matched {
        table.row([word(rule).replace('_', " "), count.left.to_string(), count.right.to_string()]);
    }
    if table.is_empty() { String::new() } else { table.render() }
}

/// The breaks, by kind. Amounts include tax.
fn found<R>(
    breaks: &[ReportedBreak<R>],
    asset: Asset,
    ages: &Ages,
    amount: impl Fn(&[R]) -> Option<i128>,
) -> String {
    let shown = |sum: Option<i128>| match sum.map(i64::try_from) {
        Some(Ok(minor)) => money(asset, minor),
        Some(Err(_)) => "?".to_owned(),
        None => "–".to_owned(),
    };
    let mut sorted: Vec<_> = breaks.iter().collect();
    sorted.sort_by_key(|reported| reported.found.kind);
    let mut table =
        Table::new(["break 差错", "key 业务键", "ledger 账本>", "other 对方>", "in the ledger 登记"]);
    for reported in sorted {
        let left = &reported.found.left;
        let sum: i128 = left.iter().map(SettlementLine::amount_minor).sum();
        table.row([
            reported.found.kind.to_string(),
            reported.found.key.as_ref().map_or_else(|| "–".to_owned(), ToString::to_string),
            shown((!left.is_empty()).then_some(sum)),
            shown(amount(&reported.found.right)),
            opened(reported.ledger.as_ref(), ages),
        ]);
    }
    if table.is_empty() {
        return String::new();
    }
    let mut counts: BTreeMap<BreakKind, u64> = BTreeMap::new();
    for reported in breaks {
        *counts.entry(reported.found.kind).or_default() += 1;
    }
    let counts: Vec<_> = counts.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
    format!("{}  by kind 按类型  {}\n", table.render(), counts.join(", "))
}

/// What the ledger has of a break, with its age.
fn opened(ledger: Option<&OpenedBreak>, ages: &Ages) -> String {
    let aged = |id: &str| ages.get(id).copied().unwrap_or_default();
    match ledger {
        None => "not opened 未登记".to_owned(),
        Some(OpenedBreak::Opened { id }) => format!("opened 新登记 {id}"),
        Some(OpenedBreak::AlreadyOpen { id }) => format!("open 已登记 {id}, {}", aged(&id.to_string())),
        Some(OpenedBreak::Refused { refusal }) => format!("REFUSED 拒绝 {}", refusal.code),
        Some(OpenedBreak::Later) => "next run 下次登记".to_owned(),
    }
}
