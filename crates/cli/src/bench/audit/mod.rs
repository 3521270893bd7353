//! `bench audit`: how many entries per second an audit checks, and what bounds it.
//!
//! The whole audit is timed as it runs: reading, hashes, signatures and execution at once on all processors. Then each step is
//! timed alone on one thread over the same entries in memory, so that the shares do not depend on who waited for whom.

mod report;

use self::report::{Measured, Step};
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
use std::{pin::pin, process::ExitCode};

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
    let record_count = Noun::ALL.iter().map(|noun| auditor.state().count(*noun)).sum();
    let licence_count = auditor.state().count(Noun::Licence);
    drop(auditor);

    let (steps, steps_entry_count) = steps(&tree, args.entries).await?;
    let measured = Measured {
        entry_count: tree.size().0,
        wall_ms,
        cpu_ms,
        processor_count: std::thread::available_parallelism().map_or(1, |count| count.get() as u64),
        record_count,
        licence_count,
        steps,
        steps_entry_count,
        findings,
    };
    if args.json {
        println!("{}", measured.to_json());
    } else {
        print!("{measured}");
    }
    Ok(if measured.findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Milliseconds since it was started.
fn ms(timer: &Timer) -> u64 {
    u64::try_from(timer.elapsed().as_millis()).unwrap_or(u64::MAX)
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
