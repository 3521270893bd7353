//! Whether all nodes show the same ledger.

use crate::play::desk::size_of;
use anyhow::{Context as _, Result};
use databourse_client::Client;
use databourse_primitives::ExchangeCode;
use std::time::Duration;

/// How long nodes may take to show the same size when nobody sends anything, and how often they are asked.
const AGREE_LIMIT: Duration = Duration::from_secs(60);
const AGREE_PAUSE: Duration = Duration::from_millis(200);

/// A ledger as a node shows it: number of leaves, and the root over them in base64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) size: u64,
    pub(crate) root: String,
}

impl Shown {
    fn of(checkpoint: &str) -> Self {
        let root = checkpoint.lines().nth(2).unwrap_or_default().to_owned();
        Self { size: size_of(checkpoint), root }
    }
}

/// What the nodes disagree about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// All show this.
    Same(Shown),
    /// They are of different sizes, so that nothing can be said yet.
    Sizes,
    /// Two of the same size have different roots: somebody forked the ledger.
    Fork,
}

/// Compares what nodes show.
pub(crate) fn compare(shown: &[Shown]) -> Comparison {
    let Some(first) = shown.first() else { return Comparison::Sizes };
    if shown.iter().all(|other| other == first) {
        return Comparison::Same(first.clone());
    }
    let forks = |a: &Shown| shown.iter().any(|b| a.size == b.size && a.root != b.root);
    if shown.iter().any(forks) { Comparison::Fork } else { Comparison::Sizes }
}

/// Waits until all nodes show the same, or one shows a fork.
///
/// # Errors
/// A node does not answer, or they do not come to the same size in time.
pub(crate) async fn when_level(nodes: &[(ExchangeCode, Client)]) -> Result<Comparison> {
    let mut seen = Vec::new();
    let levelled = async {
        loop {
            seen.clear();
            for (code, client) in nodes {
                let checkpoint = client.checkpoint().await;
                seen.push(Shown::of(&checkpoint.with_context(|| format!("the checkpoint of {code}"))?));
            }
            match compare(&seen) {
                Comparison::Sizes => tokio::time::sleep(AGREE_PAUSE).await,
                settled => return anyhow::Ok(settled),
            }
        }
    };
    match tokio::time::timeout(AGREE_LIMIT, levelled).await {
        Ok(settled) => settled,
        Err(_) => {
            let sizes: Vec<_> =
                nodes.iter().zip(&seen).map(|((code, _), s)| format!("{code} {}", s.size)).collect();
            anyhow::bail!("the nodes do not come to the same size: {}", sizes.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fork_is_two_roots_of_one_size() {
        let shown = |size: u64, root: &str| Shown { size, root: root.to_owned() };
        let (a, b, a5) = (shown(4, "A"), shown(4, "B"), shown(5, "C"));
        for (nodes, expected) in [
            (vec![a.clone(), a.clone(), a.clone()], Comparison::Same(a.clone())),
            (vec![a.clone(), a5.clone()], Comparison::Sizes),
            (vec![a5.clone(), a.clone(), b.clone()], Comparison::Fork),
            (vec![], Comparison::Sizes),
        ] {
            assert_eq!(compare(&nodes), expected, "{nodes:?}");
        }
        let checkpoint = "databourse.example/delta\n4\nA\n\n— sig\n";
        assert_eq!(Shown::of(checkpoint), a);
    }
}
