//! A settlement statement as a tree that a contract can verify: an OpenZeppelin standard Merkle tree over its lines. The
//! tests hold roots and proofs before OpenZeppelin's own program and before the contract.

use crate::{contracts::StatementAnchor::Line, standard_tree::StandardTree};
use alloy_primitives::{B256, U256, keccak256};
use alloy_sol_types::SolValue as _;
use databourse_statement::{LineKind, Statement, StatementLine, WindowStage};
use serde::{Deserialize, Serialize};

/// The most lines of a tree.
pub const LINES_MAX: usize = 100_000;

/// Why a statement has no tree, or a line no proof.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// Its window may still get lines.
    #[error("the window is {0}: only a statement of a settled or aborted window is final")]
    NotFinal(&'static str),
    /// There is nothing to prove.
    #[error("a statement without lines has no tree")]
    Empty,
    /// More than [`LINES_MAX`].
    #[error("{0} lines: expected at most {LINES_MAX}")]
    TooLarge(usize),
    /// There is no such line.
    #[error("line {index} of a statement of {count}")]
    NoLine {
        /// The line asked for, from 0.
        index: usize,
        /// How many there are.
        count: usize,
    },
    /// A line has no JSON form; does not happen.
    #[error("a line cannot be written: {0}")]
    Unwritable(String),
}

/// A line as a leaf: what the contract hashes. The JSON form is the line's in the statement's file, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineLeaf {
    /// The settlement window, e.g. `CNY/2#7`.
    pub window: String,
    /// Whose statement, e.g. `party:<id>`.
    pub holder: String,
    /// Place in the statement, from 0.
    pub index: u64,
    /// Place of the line's entry in the ledger.
    pub leaf_index: u64,
    /// The entry's id.
    pub entry: String,
    /// Why money moved, e.g. `sale`.
    pub kind: String,
    /// What the line did to the balance: `in`, `out`, or `none`.
    pub direction: String,
    /// How much, minor units, without sign.
    pub effect_minor: u64,
    /// The whole line.
    pub json: String,
}

impl LineLeaf {
    fn new(statement: &Statement, index: usize, line: &StatementLine) -> Result<Self, TreeError> {
        let unwritable = |error: serde_json::Error| TreeError::Unwritable(error.to_string());
        let direction = match line.effect_minor {
            0 => "none",
            minor if minor > 0 => "in",
            _ => "out",
        };
        Ok(Self {
            window: statement.parts().window.to_string(),
            holder: statement.parts().holder.to_string(),
            index: index as u64,
            leaf_index: line.leaf_index.0,
            entry: line.entry.to_string(),
            kind: kind(line.kind).map_err(unwritable)?,
            direction: direction.to_owned(),
            effect_minor: line.effect_minor.unsigned_abs(),
            json: serde_json::to_string(line).map_err(unwritable)?,
        })
    }

    /// What stands in the tree (`StatementAnchor.leafOf`): hashed twice, so that no leaf is a node.
    pub fn hash(&self) -> B256 {
        let Line { window, holder, index, leafIndex, entry, kind, direction, effectMinor, json } =
            self.to_contract();
        let values = (window, holder, index, leafIndex, entry, kind, direction, effectMinor, json);
        keccak256(keccak256(values.abi_encode_params()))
    }

    /// The leaf as the contract takes it.
    pub fn to_contract(&self) -> Line {
        Line {
            window: self.window.clone(),
            holder: self.holder.clone(),
            index: U256::from(self.index),
            leafIndex: U256::from(self.leaf_index),
            entry: self.entry.clone(),
            kind: self.kind.clone(),
            direction: self.direction.clone(),
            effectMinor: U256::from(self.effect_minor),
            json: self.json.clone(),
        }
    }
}

/// The kind's name in JSON.
fn kind(kind: LineKind) -> serde_json::Result<String> {
    Ok(serde_json::to_value(kind)?.as_str().unwrap_or_default().to_owned())
}

/// A line with its path to the root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineProof {
    /// The line.
    pub leaf: LineLeaf,
    /// The tree's root.
    pub root: B256,
    /// Siblings from the leaf up.
    pub proof: Vec<B256>,
}

/// What is anchored of a statement, and signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatementRoot {
    /// The settlement window.
    pub window: String,
    /// Whose statement.
    pub holder: String,
    /// Number of lines.
    pub line_count: u64,
    /// Root of the tree over them.
    pub root: B256,
    /// Size of an anchored checkpoint that holds all their entries.
    pub checkpoint_size: u64,
    /// Its root.
    pub checkpoint_root: B256,
}

/// The tree over the lines of one statement.
#[derive(Debug, Clone)]
pub struct StatementTree {
    leaves: Vec<LineLeaf>,
    tree: StandardTree,
}

impl StatementTree {
    /// Builds the tree of a final statement.
    ///
    /// # Errors
    /// The first of [`TreeError`] that applies.
    pub fn new(statement: &Statement) -> Result<Self, TreeError> {
        let stage = statement.parts().stage;
        if !matches!(stage, WindowStage::Settled | WindowStage::Aborted) {
            return Err(TreeError::NotFinal(stage.words().en));
        }
        let lines = &statement.parts().lines;
        if lines.len() > LINES_MAX {
            return Err(TreeError::TooLarge(lines.len()));
        }
        let leaf = |(index, line)| LineLeaf::new(statement, index, line);
        let leaves: Vec<LineLeaf> = lines.iter().enumerate().map(leaf).collect::<Result<_, _>>()?;
        let hashes: Vec<B256> = leaves.iter().map(LineLeaf::hash).collect();
        let tree = StandardTree::new(&hashes).ok_or(TreeError::Empty)?;
        Ok(Self { leaves, tree })
    }

    /// The root.
    pub fn root(&self) -> B256 {
        self.tree.root()
    }

    /// The lines, in the order of the statement.
    pub fn leaves(&self) -> &[LineLeaf] {
        &self.leaves
    }

    /// The line `index`, from 0, with its path to the root.
    ///
    /// # Errors
    /// [`TreeError::NoLine`].
    pub fn prove(&self, index: usize) -> Result<LineProof, TreeError> {
        let no_line = || TreeError::NoLine { index, count: self.leaves.len() };
        let leaf = self.leaves.get(index).ok_or_else(no_line)?.clone();
        let proof = self.tree.prove(index).ok_or_else(no_line)?;
        Ok(LineProof { leaf, root: self.root(), proof })
    }

    /// What the exchanges sign of it, together with an anchored checkpoint.
    pub fn signed_with(&self, checkpoint_size: u64, checkpoint_root: B256) -> StatementRoot {
        let first = self.leaves.first();
        StatementRoot {
            window: first.map(|leaf| leaf.window.clone()).unwrap_or_default(),
            holder: first.map(|leaf| leaf.holder.clone()).unwrap_or_default(),
            line_count: self.leaves.len() as u64,
            root: self.root(),
            checkpoint_size,
            checkpoint_root,
        }
    }
}
