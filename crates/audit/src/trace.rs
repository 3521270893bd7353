//! The life of one thing: every entry that made it, changed it, names it, or was made by it, in the order of the ledger.

use crate::{Change, ExecutedBlock, ExecutedEntry, JsonDifference, Replay, json_differences};
use databourse_market::{Actor, Certificate, Noun, Record, Stored as _};
use databourse_merkle::Hash;
use databourse_primitives::{
    CertificateNumber, EntryId, Height, LeafIndex, LicenceId, OrderId, PartyId, Timestamp, WindowId,
};
use databourse_settlement::AccountId;
use serde::Serialize;
use serde_json::Value;
use std::{collections::BTreeSet, fmt, str::FromStr};

/// What is traced, by its name in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A party, product, order, or whatever else is named by the entry that made it.
    Entry(EntryId),
    /// A licence: a line of an order.
    Licence(LicenceId),
    /// A certificate.
    Certificate(CertificateNumber),
    /// A settlement window.
    Window(WindowId),
    /// An account.
    Account(AccountId),
}

/// A text that names nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubjectError;

impl fmt::Display for SubjectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "expected the id of a product, order or party (UUIDv7), a licence (`<order>.<line>`), a certificate (e.g. \
             sh-2026-00000001), a window (e.g. CNY/2#7) or an account (e.g. party:<id>:funds:CNY/2)",
        )
    }
}

impl std::error::Error for SubjectError {}

impl FromStr for Subject {
    type Err = SubjectError;
    fn from_str(text: &str) -> Result<Self, SubjectError> {
        let entry = text.parse().map(Self::Entry).ok();
        let found = entry
            .or_else(|| text.parse().map(Self::Licence).ok())
            .or_else(|| text.parse().map(Self::Certificate).ok())
            .or_else(|| text.parse().map(Self::Window).ok())
            .or_else(|| text.parse().map(Self::Account).ok());
        found.ok_or(SubjectError)
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry(id) => id.fmt(f),
            Self::Licence(id) => id.fmt(f),
            Self::Certificate(number) => number.fmt(f),
            Self::Window(id) => id.fmt(f),
            Self::Account(id) => id.fmt(f),
        }
    }
}

/// What an entry has to do with the subject; the first that applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// It made it.
    Made,
    /// It changed it.
    Changed,
    /// Its command names it.
    Named,
    /// The subject is the party that acted.
    Acted,
}

/// A record of the subject that an entry wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordChange {
    /// Its kind.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// The members that are other than before; for a new record, all of it as one.
    pub members: Vec<JsonDifference>,
}

/// An entry of the subject's life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Where it stands.
    pub leaf_index: LeafIndex,
    /// Its name.
    pub id: EntryId,
    /// Its type.
    #[serde(rename = "type")]
    pub entry_type: String,
    /// The block that holds it.
    pub height: Height,
    /// That block's time.
    pub time: Timestamp,
    /// Who acted.
    pub author: String,
    /// What it has to do with the subject.
    pub relation: Relation,
    /// What it wrote of the subject's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<RecordChange>,
    /// The entry's bytes.
    #[serde(skip)]
    pub bytes: Vec<u8>,
    /// Its leaf hash.
    #[serde(skip)]
    pub leaf_hash: Hash,
}

/// Reads a ledger and keeps what its subjects are about.
pub struct Tracer {
    replay: Replay,
    subjects: BTreeSet<Subject>,
    kinds: BTreeSet<&'static str>,
    certified: Option<OrderId>,
    steps: Vec<Step>,
}

impl Tracer {
    /// A tracer of these subjects together, such as a certificate and its order.
    pub fn new(subjects: impl IntoIterator<Item = Subject>) -> Self {
        let (kinds, steps) = Default::default();
        let subjects = subjects.into_iter().collect();
        Self { replay: Replay::new(), subjects, kinds, certified: None, steps }
    }

    /// Reads the next entry.
    pub fn feed(&mut self, bytes: &[u8]) {
        let Some(block) = self.replay.feed(bytes) else { return };
        for entry in &block.commands {
            self.look(&block, entry);
        }
    }

    /// The audit that goes with it: what comes after its first finding was not read.
    pub const fn replay(&self) -> &Replay {
        &self.replay
    }

    /// The kinds of records that have the subjects' names, e.g. `product`.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> {
        self.kinds.iter().copied()
    }

    /// The order that the certificate among the subjects certifies. Its life is the order's.
    pub const fn certified(&self) -> Option<OrderId> {
        self.certified
    }

    /// Ends it: the audit of all that was read, and the steps in order.
    pub fn finish(self) -> (Replay, Vec<Step>) {
        (self.replay, self.steps)
    }

    fn look(&mut self, block: &ExecutedBlock, executed: &ExecutedEntry) {
        let claims = executed.entry.claims();
        let touched: Vec<&Change> = executed
            .changes
            .iter()
            .filter(|change| self.subjects.iter().any(|subject| subject.owns(change)))
            .collect();
        for change in &touched {
            self.kinds.insert(change.key.noun.as_str());
            if let Some(certificate) = Certificate::from_record(&change.after) {
                self.certified = Some(certificate.order);
            }
        }
        let body = || serde_json::from_str::<Value>(claims.body.get()).unwrap_or_default();
        let relation = if touched.iter().any(|change| change.before.is_none()) {
            Relation::Made
        } else if !touched.is_empty() {
            Relation::Changed
        } else if self.subjects.iter().any(|subject| subject.is_named(&body())) {
            Relation::Named
        } else if self.subjects.iter().any(|subject| subject.is_actor(&executed.actor)) {
            Relation::Acted
        } else {
            return;
        };
        self.steps.push(Step {
            leaf_index: executed.leaf_index,
            id: claims.id,
            entry_type: claims.entry_type.clone(),
            height: block.height,
            time: block.time,
            author: executed.actor.to_string(),
            relation,
            changes: touched.into_iter().map(described).collect(),
            bytes: executed.entry.bytes().to_vec(),
            leaf_hash: executed.entry.leaf_hash(),
        });
    }
}

impl Subject {
    /// Whether the record is the subject's own: it has its name, or a name below it, as an order's licences do. An answer
    /// is the entry's and not what the entry made.
    fn owns(&self, change: &Change) -> bool {
        if matches!(change.key.noun, Noun::Answer | Noun::Claim | Noun::Head) {
            return false;
        }
        let (own, name) = (self.to_string(), &*change.key.name);
        let is_below = |separator| {
            matches!(self, Self::Entry(_))
                && name.strip_prefix(&own).is_some_and(|rest| rest.starts_with(separator))
        };
        match change.key.noun {
            Noun::Licence => name == own || is_below('.'),
            Noun::ShareTree => is_below('@'),
            _ => name == own,
        }
    }

    /// Whether a command's body names it.
    fn is_named(&self, body: &Value) -> bool {
        let is_mentioned = mentions(body, &self.to_string());
        match self {
            Self::Licence(LicenceId { order, line }) => {
                is_mentioned || (mentions(body, &order.to_string()) && covers(body, *line))
            }
            _ => is_mentioned,
        }
    }

    fn is_actor(&self, actor: &Actor) -> bool {
        matches!((self, actor), (Self::Entry(id), Actor::Party(party)) if PartyId::from(*id) == *party)
    }
}

/// Whether a text of the document is exactly `name`.
fn mentions(value: &Value, name: &str) -> bool {
    match value {
        Value::String(text) => text == name,
        Value::Array(items) => items.iter().any(|item| mentions(item, name)),
        Value::Object(members) => members.values().any(|member| mentions(member, name)),
        _ => false,
    }
}

/// Whether a command about lines of an order is about this one: those that name none are about all.
fn covers(body: &Value, line: u32) -> bool {
    let Some(lines) = body.get("lines").and_then(Value::as_array) else { return true };
    lines.iter().any(|item| item.as_u64().or_else(|| item.get("line")?.as_u64()) == Some(u64::from(line)))
}

fn described(change: &Change) -> RecordChange {
    let json = |record: &Record| -> Value {
        record.to_json().ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
    };
    let after = json(&change.after);
    let members = match &change.before {
        Some(before) => json_differences(&json(before), &after),
        None => vec![JsonDifference { pointer: String::new(), before: None, after: Some(after) }],
    };
    RecordChange { kind: change.key.noun.as_str(), name: change.key.name.to_string(), members }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ORDER: &str = "019aa2b4-5c00-7000-8000-000000000008";

    #[test]
    fn a_subject_is_read_as_it_is_written_and_anything_else_is_refused() {
        let account = format!("party:{ORDER}:funds:CNY/2");
        let licence = format!("{ORDER}.3");
        for text in [ORDER, &licence, "sh-2026-00000001", "CNY/2#7", &account] {
            let subject: Subject = text.parse().unwrap();
            assert_eq!(subject.to_string(), text);
        }
        for text in
            ["", "sh", "CNY/2", "party:x", "019aa2b4-5c00-4000-8000-000000000008", &format!("{ORDER}.0")]
        {
            assert_eq!(text.parse::<Subject>(), Err(SubjectError), "{text}");
        }
    }

    #[track_caller]
    fn check(subject: &str, body: &Value, is_named: bool) {
        assert_eq!(subject.parse::<Subject>().unwrap().is_named(body), is_named, "{subject} in {body}");
    }

    #[test]
    fn a_command_names_what_stands_in_it_and_the_lines_that_it_is_about() {
        let licence = format!("{ORDER}.3");
        check(ORDER, &json!({ "order": ORDER }), true);
        check(ORDER, &json!({ "reason": format!("see {ORDER}") }), false);
        check(&licence, &json!({ "order": ORDER }), true);
        check(&licence, &json!({ "order": ORDER, "lines": [1, 3] }), true);
        check(&licence, &json!({ "order": ORDER, "lines": [1, 2] }), false);
        check(&licence, &json!({ "order": ORDER, "lines": [{ "line": 3, "amount_minor": 5 }] }), true);
        check(&licence, &json!({ "order": ORDER, "lines": [{ "line": 2, "amount_minor": 3 }] }), false);
        check("CNY/2#7", &json!({ "head": { "window": "CNY/2#7" } }), true);
    }
}
