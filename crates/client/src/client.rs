//! The client: requests that change something.

use crate::{ClientError, Endpoint, Problem, endpoint::without_person, retry::until_answered};
use databourse_ledger::{Entry, Policy};
use databourse_market::Command;
use databourse_primitives::{EntryId, Height, LeafIndex, PartyId};
use reqwest::{Method, RequestBuilder, Response, StatusCode, header};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};
use std::{sync::Arc, time::Duration};

/// How long one attempt may take. A node answers a command after it is durable, so a batch on a slow disk takes seconds.
const ATTEMPT_LIMIT: Duration = Duration::from_secs(120);

/// The answer to an accepted command: it is durable, at this place in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Acknowledged {
    /// The entry; also the id of what it made.
    pub id: EntryId,
    /// Its type.
    #[serde(rename = "type")]
    pub entry_type: String,
    /// Its place in the ledger.
    pub leaf_index: LeafIndex,
    /// The block that holds it.
    pub height: Height,
    /// Whether this is the first answer given again.
    pub repeated: bool,
}

/// How one of several commands ended.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Item {
    Acknowledged(Acknowledged),
    Problem(Problem),
}

/// How each of several commands ended, in their order.
#[derive(Deserialize)]
pub(crate) struct Results {
    pub(crate) results: Vec<Item>,
}

/// One of several commands that an operator sends at once.
#[derive(Debug, Clone, Serialize)]
pub struct BatchCommand {
    /// Its name and idempotency key.
    pub id: EntryId,
    /// The entry type.
    #[serde(rename = "type")]
    pub entry_type: &'static str,
    /// For whom; the exchange itself if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<PartyId>,
    /// What is wanted.
    pub body: Box<RawValue>,
}

impl BatchCommand {
    /// `command` as an item of a batch.
    ///
    /// # Errors
    /// None in practice: every command has a JSON form.
    pub fn new(
        id: EntryId,
        on_behalf_of: Option<PartyId>,
        command: &Command,
    ) -> Result<Self, serde_json::Error> {
        let body = match command {
            Command::IssueCertificate(issue) => serde_json::json!({ "order": issue.order }).to_string(),
            // The person is whoever the token names.
            other if other.entry_type().starts_with("break.") => {
                without_person(serde_json::from_str(&other.to_json()?)?).to_string()
            }
            other => other.to_json()?,
        };
        Ok(Self { id, entry_type: command.entry_type(), on_behalf_of, body: RawValue::from_string(body)? })
    }

    /// The certificate of `order`; the node fills in number and facts.
    ///
    /// # Errors
    /// None in practice.
    pub fn certificate(
        id: EntryId,
        order: databourse_primitives::OrderId,
    ) -> Result<Self, serde_json::Error> {
        let body = RawValue::from_string(serde_json::json!({ "order": order }).to_string())?;
        Ok(Self { id, entry_type: "certificate.issue", on_behalf_of: None, body })
    }

    /// About how many bytes it takes in a request.
    pub fn byte_count(&self) -> usize {
        self.body.get().len() + 160
    }
}

/// A client of one node. Cheap to clone; clones share connections.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Arc<str>,
    token: Option<Arc<str>>,
    pub(crate) policy: Option<Arc<Policy>>,
}

impl Client {
    /// A client of the node at `base`, e.g. `http://127.0.0.1:8080`.
    ///
    /// # Errors
    /// `Transport` if the system has no resources for one.
    pub fn new(base: &str) -> Result<Self, ClientError> {
        let base = base.trim_end_matches('/');
        let http = reqwest::Client::builder().timeout(ATTEMPT_LIMIT).no_proxy().build();
        let http = http.map_err(|source| ClientError::Transport { url: base.to_owned(), source })?;
        Ok(Self { http, base: base.into(), token: None, policy: None })
    }

    /// The same client bearing `token`.
    #[must_use]
    pub fn bearing(&self, token: &str) -> Self {
        Self { token: Some(token.trim().into()), ..self.clone() }
    }

    /// The same client, verifying receipts and certificates with `policy`.
    #[must_use]
    pub fn trusting(&self, policy: Policy) -> Self {
        Self { policy: Some(Arc::new(policy)), ..self.clone() }
    }

    /// The node's address.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Sends `command` to the endpoint of its noun, as whoever the token names.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn submit(&self, id: EntryId, command: &Command) -> Result<Acknowledged, ClientError> {
        self.post(id, &Endpoint::of(command)?).await
    }

    /// Posts a body with `id` as its idempotency key.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn post<T: DeserializeOwned>(&self, id: EntryId, to: &Endpoint) -> Result<T, ClientError> {
        until_answered(async || {
            let request = self.request(Method::POST, &to.path).header("Idempotency-Key", id.to_string());
            self.answer(request.json(&to.body)).await
        })
        .await
    }

    /// Certifies a party; with `custody` the exchange makes and keeps its key.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn certify(
        &self,
        id: EntryId,
        command: &Command,
        custody: bool,
    ) -> Result<Acknowledged, ClientError> {
        let mut endpoint = Endpoint::of(command)?;
        if let Value::Object(members) = &mut endpoint.body {
            members.insert("custody".to_owned(), custody.into());
        }
        self.post(id, &endpoint).await
    }

    /// Issues the certificate of a completed order; the node fills in number and facts.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn certificate(
        &self,
        id: EntryId,
        order: databourse_primitives::OrderId,
    ) -> Result<Acknowledged, ClientError> {
        let body = serde_json::json!({ "order": order });
        self.post(id, &Endpoint { path: "/v1/certificates".to_owned(), body }).await
    }

    /// Sends an entry that its author signed. With a policy, the receipt is fetched and verified as well.
    ///
    /// # Errors
    /// [`ClientError`]; `Unverified` if the node acknowledges what it cannot prove.
    pub async fn submit_signed(&self, entry: &Entry) -> Result<Acknowledged, ClientError> {
        let acknowledged: Acknowledged = until_answered(async || {
            let request = self.request(Method::POST, "/v1/entries");
            let request = request.header(header::CONTENT_TYPE, "application/jose");
            self.answer(request.body(entry.as_str().to_owned())).await
        })
        .await?;
        // A repeated answer may be for other bytes of the same intent.
        if self.policy.is_some() && !acknowledged.repeated {
            self.receipt_of(acknowledged.id, entry.bytes()).await?;
        }
        Ok(acknowledged)
    }

    /// Sends up to 500 commands as an operator; the answers stand in their order.
    ///
    /// # Errors
    /// [`ClientError`] if the batch as a whole has no answer. A command that the node could not commit for now is
    /// `service.unavailable` in its place; all of the batch is then sent again, since ids keep it from counting twice.
    pub async fn submit_batch(
        &self,
        commands: &[BatchCommand],
    ) -> Result<Vec<Result<Acknowledged, Problem>>, ClientError> {
        #[derive(Serialize)]
        struct Batch<'a> {
            commands: &'a [BatchCommand],
        }
        if commands.is_empty() {
            return Ok(Vec::new());
        }
        let body = serde_json::to_vec(&Batch { commands })?;
        until_answered(async || {
            let request = self.request(Method::POST, "/v1/commands");
            let request = request.header(header::CONTENT_TYPE, "application/json").body(body.clone());
            let results: Results = self.answer(request).await?;
            if results.results.len() != commands.len() {
                return Err(ClientError::Unexpected {
                    url: format!("{}/v1/commands", self.base),
                    status: 200,
                    expected: format!("{} results", commands.len()),
                });
            }
            let mut answers = Vec::with_capacity(commands.len());
            for item in results.results {
                answers.push(match item {
                    Item::Acknowledged(acknowledged) => Ok(acknowledged),
                    Item::Problem(problem) if problem.is_transient() => {
                        return Err(ClientError::Refused(Box::new(problem)));
                    }
                    Item::Problem(problem) => Err(problem),
                });
            }
            Ok(answers)
        })
        .await
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// The JSON of a successful answer.
    pub(crate) async fn answer<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
    ) -> Result<T, ClientError> {
        let (url, status, text) = self.text(request).await?;
        serde_json::from_str(&text).map_err(|error| ClientError::Unexpected {
            url,
            status: status.as_u16(),
            expected: error.to_string(),
        })
    }

    /// Address, status and body of a successful answer.
    pub(crate) async fn text(
        &self,
        request: RequestBuilder,
    ) -> Result<(String, StatusCode, String), ClientError> {
        let response = self.response(request).await?;
        let (url, status) = (response.url().to_string(), response.status());
        let text = response.text().await.map_err(|source| self.transport(source))?;
        Ok((url, status, text))
    }

    /// A successful answer whose body is not read yet.
    pub(crate) async fn response(&self, request: RequestBuilder) -> Result<Response, ClientError> {
        let response = request.send().await.map_err(|source| self.transport(source))?;
        let (url, status) = (response.url().to_string(), response.status());
        if status.is_success() {
            return Ok(response);
        }
        let text = response.text().await.map_err(|source| self.transport(source))?;
        Err(match serde_json::from_str::<Problem>(&text) {
            Ok(problem) => ClientError::Refused(Box::new(problem)),
            Err(_) => ClientError::Unexpected {
                url,
                status: status.as_u16(),
                expected: "a success or a problem (RFC 9457)".to_owned(),
            },
        })
    }

    pub(crate) fn transport(&self, source: reqwest::Error) -> ClientError {
        ClientError::Transport {
            url: source.url().map_or_else(|| self.base.to_string(), ToString::to_string),
            source: source.without_url(),
        }
    }
}
