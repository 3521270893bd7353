//! What can come back instead of an answer.

use databourse_ledger::VerifyError;
use serde::Deserialize;
use std::fmt;

/// A problem as the node states it (RFC 9457 with the refusal's code).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// The stable code; a program decides by this.
    pub code: String,
    /// The member, parameter or header that caused it; empty if the whole is meant.
    #[serde(default)]
    pub field: String,
    /// What was expected instead.
    #[serde(default)]
    pub detail: String,
    /// What happened, in English.
    #[serde(default)]
    pub title: String,
    /// What happened, in Chinese.
    #[serde(default)]
    pub title_zh: String,
}

impl Problem {
    /// Whether the same request may succeed later without anybody changing anything.
    pub fn is_transient(&self) -> bool {
        matches!(self.code.as_str(), "service.unavailable" | "service.busy" | "request.timeout")
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if !self.field.is_empty() {
            write!(f, " at {}", self.field)?;
        }
        write!(f, ": {} Expected: {}", self.title, self.detail)
    }
}

/// Why a call has no result.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The node refused it. The same request will be refused again, unless [`Problem::is_transient`].
    #[error("{0}")]
    Refused(Box<Problem>),
    /// The node cannot be reached; whether a command was recorded is not known. Send it again with the same id.
    #[error("{url} cannot be reached")]
    Transport {
        /// What was asked for.
        url: String,
        /// What happened.
        source: reqwest::Error,
    },
    /// Whoever answered is not a node of this version.
    #[error("{url} answered with status {status}, but not as a Databourse node: {expected}")]
    Unexpected {
        /// What was asked for.
        url: String,
        /// The HTTP status.
        status: u16,
        /// What was expected.
        expected: String,
    },
    /// What the node sent does not prove what it should.
    #[error("{url} does not verify")]
    Unverified {
        /// What was asked for.
        url: String,
        /// Why not.
        source: VerifyError,
    },
    /// A command without a JSON form.
    #[error("the command cannot be written: {0}")]
    Unwritable(#[from] serde_json::Error),
}

impl ClientError {
    /// The refusal, if it is one.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Refused(problem) => Some(problem),
            _ => None,
        }
    }

    /// The HTTP status, if there was an answer that said no.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused(problem) => Some(problem.status),
            Self::Unexpected { status, .. } => Some(*status),
            _ => None,
        }
    }

    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Refused(problem) => problem.is_transient(),
            Self::Transport { .. } => true,
            // A proxy or a file server in front of a node that is starting again.
            Self::Unexpected { status, .. } => matches!(status, 429 | 502 | 503 | 504),
            Self::Unverified { .. } | Self::Unwritable(_) => false,
        }
    }
}
