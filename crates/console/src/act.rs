//! The page of one thing to do: in plain words what it does, what is asked, one button, and the way back. What cannot be
//! undone is asked here and nowhere else.

use crate::{backend::Problem, failure::Failure, form::Form, visit::Visit};
use axum::response::Response;
use databourse_primitives::{Asset, Timestamp, UnitPrice};
use maud::{Markup, html};
use serde_json::Value;
use time::{Date, Month};

/// What is about to be done.
pub(crate) struct Act<'a> {
    /// The heading.
    pub(crate) title: &'a str,
    /// What it does, and what follows from it.
    pub(crate) lead: Markup,
    /// What is asked.
    pub(crate) fields: Markup,
    /// The words of the button.
    pub(crate) button: &'a str,
    /// Whether it cannot be undone.
    pub(crate) is_danger: bool,
    /// Where the form goes: the page's own path.
    pub(crate) path: &'a str,
    /// Where one goes instead.
    pub(crate) back: &'a str,
}

impl Act<'_> {
    /// The page.
    pub(crate) fn page(&self, visit: &Visit, form: &Form) -> Response {
        let fields = html! {
            (self.fields)
            div.actions {
                button.danger[self.is_danger] type="submit" { (self.button) }
                a.button.second href=(self.back) { (visit.t("返回，不执行", "Go back, do nothing")) }
            }
        };
        visit.form_page(
            form,
            self.title,
            html! {
                h1 { (self.title) }
                (self.lead)
                (form.element(visit, self.path, &fields))
            },
        )
    }
}

/// What became of sending a form: done, or to be shown again.
pub(crate) enum Sent {
    /// On to the next page.
    Done(Response),
    /// Refused; the form says why.
    Refused(Form),
}

/// A refusal of the API, into the form; what is not the sender's fault is a page of its own.
///
/// # Errors
/// The page to show instead.
pub(crate) fn refused(visit: &Visit, mut form: Form, problem: Problem) -> Result<Sent, Failure> {
    if matches!(problem.status, 401 | 403) && problem.code.starts_with("token.") {
        return Err(problem.into());
    }
    form.take_problem(visit.lang, &problem);
    Ok(Sent::Refused(form))
}

/// Sends the command of a form and goes on to `then`. `mend` renames the API's field where the form has another.
///
/// # Errors
/// The page to show instead.
pub(crate) async fn submit(
    visit: &Visit,
    form: Form,
    (path, body): (&str, &Value),
    then: &str,
    mend: impl Fn(&str) -> Option<&'static str>,
) -> Result<Sent, Failure> {
    match visit.record(path, form.key(), body).await {
        Ok(done) => Ok(Sent::Done(visit.done(then, &done))),
        Err(mut problem) => {
            if let Some(field) = mend(&problem.field) {
                problem.field = field.to_owned();
            }
            refused(visit, form, problem)
        }
    }
}

/// The minor units of an amount that was typed in major ones: exact, or nothing. `¥` and commas between thousands are
/// understood.
pub(crate) fn minor_of(asset: Asset, typed: &str) -> Option<i64> {
    let plain: String =
        typed.chars().filter(|character| !matches!(character, ',' | '，' | '¥' | '￥' | ' ')).collect();
    let price: UnitPrice = plain.parse().ok()?;
    price.in_minor(asset).ok().map(|amount| amount.get())
}

/// The amount of a field in minor units; a wrong one is refused beside it.
pub(crate) fn take_minor(visit: &Visit, form: &mut Form, name: &str, asset: Asset) -> Option<i64> {
    let found = minor_of(asset, form.value(name));
    if found.is_none() {
        let decimals = asset.scale();
        form.refuse(
            name,
            visit.t(
                format!("请填写金额，例如 1,200.00；最多 {decimals} 位小数，不带正负号。"),
                format!("Write an amount such as 1,200.00: at most {decimals} decimals and no sign."),
            ),
        );
    }
    found
}

/// The end of a day that was typed as `2027-11-22`, `offset_minutes` ahead of UTC.
pub(crate) fn end_of_day(typed: &str, offset_minutes: i16) -> Option<Timestamp> {
    const DAY_MS: i64 = 86_400_000;
    let mut parts = typed.split('-');
    let year: i32 = parts.next()?.parse().ok().filter(|year| (1970..=9998).contains(year))?;
    let month = Month::try_from(parts.next()?.parse::<u8>().ok()?).ok()?;
    let day = Date::from_calendar_date(year, month, parts.next()?.parse().ok()?).ok()?;
    if parts.next().is_some() {
        return None;
    }
    let begins_ms = day.midnight().assume_utc().unix_timestamp() * 1000 - i64::from(offset_minutes) * 60_000;
    Some(Timestamp::from_unix_ms(begins_ms).plus_ms(DAY_MS))
}

/// The end of the day of a field; a wrong one is refused beside it.
pub(crate) fn take_day(visit: &Visit, form: &mut Form, name: &str) -> Option<Timestamp> {
    let found = end_of_day(form.value(name), visit.console.utc_offset_minutes);
    if found.is_none() {
        form.refuse(name, visit.t("请填写日期，例如 2027-11-22。", "Write a day such as 2027-11-22."));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_or_nothing() {
        let yuan = "CNY/2".parse().unwrap();
        for (typed, expected) in [
            ("1,200.00", Some(120_000)),
            ("¥12.5", Some(1_250)),
            ("0.01", Some(1)),
            ("0.001", None),
            ("-1", None),
            ("1e3", None),
            ("", None),
            ("一百", None),
        ] {
            assert_eq!(minor_of(yuan, typed), expected, "{typed}");
        }
    }

    #[test]
    fn a_day_ends_at_local_midnight() {
        let ends = |typed| end_of_day(typed, 480).map(|at| at.to_string());
        assert_eq!(ends("2027-11-22").as_deref(), Some("2027-11-22T16:00:00.000Z"));
        for bad in ["", "2027-02-30", "22.11.2027", "2027-11-22-1", "9999-12-31"] {
            assert_eq!(ends(bad), None, "{bad}");
        }
    }
}
