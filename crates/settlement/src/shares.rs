//! Revenue shares: who gets what part of a product's revenue, as a tree (holder of the source, processor, operator,
//! exchange, public share). A change is a new version; what was sold before is shared as it was agreed.

use crate::{Holder, split_carrying};
use databourse_primitives::{
    AmountMinor, ExchangeCode, Label, ProductId, Refusal, RefusalCode, SharesVersion, Timestamp,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Siblings' weights sum to this.
const WHOLE_BP: i64 = 10_000;

/// A branch or leaf of a tree of shares. JSON: `beneficiary` or `children`, never both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "NodeParts", into = "NodeParts")]
pub struct ShareNode {
    /// What the share is for: holder, processor, operator, exchange, public.
    pub name: Label,
    /// Its part of what its parent gets, in basis points: 1 to 10,000.
    pub weight_bp: u16,
    /// Who gets it.
    pub share: Share,
}

/// Who gets a share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Share {
    /// One holder of accounts.
    Beneficiary(Holder),
    /// Several, in proportion to their weights.
    Children(Vec<ShareNode>),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NodeParts {
    name: Label,
    weight_bp: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    beneficiary: Option<Holder>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    children: Option<Vec<ShareNode>>,
}

impl TryFrom<NodeParts> for ShareNode {
    type Error = &'static str;
    fn try_from(parts: NodeParts) -> Result<Self, &'static str> {
        let share = match (parts.beneficiary, parts.children) {
            (Some(holder), None) => Share::Beneficiary(holder),
            (None, Some(children)) => Share::Children(children),
            _ => return Err("expected a share with either `beneficiary` or `children`"),
        };
        Ok(Self { name: parts.name, weight_bp: parts.weight_bp, share })
    }
}

impl From<ShareNode> for NodeParts {
    fn from(node: ShareNode) -> Self {
        let (beneficiary, children) = match node.share {
            Share::Beneficiary(holder) => (Some(holder), None),
            Share::Children(children) => (None, Some(children)),
        };
        Self { name: node.name, weight_bp: node.weight_bp, beneficiary, children }
    }
}

/// `shares.publish`: the next version of a product's revenue shares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishShares {
    /// The product.
    pub product: ProductId,
    /// Versions of a product's shares follow one another without gaps, from 1.
    pub version: SharesVersion,
    /// The tree, from its first level.
    pub root: Vec<ShareNode>,
}

/// Published revenue shares, and what earlier divisions by them left over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareTree {
    /// The product.
    pub product: ProductId,
    /// Its version.
    pub version: SharesVersion,
    /// The tree, from its first level.
    pub root: Vec<ShareNode>,
    /// Block time of publication.
    pub published_at: Timestamp,
    /// What each holder is still owed, or has had in advance, of the minor unit: numerators over 10^12.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub carry: BTreeMap<Holder, i64>,
    /// The exchange whose book holds each beneficiary's money; the market fills it in.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub books: BTreeMap<Holder, ExchangeCode>,
}

impl ShareTree {
    /// The most levels of a tree.
    pub const DEPTH_MAX: usize = 3;
    /// The most holders in a tree.
    pub const LEAVES_MAX: usize = 20;

    /// Who gets a share, in order.
    pub fn beneficiaries(&self) -> BTreeSet<Holder> {
        self.weights().into_keys().collect()
    }

    /// Divides `amount` over the leaves of the tree: by exact weights over one denominator, whole minor units,
    /// largest remainder, ties in the order of holders, what is left carried to the next division. The parts are in
    /// the order of holders and sum to `amount`; a holder that gets nothing this time is among them with zero.
    ///
    /// # Errors
    /// `amount.out_of_range` if the tree or its carry is not one that this module made.
    pub fn split(&mut self, amount: AmountMinor) -> Result<Vec<(Holder, AmountMinor)>, Refusal> {
        let weights: Vec<(Holder, i64)> = self.weights().into_iter().collect();
        let parts = split_carrying(amount.get(), &weights, &mut self.carry).ok_or_else(|| {
            Refusal::new(RefusalCode::AmountOutOfRange, "", "an amount and a carry that these shares divide")
        })?;
        let parts = weights.into_iter().zip(parts);
        parts.map(|((holder, _), part)| Ok((holder, AmountMinor::new(part)?))).collect()
    }

    /// Each holder's weight over 10^12, whatever its depth.
    fn weights(&self) -> BTreeMap<Holder, i64> {
        let mut weights = BTreeMap::new();
        collect(&self.root, WHOLE_BP.pow(3), &mut |holder, weight| {
            weights.insert(holder.clone(), weight);
        });
        weights
    }
}

/// Visits the leaves with their parts of `whole`. Exact while the tree is no deeper than `whole` has factors of 10^4.
fn collect(nodes: &[ShareNode], whole: i64, visit: &mut impl FnMut(&Holder, i64)) {
    for node in nodes {
        let part = whole / WHOLE_BP * i64::from(node.weight_bp);
        match &node.share {
            Share::Beneficiary(holder) => visit(holder, part),
            Share::Children(children) => collect(children, part, visit),
        }
    }
}

/// Publishes revenue shares. `latest` is the version before, if any. What that one still carries, less than a few
/// minor units for each holder, stays with it.
///
/// # Errors
/// `shares.invalid` if the version does not follow, siblings do not sum to 10,000, a weight is zero, or the tree is
/// too deep, too large or names a holder twice.
pub fn publish_shares(
    latest: Option<SharesVersion>,
    command: PublishShares,
    now: Timestamp,
) -> Result<ShareTree, Refusal> {
    let next = latest.unwrap_or_default().next();
    if command.version != next {
        return Err(invalid("version", next.to_string()));
    }
    check_level(&command.root, 1).map_err(|refusal| refusal.within("root"))?;
    let mut leaves = 0;
    let mut holders = BTreeSet::new();
    collect(&command.root, WHOLE_BP.pow(3), &mut |holder, _| {
        leaves += 1;
        holders.insert(holder.clone());
    });
    if leaves > ShareTree::LEAVES_MAX || holders.len() < leaves {
        return Err(invalid("root", "at most 20 holders, each once"));
    }
    let PublishShares { product, version, root } = command;
    let (carry, books) = Default::default();
    Ok(ShareTree { product, version, root, published_at: now, carry, books })
}

fn check_level(nodes: &[ShareNode], depth: usize) -> Result<(), Refusal> {
    if depth > ShareTree::DEPTH_MAX {
        return Err(invalid("", "at most 3 levels"));
    }
    let sum: i64 = nodes.iter().map(|node| i64::from(node.weight_bp)).sum();
    if sum != WHOLE_BP || nodes.iter().any(|node| node.weight_bp == 0) {
        return Err(invalid("", "weights above zero that sum to 10000 basis points"));
    }
    for node in nodes {
        if let Share::Children(children) = &node.share {
            check_level(children, depth + 1).map_err(|refusal| refusal.within(node.name.as_str()))?;
        }
    }
    Ok(())
}

fn invalid(field: &'static str, expected: impl Into<std::borrow::Cow<'static, str>>) -> Refusal {
    Refusal::new(RefusalCode::SharesInvalid, field, expected)
}
