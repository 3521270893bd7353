//! The client: what can be read, and how it is verified.

use crate::{Client, ClientError, RegionHealth, retry::until_answered};
use databourse_ledger::{CertificateFile, Policy, Receipt, VerifyError, verify_receipt};
use databourse_primitives::{CertificateNumber, EntryId};
use reqwest::Method;
use serde::{Deserialize, de::DeserializeOwned};
use std::time::Duration;

/// How long a node may take to say how it is.
const HEALTH_LIMIT: Duration = Duration::from_secs(2);

/// A page of a list.
#[derive(Debug, Clone, Deserialize)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// The `cursor` of the next page, if there is one.
    #[serde(default)]
    pub next: Option<String>,
}

impl Client {
    /// The JSON at `path`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        until_answered(async || self.answer(self.request(Method::GET, path)).await).await
    }

    /// The text at `path`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn get_text(&self, path: &str) -> Result<String, ClientError> {
        let answer = until_answered(async || self.text(self.request(Method::GET, path)).await).await;
        answer.map(|(_, _, text)| text)
    }

    /// The bytes at `path`; `None` if whoever serves has nothing there (404 or 410). An answer of more than `bytes_max`
    /// bytes is given up as it comes in.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn get_bytes(&self, path: &str, bytes_max: usize) -> Result<Option<Vec<u8>>, ClientError> {
        until_answered(async || {
            let mut response = match self.response(self.request(Method::GET, path)).await {
                Err(error) if matches!(error.status(), Some(404 | 410)) => return Ok(None),
                answered => answered?,
            };
            let mut bytes = Vec::new();
            while let Some(chunk) = response.chunk().await.map_err(|source| self.transport(source))? {
                if bytes.len() + chunk.len() > bytes_max {
                    return Err(ClientError::Unexpected {
                        url: format!("{}{path}", self.base()),
                        status: response.status().as_u16(),
                        expected: format!("at most {bytes_max} bytes"),
                    });
                }
                bytes.extend_from_slice(&chunk);
            }
            Ok(Some(bytes))
        })
        .await
    }

    /// Every item of the list at `path` (which may have a query), a page after the other, oldest first.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn list<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, ClientError> {
        let separator = if path.contains('?') { '&' } else { '?' };
        let first = format!("{path}{separator}limit=200&sort=oldest");
        let mut items = Vec::new();
        let mut page: Page<T> = self.get(&first).await?;
        loop {
            items.append(&mut page.items);
            let Some(next) = page.next else { return Ok(items) };
            page = self.get(&format!("{first}&cursor={next}")).await?;
        }
    }

    /// Waits until the node is ready to take commands.
    ///
    /// # Errors
    /// What the node last said, after about twelve seconds.
    pub async fn ready(&self) -> Result<(), ClientError> {
        self.get_text("/readyz").await.map(drop)
    }

    /// How the node is in its region, asked once: for somebody who looks, a node that does not answer is an answer too.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn region_health(&self) -> Result<RegionHealth, ClientError> {
        self.answer(self.request(Method::GET, "/v1/region/health").timeout(HEALTH_LIMIT)).await
    }

    /// The node's policy as text and as a value. Trusting it is the caller's decision: whoever verifies for somebody
    /// else gets the policy from elsewhere.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn policy(&self) -> Result<(String, Policy), ClientError> {
        let text = self.get_text("/v1/policy").await?;
        let policy =
            text.parse().map_err(|error: databourse_ledger::PolicyError| ClientError::Unexpected {
                url: format!("{}/v1/policy", self.base()),
                status: 200,
                expected: error.to_string(),
            })?;
        Ok((text, policy))
    }

    /// The signed checkpoint that the node shows, as text.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn checkpoint(&self) -> Result<String, ClientError> {
        self.get_text("/checkpoint").await
    }

    /// The receipt of an entry whose bytes the caller has. With a policy, it is verified.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn receipt_of(&self, id: EntryId, entry: &[u8]) -> Result<String, ClientError> {
        let path = format!("/v1/entries/{id}/receipt");
        let text = self.get_text(&path).await?;
        if let Some(policy) = &self.policy {
            let receipt = Receipt::parse(text.as_bytes()).map_err(VerifyError::Receipt);
            let verified = receipt.and_then(|receipt| verify_receipt(entry, &receipt, policy));
            verified.map_err(|source| self.unverified(&path, source))?;
        }
        Ok(text)
    }

    /// A certificate file. With a policy, it is verified.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn certificate_file(&self, number: &CertificateNumber) -> Result<String, ClientError> {
        let path = format!("/v1/certificates/{number}/file");
        let text = self.get_text(&path).await?;
        if let Some(policy) = &self.policy {
            let verified = CertificateFile::parse(text.as_bytes()).and_then(|file| file.verify(policy));
            verified.map_err(|source| self.unverified(&path, source))?;
        }
        Ok(text)
    }

    fn unverified(&self, path: &str, source: VerifyError) -> ClientError {
        ClientError::Unverified { url: format!("{}{path}", self.base()), source }
    }
}
