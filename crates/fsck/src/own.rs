//! What is the node's own and follows from no entry: it must at least fit the ledger, and be signed by whom it names.

use crate::{Check, FsckError, Tables, bytea, bytes, cell, parsed, walk::Ledger};
use databourse_audit::{
    Cell, Difference, DifferenceKind, ExpectedRow, Finality, FoundRow, Place, RowKey, Signers,
    TableComparison,
};
use databourse_ledger::{Block, DoubleSigning, SignedCheckpoint, VerifierKey};
use databourse_party::{Exchange, KeyOwner, KeyRecord};
use databourse_primitives::{Digest, ExchangeCode, Height, KeyId, PartyId};
use databourse_store::fsck::{DatabaseScan, TableKind, evidence_digest, migrations};
use std::collections::BTreeMap;

/// What was found.
pub(crate) struct Own {
    pub(crate) differences: Vec<Difference>,
    pub(crate) row_count: u64,
    /// The largest final checkpoint that holds.
    pub(crate) last_final: Option<SignedCheckpoint>,
}

pub(crate) async fn check(
    scan: &DatabaseScan,
    tables: &Tables,
    check: &Check,
    ledger: &Ledger,
) -> Result<Own, FsckError> {
    let mut own = Own { differences: Vec::new(), row_count: 0, last_final: None };
    let kinds =
        [TableKind::FinalCheckpoint, TableKind::Evidence, TableKind::BlockUndecided, TableKind::CustodyKey];
    for kind in kinds {
        let Some(mut rows) = tables.open(scan, kind).await? else { continue };
        while let Some(row) = rows.next(scan).await? {
            own.row_count += 1;
            let found = match kind {
                TableKind::FinalCheckpoint => own.final_checkpoint(check, ledger, &row),
                TableKind::Evidence => evidence(ledger, &row),
                TableKind::BlockUndecided => undecided(ledger, &row),
                _ => custody(check, ledger, &row),
            };
            own.differences.extend(found);
        }
        rows.close(scan).await?;
    }
    own.migrations(scan, tables).await?;
    Ok(own)
}

impl Own {
    /// A checkpoint of this tree, after a block, signed as that block's members had to.
    fn final_checkpoint(&mut self, check: &Check, ledger: &Ledger, row: &FoundRow) -> Vec<Difference> {
        const TABLE: &str = "final_checkpoint";
        let known = parsed::<u64>(row, "tree_size").and_then(|size| Some((size, ledger.blocks.get(&size)?)));
        let Some((size, block)) = known else {
            // Behind a block that cannot be executed nothing is known of any.
            let is_beyond = ledger.has_ended
                && parsed::<u64>(row, "tree_size")
                    .is_some_and(|size| ledger.head.is_none_or(|(_, last)| size > last));
            let place = Place::row(TABLE, &row.key);
            let superfluous = Difference { place, entry: None, kind: DifferenceKind::Superfluous };
            return if is_beyond { Vec::new() } else { vec![superfluous] };
        };
        let expected = ExpectedRow {
            key: row.key.clone(),
            cells: BTreeMap::from([
                ("tree_size", Cell::Text(size.to_string())),
                ("height", Cell::Text(block.height.to_string())),
                ("root", Cell::Text(bytea(block.root.as_bytes()))),
                ("note", Cell::Any),
            ]),
            entry: None,
        };
        let mut comparison = TableComparison::new(TABLE, [expected]);
        comparison.found(row);
        let mut differences = comparison.finish();
        let invalid = |expected: String| Difference::invalid(Place::cell(TABLE, size, "note"), expected);
        let text = cell(row, "note").unwrap_or_default();
        let signed = match SignedCheckpoint::parse(text.as_bytes()) {
            Ok(signed) if signed.to_string() == text => signed,
            _ => {
                differences.push(invalid("a signed checkpoint".to_owned()));
                return differences;
            }
        };
        if (signed.checkpoint.size.0, signed.checkpoint.root) != (size, block.root) {
            differences.push(invalid(format!("a checkpoint of {size} leaves and root {}", block.root)));
            return differences;
        }
        let Some(signers) = Signers::of(ledger.replay.state()) else { return differences };
        let finality = if check.is_region { Finality::Region } else { Finality::Alone(&check.exchange) };
        let own: &[VerifierKey] = check.keys.own().map_or(&[], |keys| keys.checkpoint_keys.as_slice());
        match signers.check_final(block.height, &signed, finality, own) {
            Ok(()) => self.last_final = Some(signed),
            Err(expected) => differences.push(invalid(expected)),
        }
        differences
    }

    /// The migrations of this program, each applied.
    async fn migrations(&mut self, scan: &DatabaseScan, tables: &Tables) -> Result<(), FsckError> {
        let kind = TableKind::Migrations;
        let Some(mut rows) = tables.open(scan, kind).await? else { return Ok(()) };
        let expected = migrations().into_iter().map(|migration| ExpectedRow {
            key: RowKey::numbers(u64::try_from(migration.version)),
            cells: BTreeMap::from([
                ("version", Cell::Text(migration.version.to_string())),
                ("name", Cell::Text(migration.name)),
                ("checksum", Cell::Text(migration.checksum)),
                ("applied_on", Cell::Any),
            ]),
            entry: None,
        });
        let mut comparison = TableComparison::new(kind.as_str(), expected);
        while let Some(row) = rows.next(scan).await? {
            self.row_count += 1;
            comparison.found(&row);
        }
        self.differences.extend(comparison.finish());
        rows.close(scan).await
    }
}

/// Two messages that exclude one another, both signed with the key that the exchange had there.
fn evidence(ledger: &Ledger, row: &FoundRow) -> Vec<Difference> {
    let place = |column: &str| Place::cell("evidence", &row.key, column);
    let read = cell(row, "proof").map(serde_json::from_str::<DoubleSigning>);
    let Some(Ok(proof)) = read else {
        return vec![Difference::invalid(place("proof"), "two signed messages of the agreement")];
    };
    let mut differences = Vec::new();
    let height = proof.first.message.height;
    let digest = evidence_digest(&proof).map(|digest| bytea(digest.as_bytes())).unwrap_or_default();
    let stated =
        [("exchange", proof.exchange.to_string()), ("height", height.to_string()), ("digest", digest)];
    for (column, expected) in stated {
        let found = cell(row, column).unwrap_or("NULL");
        if found != expected {
            differences.push(Difference::differs(place(column), expected, found));
        }
    }
    let Some(signers) = Signers::of(ledger.replay.state()) else { return differences };
    let voters = signers.voters(height);
    let holds = voters.get(&proof.exchange).is_some_and(|key| signers.proves(&proof, key));
    if !holds {
        let expected = "two messages that exclude one another, signed by an exchange that voted there";
        differences.push(Difference::invalid(place("proof"), expected));
    }
    differences
}

/// A proposal for the next height, whole, by one who votes there.
fn undecided(ledger: &Ledger, row: &FoundRow) -> Vec<Difference> {
    let place = |column: &str| Place::cell("block_undecided", &row.key, column);
    let mut differences = Vec::new();
    let block = bytes(row, "bytes").and_then(|bytes| Block::decode(&bytes).ok());
    let Some(block) = block.filter(|block| block.check_shape().is_ok()) else {
        return vec![Difference::invalid(place("bytes"), "a block")];
    };
    let height = block.header_fields().map(|fields| fields.height).unwrap_or_default();
    let stated =
        [("height", height.to_string()), ("block_id", bytea(Digest::of(block.header.bytes()).as_bytes()))];
    for (column, expected) in stated {
        let found = cell(row, column).unwrap_or("NULL");
        if found != expected {
            differences.push(Difference::differs(place(column), expected, found));
        }
    }
    let state = ledger.replay.state();
    // Header and commands carry their authors' signatures; what a key is not known of yet comes with the block.
    for entry in block.entries() {
        let key = state.find::<KeyRecord>(&entry.kid()).map(|record| record.key);
        if key.is_some_and(|key| entry.verify(&key).is_err()) {
            differences
                .push(Difference::invalid(place("bytes"), format!("entry {} as signed", entry.claims().id)));
        }
    }
    if ledger.has_ended {
        return differences;
    }
    let last = ledger.head.map_or(Height::default(), |(height, _)| height);
    if height <= last {
        let expected = format!("a height above {last}, which is decided");
        differences.push(Difference::invalid(place("height"), expected));
    }
    let voters = Signers::of(state).map(|signers| signers.voters(height)).unwrap_or_default();
    let proposer: Option<ExchangeCode> = parsed(row, "proposer");
    if !proposer.is_some_and(|proposer| voters.contains_key(&proposer)) {
        differences.push(Difference::invalid(place("proposer"), "an exchange that votes on this height"));
    }
    differences
}

/// A key that opens with the node's own for this party, and is the one that it is called.
fn custody(check: &Check, ledger: &Ledger, row: &FoundRow) -> Vec<Difference> {
    let place = |column: &str| Place::cell("custody_key", &row.key, column);
    let (party, key_id) = (parsed::<PartyId>(row, "party"), parsed::<KeyId>(row, "key_id"));
    let mut differences = Vec::new();
    if let (Some(party), Some(key_id)) = (party, key_id) {
        let owner = ledger.replay.state().find::<KeyRecord>(&key_id).map(|record| &record.owner);
        if owner.is_some_and(|owner| *owner != KeyOwner::Party(party)) {
            differences.push(Difference::invalid(place("party"), "the party whose key it is in the ledger"));
        }
    }
    let Some(keys) = check.keys.own() else { return differences };
    let sealed = bytes(row, "sealed").unwrap_or_default();
    let opened = party.and_then(|party| (keys.custodian)(party, &sealed));
    if opened.is_none() {
        let expected = "a key that opens for this party with the node's custody key";
        differences.push(Difference::invalid(place("party, sealed"), expected));
    } else if opened != key_id {
        differences.push(Difference::invalid(place("key_id"), "the name of the key that is sealed"));
    }
    differences
}

/// The exchange's record, if it is a member.
pub(crate) fn exchange_of<'a>(ledger: &'a Ledger, code: &ExchangeCode) -> Option<&'a Exchange> {
    ledger.replay.state().find::<Exchange>(code)
}
