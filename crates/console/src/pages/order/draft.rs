//! An order on its way: the offer, and what the buyer has typed so far.

use crate::{failure::Failure, form::Form, visit::Visit};
use databourse_listing::{Offer, Product};
use databourse_primitives::{Label, OfferId, Quantity};

/// What a buyer types, and the offer.
pub(super) const FIELDS: [&str; 5] = ["offer", "quantity", "purpose", "reference", "voucher"];

/// An order that is not placed yet.
pub(super) struct Draft {
    /// What was typed, in the fields of [`FIELDS`].
    pub(super) form: Form,
    /// The offer that it takes.
    pub(super) offer: Offer,
    /// What is offered.
    pub(super) product: Product,
}

/// What of a draft makes a line of an order.
pub(super) struct Line {
    /// How many units.
    pub(super) quantity: Quantity,
    /// What for.
    pub(super) purpose: Label,
}

impl Draft {
    /// The draft in the address of a page; nothing if it names no offer.
    ///
    /// # Errors
    /// The page to show instead.
    pub(super) async fn of_address(visit: &Visit) -> Result<Option<Self>, Failure> {
        if visit.parameter("offer").is_none() {
            return Ok(None);
        }
        let form = FIELDS.into_iter().fold(visit.form()?, |form, name| {
            form.with(name, visit.parameter(name).unwrap_or_default().trim())
        });
        Self::of_form(visit, form).await.map(Some)
    }

    /// The draft in a form that was sent.
    ///
    /// # Errors
    /// The page to show instead.
    pub(super) async fn of_form(visit: &Visit, form: Form) -> Result<Self, Failure> {
        let id: OfferId = form.value("offer").parse().map_err(|_| Failure::Unknown)?;
        let offer: Offer = visit.get(&format!("/v1/offers/{id}")).await?;
        let product = visit.get(&format!("/v1/products/{}", offer.product)).await?;
        Ok(Self { form, offer, product })
    }

    /// The purpose, if the supplier allows only one.
    pub(super) fn only_purpose(&self) -> Option<Label> {
        let purposes = &self.offer.terms.purposes;
        purposes.first().filter(|_| purposes.len() == 1).cloned()
    }

    /// What was typed as a line of an order; says beside each field what is wrong with it.
    pub(super) fn line(&mut self, visit: &Visit) -> Option<Line> {
        let form = &mut self.form;
        let quantity = form.value("quantity").parse().ok().and_then(|units| Quantity::new(units).ok());
        if quantity.is_none() {
            let what = visit.t("请填写一个整数，至少为 1。", "Give a whole number, at least 1.");
            form.refuse("quantity", what);
        }
        let purpose: Option<Label> = form.value("purpose").parse().ok();
        if purpose.is_none() {
            form.refuse("purpose", visit.t("请选择一个用途。", "Choose a purpose."));
        }
        let reference = form.value("reference");
        if !reference.is_empty() && reference.parse::<Label>().is_err() {
            let what = visit.t(
                "只能使用字母、数字和 . _ : / -，最多 64 个字符。",
                "Use letters, digits and . _ : / - only, at most 64 of them.",
            );
            form.refuse("reference", what);
        }
        let line = Line { quantity: quantity?, purpose: purpose? };
        let buyer = visit.party()?;
        let now = visit.console.now();
        if let Err(refusal) = self.offer.orderable(buyer, line.quantity.get(), &line.purpose, now) {
            self.form.take_refusal(visit.lang, &of_field(refusal));
        }
        self.form.is_good().then_some(line)
    }
}

/// Nobody can change the offer here, so what is wrong with it is wrong with the whole.
fn of_field(mut refusal: databourse_primitives::Refusal) -> databourse_primitives::Refusal {
    if refusal.field == "offer" {
        refusal.field = "".into();
    }
    refusal
}
