//! What an audit came to, for people and for programs.

use databourse_audit::Finding;
use databourse_ledger::SignedCheckpoint;
use serde::Serialize;
use std::{collections::BTreeMap, fmt};

/// A finding, and proof that its entry stands in the ledger.
#[derive(Debug, Serialize)]
pub(crate) struct Proven {
    #[serde(flatten)]
    pub(crate) finding: Finding,
    /// C2SP tlog-proof.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) proof: Option<String>,
}

/// See the module.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) source: String,
    /// Of the checkpoint that was audited; absent if there was none to trust.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) checkpoint: Option<String>,
    pub(crate) entry_count: u64,
    pub(crate) height: u64,
    pub(crate) command_count: u64,
    /// Members whose cosignatures the checkpoint carries.
    pub(crate) cosigned_by: Vec<String>,
    /// Lines under the checkpoint that are nobody's of the region.
    pub(crate) other_lines: Vec<String>,
    /// How many answers of the node were compared, by kind.
    pub(crate) compared: BTreeMap<&'static str, u64>,
    pub(crate) findings: Vec<Proven>,
}

impl Report {
    pub(crate) fn new(source: &str) -> Self {
        Self {
            source: source.to_owned(),
            checkpoint: None,
            entry_count: 0,
            height: 0,
            command_count: 0,
            cosigned_by: Vec::new(),
            other_lines: Vec::new(),
            compared: BTreeMap::new(),
            findings: Vec::new(),
        }
    }

    pub(crate) fn describe(&mut self, signed: &SignedCheckpoint) {
        self.entry_count = signed.checkpoint.size.0;
        self.checkpoint = Some(signed.to_string());
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut head = self.checkpoint.as_deref().unwrap_or_default().lines();
        writeln!(f, "source 来源  {}", self.source)?;
        if let (Some(origin), Some(size), Some(root)) = (head.next(), head.next(), head.next()) {
            writeln!(f, "ledger 账本  {origin}")?;
            writeln!(f, "tree 树  {size} leaves 叶, root 根 {root}")?;
        }
        writeln!(
            f,
            "executed again 重新执行  {} commands 命令 in {} blocks 区块",
            self.command_count, self.height
        )?;
        if !self.cosigned_by.is_empty() {
            writeln!(f, "cosigned by 联签  {}", self.cosigned_by.join(", "))?;
        }
        if !self.other_lines.is_empty() {
            writeln!(f, "other signature lines 其他签名行  {}", self.other_lines.join(", "))?;
        }
        if !self.compared.is_empty() {
            let counts: Vec<String> =
                self.compared.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
            writeln!(f, "answers compared 已比对答复  {}", counts.join(", "))?;
        }
        writeln!(f, "findings 发现  {}", self.findings.len())?;
        for Proven { finding, proof } in &self.findings {
            writeln!(f, "\n{finding}")?;
            if let Some(proof) = proof {
                proof.lines().try_for_each(|line| writeln!(f, "    {line}"))?;
            }
        }
        Ok(())
    }
}
