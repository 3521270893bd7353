//! Windows: list, show, and each step of one.

use super::{Session, money, table::Table, window_path};
use crate::args::settle::{WindowCommand, typed};
use anyhow::{Context as _, Result, bail};
use databourse_client::{Endpoint, Page};
use databourse_primitives::{Asset, WindowId};
use databourse_settlement::{Pair, PairTotals, Window, WindowState};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// How many windows are listed.
const LISTED: usize = 50;

/// Does what is asked.
pub(crate) async fn run(session: &Session, command: WindowCommand) -> Result<()> {
    match command {
        WindowCommand::List { asset, state } => list(session, asset, state.map(typed)).await,
        WindowCommand::Show { window } => show(session, window).await,
        WindowCommand::Close { window } => {
            let done = session.post(format!("{}/closing", window_path(window)), json!({})).await?;
            // One in which nobody has anything to sign is closed at once.
            let state = get(session, window).await?.state;
            session.recorded(&format!("{}  {window}", state_words(&state)), &done)
        }
        WindowCommand::Sign { window } => sign(session, window).await,
        WindowCommand::Instruct { window, method } => {
            let body = json!({ "method": typed(method) });
            let done = session.post(format!("{}/instructions", window_path(window)), body).await?;
            // One in which nobody owes anything is settled at once.
            let state = get(session, window).await?.state;
            session.recorded(&format!("{}  {window}", state_words(&state)), &done)
        }
        WindowCommand::Abort { window, reason } => {
            let done = session
                .post(format!("{}/abortion", window_path(window)), json!({ "reason": reason }))
                .await?;
            session.recorded(&format!("aborted 已中止  {window}"), &done)
        }
    }
}

/// The window as the node has it.
pub(crate) async fn get(session: &Session, window: WindowId) -> Result<Window> {
    Ok(session.client.get(&window_path(window)).await?)
}

async fn list(session: &Session, asset: Option<Asset>, state: Option<String>) -> Result<()> {
    let mut path = format!("/v1/windows?limit={LISTED}&sort=newest");
    if let Some(asset) = asset {
        path += &format!("&asset={asset}");
    }
    if let Some(state) = state {
        path += &format!("&state={state}");
    }
    if session.json {
        let page: Value = session.client.get(&path).await?;
        session.printed_json(&page)?;
        return Ok(());
    }
    let page: Page<Window> = session.client.get(&path).await?;
    let mut table = Table::new([
        "window 窗口",
        "state 状态",
        "opened 开放",
        "postings 分录>",
        "lines 明细>",
        "breaks 差错>",
    ]);
    for window in &page.items {
        let lines: u64 = window.pairs.values().map(|totals| totals.line_count).sum();
        table.row([
            window.id.to_string(),
            state_words(&window.state).to_owned(),
            window.opened_at.to_string(),
            window.posting_count.to_string(),
            lines.to_string(),
            window.breaks.len().to_string(),
        ]);
    }
    print!("{}", table.render());
    if page.next.is_some() {
        println!("  (the latest {LISTED}; older ones with --asset and --state, or GET /v1/windows)");
    }
    Ok(())
}

/// Where a window stands, in both languages.
pub(crate) const fn state_words(state: &WindowState) -> &'static str {
    match state {
        WindowState::Open => "open 开放",
        WindowState::Closing { .. } => "closing 关闭中",
        WindowState::Closed { .. } => "closed 已关闭",
        WindowState::Settling { .. } => "settling 结算中",
        WindowState::Settled { .. } => "settled 已结算",
        WindowState::Aborted { .. } => "aborted 已中止",
    }
}

async fn show(session: &Session, id: WindowId) -> Result<()> {
    if session.json {
        let window: Value = session.client.get(&window_path(id)).await?;
        session.printed_json(&window)?;
        return Ok(());
    }
    print!("{}", render(&get(session, id).await?)?);
    Ok(())
}

/// All of a window.
///
/// # Errors
/// None in practice: a window's obligations are in range.
pub(crate) fn render(window: &Window) -> Result<String> {
    let asset = window.id.asset;
    let mut text = format!("window 窗口  {}  {}\n", window.id, state_words(&window.state));
    // Writing into a string does not fail.
    let _ = writeln!(text, "opened 开放  {}  postings 分录 {}", window.opened_at, window.posting_count);
    let mut flows = Table::new(["moved 资金变动", "count 笔数>", "amount 金额>"]);
    for (kind, flow) in &window.flows {
        flows.row([kind.as_str().to_owned(), flow.count.to_string(), money(asset, flow.amount_minor)]);
    }
    if !flows.is_empty() {
        text += &flows.render();
    }
    let mut pairs = Table::new([
        "pair 交易所对",
        "lines 明细>",
        "left owes 左付右>",
        "right owes 右付左>",
        "signed 已签名",
    ]);
    let mut add = |name: String, pair: &Pair, totals: &PairTotals, signed: String| {
        // Of a domestic pair the sum is turnover; nobody owes it.
        let [left, right] = if pair.is_domestic() {
            ["–".to_owned(), "–".to_owned()]
        } else {
            [totals.left_to_right_minor, totals.right_to_left_minor].map(|minor| money(asset, minor))
        };
        pairs.row([name, totals.line_count.to_string(), left, right, signed]);
    };
    for (pair, totals) in &window.pairs {
        let roots = window.heads.get(pair);
        let mut signed: Vec<_> =
            roots.into_iter().flatten().map(|(exchange, _)| exchange.to_string()).collect();
        let sign_offs = window.sign_offs.get(pair).into_iter().flatten();
        for (exchange, one) in sign_offs.filter(|(_, one)| one.checked_by.is_none()) {
            signed.push(format!("{exchange} by {} 待复核", one.prepared_by));
        }
        let mark = if window.agrees(pair) { " ✓" } else { "" };
        add(pair.to_string(), pair, totals, format!("{}{mark}", signed.join(", ")));
    }
    for (pair, totals) in &window.carried {
        add(format!("{pair} carried 结转"), pair, totals, String::new());
    }
    if !pairs.is_empty() {
        text += &pairs.render();
    }
    for (id, blocking) in &window.breaks {
        let mark = if blocking.is_carried() { "carried 结转" } else { "waits 待处理" };
        let _ = writeln!(
            text,
            "  break 差错  {id}  {} of {}  {mark}",
            super::word(&blocking.kind),
            blocking.pair
        );
    }
    text += &super::payments::render(window);
    match &window.state {
        WindowState::Settled { settled_at, .. } => {
            let _ = writeln!(text, "settled 已结算  {settled_at}");
        }
        WindowState::Aborted { reason, aborted_at, carried_into } => {
            let _ = writeln!(text, "aborted 已中止  {aborted_at}  into {carried_into}: {reason}");
        }
        _ => {}
    }
    Ok(text)
}

/// What each exchange is owed or owes.
pub(crate) async fn positions(session: &Session, id: WindowId) -> Result<()> {
    if session.json {
        let positions: Value = session.client.get(&format!("{}/positions", window_path(id))).await?;
        session.printed_json(&positions)?;
        return Ok(());
    }
    let window = get(session, id).await?;
    let positions = window.positions().map_err(|refusal| anyhow::anyhow!("{refusal}"))?;
    println!("positions 头寸  {id}  {}", state_words(&window.state));
    let mut table = Table::new(["exchange 交易所", "receives 应收>", "pays 应付>"]);
    for (exchange, minor) in &positions {
        let shown = money(id.asset, minor.abs());
        let [receives, pays] = if *minor < 0 { [String::new(), shown] } else { [shown, String::new()] };
        table.row([exchange.to_string(), receives, pays]);
    }
    if table.is_empty() {
        println!("  no exchange owes another anything 交易所之间无应付款");
    } else {
        print!("{}", table.render());
    }
    Ok(())
}

/// Signs every pair of the node's exchange; an error if one was refused.
async fn sign(session: &Session, id: WindowId) -> Result<()> {
    let to = Endpoint { path: format!("{}/signatures", window_path(id)), body: json!({}) };
    let answer: Value =
        session.client.post(super::new_id()?, &to).await.with_context(|| format!("signing {id}"))?;
    let results = answer["results"].as_array().map(Vec::as_slice).unwrap_or_default();
    let refused = results.iter().find(|result| result["code"].is_string());
    if !session.printed_json(&answer)? {
        println!(
            "signed now 本次签名: {}",
            results.len() - results.iter().filter(|r| r["code"].is_string()).count()
        );
        print!("{}", render(&get(session, id).await?)?);
    }
    match refused {
        Some(problem) => {
            let of = |member: &str| problem[member].as_str().unwrap_or_default().to_owned();
            bail!("{} at {}: {} Expected: {}", of("code"), of("field"), of("title"), of("detail"))
        }
        None => Ok(()),
    }
}
