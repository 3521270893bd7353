//! e-CNY 数字人民币 wallets. There is no public standard for the files of wallet operators, so the two CSV forms of
//! `docs/RAILS.md` are this project's; an operator's own form is converted to them outside.
//!
//! CSV as in RFC 4180, in UTF-8, with a heading. Each row says its number and how many there are, so that a file that
//! lost rows is refused.

use crate::{
    AccountNumber, BankLine, Direction, Directory, LineStatus, MessageId, PaymentFile, PaymentInstruction,
    Rail, Report, WalletNumber,
    currency::decimal,
    end_to_end_id, instruction_of, malformed,
    payment::one_payer,
    sheet::{self, Row, yuan},
};
use databourse_primitives::{Asset, ExchangeCode, ParseError, Refusal, RefusalCode, Timestamp};

/// Columns of a file of transfers.
const TRANSFER: [&str; 10] = [
    "row",
    "rows",
    "message_id",
    "transfer_id",
    "payer_wallet",
    "payer_name",
    "payee_wallet",
    "payee_name",
    "amount_cny",
    "created_at",
];
/// Columns of a file of wallet lines.
const LINE: [&str; 11] = [
    "row",
    "rows",
    "wallet",
    "line_id",
    "transfer_id",
    "direction",
    "amount_cny",
    "counterparty_wallet",
    "counterparty_name",
    "booked_at",
    "status",
];

/// Wallet files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ecny;

impl Ecny {
    /// The lines of a wallet, as its operator would send them: for simulators and tests.
    ///
    /// # Errors
    /// `asset.unknown` if the asset is not `CNY/2`; `body.malformed` for a line of another wallet or asset, or if the
    /// account is not a wallet number.
    pub fn lines(&self, report: &Report<'_>) -> Result<Vec<u8>, Refusal> {
        check(report.asset)?;
        let refuse =
            |field: String, expected: &'static str| Refusal::new(RefusalCode::BodyMalformed, field, expected);
        let wallet: WalletNumber = report
            .account
            .as_str()
            .parse()
            .map_err(|error: ParseError| refuse("account".to_owned(), error.expected))?;
        let mut rows = Vec::with_capacity(report.lines.len());
        for (index, line) in report.lines.iter().enumerate() {
            if line.account != *report.account || line.asset != report.asset {
                return Err(refuse(
                    format!("lines[{index}]"),
                    "a line of the wallet and asset of the report",
                ));
            }
            rows.push([
                (index + 1).to_string(),
                report.lines.len().to_string(),
                wallet.to_string(),
                line.reference.to_string(),
                line.end_to_end.map(end_to_end_id).unwrap_or_default(),
                match line.direction {
                    Direction::Credit => "in".to_owned(),
                    Direction::Debit => "out".to_owned(),
                },
                decimal(i128::from(line.amount_minor.get()), line.asset.scale()),
                line.counterparty_account.as_ref().map(ToString::to_string).unwrap_or_default(),
                line.counterparty_name.as_ref().map(ToString::to_string).unwrap_or_default(),
                line.booked_at.to_string(),
                match line.status {
                    LineStatus::Booked => "booked".to_owned(),
                    LineStatus::Pending => "pending".to_owned(),
                    LineStatus::Reversal => "reversal".to_owned(),
                },
            ]);
        }
        Ok(sheet::write(&LINE, &rows))
    }
}

impl Rail for Ecny {
    fn name(&self) -> &'static str {
        "ecny"
    }

    fn instructions(
        &self,
        instructions: &[PaymentInstruction],
        directory: &Directory,
        created_at: Timestamp,
        message_id: &MessageId,
    ) -> Result<PaymentFile, Refusal> {
        let (payer, asset) = one_payer(instructions, directory)?;
        check(asset)?;
        let (payer, payer_wallet) = (directory.agent(payer)?, wallet(directory, payer)?);
        let mut rows = Vec::with_capacity(instructions.len());
        for (number, instruction) in (1_usize..).zip(instructions) {
            rows.push([
                number.to_string(),
                instructions.len().to_string(),
                message_id.to_string(),
                end_to_end_id(instruction.id),
                payer_wallet.to_string(),
                payer.holder.to_string(),
                wallet(directory, &instruction.payee)?.to_string(),
                directory.agent(&instruction.payee)?.holder.to_string(),
                decimal(i128::from(instruction.amount_minor.get()), asset.scale()),
                created_at.to_string(),
            ]);
        }
        Ok(PaymentFile {
            name: format!("ecny-{message_id}.csv"),
            media_type: "text/csv; charset=utf-8",
            bytes: sheet::write(&TRANSFER, &rows),
        })
    }

    fn read_instructions(
        &self,
        bytes: &[u8],
        directory: &Directory,
    ) -> Result<Vec<PaymentInstruction>, Refusal> {
        let rows = sheet::read(bytes, &TRANSFER)?;
        let asset = yuan()?;
        let mut instructions = Vec::with_capacity(rows.len());
        for row in &rows {
            row.value::<MessageId>("message_id")?;
            row.value::<Timestamp>("created_at")?;
            let exchange = |name| {
                let agent = directory.by_wallet(row.cell(name));
                agent
                    .map(|agent| agent.exchange.clone())
                    .ok_or_else(|| row.refuse(name, "a wallet of the directory"))
            };
            instructions.push(PaymentInstruction {
                id: instruction_of(row.cell("transfer_id")).ok_or_else(|| {
                    row.refuse("transfer_id", "the reference of an instruction, e.g. `CNY.2-7-1`")
                })?,
                payer: exchange("payer_wallet")?,
                payee: exchange("payee_wallet")?,
                asset,
                amount_minor: row.amount("amount_cny", asset)?,
            });
        }
        if let Some(row) = rows.iter().find(|row| row.cell("message_id") != rows[0].cell("message_id")) {
            return Err(row.refuse("message_id", "one message id in a file"));
        }
        one_payer(&instructions, directory).map_err(|refusal| malformed("rows", refusal.expected))?;
        Ok(instructions)
    }

    fn read(&self, bytes: &[u8]) -> Result<Vec<BankLine>, Refusal> {
        let asset = yuan()?;
        let line = |row: &Row| {
            Ok(BankLine {
                account: AccountNumber::from(&row.value::<WalletNumber>("wallet")?),
                reference: row.value("line_id")?,
                end_to_end: instruction_of(row.cell("transfer_id")),
                direction: match row.cell("direction") {
                    "in" => Direction::Credit,
                    "out" => Direction::Debit,
                    _ => return Err(row.refuse("direction", "`in` or `out`")),
                },
                asset,
                amount_minor: row.amount("amount_cny", asset)?,
                counterparty_account: row.optional("counterparty_wallet")?,
                counterparty_name: row.optional("counterparty_name")?,
                booked_at: row.value("booked_at")?,
                status: match row.cell("status") {
                    "booked" => LineStatus::Booked,
                    "pending" => LineStatus::Pending,
                    "reversal" => LineStatus::Reversal,
                    _ => return Err(row.refuse("status", "`booked`, `pending` or `reversal`")),
                },
            })
        };
        sheet::read(bytes, &LINE)?.iter().map(line).collect()
    }
}

/// Refuses what wallets do not hold.
fn check(asset: Asset) -> Result<(), Refusal> {
    if yuan()? == asset {
        return Ok(());
    }
    Err(Refusal::new(RefusalCode::AssetUnknown, "asset", format!("CNY/2, which wallets hold, not {asset}")))
}

fn wallet<'a>(directory: &'a Directory, exchange: &ExchangeCode) -> Result<&'a WalletNumber, Refusal> {
    let wallet = directory.agent(exchange)?.wallet.as_ref();
    wallet.ok_or_else(|| Refusal::new(RefusalCode::AccountUnknown, "", format!("a wallet of {exchange}")))
}
