//! `import`: files onto an exchange that runs.

use crate::{
    args::ImportArgs,
    play::{self, figures::Figures, ids::Ids},
};
use anyhow::{Context as _, Result, bail};
use databourse_client::Client;
use databourse_primitives::Timestamp;
use std::process::ExitCode;

/// Start of the ids of an import: the same for every import, so that the same files sent again are recognised.
const START: Timestamp = Timestamp::from_unix_ms(1_767_574_800_000);

pub(crate) async fn run(args: ImportArgs) -> Result<ExitCode> {
    if args.files.is_empty() {
        bail!("name what to import: --catalogue FILE... or --orders FILE");
    }
    let token = std::fs::read_to_string(&args.token_file)
        .with_context(|| format!("{} cannot be read", args.token_file.display()))?;
    let client = Client::new(&args.url)?;
    client.ready().await.context("is the exchange running? `databourse serve`")?;
    let operator = client.bearing(&token);
    let played = play::files(&operator, &Ids::new(args.seed, START), &args.files).await?;
    let figures = Figures::read(&operator).await?;
    print!("{}", played.render(&figures));
    println!("checkpoint 检查点\n{}", client.checkpoint().await?);
    Ok(if played.holds(&figures) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
