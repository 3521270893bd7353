//! Asking again: pauses that grow, until the node answers or patience ends.

use crate::ClientError;
use std::time::Duration;

/// Pauses before the second and each further attempt, in milliseconds: about twelve seconds in all.
const PAUSES_MS: [u64; 8] = [50, 100, 200, 500, 1_000, 2_000, 4_000, 4_000];

/// Runs `attempt` until it has a result that is not transient. Only for requests that may be sent twice: reads, and
/// commands with an id of their own.
pub(crate) async fn until_answered<T>(
    mut attempt: impl AsyncFnMut() -> Result<T, ClientError>,
) -> Result<T, ClientError> {
    let mut pauses = PAUSES_MS.iter();
    loop {
        match attempt().await {
            Err(error) if error.is_transient() => match pauses.next() {
                Some(pause_ms) => tokio::time::sleep(Duration::from_millis(*pause_ms)).await,
                None => return Err(error),
            },
            settled => return settled,
        }
    }
}
