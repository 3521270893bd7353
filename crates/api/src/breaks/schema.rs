//! What the OpenAPI document says of breaks.

use crate::{scalar::*, window::schema::BreakKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a break stands, by name.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BreakStateName {
    Opened,
    Assigned,
    Evidenced,
    Proposed,
    Approved,
    Resolved,
    WrittenOff,
    Escalated,
}

/// How long a break has been open, in whole days.
#[derive(ToSchema)]
pub(crate) enum AgeBucket {
    /// Less than one day.
    #[serde(rename = "today")]
    Today,
    /// One to three days.
    #[serde(rename = "days_1_to_3")]
    Days1To3,
    /// Four to seven days.
    #[serde(rename = "days_4_to_7")]
    Days4To7,
    /// Eight to thirty days.
    #[serde(rename = "days_8_to_30")]
    Days8To30,
    /// More than thirty days.
    #[serde(rename = "over_30_days")]
    Over30Days,
}

/// One of an exchange's people.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BreakOperator {
    /// The exchange.
    exchange: ExchangeCodeText,
    /// The exchange's name of the person.
    person: LabelText,
}

/// What supports one side's view of a break.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case", tag = "name", deny_unknown_fields)]
pub(crate) enum Evidence {
    /// A tree contains the line.
    Inclusion {
        /// Hash, counts and sums of the tree.
        #[schema(value_type = Object)]
        root: (),
        /// The line.
        #[schema(value_type = Object)]
        line: (),
        /// That it stands there.
        #[schema(value_type = Object)]
        proof: (),
    },
    /// A tree has nothing at this place.
    NonInclusion {
        /// Hash, counts and sums of the tree.
        #[schema(value_type = Object)]
        root: (),
        /// The counterparty of the line that is not there.
        counterparty: LabelText,
        /// The business key that is not there; absent for lines without one.
        key: Option<String>,
        /// That nothing stands there.
        #[schema(value_type = Object)]
        proof: (),
    },
    /// Both exchanges' signed heads of the pair.
    Heads {
        /// Root that the left exchange signed.
        left_root: DigestText,
        /// Root that the right exchange signed.
        right_root: DigestText,
    },
    /// A document outside the ledger.
    Document {
        /// Its digest.
        digest: DigestText,
        /// What it is and shows.
        note: LineText,
    },
}

/// How a break is to end.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case", tag = "name", deny_unknown_fields)]
pub(crate) enum Resolution {
    /// A new posting corrects it.
    Post {
        /// The entry that made the posting, if it is there already.
        posting: Option<EntryIdText>,
    },
    /// The difference is borne.
    WriteOff {
        /// How much, minor units: the whole difference.
        amount_minor: AmountMinorNumber,
    },
    /// Nothing is to be done.
    NoAction {
        /// Why.
        reason: LineText,
    },
}

/// Where a break stands.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case", tag = "name")]
pub(crate) enum BreakState {
    /// Nobody is responsible yet.
    Opened,
    /// It has an owner.
    Assigned,
    /// It has an owner and evidence.
    Evidenced,
    /// Its end is proposed.
    Proposed {
        /// How it is to end.
        resolution: Resolution,
        /// Who proposed.
        proposed_by: BreakOperator,
    },
    /// Its end is approved by a second person and is to be carried out.
    Approved {
        /// How it is to end.
        resolution: Resolution,
        /// Who proposed.
        proposed_by: BreakOperator,
        /// Who approved.
        approved_by: BreakOperator,
    },
    /// Ended by a posting, or without one.
    Resolved {
        /// How it was to end.
        resolution: Resolution,
        /// Who proposed.
        proposed_by: BreakOperator,
        /// Who approved.
        approved_by: BreakOperator,
        /// The entry that made the correcting posting.
        posting: Option<EntryIdText>,
        /// When it ended.
        resolved_at: TimestampText,
    },
    /// Ended by bearing the difference.
    WrittenOff {
        /// Who proposed.
        proposed_by: BreakOperator,
        /// Who approved.
        approved_by: BreakOperator,
        /// What was borne, minor units.
        amount_minor: AmountMinorNumber,
        /// When it ended.
        written_off_at: TimestampText,
    },
    /// Its owner cannot end it; it waits to be assigned anew.
    Escalated {
        /// Why.
        reason: LineText,
        /// Who escalated.
        escalated_by: BreakOperator,
        /// When.
        escalated_at: TimestampText,
    },
}

/// A difference between two exchanges' books in one window.
#[derive(ToSchema)]
#[schema(example = json!({
    "id": "019aa2b4-5c00-7000-8000-000000000010",
    "window": "CNY/2#7",
    "pair": "js~sh",
    "kind": "amount",
    "key": "019aa2b4-5c00-7000-8000-000000000005.1/sale",
    "left_minor": 120000,
    "right_minor": 119900,
    "opened_by": { "exchange": "sh", "person": "li.na" },
    "opened_at": "2026-11-22T17:10:00.000Z",
    "owner": { "exchange": "sh", "person": "li.na" },
    "evidence": [{
        "name": "document", "digest": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "note": "Bank statement of 23 November, line 7"
    }],
    "state": {
        "name": "proposed", "resolution": { "name": "write_off", "amount_minor": 100 },
        "proposed_by": { "exchange": "sh", "person": "li.na" }
    },
    "age": "days_1_to_3"
}))]
pub(crate) struct Break {
    /// The id of its `break.open` entry.
    id: BreakIdText,
    /// The window in which it was found.
    window: WindowIdText,
    /// The exchanges whose books differ.
    pair: PairText,
    /// What differs.
    kind: BreakKind,
    /// Business key of the line; none for a root break.
    key: Option<LabelText>,
    /// The left book's amount, minor units; none if it has no such line.
    left_minor: Option<AmountMinorNumber>,
    /// The right book's amount, minor units; none if it has no such line.
    right_minor: Option<AmountMinorNumber>,
    /// Who opened it.
    opened_by: BreakOperator,
    /// When it was opened.
    opened_at: TimestampText,
    /// Who is responsible; nobody until it is assigned.
    owner: Option<BreakOperator>,
    /// What supports either side's view, in the order in which it came.
    evidence: Option<Vec<Evidence>>,
    /// Where it stands.
    state: BreakState,
    /// How long it has been open, by the node's clock.
    age: AgeBucket,
}
