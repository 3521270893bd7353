//! Payments between exchanges: what is to be paid, the files for the banks, and what arrived.

use super::{Session, money, table::Table, window, window_path, write_whole};
use crate::args::settle::RailArg;
use anyhow::{Context as _, Result};
use databourse_primitives::{Asset, InstructionId, WindowId};
use databourse_settlement::{InstructionState, Window};
use serde::Deserialize;
use serde_json::Value;
use std::path::Path;

/// The payments of a window, as a table; nothing if there are none.
pub(crate) fn render(window: &Window) -> String {
    let mut table =
        Table::new(["instruction 付款指令", "payer 付款方", "payee 收款方", "amount 金额>", "state 状态"]);
    for instruction in window.state.instructions() {
        let state = match &instruction.state {
            InstructionState::Pending => "pending 待付".to_owned(),
            InstructionState::Confirmed { bank_reference, received_minor, .. } => {
                let received = money(window.id.asset, received_minor.get());
                format!("confirmed 已到账 {received} ({bank_reference})")
            }
        };
        table.row([
            instruction.id.to_string(),
            instruction.payer.to_string(),
            instruction.payee.to_string(),
            money(window.id.asset, instruction.amount_minor.get()),
            state,
        ]);
    }
    if table.is_empty() { String::new() } else { table.render() }
}

/// Lists the payments, and writes a file for each payer.
pub(crate) async fn instructions(
    session: &Session,
    id: WindowId,
    files: Option<(RailArg, &Path)>,
) -> Result<()> {
    let found = window::get(session, id).await?;
    let mut written = Vec::new();
    if let Some((rail, folder)) = files {
        let payers: std::collections::BTreeSet<_> =
            found.state.instructions().iter().map(|instruction| &instruction.payer).collect();
        for payer in payers {
            let path = format!("{}/payment-files/{payer}?rail={}", window_path(id), rail.as_str());
            let received = session.client.get_file(&path).await?;
            let name = received.name.with_context(|| format!("{path} has no file name"))?;
            let file = folder.join(name);
            write_whole(&file, &received.bytes)?;
            written.push(file);
        }
    }
    if session.json {
        let list: Value = session.client.get(&format!("{}/instructions", window_path(id))).await?;
        session.printed_json(&list)?;
        return Ok(());
    }
    println!("instructions 付款指令  {id}  {}", window::state_words(&found.state));
    match render(&found) {
        text if text.is_empty() => println!("  none 无"),
        text => print!("{text}"),
    }
    for file in written {
        println!("file 付款文件  {}", file.display());
    }
    Ok(())
}

/// What became of the lines of a file.
#[derive(Debug, Deserialize)]
struct ConfirmReport {
    lines: Vec<ConfirmedLine>,
}

#[derive(Debug, Deserialize)]
struct ConfirmedLine {
    reference: String,
    instruction: Option<InstructionId>,
    asset: Asset,
    amount_minor: i64,
    outcome: Value,
}

/// Reads a bank's file, confirms what arrived, and says whether every line of ours was taken.
pub(crate) async fn confirm(session: &Session, rail: RailArg, file: &Path) -> Result<bool> {
    let bytes = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let path = format!("/v1/confirmations?rail={}", rail.as_str());
    let answer: Value = session.client.post_file(&path, rail_type(rail), bytes).await?;
    let report: ConfirmReport = serde_json::from_value(answer.clone()).context("the node's report")?;
    let refused = |line: &ConfirmedLine| line.outcome["name"] == "refused";
    let all_taken = !report.lines.iter().any(refused);
    if session.printed_json(&answer)? {
        return Ok(all_taken);
    }
    let mut table =
        Table::new(["bank reference 流水号", "instruction 付款指令", "amount 金额>", "outcome 结果"]);
    for line in &report.lines {
        let outcome = match line.outcome["name"].as_str().unwrap_or_default() {
            "confirmed" => format!("confirmed 已确认, leaf 叶 {}", line.outcome["leaf_index"]),
            "already_confirmed" => "confirmed before 此前已确认".to_owned(),
            "reversed" => "reversed 已冲正".to_owned(),
            "not_ours" => "not ours 与付款指令无关".to_owned(),
            "refused" => {
                let of =
                    |member: &str| line.outcome["refusal"][member].as_str().unwrap_or_default().to_owned();
                format!("REFUSED 拒绝 {}: {}", of("code"), of("expected"))
            }
            other => other.to_owned(),
        };
        let instruction = line.instruction.map(|id| id.to_string()).unwrap_or_default();
        table.row([line.reference.clone(), instruction, money(line.asset, line.amount_minor), outcome]);
    }
    print!("{}", table.render());
    Ok(all_taken)
}

/// The media type of a rail's files.
pub(super) const fn rail_type(rail: RailArg) -> &'static str {
    match rail {
        RailArg::Iso20022 => "application/xml",
        RailArg::Ecny => "text/csv",
    }
}
