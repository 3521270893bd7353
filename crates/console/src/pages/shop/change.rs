//! Changes of a product: another revision; ordering paused and resumed; the end of its listing.

use super::{details, own_product, send::send};
use crate::{
    act::{Act, Sent},
    failure::Failure,
    form::{Field, Form, Submitted},
    layout::named,
    visit::Visit,
};
use axum::{extract::Path, response::Response};
use databourse_listing::Product;
use maud::html;
use serde_json::json;

/// The form of the next revision, filled with the present one.
pub(super) async fn revision(visit: Visit, Path(product): Path<String>) -> Result<Response, Failure> {
    let product = own_product(&visit, &product).await?;
    let form = details::filled(visit.form()?, &product.details);
    // The number is the form's: if somebody else revises meanwhile, this one is refused instead of overwriting it.
    let form = form.with("revision", product.revision.saturating_add(1));
    Ok(revision_page(&visit, &product, &form))
}

fn revision_page(visit: &Visit, product: &Product, form: &Form) -> Response {
    let home = format!("/shop/products/{}", product.id);
    Act {
        title: visit.t("修订产品", "Revise the product"),
        lead: html! {
            p { (visit.t(
                format!("这将是第 {} 版。它替换现有说明的全部内容；旧版本保留在账本中，已售出的许可仍按所购版本。", form.value("revision")),
                format!("This makes revision {}. It replaces everything that is said now; earlier revisions stay in the ledger, \
                    and licences already sold are for the revision that was bought.", form.value("revision")),
            )) }
        },
        fields: html! {
            input type="hidden" name="revision" value=(form.value("revision"));
            input type="hidden" name="details.source_digest" value=(form.value("details.source_digest"));
            (details::fields(visit, form))
        },
        button: visit.t("发布修订", "Publish the revision"),
        is_danger: false,
        path: &format!("{home}/revision"),
        back: &home,
    }
    .page(visit, form)
}

pub(super) async fn revise(
    visit: Visit,
    Path(product): Path<String>,
    Submitted(mut form): Submitted,
) -> Result<Response, Failure> {
    let product = own_product(&visit, &product).await?;
    let said = details::body(&visit, &mut form);
    if !form.is_good() {
        return Ok(revision_page(&visit, &product, &form));
    }
    let number: u32 = form.value("revision").parse().map_err(|_| Failure::Foreign)?;
    let body = json!({ "revision": number, "details": said });
    let home = format!("/shop/products/{}", product.id);
    match send(&visit, form, &format!("/v1/products/{}/revisions", product.id), &body, details::AIMS, |_| {
        home
    })
    .await?
    {
        Sent::Done(response) => Ok(response),
        Sent::Refused(form) => Ok(revision_page(&visit, &product, &form)),
    }
}

/// A change of a listing's state.
#[derive(Clone, Copy)]
enum Change {
    Pause,
    Resume,
    Delist,
}

impl Change {
    /// The last segment of its path, here and in the API.
    const fn segment(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Delist => "delisting",
        }
    }

    fn title(self, visit: &Visit) -> &'static str {
        match self {
            Self::Pause => visit.t("暂停订购", "Pause ordering"),
            Self::Resume => visit.t("恢复订购", "Resume ordering"),
            Self::Delist => visit.t("摘牌", "Delist"),
        }
    }

    fn consequence(self, visit: &Visit) -> &'static str {
        match self {
            Self::Pause => visit.t(
                "产品仍在目录中，但暂时不能订购。随时可以恢复。",
                "The product stays in the catalogue but cannot be ordered. You can resume at any time.",
            ),
            Self::Resume => visit.t("产品可以再次订购。", "The product can be ordered again."),
            Self::Delist => visit.t(
                "产品永久离开目录，不能恢复。已售出的许可继续有效，已下的订单照常交付。",
                "The product leaves the catalogue for good. Licences already sold go on, and orders placed are delivered.",
            ),
        }
    }

    fn page(self, visit: &Visit, product: &Product, form: &Form) -> Response {
        let home = format!("/shop/products/{}", product.id);
        let reason = Field::line("reason", visit.t("原因", "Reason")).optional();
        let reason = reason.hint(visit.t(
            "一行文字，记入账本，供以后查看的人了解。",
            "One line for those who look it up later; it is recorded in the ledger.",
        ));
        Act {
            title: self.title(visit),
            lead: html! {
                p { strong { (named(visit.lang, &product.details.title)) } }
                p { (self.consequence(visit)) }
            },
            fields: form.field(visit, &reason),
            button: self.title(visit),
            is_danger: matches!(self, Self::Delist),
            path: &format!("{home}/{}", self.segment()),
            back: &home,
        }
        .page(visit, form)
    }

    async fn ask(self, visit: Visit, product: &str) -> Result<Response, Failure> {
        let product = own_product(&visit, product).await?;
        Ok(self.page(&visit, &product, &visit.form()?))
    }

    async fn make(self, visit: Visit, product: &str, form: Form) -> Result<Response, Failure> {
        let product = own_product(&visit, product).await?;
        let body = form.json(&["reason"]);
        let home = format!("/shop/products/{}", product.id);
        let path = format!("/v1/products/{}/{}", product.id, self.segment());
        match send(&visit, form, &path, &body, &[], |_| home).await? {
            Sent::Done(response) => Ok(response),
            Sent::Refused(form) => Ok(self.page(&visit, &product, &form)),
        }
    }
}

pub(super) async fn ask_pause(visit: Visit, Path(product): Path<String>) -> Result<Response, Failure> {
    Change::Pause.ask(visit, &product).await
}

pub(super) async fn pause(
    visit: Visit,
    Path(id): Path<String>,
    Submitted(form): Submitted,
) -> Result<Response, Failure> {
    Change::Pause.make(visit, &id, form).await
}

pub(super) async fn ask_resume(visit: Visit, Path(product): Path<String>) -> Result<Response, Failure> {
    Change::Resume.ask(visit, &product).await
}

pub(super) async fn resume(
    visit: Visit,
    Path(id): Path<String>,
    Submitted(form): Submitted,
) -> Result<Response, Failure> {
    Change::Resume.make(visit, &id, form).await
}

pub(super) async fn ask_delist(visit: Visit, Path(product): Path<String>) -> Result<Response, Failure> {
    Change::Delist.ask(visit, &product).await
}

pub(super) async fn delist(
    visit: Visit,
    Path(id): Path<String>,
    Submitted(form): Submitted,
) -> Result<Response, Failure> {
    Change::Delist.make(visit, &id, form).await
}
