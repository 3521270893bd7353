//! Settlement: a final window's obligations become payments, payments are confirmed, or all is handed on.

use super::{
    ConfirmInstruction, ConfirmedPayment, Instruction, InstructionState, NettingMethod, Window, WindowState,
};
use crate::{Obligation, netting};
use databourse_primitives::{
    AmountMinor, ExchangeCode, InstructionId, Line, Refusal, RefusalCode, Timestamp,
};

impl Window {
    /// Nets the obligations, own and carried, and makes the payments out. A window in which nobody owes anything is
    /// settled by it.
    ///
    /// # Errors
    /// `window.state` unless closed; `service.unavailable` if netting did not conserve money.
    pub fn instruct(mut self, method: NettingMethod, now: Timestamp) -> Result<Self, Refusal> {
        let WindowState::Closed { closed_at, .. } = self.state else {
            return Err(self.wrong_state("a closed window"));
        };
        let obligations = self.obligations()?;
        let payments = match method {
            NettingMethod::Bilateral => netting::bilateral(&obligations)?,
            NettingMethod::Multilateral => netting::multilateral(&netting::positions(&obligations)?)?,
        };
        let instructions: Vec<_> =
            (1..).zip(payments).map(|(number, payment)| self.instruction(number, payment)).collect();
        self.state = if instructions.is_empty() {
            WindowState::Settled { closed_at, method, instructions, settled_at: now }
        } else {
            WindowState::Settling { closed_at, method, instructions }
        };
        Ok(self)
    }

    fn instruction(&self, number: u32, payment: Obligation) -> Instruction {
        let Obligation { payer, payee, amount_minor } = payment;
        let id = InstructionId { window: self.id, number };
        Instruction { id, payer, payee, amount_minor, state: InstructionState::Pending }
    }

    /// Records that `by`, the payee, found a payment at its bank. The last confirmation settles the window.
    /// `tolerance_minor` is how far the amount that arrived may be off, either way.
    ///
    /// # Errors
    /// `window.state` before payments were made out or after an abortion; `instruction.unknown`;
    /// `instruction.confirmed`; `instruction.amount_differs`; `instruction.not_payee`.
    pub fn confirm(
        mut self,
        command: &ConfirmInstruction,
        by: &ExchangeCode,
        tolerance_minor: AmountMinor,
        now: Timestamp,
    ) -> Result<(Self, ConfirmedPayment), Refusal> {
        let (WindowState::Settling { closed_at, method, mut instructions }
        | WindowState::Settled { closed_at, method, mut instructions, .. }) = self.state.clone()
        else {
            return Err(self.wrong_state("a settling window"));
        };
        let found = instructions.iter_mut().find(|instruction| instruction.id == command.instruction);
        let Some(instruction) = found else {
            let expected = format!("an instruction of {}", self.id);
            return Err(Refusal::new(RefusalCode::InstructionUnknown, "instruction", expected));
        };
        let payment = instruction.confirm(command, by, tolerance_minor, now)?;
        let pending = instructions.iter().any(|other| other.state == InstructionState::Pending);
        self.state = if pending {
            WindowState::Settling { closed_at, method, instructions }
        } else {
            WindowState::Settled { closed_at, method, instructions, settled_at: now }
        };
        Ok((self, payment))
    }

    /// Gives the window up. `next`, the open window of the same asset, takes its own and carried obligations over
    /// unchanged, and the breaks that it still waits for. Returns the two in that order.
    ///
    /// # Errors
    /// `window.not_open` if `next` is not the open window of the asset; `window.state` while open, when settled or
    /// aborted before; `window.partly_paid` after a confirmation; `account.overflow` if `next` cannot hold both.
    pub fn abort(mut self, mut next: Self, reason: Line, now: Timestamp) -> Result<(Self, Self), Refusal> {
        next.must_be_open()?;
        if next.id.asset != self.id.asset {
            let expected = format!("the open window of {}", self.id.asset);
            return Err(Refusal::new(RefusalCode::WindowNotOpen, "window", expected));
        }
        match &self.state {
            WindowState::Closing { .. } | WindowState::Closed { .. } => {}
            WindowState::Settling { instructions, .. } => {
                if instructions.iter().any(|instruction| instruction.state != InstructionState::Pending) {
                    let expected = "a window without a confirmed payment";
                    return Err(Refusal::new(RefusalCode::WindowPartlyPaid, "window", expected));
                }
            }
            WindowState::Open | WindowState::Settled { .. } | WindowState::Aborted { .. } => {
                return Err(self.wrong_state("a closing, closed or settling window"));
            }
        }
        for (pair, totals) in self.pairs.iter().chain(&self.carried) {
            let carried = next.carried.entry(pair.clone()).or_default();
            *carried = carried.plus(*totals)?;
        }
        next.total()?;
        if !self.pairs.is_empty() {
            next.carried_from.insert(self.id);
        }
        next.carried_from.extend(&self.carried_from);
        // Aborting is no way around a break; one that both carry forward waits for nobody.
        let waiting = self.breaks.iter().filter(|(_, blocking)| !blocking.is_carried());
        next.breaks.extend(waiting.map(|(id, blocking)| (*id, blocking.clone())));
        self.state = WindowState::Aborted { reason, aborted_at: now, carried_into: next.id };
        Ok((self, next))
    }
}

impl Instruction {
    fn confirm(
        &mut self,
        command: &ConfirmInstruction,
        by: &ExchangeCode,
        tolerance_minor: AmountMinor,
        now: Timestamp,
    ) -> Result<ConfirmedPayment, Refusal> {
        if let InstructionState::Confirmed { bank_reference, .. } = &self.state {
            let expected = format!("an instruction not confirmed yet; {} was by {bank_reference}", self.id);
            return Err(Refusal::new(RefusalCode::InstructionConfirmed, "instruction", expected));
        }
        let received_minor = command.received_minor;
        if received_minor.get().abs_diff(self.amount_minor.get()) > tolerance_minor.get().unsigned_abs() {
            let expected = format!("{} minor units, give or take {tolerance_minor}", self.amount_minor);
            return Err(Refusal::new(RefusalCode::InstructionAmountDiffers, "received_minor", expected));
        }
        if *by != self.payee {
            return Err(Refusal::new(
                RefusalCode::InstructionNotPayee,
                "instruction",
                self.payee.to_string(),
            ));
        }
        let bank_reference = command.bank_reference.clone();
        self.state = InstructionState::Confirmed { bank_reference, received_minor, confirmed_at: now };
        Ok(ConfirmedPayment {
            payer: self.payer.clone(),
            payee: self.payee.clone(),
            instructed_minor: self.amount_minor,
            received_minor,
        })
    }
}
