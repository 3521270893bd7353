//! The one binary, databourse: what is typed becomes a call of a command, an error becomes its last line.

mod args;
mod audit;
mod bench;
mod commands;
mod config;
mod console;
mod database;
mod export;
mod host;
mod import;
mod logs;
mod play;
mod region;
mod sample;
mod settle;

use args::{Cli, Command};
use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let quiet = !matches!(cli.command, Command::Serve(_) | Command::Witness(_));
    logs::start(cli.log_format, cli.log_filter.as_deref(), quiet)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = |result: anyhow::Result<()>| result.map(|()| ExitCode::SUCCESS);
    match cli.command {
        Command::Bench(args) => runtime.block_on(commands::bench::run(args.command)),
        Command::Demo(args) => runtime.block_on(commands::demo::run(args)),
        Command::Region(args) => runtime.block_on(commands::region::run(args.command)),
        Command::Serve(args) => done(runtime.block_on(commands::serve::run(args))),
        Command::Migrate(args) => done(runtime.block_on(commands::migrate::run(args))),
        Command::Import(args) => runtime.block_on(commands::import::run(args)),
        Command::Export(args) => done(runtime.block_on(commands::export::run(args))),
        Command::Check(args) => runtime.block_on(commands::check::run(args)),
        Command::Fsck(args) => Ok(runtime.block_on(commands::fsck::run(args))),
        Command::Trace(args) => Ok(runtime.block_on(commands::trace::run(args))),
        Command::Settle(args) => runtime.block_on(commands::settle::run(args)),
        Command::Reconcile(args) => Ok(runtime.block_on(commands::settle::reconcile(args))),
        Command::Anchor(args) => runtime.block_on(commands::anchor::run(args)),
        Command::Key(args) => done(commands::key::run(args.command)),
        Command::Token(args) => done(commands::token::run(args)),
        Command::Verify(args) => commands::verify::run(&args),
        Command::Witness(args) => runtime.block_on(commands::witness::run(args)),
        Command::Certificate(command) => done(commands::certificate::run(command)),
        Command::Mirror(args) => runtime.block_on(commands::mirror::run(args)),
        Command::Audit(args) => Ok(runtime.block_on(commands::audit::run(args))),
    }
}
