//! From a request to a command, and from its acknowledgement to an answer.

use crate::{ApiState, Problem, extract::IdempotencyKey, problem::RETRY_AFTER_SECONDS, scalar::EntryIdText};
use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use databourse_exchange::{Acknowledgement, Acting, Submission, SubmitError};
use databourse_market::Command;
use databourse_primitives::{EntryId, Height, LeafIndex};
use serde::Serialize;
use utoipa::ToSchema;

/// The answer to an accepted command: it is durable, at this place in the ledger.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "019aa2b4-5c00-7000-8000-000000000005",
    "type": "order.place",
    "leaf_index": 1042,
    "height": 97,
    "repeated": false,
    "receipt": "/v1/entries/019aa2b4-5c00-7000-8000-000000000005/receipt"
}))]
pub(crate) struct Acknowledged {
    /// The entry that the command became; also the id of what it made.
    #[schema(value_type = EntryIdText)]
    id: EntryId,
    /// The entry's type.
    #[serde(rename = "type")]
    entry_type: String,
    /// Its place in the ledger, from 0.
    #[schema(value_type = u64)]
    leaf_index: LeafIndex,
    /// The block that holds it.
    #[schema(value_type = u64)]
    height: Height,
    /// Whether this is the first answer given again.
    repeated: bool,
    /// Where its proof of inclusion is.
    receipt: String,
}

impl Acknowledged {
    /// Where the entry is.
    pub(crate) fn entry_path(&self) -> String {
        format!("/v1/entries/{}", self.id)
    }
}

impl From<Acknowledgement> for Acknowledged {
    fn from(acknowledgement: Acknowledgement) -> Self {
        let Acknowledgement { id, entry_type, leaf_index, height, repeated } = acknowledgement;
        Self { receipt: format!("/v1/entries/{id}/receipt"), id, entry_type, leaf_index, height, repeated }
    }
}

impl From<SubmitError> for Problem {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Refused(refusal) => refusal.into(),
            SubmitError::Unavailable { reason } => Self::unavailable(&reason),
        }
    }
}

/// 201 with the place of what was made, or 200 if this request was answered before.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) acknowledged: Acknowledged,
    pub(crate) location: String,
}

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        let status = if self.acknowledged.repeated { StatusCode::OK } else { StatusCode::CREATED };
        (status, [(header::LOCATION, self.location)], Json(self.acknowledged)).into_response()
    }
}

/// How one of several commands ended.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum BatchResult {
    /// It was accepted.
    Acknowledged(Acknowledged),
    /// It was not.
    Problem(Problem),
}

impl From<Result<Acknowledgement, SubmitError>> for BatchResult {
    fn from(answer: Result<Acknowledgement, SubmitError>) -> Self {
        match answer {
            Ok(acknowledgement) => Self::Acknowledged(acknowledgement.into()),
            Err(error) => Self::Problem(error.into()),
        }
    }
}

/// How each of several commands ended, in their order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BatchResults {
    /// One per command.
    pub(crate) results: Vec<BatchResult>,
}

impl IntoResponse for BatchResults {
    /// 200; with `Retry-After` if any of them may be sent again as it is.
    fn into_response(self) -> Response {
        let may_be_sent_again = self.results.iter().any(|result| match result {
            BatchResult::Acknowledged(_) => false,
            BatchResult::Problem(problem) => problem.status() == StatusCode::SERVICE_UNAVAILABLE,
        });
        let mut response = Json(self).into_response();
        if may_be_sent_again {
            response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER_SECONDS);
        }
        response
    }
}

impl ApiState {
    /// The id that the client chose, or a new one.
    pub(crate) fn entry_id(&self, key: IdempotencyKey) -> Result<EntryId, Problem> {
        match key.0 {
            Some(id) => Ok(id),
            None => Ok(self.node.new_entry_id()?),
        }
    }

    /// Has one command recorded. `location` tells where the thing is that entry `id` makes or changes.
    pub(crate) async fn record(
        &self,
        key: IdempotencyKey,
        acting: Acting,
        command: impl Into<Command>,
        location: impl FnOnce(EntryId) -> String,
    ) -> Result<Done, Problem> {
        let id = self.entry_id(key)?;
        let submission = Submission::Command { id, acting, command: command.into() };
        let acknowledged = self.submit_one(submission).await?;
        Ok(Done { acknowledged, location: location(id) })
    }

    pub(crate) async fn submit_one(&self, submission: Submission) -> Result<Acknowledged, Problem> {
        let answer = self.node.submit(vec![submission]).await.pop();
        Ok(answer.ok_or_else(|| Problem::internal(&"no answer of the node"))??.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use databourse_primitives::{Refusal, RefusalCode};

    fn retry_after(results: Vec<Result<Acknowledgement, SubmitError>>) -> Option<String> {
        let results = results.into_iter().map(BatchResult::from).collect();
        let response = BatchResults { results }.into_response();
        assert_eq!(response.status(), StatusCode::OK);
        response.headers().get(header::RETRY_AFTER).map(|value| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_batch_of_which_something_may_be_sent_again_says_when() {
        let refused = || Err(Refusal::new(RefusalCode::OrderUnknown, "order", "an order").into());
        let unavailable = || Err(SubmitError::Unavailable { reason: "2 of 4 can be reached".to_owned() });
        assert_eq!(retry_after(vec![refused()]), None);
        assert_eq!(retry_after(vec![refused(), unavailable()]), Some("1".to_owned()));
    }
}
