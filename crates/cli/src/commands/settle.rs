//! `settle` and `reconcile`: the operator's day.

use crate::{
    args::settle::{ReconcileArgs, SettleArgs, SettleCommand},
    settle::{Session, breaks, payments, reconcile, statement, window},
};
use anyhow::Result;
use std::process::ExitCode;

/// Exit code 1 if something that came in was refused.
pub(crate) async fn run(args: SettleArgs) -> Result<ExitCode> {
    let session = Session::open(&args.node).await?;
    match args.command {
        SettleCommand::Window(command) => window::run(&session, command).await?,
        SettleCommand::Positions { window } => window::positions(&session, window).await?,
        SettleCommand::Instructions { window, rail, out } => {
            payments::instructions(&session, window, rail.zip(out.as_deref())).await?;
        }
        SettleCommand::Confirm { rail, file } => {
            if !payments::confirm(&session, rail, &file).await? {
                return Ok(ExitCode::FAILURE);
            }
        }
        SettleCommand::Statement(args) => statement::run(&session, &args).await?,
        SettleCommand::Breaks(command) => breaks::run(&session, command).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Exit code 0 if the books agree, 2 if breaks were found, 1 for an error, so that a script can tell them apart.
pub(crate) async fn reconcile(args: ReconcileArgs) -> ExitCode {
    match compared(&args).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(2),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn compared(args: &ReconcileArgs) -> Result<bool> {
    reconcile::run(&Session::open(&args.node).await?, args).await
}
