//! `check`: whether the money of a ledger adds up.

use super::export::must_exist;
use crate::{args::ConfigArgs, config::Config, database::Database};
use anyhow::Result;
use databourse_store::Store;
use std::process::ExitCode;

/// What the program answers when something does not add up, as for every other finding.
const FOUND: u8 = 2;

pub(crate) async fn run(args: ConfigArgs) -> Result<ExitCode> {
    let config = Config::load(args.config.as_deref())?;
    must_exist(&config.database)?;
    let database = Database::open(&config.database).await?;
    let checked = async { Store::connect(database.config.clone(), 1).await?.check_money().await }.await;
    database.close().await?;
    let findings = checked?;
    for finding in &findings {
        println!("{finding}");
    }
    if findings.is_empty() {
        eprintln!("accounts, holds and journal agree");
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("{} sums do not agree", findings.len());
    Ok(ExitCode::from(FOUND))
}
