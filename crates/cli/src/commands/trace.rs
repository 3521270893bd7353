//! `trace`: the whole life of one thing, with a proof for each step.

mod source;

use crate::args::fsck::TraceArgs;
use anyhow::{Context as _, Result};
use databourse_audit::{Finality, Finding, Relation, Signers, Step, Subject, Tracer};
use databourse_ledger::{Policy, Receipt, SignedCheckpoint};
use databourse_merkle::{MemoryTree, inclusion_proof};
use databourse_primitives::EntryId;
use serde::Serialize;
use source::Source;
use std::{fmt::Write as _, fs, path::Path, process::ExitCode};

/// What the program answers when nothing has the name, or something does not hold.
const FOUND: u8 = 2;

/// A step and what proves it.
#[derive(Debug, Serialize)]
struct ProvenStep {
    #[serde(flatten)]
    step: Step,
    /// Why it is not proven; absent if its receipt holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    unproven: Option<String>,
    /// C2SP tlog-proof.
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<String>,
}

/// The life of the subject.
#[derive(Debug, Serialize)]
struct Life {
    subject: String,
    /// The kinds of records of that name.
    kinds: Vec<&'static str>,
    /// Number of entries that were read.
    entry_count: u64,
    steps: Vec<ProvenStep>,
    /// What the audit of the ledger found on the way.
    findings: Vec<Finding>,
    /// The policy that the proofs hold under.
    policy: Option<String>,
}

pub(crate) async fn run(args: TraceArgs) -> ExitCode {
    match trace(&args).await {
        Ok(life) => {
            if args.json {
                println!("{}", serde_json::to_string_pretty(&life).unwrap_or_default());
            } else {
                print!("{}", told(&life));
            }
            let is_proven = life.steps.iter().all(|step| step.unproven.is_none());
            let is_good = !life.steps.is_empty() && is_proven && life.findings.is_empty();
            if is_good { ExitCode::SUCCESS } else { ExitCode::from(FOUND) }
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn trace(args: &TraceArgs) -> Result<Life> {
    let source = Source::open(args).await?;
    let life = follow(args, &source).await;
    source.close().await?;
    let life = life?;
    if let Some(folder) = &args.out {
        write(&life, folder).with_context(|| format!("{} cannot be written", folder.display()))?;
    }
    Ok(life)
}

async fn follow(args: &TraceArgs, source: &Source) -> Result<Life> {
    let (mut tracer, mut tree) = read(source, [args.subject.clone()]).await?;
    // A certificate's life is its order's, which only the certificate names.
    if let (Subject::Certificate(_), Some(order)) = (&args.subject, tracer.certified()) {
        let order = Subject::Entry(EntryId::from(order));
        (tracer, tree) = read(source, [args.subject.clone(), order]).await?;
    }
    let kinds = tracer.kinds().collect();
    let entry_count = tracer.replay().size().0;
    let checkpoint = source.checkpoint().await?;
    let policy = match &args.policy {
        Some(file) => {
            let text =
                fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
            Some(text.parse::<Policy>().with_context(|| format!("{}", file.display()))?)
        }
        None => checkpoint.as_ref().and_then(|checkpoint| {
            let signers = Signers::of(tracer.replay().state())?;
            let alone = source.exchange();
            let finality = if source.is_region() { Finality::Region } else { Finality::Alone(alone) };
            signers.policy(checkpoint.height, finality)
        }),
    };
    let signed = checkpoint.map(|checkpoint| checkpoint.signed);
    let (replay, steps) = tracer.finish();
    let steps = steps.into_iter().map(|step| prove(step, &tree, signed.as_ref(), policy.as_ref()));
    Ok(Life {
        subject: args.subject.to_string(),
        kinds,
        entry_count,
        steps: steps.collect(),
        findings: replay.finish(None).findings,
        policy: policy.map(|policy| policy.to_string()),
    })
}

async fn read(source: &Source, subjects: impl IntoIterator<Item = Subject>) -> Result<(Tracer, MemoryTree)> {
    let (mut tracer, mut tree) = (Tracer::new(subjects), MemoryTree::new());
    loop {
        let entries = source.entries(tree.size()).await?;
        if entries.is_empty() {
            return Ok((tracer, tree));
        }
        for entry in entries {
            tree.push(databourse_merkle::leaf_hash(&entry));
            tracer.feed(&entry);
        }
    }
}

/// A step with its receipt, verified as anybody else would.
fn prove(
    step: Step,
    tree: &MemoryTree,
    signed: Option<&SignedCheckpoint>,
    policy: Option<&Policy>,
) -> ProvenStep {
    let proven = || -> Result<String, String> {
        let signed = signed.ok_or("no checkpoint is final yet")?;
        let policy = policy.ok_or("nobody signs checkpoints of this ledger")?;
        let size = signed.checkpoint.size.0;
        if step.leaf_index.0 >= size {
            return Err(format!("the last final checkpoint has {size} leaves"));
        }
        let proof = inclusion_proof(step.leaf_index.0, size, tree)
            .map_err(|_| format!("the ledger has fewer entries than the {size} of its checkpoint"))?;
        let receipt = Receipt { extra: None, index: step.leaf_index, proof, checkpoint: signed.clone() };
        receipt.verify(step.leaf_hash, policy).map_err(|error| error.to_string())?;
        Ok(receipt.to_string())
    };
    match proven() {
        Ok(receipt) => ProvenStep { step, unproven: None, receipt: Some(receipt) },
        Err(reason) => ProvenStep { step, unproven: Some(reason), receipt: None },
    }
}

/// Each step's entry and receipt, and the policy, as `databourse verify` takes them.
fn write(life: &Life, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    for ProvenStep { step, receipt, .. } in &life.steps {
        let stem = format!("{:08}-{}", step.leaf_index.0, step.entry_type);
        fs::write(folder.join(format!("{stem}.jws")), &step.bytes)?;
        if let Some(receipt) = receipt {
            fs::write(folder.join(format!("{stem}.tlog-proof")), receipt)?;
        }
    }
    if let Some(policy) = &life.policy {
        fs::write(folder.join("policy.txt"), policy)?;
    }
    fs::write(folder.join("trace.json"), serde_json::to_vec_pretty(life)?)?;
    Ok(())
}

fn told(life: &Life) -> String {
    let mut text = String::new();
    // Writing into a string does not fail.
    let _ = writeln!(text, "{} 追踪 {}", life.kinds.join(", "), life.subject);
    for ProvenStep { step, unproven, .. } in &life.steps {
        let relation = match step.relation {
            Relation::Made => "made it 产生",
            Relation::Changed => "changed it 变更",
            Relation::Named => "names it 提及",
            Relation::Acted => "by it 发起",
        };
        let proof = unproven
            .as_ref()
            .map_or_else(|| "proven 已证明".to_owned(), |reason| format!("NOT PROVEN 未证明: {reason}"));
        let (leaf, height, time) = (step.leaf_index, step.height, step.time);
        let (entry_type, author) = (&step.entry_type, &step.author);
        let _ = writeln!(
            text,
            "leaf 叶 {leaf}  height 高度 {height}  {time}  {entry_type}  {author}  {relation}  {proof}"
        );
        for change in &step.changes {
            let _ = writeln!(text, "  {} {}", change.kind, change.name);
            for member in change.members.iter().filter(|member| !member.pointer.is_empty()) {
                let shown = |value: &Option<serde_json::Value>| {
                    value.as_ref().map_or_else(|| "–".to_owned(), ToString::to_string)
                };
                let (before, after) = (shown(&member.before), shown(&member.after));
                let _ = writeln!(text, "    {}: {before} → {after}", member.pointer);
            }
        }
    }
    for finding in &life.findings {
        let _ = writeln!(text, "finding 发现  {finding}");
    }
    let _ = writeln!(text, "{} steps 步 of {} entries 条目", life.steps.len(), life.entry_count);
    text
}
