//! What every page shares.

use crate::{
    backend::Backend,
    seal::{Seal, SealError, random},
    sign_in::SignIn,
};
use axum::Router;
use databourse_api::token::TokenSigner;
use databourse_primitives::{BilingualText, EntryId, ExchangeCode, Timestamp};
use std::sync::Arc;
use uuid::Builder;

/// How a console is set up.
pub struct ConsoleConfig {
    /// The exchange whose console it is.
    pub exchange: ExchangeCode,
    /// Its name.
    pub name: BilingualText,
    /// Where people open it, e.g. `https://console.example`; without a path and without a slash at its end.
    pub public_url: String,
    /// How far the local time of its pages is ahead of UTC, minutes.
    pub utc_offset_minutes: i16,
    /// How people sign in; nobody can if absent, and what is public is shown all the same.
    pub sign_in: Option<SignIn>,
    /// Makes the tokens with which the console asks the API on behalf of whoever is signed in.
    pub signer: TokenSigner,
    /// A secret of the node; the key of the cookies follows from it.
    pub secret: [u8; 32],
}

/// What every page shares. Cloning shares it.
#[derive(Clone)]
pub(crate) struct Console(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) exchange: ExchangeCode,
    pub(crate) name: BilingualText,
    pub(crate) public_url: String,
    pub(crate) utc_offset_minutes: i16,
    pub(crate) sign_in: Option<SignIn>,
    pub(crate) signer: TokenSigner,
    pub(crate) seal: Seal,
    pub(crate) backend: Backend,
    now: Box<dyn Fn() -> Timestamp + Send + Sync>,
}

impl std::ops::Deref for Console {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Console {
    pub(crate) fn new(
        config: ConsoleConfig,
        api: Router,
        now: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(Inner {
            exchange: config.exchange,
            name: config.name,
            public_url: config.public_url,
            utc_offset_minutes: config.utc_offset_minutes,
            sign_in: config.sign_in,
            signer: config.signer,
            seal: Seal::new(&config.secret),
            backend: Backend::new(api),
            now: Box::new(now),
        }))
    }
}

impl Inner {
    /// The node's time.
    pub(crate) fn now(&self) -> Timestamp {
        (self.now)()
    }

    /// Whether people reach it by TLS, so that cookies must never go another way.
    pub(crate) fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }

    /// The id that a command will have. A form carries it, so that pressing a button twice does a thing once.
    ///
    /// # Errors
    /// The system gave no randomness.
    pub(crate) fn new_entry_id(&self) -> Result<EntryId, SealError> {
        let millis = u64::try_from(self.now().unix_ms()).unwrap_or_default();
        let uuid = Builder::from_unix_timestamp_millis(millis, &random::<10>()?).into_uuid();
        EntryId::from_uuid(uuid).map_err(|error| SealError(error.to_string()))
    }
}
