//! `migrate`: the tables of the database.

use crate::{args::ConfigArgs, config::Config, database::Database};
use anyhow::Result;

pub(crate) async fn run(args: ConfigArgs) -> Result<()> {
    let config = Config::load(args.config.as_deref())?;
    let database = Database::open(&config.database).await?;
    let migrated = database.migrate().await;
    if let Ok(report) = &migrated {
        for (version, name) in &report.applied {
            println!("applied V{version} {name}");
        }
        let rest = if report.applied.is_empty() { "nothing to do" } else { "done" };
        println!("{rest}: the tables are of this version");
    }
    database.close().await?;
    migrated.map(drop)
}
