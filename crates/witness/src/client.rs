//! Asks a witness for a cosignature (C2SP tlog-witness). Believes nothing: what it gives back is verified.

use crate::request::{body, parse_size};
use databourse_ledger::{NoteSignature, SignedCheckpoint, VerifierKey};
use databourse_merkle::Hash;
use databourse_primitives::TreeSize;
use reqwest::{StatusCode, Url, header::CONTENT_TYPE};
use std::{fmt, future::Future, time::Duration};

/// The longest answer that is read: 64 lines of the longest kind.
const ANSWER_BYTES_MAX: usize = 262_144;
/// How long an answer may take.
const ANSWER_LIMIT: Duration = Duration::from_secs(15);
/// How often a witness may say another size within one submission, while others submit as well.
const CONFLICTS_MAX: usize = 4;

/// Why there is no cosignature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// The prefix is not an `http` URL, or the key is no witness's.
    #[error(
        "a witness is an http URL and a key of type 0x04 (cosignature/v1), or 0x06 (ML-DSA-44) where this program knows it"
    )]
    Unfit,
    /// It did not answer.
    #[error("the witness does not answer: {0}")]
    Unreachable(String),
    /// It refused.
    #[error("the witness refused with {status}: {said}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The beginning of what it said.
        said: String,
    },
    /// The answer is not one of the protocol, or no line of the witness's key is in it that holds.
    #[error("the witness's answer is no cosignature of its key over the checkpoint")]
    Malformed,
    /// It has cosigned more leaves than there are under this checkpoint: there is a newer one, or another history.
    #[error("the witness has cosigned {size} leaves already")]
    Ahead {
        /// How many.
        size: TreeSize,
    },
    /// No consistency proof can be made.
    #[error("no consistency proof: {0}")]
    Proof(String),
}

/// What a witness answers to one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Its line, verified.
    Cosigned(NoteSignature),
    /// It has cosigned a checkpoint of another size last.
    Knows(TreeSize),
}

/// A witness of whoever's.
#[derive(Clone)]
pub struct WitnessClient {
    http: reqwest::Client,
    url: Url,
    key: VerifierKey,
}

impl fmt::Debug for WitnessClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WitnessClient({} at {})", self.key, self.url)
    }
}

impl WitnessClient {
    /// The witness with this submission prefix and key.
    ///
    /// # Errors
    /// `Unfit`.
    pub fn new(prefix: &str, key: VerifierKey) -> Result<Self, ClientError> {
        let url = format!("{}/add-checkpoint", prefix.trim_end_matches('/'));
        let url = Url::parse(&url).ok().filter(|url| url.scheme() == "http" && url.has_host());
        let http = reqwest::Client::builder().no_proxy().timeout(ANSWER_LIMIT).build();
        match (url, http) {
            (Some(url), Ok(http)) if key.key_type().cosigns() => Ok(Self { http, url, key }),
            _ => Err(ClientError::Unfit),
        }
    }

    /// Its key.
    pub fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// Where it takes checkpoints.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// Asks once, for `checkpoint` with a `proof` that it continues the tree of `old` leaves.
    ///
    /// # Errors
    /// [`ClientError`], without `Ahead` and `Proof`.
    pub async fn add(
        &self,
        old: TreeSize,
        proof: &[Hash],
        checkpoint: &SignedCheckpoint,
    ) -> Result<Answer, ClientError> {
        let unreachable = |error: reqwest::Error| ClientError::Unreachable(error.without_url().to_string());
        let request = self.http.post(self.url.clone()).body(body(old, proof, checkpoint));
        let mut answer = request.send().await.map_err(unreachable)?;
        let status = answer.status();
        let is_size = answer.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == "text/x.tlog.size");
        let mut said = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
            if said.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(ClientError::Malformed);
            }
            said.extend_from_slice(&chunk);
        }
        let said = String::from_utf8(said).map_err(|_| ClientError::Malformed)?;
        match status {
            StatusCode::OK => self.line(&said, checkpoint).map(Answer::Cosigned),
            StatusCode::CONFLICT if is_size => {
                let size = said.strip_suffix('\n').and_then(parse_size).ok_or(ClientError::Malformed)?;
                Ok(Answer::Knows(TreeSize(size)))
            }
            _ => {
                let said = said.chars().filter(|c| !c.is_control()).take(200).collect();
                Err(ClientError::Refused { status: status.as_u16(), said })
            }
        }
    }

    /// The line of this witness's key, which must hold; lines of other keys are ignored.
    fn line(&self, said: &str, checkpoint: &SignedCheckpoint) -> Result<NoteSignature, ClientError> {
        let text = checkpoint.checkpoint.to_string();
        let lines = said.strip_suffix('\n').ok_or(ClientError::Malformed)?.split('\n');
        for line in lines {
            let line: NoteSignature = line.parse().map_err(|_| ClientError::Malformed)?;
            if !self.key.claims(&line) {
                continue;
            }
            let verified = self.key.verify(&text, &line).map_err(|_| ClientError::Malformed)?;
            return if verified.time_s == Some(0) { Err(ClientError::Malformed) } else { Ok(line) };
        }
        Err(ClientError::Malformed)
    }

    /// Asks with the size that the witness is thought to `know`, and again with the size that it says, with the proof that
    /// `prove` makes from there.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn cosign<F, E>(
        &self,
        known: TreeSize,
        checkpoint: &SignedCheckpoint,
        prove: impl Fn(TreeSize) -> F,
    ) -> Result<NoteSignature, ClientError>
    where
        F: Future<Output = Result<Vec<Hash>, E>>,
        E: fmt::Display,
    {
        let size = checkpoint.checkpoint.size;
        let mut old = known.min(size);
        for _ in 0..CONFLICTS_MAX {
            // From the empty tree nothing needs a proof.
            let proof = if old.0 == 0 {
                Vec::new()
            } else {
                prove(old).await.map_err(|error| ClientError::Proof(error.to_string()))?
            };
            match self.add(old, &proof, checkpoint).await? {
                Answer::Cosigned(line) => return Ok(line),
                Answer::Knows(size_known) if size_known > size => {
                    return Err(ClientError::Ahead { size: size_known });
                }
                Answer::Knows(size_known) => old = size_known,
            }
        }
        Err(ClientError::Refused { status: 409, said: "another size each time".to_owned() })
    }
}
