//! `/v1/windows/{asset}/{number}/statements/{holder}`: what one holder was paid, charged and is owed (stage 5).

use crate::{
    ApiState, Problem,
    access::Caller,
    extract::{Named, Parameters, malformed},
    payment::download,
    scalar::*,
};
use axum::{extract::State, response::Response};
use databourse_primitives::{Holder, WindowId};
use databourse_statement::{Language, Statement};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(get))
}

/// The form of a statement.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Format {
    /// The whole, for programs.
    #[default]
    Json,
    /// The lines, for spreadsheets and book-keeping.
    Csv,
    /// The whole, for people.
    Pdf,
}

/// The language of the headings and kinds of a CSV file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum FileLanguage {
    Zh,
    En,
    Both,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct StatementParameters {
    /// JSON if absent.
    #[param(inline)]
    format: Option<Format>,
    /// Both if absent. Of CSV only: the names in JSON are English, and PDF speaks both.
    #[param(inline)]
    language: Option<FileLanguage>,
}

impl StatementParameters {
    fn language(&self) -> Result<Language, Problem> {
        let is_csv = matches!(self.format, Some(Format::Csv));
        match self.language {
            Some(FileLanguage::Both) | None => Ok(Language::Both),
            Some(FileLanguage::Zh) if is_csv => Ok(Language::Zh),
            Some(FileLanguage::En) if is_csv => Ok(Language::En),
            Some(_) => Err(malformed("language", "`both`, or `format=csv`").into()),
        }
    }
}

/// Downloads the statement of a holder for a settlement window: a party's funds, or an exchange's fees.
///
/// A party gets its own; operators and auditors get all. The statement of a closed window does not change. Every line
/// cites the entry, schedule, tax table and shares that it follows from; docs/STATEMENTS.md says how to compute it
/// again.
#[utoipa::path(get, path = "/v1/windows/{asset}/{number}/statements/{holder}", operation_id = "getStatement",
    tag = "windows",
    params(("asset" = String, Path, example = "CNY-2"), ("number" = u64, Path, minimum = 1, example = 7),
        ("holder" = HolderText, Path), StatementParameters),
    responses((status = 200, description = "The statement.", content(
        (Object = "application/json"), (String = "text/csv"), (Vec<u8> = "application/pdf")))))]
async fn get(
    State(api): State<ApiState>,
    caller: Caller,
    Named((window, holder)): Named<(WindowId, Holder)>,
    Parameters(asked): Parameters<StatementParameters>,
) -> Result<Response, Problem> {
    let language = asked.language()?;
    let own = match &holder {
        Holder::Party(party) => caller.may_see(&[*party]),
        Holder::Exchange(_) => caller.oversees(),
    };
    if !own {
        return Err(Problem::forbidden("a statement of your own"));
    }
    let statement = api.node.statement(&holder, window).await?;
    let unknown = || Problem::not_found("a window, and a holder of this exchange");
    let (media_type, extension, bytes) =
        render(statement.ok_or_else(unknown)?, asked.format.unwrap_or_default(), language).await?;
    let name = format!("statement-{window}-{holder}").replace(['/', '#', ':'], "-");
    Ok(download(media_type, &format!("{name}.{extension}"), bytes))
}

/// The bytes of a form. One of many lines takes a processor for long, so it is made away from the threads that serve
/// requests.
async fn render(
    statement: Statement,
    format: Format,
    language: Language,
) -> Result<(&'static str, &'static str, Vec<u8>), Problem> {
    let made = tokio::task::spawn_blocking(move || {
        Ok::<_, serde_json::Error>(match format {
            Format::Json => ("application/json", "json", statement.to_json()?),
            Format::Csv => ("text/csv; charset=utf-8", "csv", statement.to_csv(language)),
            Format::Pdf => ("application/pdf", "pdf", statement.to_pdf(None)?),
        })
    });
    let made = made.await.map_err(|failure| Problem::internal(&failure))?;
    made.map_err(|error| Problem::internal(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(format: Option<Format>, language: Option<FileLanguage>, expected: Option<Language>) {
        assert_eq!(StatementParameters { format, language }.language().ok(), expected);
    }

    #[test]
    fn only_a_csv_file_speaks_one_language() {
        check(None, None, Some(Language::Both));
        check(Some(Format::Pdf), Some(FileLanguage::Both), Some(Language::Both));
        check(Some(Format::Csv), Some(FileLanguage::Zh), Some(Language::Zh));
        check(Some(Format::Csv), Some(FileLanguage::En), Some(Language::En));
        check(Some(Format::Json), Some(FileLanguage::En), None);
        check(Some(Format::Pdf), Some(FileLanguage::Zh), None);
        check(None, Some(FileLanguage::Zh), None);
    }
}
