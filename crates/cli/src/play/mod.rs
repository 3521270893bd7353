//! The player: what `demo` and `import` send to an exchange, always through HTTP.
//!
//! | module | what it plays |
//! |---|---|
//! | `sample` | the built-in market, each party with its own token or key |
//! | `catalogue`, `orders` | files, in batches of an operator |
//!
//! Every id is a function of the run's seed (`ids`), so that whatever is played again after a crash is answered again.
//! What is printed at the end is read from the ledger (`figures`, `summary`), not remembered.

pub(crate) mod batch;
pub(crate) mod catalogue;
pub(crate) mod desk;
pub(crate) mod figures;
pub(crate) mod ids;
pub(crate) mod orders;
pub(crate) mod run_file;
pub(crate) mod sample;
pub(crate) mod stage;
pub(crate) mod summary;
pub(crate) mod timer;

use crate::args::FileArgs;
use anyhow::Result;
use databourse_client::Client;
use figures::Figures;
use ids::Ids;

/// What became of the files.
#[derive(Default)]
pub(crate) struct Played {
    catalogues: Vec<catalogue::CatalogueReport>,
    orders: Option<orders::OrdersReport>,
}

/// Plays `files` as the operator whose token `operator` bears.
pub(crate) async fn files(operator: &Client, ids: &Ids, files: &FileArgs) -> Result<Played> {
    let mut played = Played::default();
    for file in &files.catalogue {
        played.catalogues.push(catalogue::list(operator, ids, file).await?);
    }
    if let Some(file) = &files.orders {
        played.orders = Some(orders::replay(operator, ids, file, files.orders_limit).await?);
    }
    Ok(played)
}

impl Played {
    pub(crate) fn render(&self, figures: &Figures) -> String {
        let catalogues = self.catalogues.iter().map(catalogue::CatalogueReport::render);
        catalogues.chain(self.orders.iter().map(|orders| orders.render(figures))).collect()
    }

    /// Whether everything adds up.
    pub(crate) fn holds(&self, figures: &Figures) -> bool {
        figures.balance() && self.orders.as_ref().is_none_or(|orders| orders.holds(figures))
    }
}
