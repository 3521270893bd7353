//! `/certificates/check`: a certificate by its number, as a file, as the picture of its code, or as the code's text.

use crate::{assets, failure::Failure, visit::Visit};
use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use databourse_primitives::CertificateNumber;
use maud::{Markup, html};
use serde::de::IgnoredAny;

pub(super) async fn show(visit: Visit) -> Result<Response, Failure> {
    let typed = visit.parameter("number").unwrap_or_default();
    let typed = typed.trim();
    if typed.is_empty() {
        return Ok(page(&visit, "", None));
    }
    let Ok(number) = typed.to_ascii_lowercase().parse::<CertificateNumber>() else {
        let wrong = visit.t(
            "这不是凭证编号。应为交易所代码、年份与流水号，例如 sh-2026-00000001。",
            "This is not the number of a certificate: an exchange's code, a year and digits, e.g. sh-2026-00000001.",
        );
        return Ok(page(&visit, typed, Some(wrong)));
    };
    if visit.find::<IgnoredAny>(&format!("/v1/certificates/{number}")).await?.is_some() {
        return Ok(Redirect::to(&format!("/certificates/{number}")).into_response());
    }
    let wrong = visit.t(
        "没有该编号的凭证。请核对编号；刚签发的凭证要等到检查点成为终局之后才能查到。",
        "No certificate has this number. Compare it again; one that was just issued can be found once it is final.",
    );
    Ok(page(&visit, typed, Some(wrong)))
}

fn page(visit: &Visit, typed: &str, wrong: Option<&str>) -> Response {
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let title = visit.t("核验凭证", "Check a certificate");
    visit.page_as(status, title, html! {
        h1 { (title) }
        p.lead {
            (visit.t(
                "任何人都可以核验凭证：它是否由交易所签发，是否确在各交易所共同确认的账本之中。",
                "Anybody can check a certificate: that an exchange issued it, and that it stands in the ledger on which the exchanges agree.",
            ))
        }
        (by_number(visit, typed, wrong))
        noscript { p.remark { (visit.t("核验文件与二维码在浏览器内进行，需要启用脚本。",
            "Files and codes are verified in the browser, which needs scripts.")) } }
        section #proof data-offset=(visit.console.utc_offset_minutes) {
            (by_file(visit))
            div #verdict role="status" hidden {}
            div #shown {}
            ol #checks.checks {}
        }
        h2 { (visit.t("核验说明了什么", "What this shows")) }
        p {
            (visit.t(
                "文件与二维码在您的浏览器内核验，不会上传。依据的是本节点公布的验证策略；如需使用自己的策略，或保存一份可离线使用的核验页，请打开",
                "Files and codes are verified in your browser and sent nowhere. They are judged by the policy of this node; for a policy of your own, or to keep a page that verifies offline, open the ",
            ))
            a href="/verify" { (visit.t("独立核验页", "page that verifies by itself")) }
            (visit.t("。", "."))
        }
    })
}

fn by_number(visit: &Visit, typed: &str, wrong: Option<&str>) -> Markup {
    let described = if wrong.is_some() { "number-wrong number-hint" } else { "number-hint" };
    html! {
        h2 { (visit.t("按编号", "By its number")) }
        form method="get" action="/certificates/check" {
            div.field {
                label for="number" { (visit.t("凭证编号", "Number of the certificate")) }
                input #number name="number" type="text" required autocomplete="off" spellcheck="false" value=(typed)
                    aria-describedby=(described) aria-invalid=[wrong.map(|_| "true")];
                @if let Some(wrong) = wrong { p.wrong #number-wrong role="alert" { (wrong) } }
                p.hint #number-hint {
                    (visit.t("交易所代码、年份与流水号，例如 sh-2026-00000001。", "An exchange's code, a year and digits, e.g. sh-2026-00000001."))
                }
            }
            button type="submit" { (visit.t("查找", "Find it")) }
        }
    }
}

fn by_file(visit: &Visit) -> Markup {
    html! {
        h2 { (visit.t("按文件", "By its file")) }
        div.field {
            label for="certificate-file" { (visit.t("凭证文件", "File of the certificate")) }
            input #certificate-file type="file" accept=".json,.txt,application/json,text/plain" aria-describedby="file-hint";
            p.hint #file-hint { (visit.t("从凭证页或凭证邮件下载的 .json 文件；选定后立即核验。",
                "The .json file as it is downloaded from the certificate's page; it is verified as soon as it is chosen.")) }
        }
        h2 { (visit.t("按二维码", "By its QR code")) }
        div.field {
            label for="code-picture" { (visit.t("二维码图片", "Picture of the code")) }
            input #code-picture type="file" accept="image/*" aria-describedby="picture-hint";
            p.hint #picture-hint { (visit.t("照片、截图或下载的图片；二维码应清晰完整。手机上可直接拍照。",
                "A photograph, a screenshot or the downloaded picture, sharp and whole. A phone offers its camera.")) }
        }
        div.field {
            label for="code-text" { (visit.t("或二维码的文字", "Or the text of the code")) }
            textarea #code-text rows="4" spellcheck="false" autocomplete="off" aria-describedby="text-hint" {}
            p.hint #text-hint { (visit.t("扫码程序读出的文字：一串数字、网址或凭证编号。",
                "What a scanner read: digits, an address, or a number of a certificate.")) }
        }
        button #verify-text type="button" hidden data-needs-script { (visit.t("核验文字", "Verify the text")) }
        script type="module" src=(assets::path("proof.js")) {}
    }
}
