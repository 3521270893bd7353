//! One audit from beginning to end.

use super::{
    answers,
    pipeline::{self, Keys, file_finding, first_leaf},
    report::{Proven, Report},
    state_file,
};
use crate::args::audit::AuditArgs;
use anyhow::{Context as _, Result, bail};
use databourse_audit::{Auditor, Finding, FindingKind};
use databourse_ledger::{Policy, SignedCheckpoint};
use databourse_market::Key;
use databourse_merkle::TilePath;
use databourse_mirror::{LogError, LogSource, Standing, VerifiedTree, compare, diagnose, stray_files};
use databourse_primitives::LeafIndex;
use std::{collections::BTreeMap, fs, path::Path};

/// An audit on its way.
pub(crate) struct Session {
    source: LogSource,
    policy: Policy,
    keys: Keys,
    /// What is audited; moves on when a node does.
    pub(crate) tree: VerifiedTree,
    pub(crate) findings: Vec<Finding>,
}

/// Audits what `args` name.
///
/// # Errors
/// What keeps an audit from being made: a source that does not answer, a policy that cannot be read.
pub(crate) async fn run(args: &AuditArgs) -> Result<Report> {
    let policy = super::policy(&args.trust.policy)?;
    let source = super::source(&args.source, args.trust.token_file.as_deref())?;
    let mut report = Report::new(&args.source);
    let tree = match open(&source, &policy).await? {
        Ok(tree) => tree,
        Err(finding) => {
            report.findings.push(Proven { finding, proof: None });
            return Ok(report);
        }
    };
    let mut session = Session { source, policy, keys: Keys::default(), tree, findings: Vec::new() };
    let auditor = session.start(args).await?;
    if session.findings.is_empty() {
        session.audit(auditor, args, &mut report).await?;
    }
    report.describe(session.tree.signed());
    for finding in std::mem::take(&mut session.findings) {
        let proof = session.prove(&finding).await;
        report.findings.push(Proven { finding, proof });
    }
    Ok(report)
}

/// The tree that `source` shows, or the finding that there is none to trust.
async fn open(source: &LogSource, policy: &Policy) -> Result<Result<VerifiedTree, Finding>> {
    let untrusted = |error: &LogError| {
        let (code, reason) = (error.code().to_owned(), error.to_string());
        Finding { leaf_index: LeafIndex(0), kind: FindingKind::CheckpointUntrusted { code, reason } }
    };
    let signed = match source.checkpoint().await {
        Err(error @ LogError::Checkpoint(_)) => return Ok(Err(untrusted(&error))),
        read => read?,
    };
    let checkpoint = signed.checkpoint.clone();
    match VerifiedTree::at(source.clone(), signed, policy).await {
        Ok(tree) => Ok(Ok(tree)),
        Err(error @ LogError::Untrusted(_)) => Ok(Err(untrusted(&error))),
        Err(LogError::Altered { leaf_index: None, .. }) => {
            let error = diagnose(source, &checkpoint).await;
            Ok(Err(file_finding(&error, checkpoint.size.0).ok_or(error)?))
        }
        Err(error) => Ok(Err(file_finding(&error, checkpoint.size.0).ok_or(error)?)),
    }
}

impl Session {
    /// The auditor to begin with. The ledger must begin with every checkpoint that was seen before.
    async fn start(&mut self, args: &AuditArgs) -> Result<Auditor> {
        let since = match &args.since {
            Some(file) => Some(self.seen(file)?),
            None => None,
        };
        let state = match &args.state {
            Some(file) => state_file::read(file, &self.policy)?,
            None => None,
        };
        let resumed = state.as_ref().map(|(_, signed)| signed.clone());
        for seen in since.iter().chain(&resumed) {
            self.begins_with(seen).await?;
        }
        Ok(state.map_or_else(Auditor::new, |(auditor, _)| auditor))
    }

    fn seen(&self, file: &Path) -> Result<SignedCheckpoint> {
        let text = fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
        let signed = SignedCheckpoint::parse(&text).with_context(|| file.display().to_string())?;
        self.policy.check(&signed).with_context(|| file.display().to_string())?;
        Ok(signed)
    }

    async fn begins_with(&mut self, seen: &SignedCheckpoint) -> Result<()> {
        let (held, shown) = (&seen.checkpoint, &self.tree.signed().checkpoint);
        match compare(held, &self.tree).await {
            Ok(Standing::Same | Standing::Grown) => {}
            Ok(Standing::Smaller) => {
                bail!("the source shows {} entries; there were {} before", shown.size, held.size)
            }
            Ok(Standing::Contradicts) => {
                let (signed, computed) = (held.root.to_string(), shown.root.to_string());
                let kind = FindingKind::HistoryRewritten { size: held.size.0, signed, computed };
                self.findings.push(Finding { leaf_index: LeafIndex(held.size.0), kind });
            }
            Err(error) => self.findings.push(file_finding(&error, shown.size.0).ok_or(error)?),
        }
        Ok(())
    }

    async fn audit(&mut self, auditor: Auditor, args: &AuditArgs, report: &mut Report) -> Result<()> {
        let mut auditor = self.feed(auditor).await?;
        self.check_files().await?;
        let is_sound = self.findings.is_empty() && auditor.findings().is_empty();
        if is_sound {
            let standing = auditor.judge(self.tree.signed());
            let at = LeafIndex(auditor.size().0);
            self.findings.extend(standing.findings.into_iter().map(|kind| Finding { leaf_index: at, kind }));
            report.cosigned_by = standing.cosigned_by;
            report.other_lines = standing.other_lines;
            self.findings.extend(auditor.check_statements().1);
        }
        if let LogSource::Http(client) = &self.source
            && is_sound
            && !args.ledger_only
        {
            if args.trust.token_file.is_none() {
                bail!("a node's answers are shown to auditors only: --token-file FILE, or --ledger-only");
            }
            let client = client.clone();
            let (after, differing) = answers::compare(&client, self, auditor, &mut report.compared).await?;
            auditor = after;
            self.name_writers(differing).await?;
        }
        let root = (self.tree.size(), self.tree.root());
        let standpoint_is_final = self.findings.is_empty() && auditor.findings().is_empty();
        if let Some(file) = args.state.as_deref().filter(|_| standpoint_is_final) {
            state_file::write(file, &auditor, self.tree.signed())?;
        }
        let is_whole = auditor.size() == root.0;
        let audited = auditor.finish(is_whole.then_some(root));
        (report.height, report.command_count) = (audited.height.0, audited.command_count);
        let is_gap = !self.findings.is_empty();
        // A file that is wrong ends the reading wherever it stands, so that is no finding of its own.
        let own =
            audited.findings.into_iter().filter(|own| !is_gap || own.kind != FindingKind::BlockCutShort);
        self.findings.extend(own);
        Ok(())
    }

    async fn feed(&mut self, auditor: Auditor) -> Result<Auditor> {
        let (auditor, findings) = pipeline::run(&self.tree, auditor, &self.keys).await?;
        self.findings.extend(findings);
        Ok(auditor)
    }

    /// Takes what the node has committed in the meantime.
    pub(crate) async fn catch_up(&mut self, auditor: Auditor) -> Result<Auditor> {
        let tree = VerifiedTree::open(self.source.clone(), &self.policy).await?;
        if tree.size() <= self.tree.size() {
            return Ok(auditor);
        }
        self.tree = tree;
        let auditor = self.feed(auditor).await?;
        if auditor.root() != self.tree.root() {
            let kind = FindingKind::RootDiffers {
                signed: self.tree.root().to_string(),
                computed: auditor.root().to_string(),
            };
            self.findings.push(Finding { leaf_index: LeafIndex(auditor.size().0), kind });
        }
        Ok(auditor)
    }

    /// Unfinished tiles and bundles of earlier trees, which a folder keeps for readers of an earlier checkpoint.
    async fn check_files(&mut self) -> Result<()> {
        let LogSource::Folder(folder) = &self.source else { return Ok(()) };
        let size = self.tree.size().0;
        for (path, named) in stray_files(folder, size)? {
            let reason = match named {
                None => Some("not a path of the layout"),
                Some(named) => self.begins(named).await?.err(),
            };
            if let Some(reason) = reason {
                let leaf_index = first_leaf(&path).unwrap_or(LeafIndex(size));
                let (code, reason) = ("file.altered".to_owned(), reason.to_owned());
                let kind = FindingKind::FileDiffers { path, code, reason };
                self.findings.push(Finding { leaf_index, kind });
            }
        }
        Ok(())
    }

    /// Whether a file of an earlier tree is the beginning of the one of this tree. What lies beyond this tree is not judged:
    /// a mirror that was killed has written it for the next checkpoint.
    async fn begins(&self, named: TilePath) -> Result<Result<(), &'static str>> {
        const NO_BEGINNING: &str = "not the beginning of what the checkpoint signs";
        let (begins, beyond) = match named {
            TilePath::Tile(coord) => match self.tree.tile(coord.level(), coord.index()).await {
                Ok(hashes) if hashes.len() >= usize::from(coord.width()) => {
                    let old = self.source.tile(coord).await;
                    (old.is_ok_and(|old| hashes.starts_with(&old)), false)
                }
                Ok(_) | Err(LogError::Missing { .. }) => (false, true),
                // Found and named already.
                Err(_) => (true, false),
            },
            TilePath::Bundle(coord) => match self.tree.bundle(coord.index()).await {
                Ok(bundle) if bundle.coord().width() >= coord.width() => {
                    let old = self.source.read(&coord.path(), bundle.bytes().len()).await;
                    let entries = self.source.bundle(coord).await;
                    let old = old.ok().flatten().unwrap_or_default();
                    let is_whole = entries.is_ok_and(|entries| entries.bytes() == old);
                    (is_whole && bundle.bytes().starts_with(&old), false)
                }
                Ok(_) | Err(LogError::Missing { .. }) => (false, true),
                Err(_) => (true, false),
            },
        };
        Ok(if begins || beyond { Ok(()) } else { Err(NO_BEGINNING) })
    }

    /// Gives each differing answer the entry that wrote the record last, by executing everything once more.
    async fn name_writers(&mut self, differing: Vec<(Option<Key>, FindingKind)>) -> Result<()> {
        let wanted: Vec<Key> = differing.iter().filter_map(|(key, _)| key.clone()).collect();
        let mut writers = BTreeMap::new();
        if !wanted.is_empty() {
            let auditor = Auditor::new().watching(wanted);
            let (auditor, _) = pipeline::run(&self.tree, auditor, &self.keys).await?;
            writers.clone_from(auditor.last_writers());
        }
        for (key, kind) in differing {
            let writer = key.and_then(|key| writers.get(&key).copied().flatten());
            let leaf_index = writer.unwrap_or(LeafIndex(self.tree.size().0));
            self.findings.push(Finding { leaf_index, kind });
        }
        Ok(())
    }

    /// The proof that the finding's entry stands in the ledger; `None` if it is about the whole, or there is none.
    async fn prove(&self, finding: &Finding) -> Option<String> {
        let index = finding.leaf_index;
        if index.0 >= self.tree.size().0 {
            return None;
        }
        self.tree.receipt(index).await.ok().map(|receipt| receipt.to_string())
    }
}
