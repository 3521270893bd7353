//! `/day`: the operator's day: windows, payments, breaks, and what is to be done next.

mod all;
mod breaks;
mod confirm;
mod confirmed;
mod deed;
mod deed_fields;
mod difference;
mod difference_deed;
mod difference_fields;
mod files;
mod open_breaks;
mod parts;
mod place;
mod reconcile;
mod report;
mod sign;
mod today;
mod todo;
mod window;
mod words;

use super::{Audience, Link, Page};
use crate::{
    assets,
    failure::Failure,
    form::{Field, Form},
    session::Session,
    visit::Visit,
};
use axum::{Router, routing::get};
use databourse_api::token::TokenRole::{self, Auditor, Operator};
use maud::{Markup, html};

/// Who sees the day: operators, who act, and auditors, who look.
pub(super) const OVERSIGHT: &[TokenRole] = &[Operator, Auditor];

pub(crate) const PAGE: Page = Page {
    links: &[Link { path: "/day", zh: "结算日", en: "Day", audience: Audience::Roles(OVERSIGHT) }],
    routes: || {
        Router::new()
            .route("/day", get(today::show))
            .route("/day/windows", get(all::show))
            .route("/day/windows/{asset}/{number}", get(window::show))
            .route("/day/windows/{asset}/{number}/payment-file", get(files::payments))
            .route("/day/windows/{asset}/{number}/statement", get(files::statement))
            .route("/day/windows/{asset}/{number}/{deed}", get(deed::show).post(deed::send))
            .route("/day/confirm", get(confirm::show).post(confirm::send))
            .route("/day/breaks", get(breaks::show))
            .route("/day/breaks/{id}", get(difference::show))
            .route("/day/breaks/{id}/{deed}", get(difference_deed::show).post(difference_deed::send))
            .route("/day/reconcile", get(reconcile::show).post(reconcile::send))
    },
};

/// Goes on for those who see the day.
fn oversight(visit: &Visit) -> Result<&Session, Failure> {
    visit.need(OVERSIGHT)
}

/// Goes on for those who act.
fn operator(visit: &Visit) -> Result<&Session, Failure> {
    visit.need(&[Operator])
}

/// A field for the text of a file: to be pasted, or, where scripts run, to be read from a file. `command` is what takes
/// a file that is too large for a form.
fn file_field(visit: &Visit, form: &Form, field: &Field<'_>, name: &str, command: &str) -> Markup {
    let too_large = visit.t(
        format!("此文件过大，不能经由网页提交。请在命令行使用：{command}"),
        format!("This file is too large for a page. Use the command line: {command}"),
    );
    let id = format!("file-{name}");
    html! {
        (form.field(visit, field))
        div.field hidden data-file=(name) data-too-large=(too_large) {
            label for=(id) { (visit.t("或者从文件读入", "Or read it from a file")) }
            input id=(id) type="file" aria-describedby={ (id) "-hint" };
            p.hint id={ (id) "-hint" } {
                (visit.t("文件内容会填入上面的文本框，提交前可以检查。",
                    "Its text is put into the field above, where you can look at it before you send it."))
            }
            p.wrong role="alert" {}
        }
        script type="module" src=(assets::path("file.js")) {}
    }
}
