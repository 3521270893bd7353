//! How a product's revenue is shared: its versions, and the form of the next one.

use super::{own_product, send::send};
use crate::{
    act::{Act, Sent},
    failure::Failure,
    form::{Field, Form, Submitted},
    layout::{named, table},
    names::Names,
    visit::{self, Visit},
};
use axum::{extract::Path, response::Response};
use databourse_listing::{Product, ProductState};
use databourse_primitives::{Holder, PartyId, SharesVersion};
use databourse_settlement::{Share, ShareNode, ShareTree};
use maud::{Markup, html};
use rust_decimal::Decimal;
use serde_json::{Value, json};

/// As many sharers as the form has rows for. The API takes trees of more.
const ROWS: usize = 6;
/// Siblings' weights sum to this.
const WHOLE_BP: u32 = 10_000;

/// The parties that have a share.
pub(super) fn parties(versions: &[ShareTree]) -> Vec<PartyId> {
    let holders = versions.iter().flat_map(ShareTree::beneficiaries);
    let party = |holder| match holder {
        Holder::Party(id) => Some(id),
        Holder::Exchange(_) => None,
    };
    holders.filter_map(party).collect()
}

/// The versions, the one in force first.
pub(super) fn section(visit: &Visit, product: &Product, versions: &[ShareTree], names: &Names) -> Markup {
    let rows: Vec<_> = versions
        .iter()
        .map(|tree| {
            html! {
                td.number { (tree.version) }
                td {
                    @if product.shares == Some(tree.version) {
                        span.state.good { (visit.t("适用于新订单", "For new orders")) }
                    } @else {
                        span.state { (visit.t("只用于此前的订单", "For earlier orders only")) }
                    }
                }
                td { (nodes(&tree.root, names)) }
                td { (visit.format().time(tree.published_at)) }
            }
        })
        .collect();
    html! {
        (table(visit.t("收益分配的版本", "Versions of the shares"), &[
            visit.t("版本", "Version"), visit.t("状态", "State"), visit.t("分配", "Who gets what"), visit.t("发布时间", "Published"),
        ], &rows, visit.t("没有分配：扣除手续费后的价款全部归您。",
            "There are none: all of the price after fees is yours.")))
        @if product.state != ProductState::Delisted {
            p { a href={ "/shop/products/" (product.id) "/shares" } {
                (visit.t("发布新版本的收益分配", "Publish another version of the shares")) } }
        }
    }
}

fn nodes(nodes: &[ShareNode], names: &Names) -> Markup {
    html! {
        ul {
            @for node in nodes {
                li {
                    (percent(node.weight_bp)) " " code { (node.name) } " "
                    @match &node.share {
                        Share::Beneficiary(holder) => (names.holder(holder)),
                        Share::Children(children) => (self::nodes(children, names)),
                    }
                }
            }
        }
    }
}

fn percent(weight_bp: u16) -> String {
    format!("{}%", Decimal::new(weight_bp.into(), 2).normalize())
}

pub(super) async fn show(visit: Visit, Path(product): Path<String>) -> Result<Response, Failure> {
    let product = own_product(&visit, &product).await?;
    let versions: visit::Page<ShareTree> =
        visit.get(&format!("/v1/products/{}/shares?limit=1", product.id)).await?;
    let version = versions.items.first().map_or(SharesVersion(1), |latest| latest.version.next());
    let form = visit.form()?.with("version", version).with("root[0].name", "supplier");
    let form = form.with("root[0].beneficiary", product.supplier).with("root[0].weight_bp", "100");
    Ok(page(&visit, &product, &form))
}

fn page(visit: &Visit, product: &Product, form: &Form) -> Response {
    let home = format!("/shop/products/{}", product.id);
    let row = |number: usize| {
        let name = |member| format!("root[{number}].{member}");
        let (who, what, part) = (name("beneficiary"), name("name"), name("weight_bp"));
        html! {
            fieldset {
                legend { (visit.t(format!("第 {} 份", number + 1), format!("Share {}", number + 1))) }
                (form.field(visit, &Field::line(&who, visit.t("谁", "Who")).optional().hint(visit.t(
                    "主体编号，或 exchange: 加交易所代码，例如 exchange:sh。", "A party's id, or exchange: and a code, such as exchange:sh."))))
                (form.field(visit, &Field::line(&what, visit.t("名目", "For what")).optional().hint(visit.t(
                    "短名，例如 holder、processor、operator、public。", "A short name: holder, processor, operator, public."))))
                (form.field(visit, &Field::line(&part, visit.t("比例（%）", "Part in per cent")).optional().hint(visit.t(
                    "大于零，最多两位小数；各份合计 100。", "Above zero, two decimals at most; all of them sum to 100."))))
            }
        }
    };
    Act {
        title: visit.t("新版本的收益分配", "Another version of the shares"),
        lead: html! {
            p { strong { (named(visit.lang, &product.details.title)) } }
            p { (visit.t("分配扣除手续费后的价款。适用于发布之后的订单；此前的订单仍按原来的版本。不填的一份不计。",
                "It divides what is left of the price after fees, for orders placed from now on; earlier orders keep their version. \
                 Leave out what you do not need.")) }
        },
        fields: html! {
            input type="hidden" name="version" value=(form.value("version"));
            @for number in 0..ROWS { (row(number)) }
        },
        button: visit.t("发布", "Publish"),
        is_danger: false,
        path: &format!("{home}/shares"),
        back: &home,
    }
    .page(visit, form)
}

/// The first level of the tree. Rows keep their numbers, so that a refused one is found again.
fn root(visit: &Visit, form: &mut Form) -> Vec<Value> {
    let mut root = Vec::new();
    let mut sum_bp = 0_u32;
    let mut seen_gap = false;
    for number in 0..ROWS {
        let name = |member| format!("root[{number}].{member}");
        let [who, what, part] =
            ["beneficiary", "name", "weight_bp"].map(|member| form.value(&name(member)).to_owned());
        if who.is_empty() && what.is_empty() && part.is_empty() {
            seen_gap = true;
            continue;
        }
        if seen_gap {
            form.refuse(
                &name("beneficiary"),
                visit.t("请先填满前面的各份。", "Fill in the shares before this one first."),
            );
        }
        match weight_bp(&part) {
            Some(weight) => sum_bp = sum_bp.saturating_add(weight),
            None => form.refuse(
                &name("weight_bp"),
                visit.t("请填写百分数，例如 12.5。", "Write per cent, such as 12.5."),
            ),
        }
        let who = if who.contains(':') { who } else { format!("party:{who}") };
        root.push(
            json!({ "name": what, "weight_bp": weight_bp(&part).unwrap_or_default(), "beneficiary": who }),
        );
    }
    if sum_bp != WHOLE_BP {
        let sum = Decimal::new(sum_bp.into(), 2).normalize();
        form.refuse(
            "root[0].weight_bp",
            visit.t(
                format!("各份合计须为 100%，现在是 {sum}%。"),
                format!("The shares must sum to 100%; they sum to {sum}%."),
            ),
        );
    }
    root
}

/// Per cent as basis points: exact, or nothing.
fn weight_bp(percent: &str) -> Option<u32> {
    let percent: Decimal = percent.trim_end_matches(['%', '％']).trim().parse().ok()?;
    let exact = percent.checked_mul(Decimal::ONE_HUNDRED)?.normalize();
    if exact.scale() == 0 { u32::try_from(exact.mantissa()).ok() } else { None }
}

pub(super) async fn publish(
    visit: Visit,
    Path(product): Path<String>,
    Submitted(mut form): Submitted,
) -> Result<Response, Failure> {
    let product = own_product(&visit, &product).await?;
    let version: u64 = form.value("version").parse().map_err(|_| Failure::Foreign)?;
    let body = json!({ "version": version, "root": root(&visit, &mut form) });
    if !form.is_good() {
        return Ok(page(&visit, &product, &form));
    }
    let home = format!("/shop/products/{}", product.id);
    match send(&visit, form, &format!("/v1/products/{}/shares", product.id), &body, &[], |_| home).await? {
        Sent::Done(response) => Ok(response),
        Sent::Refused(form) => Ok(page(&visit, &product, &form)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn per_cent_are_exact() {
        assert_eq!(weight_bp("12.5"), Some(1_250));
        assert_eq!(weight_bp("100 %"), Some(10_000));
        assert_eq!((weight_bp("0.001"), weight_bp("-1"), weight_bp("x")), (None, None, None));
        assert_eq!(percent(1_250), "12.5%");
    }
}
