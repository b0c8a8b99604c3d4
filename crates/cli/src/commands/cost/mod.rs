//! `rowgate cost`

mod items;
mod plan;
mod prices;
mod usage;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use self::items::{Item, items};
use self::plan::Plan;
use self::prices::PRICES;
use crate::exit::ExitStatus;
use crate::printer::Printer;
use crate::table::Table;
use crate::verb::Verb;

/// Estimates the monthly bill of a deployment.
///
/// It asks nobody: prices of one region and figures measured per million rows are part of it.
/// docs/costs.md says where they come from and what is left out.
#[derive(Debug, Args)]
pub(crate) struct Cost {
    #[command(flatten)]
    plan: Plan,
    /// Prints JSON in place of a table.
    #[arg(long)]
    json: bool,
}

impl Verb for Cost {
    async fn run(&self, printer: Printer) -> Result<ExitStatus> {
        let items = items(&self.plan);
        if self.json {
            printer.line(to_json(&items))?;
        } else {
            printer.result(&render(&items))?;
            printer.note(&format!(
                "Prices of {} as written down in {}; check AWS's own before you decide.",
                PRICES.region, PRICES.written
            ));
        }
        Ok(ExitStatus::Success)
    }
}

fn total(items: &[Item]) -> f64 {
    items.iter().map(Item::usd).sum()
}

fn to_json(items: &[Item]) -> serde_json::Value {
    let list: Vec<_> = items
        .iter()
        .map(|item| {
            json!({
                "of": item.of, "item": item.what, "quantity": item.quantity, "unit": item.unit,
                "usd_per_unit": item.price, "usd": rounded(item.usd()),
            })
        })
        .collect();
    json!({"region": PRICES.region, "prices_of": PRICES.written, "items": list, "usd_a_month": rounded(total(items))})
}

/// Rounds to a hundredth of a cent.
fn rounded(usd: f64) -> f64 {
    (usd * 10_000.0).round() / 10_000.0
}

/// The items, grouped by what causes them, each group with its sum, and the sum of all.
fn render(items: &[Item]) -> String {
    let mut table = Table::new(["of", "item", "quantity", "unit", "USD a unit", "USD a month"]).right([
        "quantity",
        "USD a unit",
        "USD a month",
    ]);
    for group in items.chunk_by(|one, next| one.of == next.of) {
        for item in group {
            table.push([
                item.of.to_owned(),
                item.what.to_owned(),
                amount(item.quantity),
                item.unit.to_owned(),
                price(item.price),
                format!("{:.3}", item.usd()),
            ]);
        }
        if group.len() > 1 {
            let sum = format!("{:.3}", total(group));
            table.push(["", "together", "", "", "", &sum].map(str::to_owned));
        }
    }
    let sum = format!("{:.3}", total(items));
    table.push(["all", "", "", "", "", &sum].map(str::to_owned));
    table.render()
}

/// A quantity with three digits of what is below one.
fn amount(quantity: f64) -> String {
    if quantity.fract() == 0.0 { format!("{quantity:.0}") } else { format!("{quantity:.3}") }
}

/// A price with two digits of cents at least, and as many more as it has.
fn price(usd: f64) -> String {
    let text = format!("{usd:.8}");
    let (whole, digits) = text.split_once('.').unwrap_or((&text, ""));
    format!("{whole}.{:0<2}", digits.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::commands::{Arguments, Verbs};

    const PAGE: &str = include_str!("../../../../../docs/costs.md");

    fn cost(line: &str) -> Cost {
        let words = std::iter::once("rowgate").chain(line.split_whitespace());
        match Arguments::try_parse_from(words).unwrap().command {
            Verbs::Cost(cost) => cost,
            _ => panic!("`{line}` is another verb"),
        }
    }

    #[test]
    fn the_page_of_costs_shows_what_the_command_prints() {
        let examples: Vec<_> = PAGE.split("```console\n$ rowgate ").skip(1).collect();
        assert!(examples.len() >= 2);
        for example in examples {
            let (line, shown) = example.split_once('\n').unwrap();
            let shown = shown.split("```").next().unwrap();
            let printed = render(&items(&cost(line).plan));
            assert_eq!(shown, printed, "docs/costs.md: `rowgate {line}` prints\n{printed}");
        }
    }

    #[test]
    fn json_has_every_item_and_the_sum() {
        let items = items(&cost("cost").plan);
        let page = to_json(&items);
        assert_eq!(page["items"].as_array().unwrap().len(), items.len());
        assert_eq!(page["region"], PRICES.region);
        let sum: f64 = items.iter().map(Item::usd).sum();
        assert_eq!(page["usd_a_month"], rounded(sum));
    }

    #[test]
    fn prices_keep_their_digits() {
        assert_eq!(price(3.5), "3.50");
        assert_eq!(price(0.021), "0.021");
        assert_eq!(price(0.000_013_333_4), "0.00001333");
        assert_eq!(price(3.0), "3.00");
    }

    #[test]
    fn figures_that_make_no_sense_are_refused() {
        for line in ["cost --batch 0", "cost --batch 1001", "cost --table-gb -1", "cost --min-capacity NaN"] {
            assert!(
                Arguments::try_parse_from(std::iter::once("rowgate").chain(line.split(' '))).is_err(),
                "{line}"
            );
        }
    }
}
