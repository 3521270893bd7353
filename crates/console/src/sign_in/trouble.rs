//! Why nobody is signed in, as a page in the reader's language that says what to do. The log says more.

use super::{discovery::DiscoveryError, http::HttpError, id_token::Invalid, identity::Unfit};
use crate::{backend::with_query, seal::SealError, visit::Visit};
use axum::{http::StatusCode, response::Response};
use maud::html;

/// Why nobody is signed in.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The node is set up without a provider.
    Absent,
    /// Whoever it was changed their mind at the provider.
    Cancelled,
    /// It took too long, or the browser kept no cookie.
    Late,
    /// The answer is not of the sign-in that this browser began.
    Foreign,
    /// The provider does not answer.
    Unreachable(String),
    /// The provider answers what does not count.
    Answer(String),
    /// The provider knows them, and they have nothing to do here.
    Unfit(Unfit),
    /// The node failed.
    Broken(SealError),
}

impl From<SealError> for Trouble {
    fn from(error: SealError) -> Self {
        Self::Broken(error)
    }
}

impl From<HttpError> for Trouble {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::Unreachable { .. } => Self::Unreachable(error.to_string()),
            HttpError::Refused { .. } => Self::Answer(error.to_string()),
        }
    }
}

impl From<DiscoveryError> for Trouble {
    fn from(error: DiscoveryError) -> Self {
        // A provider that does not say what it is might as well be away.
        Self::Unreachable(error.to_string())
    }
}

impl From<Invalid> for Trouble {
    fn from(error: Invalid) -> Self {
        Self::Answer(error.to_string())
    }
}

impl From<Unfit> for Trouble {
    fn from(unfit: Unfit) -> Self {
        Self::Unfit(unfit)
    }
}

impl Trouble {
    /// The page. Signing in again leads on to `to`.
    pub(super) fn page(&self, visit: Visit, to: &str) -> Response {
        self.log();
        // The page is not one to come back to, after a change of the language least of all.
        let visit = Visit { uri: "/sign-in".parse().unwrap_or_default(), ..visit };
        let (status, title, words) = self.words(&visit);
        let other = matches!(self, Self::Unfit(_));
        let again = if other { "1" } else { "" };
        let path = with_query("/sign-in", &[("to", to), ("again", again)]);
        let body = html! {
            h1 { (title) }
            p { (words) }
            p.actions {
                @if !matches!(self, Self::Absent) {
                    a.button href=(path) {
                        @if other { (visit.t("换一个账户登录", "Sign in as somebody else")) }
                        @else { (visit.t("重新登录", "Sign in again")) }
                    }
                }
                a.button.second href="/" { (visit.t("返回首页", "Back to the first page")) }
            }
        };
        visit.page_as(status, title, body)
    }

    fn log(&self) {
        match self {
            Self::Absent | Self::Cancelled | Self::Late | Self::Foreign | Self::Unfit(_) => {
                tracing::info!(trouble = ?self, "not signed in");
            }
            Self::Unreachable(reason) | Self::Answer(reason) => tracing::warn!(reason, "sign-in failed"),
            Self::Broken(error) => tracing::error!(%error, "sign-in failed"),
        }
    }

    fn words(&self, visit: &Visit) -> (StatusCode, &'static str, &'static str) {
        let (status, zh, en) = match self {
            Self::Absent => (
                StatusCode::NOT_FOUND,
                ("此处无法登录", "本节点没有设置身份提供方。公开的内容无需登录即可查看。"),
                (
                    "Nobody can sign in here",
                    "This node is set up without an identity provider. What is public is shown without signing in.",
                ),
            ),
            Self::Cancelled => (
                StatusCode::OK,
                ("登录已取消", "您在身份提供方取消了登录，或没有同意。"),
                (
                    "The sign-in was cancelled",
                    "You cancelled it at the identity provider, or did not agree there.",
                ),
            ),
            Self::Late => (
                StatusCode::BAD_REQUEST,
                (
                    "登录已过期",
                    "登录须在十分钟内完成，并且只能使用一次；浏览器须允许本站的 Cookie。请重新登录。",
                ),
                (
                    "The sign-in is over",
                    "It must be finished within ten minutes and counts once, and the browser must allow the cookies of this site. Sign in again.",
                ),
            ),
            Self::Foreign => (
                StatusCode::BAD_REQUEST,
                (
                    "这不是您的登录",
                    "收到的答复与此浏览器开始的登录不符。如果您同时打开了多个登录页面，请重新登录一次。",
                ),
                (
                    "This is not your sign-in",
                    "The answer does not belong to the sign-in that this browser began. If you opened several at a time, sign in again.",
                ),
            ),
            Self::Unreachable(_) => (
                StatusCode::BAD_GATEWAY,
                ("联系不上身份提供方", "身份提供方没有应答。请稍后重试；如仍不行，请联系交易所的运维人员。"),
                (
                    "The identity provider cannot be reached",
                    "It does not answer. Try again a little later; if that does not help, tell those who run this exchange.",
                ),
            ),
            Self::Answer(_) => (
                StatusCode::BAD_GATEWAY,
                (
                    "身份提供方的答复无效",
                    "身份提供方没有确认您的身份，或其答复无法核实。请重新登录；如仍不行，请联系交易所的运维人员。",
                ),
                (
                    "The identity provider's answer does not count",
                    "It did not confirm who you are, or its answer cannot be verified. Sign in again; if that does not help, tell those who run this exchange.",
                ),
            ),
            Self::Broken(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                ("节点出错", "登录没有完成。请重试。"),
                ("The node failed", "You are not signed in. Try again."),
            ),
            Self::Unfit(unfit) => {
                let (zh, en) = unfit.words();
                (StatusCode::FORBIDDEN, ("不能以此账户登录", zh), ("This account cannot sign in here", en))
            }
        };
        let (title, words) = visit.t(zh, en);
        (status, title, words)
    }
}

impl Unfit {
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::NoRoles => (
                "身份提供方已确认您的身份，但您在本交易所没有任何角色。请向交易所申请角色，或换一个账户。",
                "The identity provider knows you, but you have no role at this exchange. Ask the exchange for one, or take another account.",
            ),
            Self::Elsewhere => (
                "您是其他交易所的运营人员。请在您的交易所登录，或换一个账户。",
                "You are an operator of another exchange. Sign in there, or take another account.",
            ),
            Self::PartyOperates => (
                "身份提供方既称您为市场主体，又称您为运营人员；一个账户不能两者兼有。请联系身份提供方的管理员。",
                "The identity provider says that you are a party and an operator; one account cannot be both. Tell those who manage the accounts.",
            ),
            Self::NoParty => (
                "身份提供方称您为数商或需方，但没有说明是哪个市场主体，或同时给了不能并存的角色。请联系身份提供方的管理员。",
                "The identity provider says that you are a merchant or a buyer, but not of which party, or gives roles that do not go together. Tell those who manage the accounts.",
            ),
            Self::BadParty => (
                "身份提供方给出的市场主体编号无效。请联系身份提供方的管理员。",
                "What the identity provider gives as the id of your party is none. Tell those who manage the accounts.",
            ),
            Self::BadName => (
                "身份提供方给出的用户名不能写入账本：须为 1 至 64 个可见的 ASCII 字符，且不是市场主体的编号。请联系身份提供方的管理员。",
                "The ledger cannot hold the user name that the identity provider gives: 1 to 64 visible ASCII characters that are not the id of a party. Tell those who manage the accounts.",
            ),
        }
    }
}
