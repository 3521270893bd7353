//! What a node answers, held against what follows from the entries.
//!
//! A node goes on while it is asked. So what differs in its lists is asked for again by name, after the entries that were
//! committed meanwhile have been executed; what differs still after [`ROUNDS`] such rounds is a finding.

use super::session::Session;
use anyhow::Result;
use databourse_audit::{Auditor, FindingKind, statement_roots};
use databourse_client::{Client, ClientError, Page};
use databourse_licensing::Licence;
use databourse_market::{Certificate, Key, MemoryState, Noun};
use databourse_settlement::{Account, Hold, Window};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// How often an answer must differ to count.
const ROUNDS: usize = 4;
/// The pause before each further round: what is committed is published within it.
const ROUND_PAUSE: Duration = Duration::from_millis(300);

/// A kind of record that a node lists for auditors.
struct Kind {
    noun: Noun,
    list: &'static str,
    /// The member of an answer that is its name.
    name: &'static str,
}

const KINDS: [Kind; 5] = [
    Kind { noun: Noun::Account, list: "/v1/accounts", name: "id" },
    Kind { noun: Noun::Hold, list: "/v1/holds", name: "id" },
    Kind { noun: Noun::Licence, list: "/v1/licences", name: "id" },
    Kind { noun: Noun::Window, list: "/v1/windows", name: "id" },
    Kind { noun: Noun::Certificate, list: "/v1/certificates", name: "number" },
];

impl Kind {
    /// Where one of them is.
    fn path(&self, name: &str) -> String {
        let slug = name.replace('/', "-");
        match (self.noun, slug.split_once('#')) {
            (Noun::Window, Some((asset, number))) => format!("{}/{asset}/{number}", self.list),
            _ => format!("{}/{slug}", self.list),
        }
    }
}

/// Compares every answer. Gives the auditor back, as far as the node has come meanwhile, and what differs.
pub(crate) async fn compare(
    client: &Client,
    session: &mut Session,
    mut auditor: Auditor,
    compared: &mut BTreeMap<&'static str, u64>,
) -> Result<(Auditor, Vec<(Option<Key>, FindingKind)>)> {
    let mut suspects = BTreeSet::new();
    for (place, kind) in KINDS.iter().enumerate() {
        let (count, differing) = compare_list(client, kind, auditor.state()).await?;
        compared.insert(kind.noun.as_str(), count);
        suspects.extend(differing.into_iter().map(|name| (place, name)));
    }
    let windows: BTreeSet<String> =
        auditor.state().all::<Window>().map(|window| window.id.to_string()).collect();
    compared.insert("statement_root", statement_roots(auditor.state()).map_or(0, |roots| roots.len() as u64));
    let mut differing: Vec<(Option<Key>, FindingKind)> = Vec::new();
    let mut windows_left = windows;
    for round in 0..ROUNDS {
        differing.clear();
        let mut left = BTreeSet::new();
        for (place, name) in suspects {
            let Some(kind) = KINDS.get(place) else { continue };
            if let Some(finding) = compare_one(client, kind, &name, auditor.state()).await? {
                differing.push((Some(Key::new(kind.noun, name.clone())), finding));
                left.insert((place, name));
            }
        }
        suspects = left;
        let mut windows_again = BTreeSet::new();
        for window in windows_left {
            let findings = compare_heads(client, &window, auditor.state()).await?;
            if !findings.is_empty() {
                differing.extend(findings.into_iter().map(|kind| (None, kind)));
                windows_again.insert(window);
            }
        }
        windows_left = windows_again;
        if differing.is_empty() || round + 1 == ROUNDS {
            break;
        }
        tokio::time::sleep(ROUND_PAUSE).await;
        auditor = session.catch_up(auditor).await?;
    }
    Ok((auditor, differing))
}

/// How many the node lists, and the names of those that differ, are missing or are one too many.
async fn compare_list(client: &Client, kind: &Kind, state: &MemoryState) -> Result<(u64, BTreeSet<String>)> {
    let first = format!("{}?limit=200&sort=oldest", kind.list);
    let (mut seen, mut differing) = (BTreeSet::new(), BTreeSet::new());
    let mut page: Page<Value> = client.get(&first).await?;
    loop {
        for item in page.items {
            let name = item.get(kind.name).and_then(Value::as_str).unwrap_or_default().to_owned();
            if !agrees(expected(state, kind.noun, &name).as_ref(), Some(&item)) {
                differing.insert(name.clone());
            }
            seen.insert(name);
        }
        let Some(next) = page.next else { break };
        page = client.get(&format!("{first}&cursor={next}")).await?;
    }
    let of_kind = state.records().filter(|(key, _)| key.noun == kind.noun);
    differing.extend(of_kind.map(|(key, _)| key.name.to_string()).filter(|name| !seen.contains(name)));
    Ok((seen.len() as u64, differing))
}

async fn compare_one(
    client: &Client,
    kind: &Kind,
    name: &str,
    state: &MemoryState,
) -> Result<Option<FindingKind>> {
    let path = kind.path(name);
    let answered: Option<Value> = match client.get(&path).await {
        Err(ClientError::Refused(problem)) if problem.status == 404 => None,
        answered => Some(answered?),
    };
    let expected = expected(state, kind.noun, name);
    if agrees(expected.as_ref(), answered.as_ref()) {
        return Ok(None);
    }
    let text = |value: Option<Value>| value.map(|value| value.to_string());
    Ok(Some(FindingKind::AnswerDiffers { path, expected: text(expected), answered: text(answered) }))
}

/// Every member that follows from the entries is answered so. A node may add some for people.
fn agrees(expected: Option<&Value>, answered: Option<&Value>) -> bool {
    match (expected, answered) {
        (Some(Value::Object(expected)), Some(Value::Object(answered))) => {
            expected.iter().all(|(member, value)| answered.get(member) == Some(value))
        }
        (expected, answered) => expected == answered,
    }
}

/// What the node should answer.
fn expected(state: &MemoryState, noun: Noun, name: &str) -> Option<Value> {
    let value = match noun {
        Noun::Account => Ok(account(state.find::<Account>(&name)?)),
        Noun::Hold => serde_json::to_value(state.find::<Hold>(&name)?),
        Noun::Licence => serde_json::to_value(state.find::<Licence>(&name)?),
        Noun::Window => serde_json::to_value(state.find::<Window>(&name)?),
        Noun::Certificate => serde_json::to_value(state.find::<Certificate>(&name)?),
        _ => return None,
    };
    // A record without JSON cannot be written by a node either.
    value.ok()
}

fn account(account: &Account) -> Value {
    let balances = account.balances();
    json!({
        "id": account.id.to_string(),
        "debits_minor": account.debits_minor,
        "credits_minor": account.credits_minor,
        "debits_pending_minor": account.debits_pending_minor,
        "credits_pending_minor": account.credits_pending_minor,
        "posting_count": account.posting_count,
        "posted_minor": balances.posted_minor,
        "pending_in_minor": balances.pending_in_minor,
        "pending_out_minor": balances.pending_out_minor,
        "available_minor": balances.available_minor,
        "balance_minor": balances.posted_minor,
    })
}

/// The roots that the node gives out for a window, and that its statements carry.
async fn compare_heads(client: &Client, window: &str, state: &MemoryState) -> Result<Vec<FindingKind>> {
    let Ok(roots) = statement_roots(state) else { return Ok(Vec::new()) };
    let mut expected: BTreeMap<String, String> = roots
        .into_iter()
        .filter(|((of, _), _)| of.to_string() == window)
        .map(|((_, pair), root)| (pair.to_string(), root.to_string()))
        .collect();
    let path = KINDS.iter().find(|kind| kind.noun == Noun::Window).map(|kind| kind.path(window));
    let page: Page<Value> = client.get(&format!("{}/heads", path.unwrap_or_default())).await?;
    let differs = |pair: String, stated: String, computed: String| FindingKind::StatementRootDiffers {
        window: window.to_owned(),
        pair,
        by: "the node".to_owned(),
        stated,
        computed,
    };
    let mut findings = Vec::new();
    for head in page.items {
        let text = |member: &str| head.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (pair, stated) = (text("pair"), text("ledger_root"));
        let computed = expected.remove(&pair).unwrap_or_default();
        if computed != stated {
            findings.push(differs(pair, stated, computed));
        }
    }
    findings.extend(expected.into_iter().map(|(pair, computed)| differs(pair, String::new(), computed)));
    Ok(findings)
}
