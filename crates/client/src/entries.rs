//! Entries that were signed elsewhere, several at once.

use crate::{
    Acknowledged, Client, ClientError, Problem,
    client::{Item, Results},
};
use reqwest::{Method, header};
use serde::Serialize;

impl Client {
    /// Sends up to 500 entries that their authors signed, as compact JWS; they stand next to one another, and the answers
    /// stand in their order. Asks once: when to ask again is for a caller that measures, or has a pace of its own, to say.
    /// The same entries may be sent again.
    ///
    /// # Errors
    /// [`ClientError`] if the request as a whole has no answer.
    pub async fn submit_entries(
        &self,
        entries: &[String],
    ) -> Result<Vec<Result<Acknowledged, Problem>>, ClientError> {
        #[derive(Serialize)]
        struct Entries<'a> {
            entries: &'a [String],
        }
        let body = serde_json::to_vec(&Entries { entries })?;
        let request = self.request(Method::POST, "/v1/entries");
        let request = request.header(header::CONTENT_TYPE, "application/json").body(body);
        let Results { results } = self.answer(request).await?;
        if results.len() != entries.len() {
            return Err(ClientError::Unexpected {
                url: format!("{}/v1/entries", self.base()),
                status: 200,
                expected: format!("{} results", entries.len()),
            });
        }
        let mut answers = Vec::with_capacity(results.len());
        for item in results {
            answers.push(match item {
                Item::Acknowledged(acknowledged) => Ok(acknowledged),
                Item::Problem(problem) => Err(problem),
            });
        }
        Ok(answers)
    }
}
