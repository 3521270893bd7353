//! Netting conserves money and does not depend on how the obligations are ordered or divided.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use databourse_primitives::{AMOUNT_MINOR_MAX, AmountMinor, ExchangeCode, Refusal, RefusalCode};
use databourse_settlement::{
    NettingError, Obligation, Positions, bilateral, check_settled, check_sum, multilateral, positions,
};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn exchange(number: usize) -> ExchangeCode {
    format!("x{number}").parse().unwrap()
}

fn owe(payer: usize, payee: usize, amount: i64) -> Obligation {
    let amount_minor = AmountMinor::new(amount).unwrap();
    Obligation { payer: exchange(payer), payee: exchange(payee), amount_minor }
}

fn position(entries: &[(usize, i64)]) -> Positions {
    entries.iter().map(|(number, amount)| (exchange(*number), *amount)).collect()
}

#[test]
fn a_circle_of_equal_debts_needs_no_payment() {
    let circle = [owe(10, 11, 500), owe(11, 12, 500), owe(12, 10, 500)];
    assert_eq!(bilateral(&circle).unwrap().len(), 3);
    assert_eq!(positions(&circle).unwrap(), position(&[(10, 0), (11, 0), (12, 0)]));
    assert_eq!(multilateral(&positions(&circle).unwrap()).unwrap(), []);
}

#[test]
fn debts_in_both_directions_become_one_payment() {
    assert_eq!(bilateral(&[owe(10, 11, 700), owe(11, 10, 500)]).unwrap(), [owe(10, 11, 200)]);
    assert_eq!(bilateral(&[owe(10, 11, 500), owe(11, 10, 700)]).unwrap(), [owe(11, 10, 200)]);
    assert_eq!(bilateral(&[owe(10, 11, 500), owe(11, 10, 500)]).unwrap(), []);
}

#[test]
fn what_an_exchange_owes_itself_is_no_payment() {
    assert_eq!(bilateral(&[owe(10, 10, 500)]).unwrap(), []);
    assert_eq!(positions(&[owe(10, 10, 500)]).unwrap(), position(&[(10, 0)]));
}

#[test]
fn the_largest_pays_the_largest_and_codes_break_ties() {
    let payments = multilateral(&position(&[(10, -5), (11, -7), (12, -5), (13, 6), (14, 11)])).unwrap();
    assert_eq!(payments, [owe(11, 14, 7), owe(10, 14, 4), owe(10, 13, 1), owe(12, 13, 5)]);
}

#[test]
fn netting_that_loses_money_is_an_error_and_not_a_payment() {
    let lost = NettingError::NotConserved { remainder_minor: -1 };
    assert_eq!(multilateral(&position(&[(10, -5), (11, 4)])), Err(lost));
    assert_eq!(check_sum(&position(&[(10, -5), (11, 4)])), Err(lost));
    let even = position(&[(10, -5), (11, 5)]);
    assert_eq!(check_settled(&even, &[owe(10, 11, 5)]), Ok(()));
    assert_eq!(check_settled(&even, &[owe(10, 11, 4)]), Err(lost));
    assert!(check_settled(&even, &[owe(10, 11, 5), owe(11, 12, 1)]).is_err(), "a stranger is paid");
    assert_eq!(Refusal::from(lost).code, RefusalCode::ServiceUnavailable);
}

#[test]
fn an_instruction_that_json_cannot_hold_is_refused() {
    let most = owe(10, 11, AMOUNT_MINOR_MAX);
    assert_eq!(bilateral(&[most.clone(), most.clone()]), Err(NettingError::OutOfRange));
    let positions = positions(&[most.clone(), most]).unwrap();
    assert_eq!(multilateral(&positions), Err(NettingError::OutOfRange));
    assert_eq!(
        multilateral(&position(&[(10, i64::MIN), (11, i64::MAX), (12, 1)])),
        Err(NettingError::OutOfRange)
    );
    assert_eq!(Refusal::from(NettingError::OutOfRange).code, RefusalCode::AccountOverflow);
}

fn obligations() -> impl Strategy<Value = Vec<Obligation>> {
    let one = (10..22_usize, 10..22_usize, 0..1_000_000_000_000_i64);
    prop::collection::vec(one.prop_map(|(payer, payee, amount)| owe(payer, payee, amount)), 0..80)
}

proptest! {
    #[test]
    fn netting_does_not_depend_on_the_order((straight, shuffled) in obligations().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle()))) {
        prop_assert_eq!(bilateral(&straight).unwrap(), bilateral(&shuffled).unwrap());
        let (positions_of, of_shuffled) = (positions(&straight).unwrap(), positions(&shuffled).unwrap());
        prop_assert_eq!(multilateral(&positions_of).unwrap(), multilateral(&of_shuffled).unwrap());
        prop_assert_eq!(positions_of, of_shuffled);
    }

    #[test]
    fn the_net_of_a_union_is_the_sum_of_the_nets(all in obligations(), cuts in prop::collection::vec(0..4_usize, 80)) {
        let mut parts = vec![Vec::new(); 4];
        for (obligation, part) in all.iter().zip(&cuts) {
            parts[*part].push(obligation.clone());
        }
        let whole = positions(&all).unwrap();
        let mut sum = Positions::new();
        // Netting each part first and then the payments of all parts gives the same as netting all at once.
        let (mut pairwise, mut together) = (Vec::new(), Vec::new());
        for part in &parts {
            let of_part = positions(part).unwrap();
            for (exchange, amount) in &of_part {
                *sum.entry(exchange.clone()).or_default() += amount;
            }
            pairwise.extend(bilateral(part).unwrap());
            together.extend(multilateral(&of_part).unwrap());
        }
        prop_assert_eq!(&sum, &whole);
        prop_assert_eq!(bilateral(&pairwise).unwrap(), bilateral(&all).unwrap());
        prop_assert!(check_settled(&whole, &together).is_ok());
    }

    #[test]
    fn multilateral_netting_conserves_with_at_most_n_minus_one_payments(all in obligations()) {
        let whole = positions(&all).unwrap();
        prop_assert_eq!(whole.values().sum::<i64>(), 0);
        let payments = multilateral(&whole).unwrap();
        let uneven = whole.values().filter(|position| **position != 0).count();
        prop_assert!(payments.len() <= uneven.saturating_sub(1), "{} payments among {uneven}", payments.len());
        let payers: BTreeSet<_> = payments.iter().map(|payment| &payment.payer).collect();
        prop_assert!(payments.iter().all(|payment| !payers.contains(&payment.payee)), "nobody both pays and is paid");
        prop_assert!(payments.iter().all(|payment| !payment.amount_minor.is_zero()));
        // Not by `check_settled`, which the code uses itself.
        for (exchange, position) in &whole {
            let received: i64 = payments.iter().filter(|p| p.payee == *exchange).map(|p| p.amount_minor.get()).sum();
            let paid: i64 = payments.iter().filter(|p| p.payer == *exchange).map(|p| p.amount_minor.get()).sum();
            prop_assert_eq!(received - paid, *position);
        }
    }

    #[test]
    fn bilateral_netting_conserves_each_pair(all in obligations()) {
        let payments = bilateral(&all).unwrap();
        prop_assert_eq!(positions(&payments).unwrap().into_iter().filter(|(_, p)| *p != 0).collect::<Vec<_>>(),
            positions(&all).unwrap().into_iter().filter(|(_, p)| *p != 0).collect::<Vec<_>>());
        for payment in &payments {
            let sum = |payer: &ExchangeCode, payee: &ExchangeCode| -> i64 {
                all.iter().filter(|o| o.payer == *payer && o.payee == *payee).map(|o| o.amount_minor.get()).sum()
            };
            let net = sum(&payment.payer, &payment.payee) - sum(&payment.payee, &payment.payer);
            prop_assert_eq!(net, payment.amount_minor.get());
        }
    }
}
