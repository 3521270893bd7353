//! Snapshots 快照: ordering one, seeing what the exchanges say of it, and beginning a node from one.

use super::member::{self, Wish};
use crate::{
    args::region::{MemberArgs, SnapshotCommand},
    config::Config,
    database::Database,
};
use anyhow::{Context as _, Result, ensure};
use databourse_exchange::NodeKeys;
use databourse_ledger::Policy;
use databourse_market::{Record, SnapshotProof, VerifiedSnapshot};
use databourse_merkle::Hash;
use databourse_party::{Snapshot, SnapshotState};
use databourse_store::{Agreement, AgreementCheck, ExpectedState, StateSummary, Store};
use std::{collections::BTreeSet, fmt::Write as _, path::Path, process::ExitCode};
use tokio::{fs::File, io::BufReader};

/// How much of the file is read at a time.
const BUFFER_BYTES: usize = 1 << 20;

pub(crate) async fn run(command: SnapshotCommand) -> Result<ExitCode> {
    match command {
        SnapshotCommand::Order(by) => {
            let config = Config::load(by.config.config.as_deref())?;
            let recorded = member::send(&config, by.url.as_deref(), &Wish::snapshot()?).await?;
            println!(
                "ordered 已下达  snapshot 快照 of height 高度 {}  {} at leaf 叶 {}",
                recorded.height.0.saturating_add(databourse_party::EFFECT_DELAY_HEIGHTS),
                recorded.id,
                recorded.leaf_index
            );
        }
        SnapshotCommand::List { by, json } => return list(&by, json).await,
        SnapshotCommand::Prove { height, by } => {
            let config = Config::load(by.config.config.as_deref())?;
            let keys = NodeKeys::load(&config.node.key_file)?;
            let client = member::client_of(&config, by.url.as_deref(), &keys)?;
            print!("{}", client.get_text(&format!("/v1/region/snapshots/{height}/proof")).await?);
        }
        SnapshotCommand::Read { file, proof, policy, config } => {
            let config = Config::load(config.config.as_deref())?;
            let verified = verified(&proof, &policy)?;
            let origin = config.origin()?;
            ensure!(
                verified.origin == origin.as_str(),
                "the snapshot is of ledger `{}`, and this node's is `{origin}`",
                verified.origin
            );
            let summary = read(&config, &file, &verified).await?;
            print!("{}", told(&verified, &summary));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What the proof proves to whoever trusts the policy.
fn verified(proof: &Path, policy: &Path) -> Result<VerifiedSnapshot> {
    let text =
        |file: &Path| std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()));
    let trusted = String::from_utf8(text(policy)?).context("the policy is not UTF-8")?;
    let trusted: Policy = trusted.parse().with_context(|| format!("{}", policy.display()))?;
    let verified = SnapshotProof::parse(&text(proof)?).and_then(|proof| proof.verify(&trusted));
    verified.with_context(|| format!("{} does not hold under {}", proof.display(), policy.display()))
}

async fn read(config: &Config, file: &Path, verified: &VerifiedSnapshot) -> Result<StateSummary> {
    let expected = ExpectedState {
        height: verified.height,
        tree_size: verified.content.tree_size.0,
        root: Hash::from_bytes(*verified.root.as_bytes()),
        row_count: verified.content.row_count,
        digest: verified.content.digest,
    };
    let source = File::open(file).await.with_context(|| format!("{} cannot be read", file.display()))?;
    let mut source = BufReader::with_capacity(BUFFER_BYTES, source);
    let origin = config.origin()?;
    let is_agreed = |exchanges: &[Record], height, block_id, agreement: &Agreement| {
        databourse_exchange::is_agreed(&origin, exchanges, height, block_id, agreement)
    };
    // Nobody votes where one node keeps the ledger alone.
    let agreed: Option<AgreementCheck<'_>> =
        if config.region.has_genesis() { Some(&is_agreed) } else { None };
    let database = Database::open(&config.database).await?;
    let filled = match database.migrate().await {
        Ok(_) => {
            let filled = Store::read_state(database.config.clone(), &mut source, &expected, agreed).await;
            filled.map_err(anyhow::Error::from)
        }
        Err(error) => Err(error),
    };
    let closed = database.close().await;
    let summary = filled.with_context(|| format!("{}: nothing was kept of it", file.display()))?;
    closed?;
    Ok(summary)
}

fn told(verified: &VerifiedSnapshot, summary: &StateSummary) -> String {
    let mut text = String::new();
    let by: Vec<&str> = verified.attested_by.iter().map(|code| code.as_str()).collect();
    // Writing into a string does not fail.
    let _ = writeln!(text, "VALID 有效  snapshot 快照 of height 高度 {}", verified.height);
    let _ = writeln!(text, "ledger 账本  {}", verified.origin);
    let _ = writeln!(text, "tree 树  {} leaves 叶  {}", summary.head.tree_size, verified.root);
    let _ = writeln!(text, "rows 行  {}  {}", summary.row_count, summary.digest);
    let _ = writeln!(text, "attested by 证实方  {}", by.join(", "));
    text
}

/// Exit code 2 if the exchanges say different things of a snapshot.
async fn list(by: &MemberArgs, json: bool) -> Result<ExitCode> {
    let config = Config::load(by.config.config.as_deref())?;
    let keys = NodeKeys::load(&config.node.key_file)?;
    let client = member::client_of(&config, by.url.as_deref(), &keys)?;
    let snapshots: Vec<Snapshot> = client.list("/v1/region/snapshots").await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&snapshots)?);
    } else {
        print!("{}", table(&snapshots));
    }
    Ok(if snapshots.iter().any(is_disputed) { ExitCode::from(2) } else { ExitCode::SUCCESS })
}

fn is_disputed(snapshot: &Snapshot) -> bool {
    let said: BTreeSet<_> = snapshot.attestations.values().map(|said| said.content).collect();
    said.len() > 1
}

/// One line for each snapshot, and one for each thing that is said of it.
fn table(snapshots: &[Snapshot]) -> String {
    let mut text = String::new();
    for snapshot in snapshots {
        let state = match snapshot.state {
            SnapshotState::Open => "open 未证实",
            SnapshotState::Attested { .. } => "attested 已证实",
        };
        let (height, by, at) = (snapshot.height, &snapshot.ordered_by, snapshot.ordered_at);
        // Writing into a string does not fail.
        let _ = writeln!(text, "height 高度 {height}  {state}  ordered by 下达方 {by} {at}");
        let contents: BTreeSet<_> = snapshot.attestations.values().map(|said| said.content).collect();
        for content in contents {
            let said = snapshot.attestations.iter().filter(|(_, said)| said.content == content);
            let codes: Vec<&str> = said.map(|(code, _)| code.as_str()).collect();
            let (size, rows, digest) = (content.tree_size, content.row_count, content.digest);
            let _ = writeln!(text, "  {}: {size} leaves 叶, {rows} rows 行, {digest}", codes.join(", "));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn snapshot(said: &[(&str, &str)]) -> Snapshot {
        let digest = |what: &str| databourse_primitives::Digest::of(what.as_bytes());
        let attestations: serde_json::Map<_, _> = said
            .iter()
            .map(|(code, what)| {
                let content = json!({ "tree_size": 40, "row_count": 170, "digest": digest(what) });
                let entry = "019aa2b4-5c00-7000-8000-000000000001";
                ((*code).to_owned(), json!({ "entry": entry, "content": content }))
            })
            .collect();
        let json = json!({
            "height": 12, "ordered_by": "sh", "ordered_at": "2026-11-22T02:47:32.123Z",
            "attestations": attestations, "state": { "name": "open" },
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn who_says_something_else_stands_on_a_line_of_its_own() {
        let agreed = snapshot(&[("js", "one"), ("sh", "one")]);
        assert!(!is_disputed(&agreed));
        assert!(table(&[agreed]).contains("  js, sh: 40 leaves"));
        let disputed = snapshot(&[("js", "one"), ("sh", "other")]);
        assert!(is_disputed(&disputed));
        assert_eq!(table(&[disputed]).lines().count(), 3);
    }
}
