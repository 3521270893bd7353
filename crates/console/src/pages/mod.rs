//! The pages. Each file is one page, or a few that belong together; [`ALL`] is the one list of them.

mod certificate;
mod certifications;
mod day;
mod desk;
mod health;
mod home;
pub(crate) mod language;
mod ledger;
mod market;
mod money;
mod order;
mod purchases;
mod region;
mod rules;
mod shop;
mod statistics;

use crate::console::Console;
use axum::Router;
use databourse_api::token::TokenRole;

/// A page, or a few that belong together.
pub(crate) struct Page {
    /// Where it stands in the navigation.
    links: &'static [Link],
    /// Its paths.
    routes: fn() -> Router<Console>,
}

/// A place in the navigation.
pub(crate) struct Link {
    /// Where it leads.
    pub(crate) path: &'static str,
    /// Its words in Chinese.
    pub(crate) zh: &'static str,
    /// Its words in English.
    pub(crate) en: &'static str,
    /// Who sees it.
    pub(crate) audience: Audience,
}

/// Who sees a place in the navigation. The page asks again, and the API decides.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Audience {
    /// Everybody, signed in or not.
    Everybody,
    /// Who has one of these roles.
    Roles(&'static [TokenRole]),
}

/// Every page, in the order of the navigation.
const ALL: &[Page] = &[
    home::PAGE,
    market::PAGE,
    ledger::PAGE,
    certificate::PAGE,
    order::PAGE,
    purchases::PAGE,
    shop::PAGE,
    money::PAGE,
    day::PAGE,
    desk::PAGE,
    certifications::PAGE,
    rules::PAGE,
    health::PAGE,
    region::PAGE,
    statistics::PAGE,
    language::PAGE,
];

/// The places of the navigation.
pub(crate) fn links() -> impl Iterator<Item = &'static Link> {
    ALL.iter().flat_map(|page| page.links)
}

/// All pages.
pub(crate) fn router() -> Router<Console> {
    ALL.iter().fold(Router::new(), |router, page| router.merge((page.routes)()))
}
