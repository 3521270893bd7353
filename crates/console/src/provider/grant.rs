//! Codes (RFC 6749 §4.1): each for one use, soon, by whoever asked for it.

use super::Person;
use crate::seal::{SealError, are_equal, random_text};
use databourse_primitives::Timestamp;
use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

/// How long a code lives.
const CODE_MS: i64 = 60_000;
/// The most codes that wait; the oldest gives way.
const CODES_MAX: usize = 1_024;

/// What a code stands for.
#[derive(Debug, Clone)]
pub(super) struct Grant {
    pub(super) person: Person,
    /// When they chose who they are.
    pub(super) signed_in_at: Timestamp,
    pub(super) redirect_uri: String,
    pub(super) challenge: String,
    pub(super) nonce: String,
}

struct Waiting {
    code: String,
    until_ms: i64,
    grant: Grant,
}

/// The codes that have not been used.
#[derive(Default)]
pub(super) struct Grants(Mutex<VecDeque<Waiting>>);

impl Grants {
    /// A code.
    ///
    /// # Errors
    /// The system gave no randomness.
    pub(super) fn issue(&self, grant: Grant, now: Timestamp) -> Result<String, SealError> {
        let code = random_text()?;
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|waiting| now.unix_ms() < waiting.until_ms);
        if all.len() >= CODES_MAX {
            all.pop_front();
        }
        all.push_back(Waiting { code: code.clone(), until_ms: now.plus_ms(CODE_MS).unix_ms(), grant });
        Ok(code)
    }

    /// What `code` stands for; it is used up, whatever comes of it.
    pub(super) fn take(&self, code: &str, now: Timestamp) -> Option<Grant> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = all.iter().position(|waiting| are_equal(&waiting.code, code))?;
        let waiting = all.remove(place)?;
        (now.unix_ms() < waiting.until_ms).then_some(waiting.grant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use databourse_primitives::BilingualText;

    fn grant(nonce: usize) -> Grant {
        let name = BilingualText::new(None, Some("Li Na")).unwrap();
        let person = Person { id: "li.na".into(), name, party: None, roles: [].into(), exchange: None };
        Grant {
            person,
            signed_in_at: Timestamp::from_unix_ms(0),
            redirect_uri: String::new(),
            challenge: String::new(),
            nonce: nonce.to_string(),
        }
    }

    #[test]
    fn a_code_counts_once_and_for_a_minute() {
        let grants = Grants::default();
        let at = Timestamp::from_unix_ms;
        let code = grants.issue(grant(1), at(0)).unwrap();
        assert!(grants.take("another", at(0)).is_none());
        assert_eq!(grants.take(&code, at(CODE_MS - 1)).unwrap().nonce, "1");
        assert!(grants.take(&code, at(CODE_MS - 1)).is_none());
        let code = grants.issue(grant(1), at(0)).unwrap();
        assert!(grants.take(&code, at(CODE_MS)).is_none());
    }

    #[test]
    fn codes_that_nobody_uses_take_a_bounded_place() {
        let grants = Grants::default();
        let now = Timestamp::from_unix_ms(0);
        let first = grants.issue(grant(0), now).unwrap();
        let last = (1..=CODES_MAX).map(|nonce| grants.issue(grant(nonce), now).unwrap()).last().unwrap();
        assert!(grants.take(&first, now).is_none());
        assert!(grants.take(&last, now).is_some());
        assert_eq!(grants.0.lock().unwrap().len(), CODES_MAX - 1);
        grants.issue(grant(0), now.plus_ms(CODE_MS)).unwrap();
        assert_eq!(grants.0.lock().unwrap().len(), 1);
    }
}
