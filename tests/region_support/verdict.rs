//! What must be true of four stopped nodes: one ledger, everything that was acknowledged in it, nothing twice, and every
//! database what the entries give.

use super::{Region, load::Known, node::Access};
use databourse_audit::Auditor;
use databourse_client::Client;
use databourse_ledger::{BLOCK_HEADER_TYPE, Entry};
use databourse_market::{Command, Noun};
use databourse_primitives::{Height, TreeSize};
use databourse_store::{
    BlockRow, ENTRIES_MAX, Store,
    cluster::{Binaries, Cluster, ClusterConfig, OnDrop},
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

/// How many receipts of each node are fetched and verified.
const RECEIPTS_MAX: usize = 100;

/// While they run: every node has the same policy, and gives receipts of what was acknowledged that verify with it.
pub(crate) async fn receipts_verify(nodes: &[Access], known: &Known) -> usize {
    let (text, policy) = nodes[0].client.policy().await.unwrap();
    let every = known.acknowledged.len().div_ceil(RECEIPTS_MAX).max(1);
    let mut count = 0;
    for node in nodes {
        assert_eq!(node.client.policy().await.unwrap().0, text, "{}", node.url);
        let client: Client = node.trusting(&policy);
        for (id, leaf_index) in known.acknowledged.iter().step_by(every) {
            let entry: Value = client.get(&format!("/v1/entries/{id}")).await.unwrap();
            assert_eq!(entry["leaf_index"].as_u64(), Some(*leaf_index), "{id} at {}", node.url);
            let bytes = entry["entry"].as_str().unwrap().as_bytes();
            client.receipt_of(id.parse().unwrap(), bytes).await.unwrap();
            count += 1;
        }
    }
    count
}

/// What a node's database holds of the ledger.
struct Kept {
    code: &'static str,
    blocks: Vec<BlockRow>,
    entries: Vec<Vec<u8>>,
}

/// What the databases say.
#[derive(Debug)]
pub(crate) struct Verdict {
    /// Heights at the nodes.
    pub(crate) heights: Vec<u64>,
    /// Leaves under the last block that all have.
    pub(crate) size: u64,
    /// Evidence of double signing, as `holder: accused count`.
    pub(crate) evidence: Vec<String>,
}

/// Reads the databases of a region that was stopped, and fails if anything is not as it should be. Evidence is for the
/// caller to judge.
pub(crate) async fn of(region: &Region, known: &Known) -> Verdict {
    let (mut all, mut former, mut evidence) = (Vec::new(), Vec::new(), Vec::new());
    for node in &region.nodes {
        let (kept, accused) = read(node.code, node.data()).await;
        evidence.extend(accused);
        let place = if node.is_former { &mut former } else { &mut all };
        place.push(kept);
    }
    let shortest = all.iter().min_by_key(|kept| kept.blocks.len()).unwrap();
    let (height, size) = (shortest.blocks.len(), shortest.entries.len());
    for kept in &all {
        for (place, (one, other)) in kept.blocks.iter().zip(&shortest.blocks).enumerate() {
            assert_eq!(one.height, Height(place as u64 + 1), "{}", kept.code);
            let (ours, theirs) = ((one.id, one.root, one.tree_size), (other.id, other.root, other.tree_size));
            assert_eq!(ours, theirs, "height {} of {} and {}", one.height.0, kept.code, shortest.code);
        }
        let same = kept.entries[..size] == shortest.entries[..];
        assert!(same, "entries of {} and {} differ", kept.code, shortest.code);
    }
    assert_eq!(shortest.blocks[height - 1].tree_size, size as u64);
    for kept in &former {
        // What it has is how the others' ledger begins.
        let common = kept.entries.len().min(size);
        assert!(kept.entries[..common] == shortest.entries[..common], "entries of {} differ", kept.code);
    }
    holds(&shortest.entries, known);
    let heights = all.iter().map(|kept| kept.blocks.len() as u64).collect();
    Verdict { heights, size: size as u64, evidence }
}

/// What was acknowledged stands where it was said and says what was sent, nothing stands twice, and nothing of the
/// clients' that they did not send. What was offered and not acknowledged is not there.
fn holds(entries: &[Vec<u8>], known: &Known) {
    let parsed: Vec<_> = entries.iter().map(|bytes| Entry::parse(bytes).unwrap()).collect();
    for (id, leaf_index) in &known.acknowledged {
        let entry = parsed.get(usize::try_from(*leaf_index).unwrap());
        let entry = entry.unwrap_or_else(|| panic!("{id}, acknowledged at leaf {leaf_index}, is lost"));
        assert_eq!(entry.claims().id.to_string(), *id, "acknowledged at leaf {leaf_index}");
        says_what_was_sent(entry, &known.offered[id]);
    }
    let mut ids = BTreeSet::new();
    for entry in &parsed {
        assert!(ids.insert(entry.claims().id), "{} stands twice", entry.claims().id);
    }
    // Block headers, what the nodes found the ledger with, and what they do by themselves have ids of their own.
    let ours = |id: &&String| id.starts_with("019b8b6e-0000-7000-8");
    let ids: BTreeSet<String> = parsed
        .iter()
        .filter(|entry| entry.claims().entry_type != BLOCK_HEADER_TYPE)
        .map(|entry| entry.claims().id.to_string())
        .collect();
    for id in ids.iter().filter(ours) {
        assert!(known.offered.contains_key(id), "{id} was never sent");
    }
    for id in known.offered.keys() {
        assert_eq!(
            ids.contains(id),
            known.acknowledged.contains_key(id),
            "{id} is final but was not answered, or the reverse"
        );
    }
}

/// The entry is the command that its author sent: its type, for whom, and every member of its body.
fn says_what_was_sent(entry: &Entry, sent: &Value) {
    let claims = entry.claims();
    assert_eq!(sent["type"], claims.entry_type, "{sent}");
    let party = claims.on_behalf_of.as_ref().map(ToString::to_string);
    let author = sent["on_behalf_of"].as_str();
    assert!(party.is_none() || party.as_deref() == author, "{sent}: {party:?}");
    let (entry_type, body) = (&claims.entry_type, &sent["body"]);
    let kept = Command::from_json(entry_type, claims.body.get()).unwrap();
    let recorded: Value = serde_json::from_str(claims.body.get()).unwrap();
    match Command::from_json(entry_type, &body.to_string()) {
        Ok(offered) if offered == kept => {}
        // The node adds what it alone knows, such as the key that it keeps for a party.
        _ => {
            let members = body.as_object().unwrap().iter();
            let lost: Vec<_> = members.filter(|(name, value)| recorded[name.as_str()] != **value).collect();
            assert!(lost.is_empty(), "sent {sent}, recorded {recorded}");
        }
    }
}

/// Everything of one database; it must be what its entries give.
async fn read(code: &'static str, data: PathBuf) -> (Kept, Vec<String>) {
    let mut config = ClusterConfig::new(data, Binaries::find().unwrap());
    config.on_drop = OnDrop::Stop;
    let cluster =
        tokio::task::spawn_blocking(move || Cluster::start(config, &|_| ()).unwrap()).await.unwrap();
    let store = Store::connect(cluster.connection_config(), 2).await.unwrap();
    let head = store.chain_head().await.unwrap().unwrap();
    let blocks = store.blocks(Height(1), u32::try_from(head.height.0).unwrap()).await.unwrap();
    assert_eq!(blocks.len() as u64, head.height.0, "{code}");
    let mut entries = Vec::new();
    while (entries.len() as u64) < head.tree_size {
        let more = store.entries(entries.len() as u64, ENTRIES_MAX).await.unwrap();
        assert!(!more.is_empty(), "{code}: no entry {}", entries.len());
        entries.extend(more);
    }
    is_what_follows(code, &store, &entries, (TreeSize(head.tree_size), head.root)).await;
    let evidence = store.evidence_counts().await.unwrap();
    let evidence =
        evidence.into_iter().map(|(accused, count)| format!("{code}: {accused} {count}")).collect();
    drop(store);
    tokio::task::spawn_blocking(move || drop(cluster)).await.unwrap();
    (Kept { code, blocks, entries }, evidence)
}

/// Re-executes the entries: no finding, every record of the database the same, and none besides.
async fn is_what_follows(
    code: &str,
    store: &Store,
    entries: &[Vec<u8>],
    signed: (TreeSize, databourse_merkle::Hash),
) {
    let mut auditor = Auditor::new();
    entries.iter().for_each(|entry| auditor.feed(entry));
    let records: BTreeMap<_, _> = auditor.state().records().collect();
    let keys = records.keys().map(|key| (*key).clone()).collect();
    for (key, stored) in store.load(&keys).await.unwrap() {
        assert_eq!(stored.as_ref(), records.get(&key).copied(), "{code}: {key}");
    }
    let counts = store.counts().await.unwrap();
    for noun in Noun::ALL {
        let expected = records.keys().filter(|key| key.noun == *noun).count() as u64;
        let found = counts.get(noun.as_str()).copied().unwrap_or(0);
        assert_eq!(found, expected, "{code}: records of {}", noun.as_str());
    }
    let report = auditor.finish(Some(signed));
    assert_eq!(report.findings, [], "{code}");
}
