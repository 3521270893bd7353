//! `/v1/accounts/{id}/postings`: what moved on an account, and why (stage 5).

use crate::{
    ApiState, Problem,
    access::Caller,
    account::must_see,
    extract::{Named, Parameters, malformed},
    page::{Cursor, Limit, Page, Sort},
    scalar::*,
};
use axum::{Json, extract::State};
use databourse_exchange::Reasons;
use databourse_primitives::{AmountMinor, Asset, EntryId, Height, Timestamp, WindowId};
use databourse_settlement::{AccountId, Side, TransactionKind};
use databourse_statement::StatementLine;
use databourse_store::{JournalPosting, PostingCursor};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list))
}

/// A posting as a statement shows it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Posting, example = json!({
    "entry": "019aa2b4-5c00-7000-8000-000000000005",
    "leaf_index": 1042,
    "height": 97,
    "time": "2026-11-22T02:47:32.123Z",
    "side": "debit",
    "amount_minor": 127200,
    "pending_minor": -127200,
    "asset": "CNY/2",
    "kind": "post",
    "window": "CNY/2#7"
}))]
struct PostingView {
    /// The entry that moved the money.
    #[schema(value_type = EntryIdText)]
    entry: EntryId,
    /// The entry's place in the ledger.
    leaf_index: u64,
    /// The block that holds it.
    #[schema(value_type = u64)]
    height: Height,
    /// That block's time.
    #[schema(value_type = TimestampText)]
    time: Timestamp,
    /// The side of the account.
    #[schema(value_type = schema::Side)]
    side: Side,
    /// How much was posted, minor units.
    #[schema(value_type = AmountMinorNumber)]
    amount_minor: AmountMinor,
    /// By how much what is pending on this side changed, minor units; below zero when held money is posted or freed.
    pending_minor: i64,
    /// What.
    #[schema(value_type = AssetText)]
    asset: Asset,
    /// Why.
    #[schema(value_type = schema::TransactionKind)]
    kind: TransactionKind,
    /// The settlement window that it belongs to.
    #[schema(value_type = WindowIdText)]
    window: WindowId,
    /// With `with=reasons`: the lines that a statement of the holder has of this entry. Deposits, withdrawals, holds and
    /// what else its kind explains have none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Option<Vec<Object>>)]
    lines: Vec<StatementLine>,
}

impl From<JournalPosting> for PostingView {
    fn from(posting: JournalPosting) -> Self {
        Self {
            entry: posting.entry,
            leaf_index: posting.place.leaf_index,
            height: posting.height,
            time: posting.time,
            side: posting.side,
            amount_minor: posting.amount_minor,
            pending_minor: posting.pending_minor,
            asset: posting.asset,
            kind: posting.kind,
            window: posting.window,
            lines: Vec::new(),
        }
    }
}

/// What a posting can be shown with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum With {
    Reasons,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct PostingParameters {
    /// How many items at most.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<Limit>,
    /// The `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// The newest first, or the oldest; the oldest if absent, as a statement has them.
    #[param(inline)]
    sort: Option<Sort>,
    /// `reasons`: each with the lines that explain it.
    #[param(inline)]
    with: Option<With>,
}

/// Lists an account's postings.
///
/// With `with=reasons` each says why it was made, as on a statement: what was sold, refunded or charged, the parts of
/// its price, and the versions of schedule, tax table and shares that they follow from.
#[utoipa::path(get, path = "/v1/accounts/{id}/postings", operation_id = "listPostings", tag = "accounts",
    params(("id" = String, Path, example = "exchange:sh:bank:CNY-2"), PostingParameters),
    responses((status = 200, description = "A page.", body = Page<PostingView>)))]
async fn list(
    State(api): State<ApiState>,
    caller: Caller,
    Named(id): Named<AccountId>,
    Parameters(asked): Parameters<PostingParameters>,
) -> Result<Json<Page<PostingView>>, Problem> {
    must_see(&id, &caller)?;
    let name = id.to_string();
    let is_newest_first = asked.sort == Some(Sort::Newest);
    let list = if is_newest_first { format!("posting newest {name}") } else { format!("posting {name}") };
    let place = asked.cursor.map(|cursor| place_of(&cursor.decode(&list)?)).transpose()?;
    let limit = asked.limit.unwrap_or_default().0;
    // One more than asked for tells whether there is a next page.
    let count = limit.saturating_add(1);
    let mut postings = if is_newest_first {
        api.store().postings_backwards(&name, place, count).await?
    } else {
        api.store().postings(&name, place, count).await?
    };
    let more = postings.len() > limit as usize;
    postings.truncate(limit as usize);
    let next = postings.last().filter(|_| more).map(|last| Cursor::encode(&list, &last.place.to_string()));
    let mut reasons = match asked.with {
        Some(With::Reasons) => api.node.reasons(&id, &postings).await?,
        None => Reasons::new(),
    };
    let explained = |posting: JournalPosting| {
        // An entry that made several postings is explained once.
        let is_explained = !posting.amount_minor.is_zero();
        let key = Some((posting.place.leaf_index, posting.kind)).filter(|_| is_explained);
        let lines = key.and_then(|key| reasons.remove(&key)).unwrap_or_default();
        PostingView { lines, ..posting.into() }
    };
    Ok(Json(Page { items: postings.into_iter().map(explained).collect(), next }))
}

fn place_of(text: &str) -> Result<PostingCursor, Problem> {
    let mut parts = text.split('.');
    let mut part = || parts.next().and_then(|part| part.parse::<u64>().ok());
    let place = (|| {
        let (leaf_index, transaction_no, leg) = (part()?, part()?, part()?);
        Some(PostingCursor {
            leaf_index,
            transaction_no: u32::try_from(transaction_no).ok()?,
            leg: u32::try_from(leg).ok()?,
        })
    })();
    place.ok_or_else(|| malformed("cursor", "the `next` of the page before").into())
}

#[expect(dead_code, reason = "written for the OpenAPI document; the real types are in `settlement`")]
pub(crate) mod schema {
    use utoipa::ToSchema;

    /// Which side of an account a posting is on.
    #[derive(ToSchema)]
    #[schema(rename_all = "snake_case")]
    pub(crate) enum Side {
        Debit,
        Credit,
    }

    /// Why money moved.
    #[derive(ToSchema)]
    #[schema(rename_all = "snake_case")]
    pub(crate) enum TransactionKind {
        Deposit,
        Withdrawal,
        Hold,
        Post,
        Void,
        Expire,
        Refund,
        Fee,
        Voucher,
        Settlement,
        WriteOff,
        Succession,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_journal_is_read_back() {
        let place = PostingCursor { leaf_index: 1042, transaction_no: 0, leg: 3 };
        assert_eq!(place_of(&place.to_string()).unwrap(), place);
        for bad in ["", "1", "1.2", "1.2.x", "1.4294967296.0", "-1.0.0"] {
            assert!(place_of(bad).is_err(), "{bad}");
        }
    }
}
