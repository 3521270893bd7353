//! `/v1/accounts`: money (stage 5).

use crate::{
    ApiState, Problem,
    access::Caller,
    command::{Acknowledged, Done},
    extract::{IdempotencyKey, JsonBody, Named, Parameters, malformed, slug_of_account},
    page::{Page, list_parameters},
    scalar::*,
};
use axum::{Json, extract::State};
use databourse_exchange::Acting;
use databourse_primitives::{Asset, Label, TreeSize};
use databourse_settlement::{
    Account, AccountId, ConstrainAccount, Constraint, DepositMoney, Holder, WithdrawMoney,
};
use databourse_store::Column;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(deposit))
        .routes(routes!(withdraw))
        .routes(routes!(get))
        .routes(routes!(balances))
        .routes(routes!(constrain))
}

/// Records money that arrived at the exchange's bank for a party. Each bank line is recorded once.
#[utoipa::path(post, path = "/v1/accounts/deposits", operation_id = "depositMoney", tag = "accounts",
    request_body = schema::DepositMoney,
    responses((status = 201, description = "Recorded.", body = Acknowledged)))]
async fn deposit(
    State(api): State<ApiState>,
    key: IdempotencyKey,
    JsonBody(command): JsonBody<DepositMoney>,
) -> Result<Done, Problem> {
    api.record(key, Acting::Exchange, command, |id| format!("/v1/entries/{id}")).await
}

/// Takes what the caller's party has available of its funds out, to the bank account that its exchange has on file.
#[utoipa::path(post, path = "/v1/accounts/withdrawals", operation_id = "withdrawMoney", tag = "accounts",
    request_body = schema::WithdrawMoney,
    responses((status = 201, description = "Withdrawn.", body = Acknowledged)))]
async fn withdraw(
    State(api): State<ApiState>,
    caller: Caller,
    key: IdempotencyKey,
    JsonBody(command): JsonBody<WithdrawMoney>,
) -> Result<Done, Problem> {
    let acting = Acting::Party(caller.acting_party()?);
    api.record(key, acting, command, |id| format!("/v1/entries/{id}")).await
}

/// An account with its balances. Totals of debits and credits only grow; what is pending is held for orders or disputes
/// and will be posted or become free again.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Account, example = json!({
    "id": "party:019aa2b4-5c00-7000-8000-000000000006:funds:CNY/2",
    "debits_minor": 127200,
    "credits_minor": 1000000,
    "debits_pending_minor": 63600,
    "credits_pending_minor": 0,
    "posted_minor": 872800,
    "pending_in_minor": 0,
    "pending_out_minor": 63600,
    "available_minor": 809200,
    "balance_minor": 872800,
    "balance": "8728.00",
    "posting_count": 3,
    "constraint": { "name": "frozen", "reason": "court order 2026-118" }
}))]
struct AccountView {
    /// Its name.
    #[schema(value_type = AccountIdText)]
    id: AccountId,
    /// Sum of all posted debits, minor units.
    debits_minor: i64,
    /// Sum of all posted credits, minor units.
    credits_minor: i64,
    /// Debits that are held, minor units.
    debits_pending_minor: i64,
    /// Credits that are held, minor units.
    credits_pending_minor: i64,
    /// What was posted, on the account's normal side, minor units.
    posted_minor: i64,
    /// What will be added if everything that is held is posted, minor units.
    pending_in_minor: i64,
    /// What will be taken if everything that is held is posted, minor units.
    pending_out_minor: i64,
    /// What can be spent, minor units: posted less what will be taken.
    available_minor: i64,
    /// The same as `posted_minor`.
    balance_minor: i64,
    /// The same in major units, for people.
    balance: String,
    /// Number of postings.
    posting_count: u64,
    /// What it may still do; left out while it may do everything.
    #[serde(skip_serializing_if = "Constraint::is_open")]
    #[schema(value_type = Option<schema::Constraint>)]
    constraint: Constraint,
}

impl From<Account> for AccountView {
    fn from(account: Account) -> Self {
        let balances = account.balances();
        Self {
            balance: account.id.asset.render(balances.posted_minor),
            balance_minor: balances.posted_minor,
            posted_minor: balances.posted_minor,
            pending_in_minor: balances.pending_in_minor,
            pending_out_minor: balances.pending_out_minor,
            available_minor: balances.available_minor,
            debits_minor: account.debits_minor,
            credits_minor: account.credits_minor,
            debits_pending_minor: account.debits_pending_minor,
            credits_pending_minor: account.credits_pending_minor,
            posting_count: account.posting_count,
            constraint: account.constraint,
            id: account.id,
        }
    }
}

list_parameters!(AccountParameters {
    /// Whose it is: `party:<id>` or `exchange:<code>`.
    holder: Label as LabelText => Holder,
    /// What it counts.
    asset: Asset as AssetText => Asset,
});

/// Lists accounts.
///
/// Operators and auditors see all; a party sees its own.
#[utoipa::path(get, path = "/v1/accounts", operation_id = "listAccounts", tag = "accounts",
    params(AccountParameters),
    responses((status = 200, description = "A page.", body = Page<AccountView>)))]
async fn list(
    State(api): State<ApiState>,
    caller: Caller,
    Parameters(asked): Parameters<AccountParameters>,
) -> Result<Json<Page<AccountView>>, Problem> {
    let mut listing = asked.into();
    if !caller.oversees() {
        let own = format!("party:{}", caller.acting_party()?);
        listing = caller.narrow_to(listing, Column::Holder, &own)?;
    }
    Ok(Json(api.list::<Account>(listing).await?.map(AccountView::from)))
}

/// Refuses unless the account is the caller's own, or the caller oversees.
pub(crate) fn must_see(account: &AccountId, caller: &Caller) -> Result<(), Problem> {
    let own = match &account.holder {
        Holder::Party(party) => caller.may_see(&[*party]),
        Holder::Exchange(_) => caller.oversees(),
    };
    if own { Ok(()) } else { Err(Problem::forbidden("an account of your own")) }
}

/// Shows an account to its holder, operators and auditors; to others it is `resource.forbidden`.
///
/// In the path the asset's `/` is written `-`: `party:<id>:funds:CNY-2`. An account that was never used is shown
/// with zero totals.
#[utoipa::path(get, path = "/v1/accounts/{id}", operation_id = "getAccount", tag = "accounts",
    params(("id" = String, Path, example = "exchange:sh:bank:CNY-2")),
    responses((status = 200, description = "The account.", body = AccountView)))]
async fn get(
    State(api): State<ApiState>,
    caller: Caller,
    Named(id): Named<AccountId>,
) -> Result<Json<AccountView>, Problem> {
    must_see(&id, &caller)?;
    let account = api.store().get::<Account>(&id.to_string()).await?;
    Ok(Json(account.unwrap_or_else(|| Account::unused(id)).into()))
}

/// What an account may do from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "constraint": { "name": "frozen", "reason": "court order 2026-118" } }))]
pub(crate) struct AccountConstraint {
    /// Open, frozen or closed.
    #[schema(value_type = schema::Constraint)]
    constraint: Constraint,
}

/// Freezes, closes or reopens an account in this exchange's book. Only an empty account can be closed.
#[utoipa::path(post, path = "/v1/accounts/{id}/constraint", operation_id = "constrainAccount", tag = "accounts",
    params(("id" = String, Path, example = "exchange:sh:bank:CNY-2")), request_body = AccountConstraint,
    responses((status = 201, description = "Constrained.", body = Acknowledged)))]
async fn constrain(
    State(api): State<ApiState>,
    Named(account): Named<AccountId>,
    key: IdempotencyKey,
    JsonBody(AccountConstraint { constraint }): JsonBody<AccountConstraint>,
) -> Result<Done, Problem> {
    let location = format!("/v1/accounts/{}", slug_of_account(&account));
    let command = ConstrainAccount { account, constraint };
    api.record(key, Acting::Exchange, command, |_| location).await
}

/// The balances of an account at a place in the ledger.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AccountBalances, example = json!({
    "account": "party:019aa2b4-5c00-7000-8000-000000000006:funds:CNY/2",
    "at": 1042,
    "posted_minor": 872800,
    "pending_in_minor": 0,
    "pending_out_minor": 63600,
    "available_minor": 809200
}))]
struct BalancesView {
    /// The account.
    #[schema(value_type = AccountIdText)]
    account: AccountId,
    /// How many leaves the ledger had.
    #[schema(value_type = u64)]
    at: TreeSize,
    /// What was posted, on the account's normal side, minor units.
    posted_minor: i64,
    /// What would have been added if everything that was held had been posted, minor units.
    pending_in_minor: i64,
    /// What would have been taken if everything that was held had been posted, minor units.
    pending_out_minor: i64,
    /// What could be spent, minor units.
    available_minor: i64,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct PlaceParameters {
    /// A size of the ledger, in leaves; its present size if absent.
    #[param(value_type = Option<u64>, minimum = 0)]
    at: Option<String>,
}

/// Shows the balances of an account when the ledger had `at` leaves, summed up from its postings up to there.
///
/// An account that had none is shown with zeros. Who has a checkpoint of that size can hold the sums against it.
#[utoipa::path(get, path = "/v1/accounts/{id}/balances", operation_id = "getBalances", tag = "accounts",
    params(("id" = String, Path, example = "exchange:sh:bank:CNY-2"), PlaceParameters),
    responses((status = 200, description = "The balances.", body = BalancesView)))]
async fn balances(
    State(api): State<ApiState>,
    caller: Caller,
    Named(account): Named<AccountId>,
    Parameters(asked): Parameters<PlaceParameters>,
) -> Result<Json<BalancesView>, Problem> {
    must_see(&account, &caller)?;
    let size = api.node.published().size;
    let at = asked.at.map_or(Some(size), |text| size_of(&text).filter(|at| *at <= size));
    let at = at.ok_or_else(|| malformed("at", format!("a size of the ledger, 0 to {size}")))?;
    let balances = api.store().balances_at(&account, at).await?;
    Ok(Json(BalancesView {
        account,
        at,
        posted_minor: balances.posted_minor,
        pending_in_minor: balances.pending_in_minor,
        pending_out_minor: balances.pending_out_minor,
        available_minor: balances.available_minor,
    }))
}

fn size_of(text: &str) -> Option<TreeSize> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits).map(TreeSize)
}

#[expect(dead_code, reason = "written for the OpenAPI document; the real types are in `settlement`")]
pub(crate) mod schema {
    use crate::scalar::*;
    use utoipa::ToSchema;

    /// What an account may still do.
    #[derive(ToSchema)]
    #[serde(rename_all = "snake_case", tag = "name")]
    pub(crate) enum Constraint {
        /// Everything.
        Open,
        /// Nothing that lowers what is available.
        Frozen {
            /// Why.
            reason: LineText,
        },
        /// Nothing at all.
        Closed {
            /// Why.
            reason: LineText,
        },
    }

    /// Money that arrived for a party.
    #[derive(ToSchema)]
    #[serde(deny_unknown_fields)]
    #[schema(example = json!({
        "party": "019aa2b4-5c00-7000-8000-000000000006",
        "asset": "CNY/2",
        "amount_minor": 1000000,
        "bank_reference": "ICBC/2026-11-22/0001"
    }))]
    pub(crate) struct DepositMoney {
        /// Whose money it is.
        party: PartyIdText,
        /// What arrived.
        asset: AssetText,
        /// How much, minor units, above zero.
        amount_minor: AmountMinorNumber,
        /// The bank's reference of the line; each is recorded once.
        bank_reference: LabelText,
    }

    /// Money that a party takes out.
    #[derive(ToSchema)]
    #[serde(deny_unknown_fields)]
    #[schema(example = json!({ "asset": "CNY/2", "amount_minor": 50000 }))]
    pub(crate) struct WithdrawMoney {
        /// What is taken.
        asset: AssetText,
        /// How much, minor units, above zero.
        amount_minor: AmountMinorNumber,
    }
}
