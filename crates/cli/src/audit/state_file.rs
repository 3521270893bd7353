//! The state of an audit between two of them, in a file bound to the checkpoint up to which it was audited.
//!
//! Four parts, each a line or more: the name of the format; a JSON document with the checkpoint and where the audit stands;
//! a line for each record; `sha256 <hex>` over all of it. The digest finds damage, not malice: nothing in the file can be
//! proven from later entries, so whoever can write it decides what later audits find.

use anyhow::{Context as _, Result, bail};
use databourse_audit::{Auditor, Standpoint};
use databourse_ledger::{Policy, SignedCheckpoint};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{
    fs::{self, File},
    io::{BufWriter, Write as _},
    path::Path,
};

const FORMAT: &str = "databourse-audit-state@v1";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    checkpoint: String,
    standpoint: Standpoint,
}

/// Writes where `auditor` stands, all of `signed`. Nothing is written unless it stands there without a finding.
pub(crate) fn write(file: &Path, auditor: &Auditor, signed: &SignedCheckpoint) -> Result<()> {
    let Some(standpoint) = auditor.standpoint() else { return Ok(()) };
    let head = Head { checkpoint: signed.to_string(), standpoint };
    crate::commands::make_folder_of(file)?;
    let draft = file.with_added_extension("part");
    let mut out = Hashing { out: BufWriter::new(File::create(&draft)?), hasher: Sha256::new() };
    out.line(FORMAT)?;
    out.line(&serde_json::to_string(&head)?)?;
    for line in auditor.record_lines() {
        out.line(&line?)?;
    }
    let Hashing { mut out, hasher } = out;
    writeln!(out, "sha256 {}", hex_of(hasher))?;
    out.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
    fs::rename(&draft, file).with_context(|| format!("{} cannot be written", file.display()))
}

struct Hashing {
    out: BufWriter<File>,
    hasher: Sha256,
}

impl Hashing {
    fn line(&mut self, line: &str) -> Result<()> {
        for part in [line.as_bytes(), b"\n"] {
            self.hasher.update(part);
            self.out.write_all(part)?;
        }
        Ok(())
    }
}

fn hex_of(hasher: Sha256) -> String {
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The auditor that goes on from `file`, and the checkpoint up to which it audited; `None` if there is no such file.
pub(crate) fn read(file: &Path, policy: &Policy) -> Result<Option<(Auditor, SignedCheckpoint)>> {
    if !file.exists() {
        return Ok(None);
    }
    let name = || format!("{} is not the state of an audit; remove it to begin again", file.display());
    let text = fs::read_to_string(file).with_context(name)?;
    let Some((body, digest)) = text.trim_end_matches('\n').rsplit_once('\n') else { bail!(name()) };
    let mut hasher = Sha256::new();
    hasher.update(body.as_bytes());
    hasher.update(b"\n");
    if digest != format!("sha256 {}", hex_of(hasher)) {
        bail!("{}: its digest differs", name());
    }
    let mut lines = body.split('\n');
    if lines.next() != Some(FORMAT) {
        bail!(name());
    }
    let head: Head = serde_json::from_str(lines.next().unwrap_or_default()).with_context(name)?;
    let signed = SignedCheckpoint::parse(head.checkpoint.as_bytes()).with_context(name)?;
    policy.check(&signed).with_context(name)?;
    let auditor = Auditor::resume(&head.standpoint, lines).with_context(name)?;
    if (auditor.size(), auditor.root()) != (signed.checkpoint.size, signed.checkpoint.root) {
        bail!("{}: it does not stand at its checkpoint", name());
    }
    Ok(Some((auditor, signed)))
}
