//! `bench audit`: how many entries per second an audit checks, and what bounds it.
//!
//! The whole audit is timed as it runs: reading, hashes, signatures and execution at once on all processors. Then each step is
//! timed alone on one thread over the same entries in memory, so that the shares do not depend on who waited for whom.

use super::procfs::Cpu;
use crate::{
    args::audit::BenchArgs,
    audit::pipeline::{self, Keys},
    play::timer::Timer,
};
use anyhow::{Context as _, Result};
use databourse_audit::{Auditor, Finding, Prepared};
use databourse_ledger::{Policy, PolicyLog, Quorum, SignedCheckpoint};
use databourse_market::Noun;
use databourse_mirror::{Bundle, LogSource, VerifiedTree};
use databourse_party::Exchange;
use databourse_primitives::LeafIndex;
use futures::StreamExt as _;
use serde_json::json;
use std::{pin::pin, process::ExitCode};

/// What one step took for all entries, on one thread.
struct Step {
    name: &'static str,
    ms: u64,
}

pub(crate) async fn run(args: &BenchArgs) -> Result<ExitCode> {
    let folder = args.dir.display().to_string();
    let source = LogSource::Folder(args.dir.clone());
    // What is measured does not depend on whom one trusts, so the policy is what the ledger itself says.
    let policy = own_policy(&source).await.with_context(|| folder.clone())?;

    let cpu = Cpu::read(&[], &[]);
    let timer = Timer::start();
    let tree = VerifiedTree::open(source, &policy).await.with_context(|| folder.clone())?;
    let (auditor, mut findings) = pipeline::run(&tree, Auditor::new(), &Keys::default()).await?;
    let wall_ms = ms(&timer);
    let cpu_ms = Cpu::read(&[], &[]).since(cpu).own_ms;
    findings.extend(auditor.findings().iter().cloned());
    let record_count = auditor.state().records().count();
    let licence_count = auditor.state().records().filter(|(key, _)| key.noun == Noun::Licence).count();
    drop(auditor);

    let (steps, entry_count) = steps(&tree, args.entries).await?;
    let whole = tree.size().0;
    let rate = per_second(whole, wall_ms);
    let bound = bound(&steps, wall_ms, cpu_ms, whole, entry_count);
    if args.json {
        let steps: serde_json::Map<String, serde_json::Value> =
            steps.iter().map(|step| (step.name.to_owned(), step.ms.into())).collect();
        let document = json!({
            "entries": whole, "wall_ms": wall_ms, "cpu_ms": cpu_ms, "entries_per_second": rate, "bound": bound,
            "steps_entries": entry_count, "steps_ms": steps, "records": record_count, "licences": licence_count,
            "findings": findings,
        });
        println!("{document}");
    } else {
        println!(
            "{whole} entries audited in {wall_ms} ms with {cpu_ms} ms of processors: {rate} entries per second"
        );
        println!("{record_count} records, {licence_count} of them licences");
        let all: u64 = steps.iter().map(|step| step.ms).sum();
        for Step { name, ms } in &steps {
            let share = (100 * ms).checked_div(all).unwrap_or_default();
            println!(
                "  {name:<12} {ms:>8} ms  {share:>3} %  {:>9} entries per second on one thread",
                per_second(entry_count, *ms)
            );
        }
        println!("bound by {bound}");
        findings.iter().for_each(|finding| println!("{finding}"));
    }
    Ok(if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Milliseconds since it was started.
fn ms(timer: &Timer) -> u64 {
    u64::try_from(timer.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn per_second(count: u64, ms: u64) -> u64 {
    (count * 1_000).checked_div(ms).unwrap_or_default()
}

/// The log's key out of the founding entry.
async fn own_policy(source: &LogSource) -> Result<Policy> {
    let signed: SignedCheckpoint = source.checkpoint().await?;
    let coord = databourse_merkle::tile::bundle_at(0, signed.checkpoint.size.0).context("an empty ledger")?;
    let first: Bundle = source.bundle(coord).await?;
    let mut auditor = Auditor::new();
    for entry in first.entries() {
        auditor.feed(entry);
        if auditor.state().all::<Exchange>().next().is_some() {
            break;
        }
    }
    let members = auditor.members_policy().context("the first block founds no region")?;
    let logs: Vec<PolicyLog> = members.logs().to_vec();
    Ok(Policy::new(logs, Vec::new(), Vec::new(), Quorum::None)?)
}

/// Each step alone, over the entries of the first `entries_max`.
async fn steps(tree: &VerifiedTree, entries_max: Option<u64>) -> Result<(Vec<Step>, u64)> {
    let wanted = entries_max.unwrap_or(u64::MAX).min(tree.size().0);
    let mut bundles: Vec<Bundle> = Vec::new();
    let timer = Timer::start();
    let mut stream = pin!(tree.bundles(LeafIndex(0)));
    while let Some(bundle) = stream.next().await {
        let bundle = bundle?;
        let is_enough = bundle.first_leaf().0 + u64::from(bundle.coord().width()) >= wanted;
        bundles.push(bundle);
        if is_enough {
            break;
        }
    }
    let reading = Step { name: "reading", ms: ms(&timer) };

    let timer = Timer::start();
    let read: Vec<Prepared> = bundles.iter().flat_map(Bundle::entries).map(Prepared::read).collect();
    let decoding = Step { name: "decoding", ms: ms(&timer) };
    let entry_count = read.len() as u64;

    let keys = Keys::default();
    read.iter().flat_map(Prepared::registered_keys).for_each(|key| keys.add(key));
    let timer = Timer::start();
    let checked: Vec<Prepared> = read.into_iter().map(|entry| keys.check(entry)).collect();
    let signatures = Step { name: "signatures", ms: ms(&timer) };

    let mut auditor = Auditor::new();
    let timer = Timer::start();
    checked.into_iter().for_each(|entry| auditor.take(entry));
    let executing = Step { name: "execution", ms: ms(&timer) };
    let found: Vec<&Finding> = auditor.findings().iter().collect();
    anyhow::ensure!(found.is_empty(), "the audit ends early: {found:?}");
    Ok((vec![reading, decoding, signatures, executing], entry_count))
}

/// What the audit waited for: the one thread that executes, or all processors.
fn bound(steps: &[Step], wall_ms: u64, cpu_ms: u64, whole: u64, measured: u64) -> String {
    let processors = std::thread::available_parallelism().map_or(1, |count| count.get() as u64);
    let of_whole = |ms: u64| (ms * whole).checked_div(measured).unwrap_or_default();
    let executing = steps.iter().find(|step| step.name == "execution").map_or(0, |step| of_whole(step.ms));
    if cpu_ms * 100 >= wall_ms * processors * 85 {
        let largest = steps.iter().max_by_key(|step| step.ms).map_or("", |step| step.name);
        format!("{processors} processors, of which {largest} take the most")
    } else if executing * 100 >= wall_ms * 85 {
        "execution, which is on one thread".to_owned()
    } else {
        format!(
            "neither processors ({cpu_ms} ms of {} ms) nor execution: the machine does something else",
            wall_ms * processors
        )
    }
}
