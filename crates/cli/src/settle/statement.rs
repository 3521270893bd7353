//! Settlement statements 结算单, as files.

use super::{Session, window_path, write_whole};
use crate::args::settle::{StatementArgs, typed};
use anyhow::Result;
use databourse_client::Client;
use databourse_primitives::{Holder, WindowId};

/// Fetches a statement and writes it.
pub(crate) async fn run(session: &Session, args: &StatementArgs) -> Result<()> {
    let (format, language) = (typed(args.format), typed(args.language));
    let bytes = fetch(&session.client, &args.holder, args.window, &format, &language).await?;
    write_whole(&args.out, &bytes)?;
    println!("statement 结算单  {}  {} bytes", args.out.display(), bytes.len());
    Ok(())
}

/// The statement of `holder` in `window`, in a `format` (`pdf`, `csv`, `json`) and `language` (`zh`, `en`, `both`).
///
/// # Errors
/// The node's.
pub(crate) async fn fetch(
    client: &Client,
    holder: &Holder,
    window: WindowId,
    format: &str,
    language: &str,
) -> Result<Vec<u8>> {
    let path = format!("{}/statements/{holder}?format={format}&language={language}", window_path(window));
    Ok(client.get_file(&path).await?.bytes)
}
