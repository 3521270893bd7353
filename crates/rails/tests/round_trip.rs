//! What is written reads back the same, whatever it is.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

mod sample;

use databourse_primitives::{AMOUNT_MINOR_MAX, AmountMinor, Asset, InstructionId, Timestamp, WindowId};
use databourse_rails::{
    BankLine, Direction, Ecny, Iso20022, LineStatus, PaymentInstruction, Rail, Report, SettlementMethod,
    end_to_end_id, instruction_of, uetr,
};
use proptest::prelude::*;
use sample::*;

fn text(characters_max: usize) -> impl Strategy<Value = String> {
    let character = prop_oneof![
        prop::sample::select(vec![
            '<', '>', '&', '"', '\'', ',', ';', '#', ']', '数', '🏦', ' ', '=', '\u{fffd}'
        ]),
        any::<char>().prop_filter("printable", |c| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}')),
    ];
    prop::collection::vec(character, 1..characters_max)
        .prop_map(|characters| characters.into_iter().collect::<String>())
        .prop_filter("no outer spaces", |text| text.trim() == text)
}

prop_compose! {
    fn instruction_id(asset: Asset)(number in 1..=999_999_999_999_u64, of in 1..=u32::MAX) -> InstructionId {
        InstructionId { window: WindowId { asset, number }, number: of }
    }
}

fn status() -> impl Strategy<Value = LineStatus> {
    prop_oneof![Just(LineStatus::Booked), Just(LineStatus::Pending), Just(LineStatus::Reversal)]
}

prop_compose! {
    fn bank_line(account: &'static str, asset: Asset)(
        reference in "[A-Za-z0-9._:/-]{1,35}",
        end_to_end in prop::option::of(instruction_id(asset)),
        direction in prop_oneof![Just(Direction::Credit), Just(Direction::Debit)],
        amount_minor in prop_oneof![0..1_000_i64, 0..=AMOUNT_MINOR_MAX],
        counterparty_account in prop::option::of(text(34)),
        counterparty_name in prop::option::of(text(140)),
        booked_at in prop_oneof![Just(0), Just(i64::MAX), 0..4_000_000_000_000_i64],
        status in status(),
    ) -> BankLine {
        BankLine {
            account: parse(account),
            reference: parse(&reference),
            end_to_end,
            direction,
            asset,
            amount_minor: AmountMinor::new(amount_minor).unwrap(),
            counterparty_account: counterparty_account.as_deref().map(parse),
            counterparty_name: counterparty_name.as_deref().map(parse),
            booked_at: Timestamp::from_unix_ms(booked_at),
            status,
        }
    }
}

fn offset() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["+08:00", "+00:00", "-03:30", "+14:00", "-14:00"]).prop_map(str::to_owned)
}

proptest! {
    #[test]
    fn lines_come_back_from_every_file(
        (asset, lines) in prop::sample::select(vec!["CNY/2", "JPY/0", "KWD/3", "CLF/4"]).prop_flat_map(|asset| {
            let asset = parse(asset);
            (Just(asset), prop::collection::vec(bank_line(ZJ_WALLET, asset), 0..20))
        }),
        opening_minor in -1_000_000_i64..1_000_000,
        offset in offset(),
    ) {
        let rail = Iso20022 { offset: parse(&offset), settlement_method: SettlementMethod::InstructingAgent };
        with_report(ZJ_WALLET, &lines, |report| {
            let report = Report { asset, ..*report };
            let bytes = rail.camt054(&report).unwrap();
            prop_assert_eq!(&rail.read(&bytes).unwrap(), &lines);
            let bytes = rail.camt053(&report, opening_minor).unwrap();
            prop_assert_eq!(&rail.read(&bytes).unwrap(), &lines);
            if asset.code() == "CNY" {
                let bytes = Ecny.lines(&report).unwrap();
                prop_assert_eq!(&Ecny.read(&bytes).unwrap(), &lines);
            } else {
                prop_assert!(Ecny.lines(&report).is_err());
            }
            Ok(())
        })?;
    }

    #[test]
    fn instructions_come_back_from_every_file(
        parts in prop::collection::btree_map(1..=u32::MAX, 1..=AMOUNT_MINOR_MAX, 1..20),
        window in 1..=999_999_999_999_u64,
        created_at in 0..4_000_000_000_000_i64,
        message_id in "[A-Za-z0-9]([A-Za-z0-9.-]{0,33}[A-Za-z0-9])?",
    ) {
        let asset: Asset = parse("CNY/2");
        let instructions: Vec<_> = parts.into_iter().map(|(number, amount_minor)| PaymentInstruction {
            id: InstructionId { window: WindowId { asset, number: window }, number },
            payer: parse("zj"),
            payee: parse("sh"),
            asset,
            amount_minor: AmountMinor::new(amount_minor).unwrap(),
        }).collect();
        let rails: [&dyn Rail; 2] = [&rail(), &Ecny];
        for rail in rails {
            let make = || rail
                .instructions(&instructions, &directory(), Timestamp::from_unix_ms(created_at), &parse(&message_id))
                .unwrap();
            prop_assert_eq!(make(), make());
            prop_assert_eq!(&rail.read_instructions(&make().bytes, &directory()).unwrap(), &instructions);
        }
    }

    #[test]
    fn a_reference_names_one_instruction(id in instruction_id(parse("CNY/2")), other in "[A-Z]{2,4}[./][0-9]{1,2}[-#][0-9]{1,3}[-/][0-9]{1,3}") {
        prop_assert_eq!(instruction_of(&end_to_end_id(id)), Some(id));
        prop_assert!(end_to_end_id(id).len() <= 35);
        if let Some(id) = instruction_of(&other) {
            prop_assert_eq!(end_to_end_id(id), other);
        }
    }
}

#[test]
fn a_message_made_again_has_the_same_references() {
    let [first, second] = [0, 1].map(|at| uetr(&instructions()[at], &parse("CNY.2-7-sh")));
    // Fixed for ever: a bank that has seen one knows it again.
    assert_eq!(first, "68d3c4f8-ade3-42f3-9c51-5dc735b2331e");
    assert_eq!(second, "bd0cecfd-a919-4871-8830-d96e6ae23fa0");
}
