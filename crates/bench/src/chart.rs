//! The chart of the README: how many rows a second each way loads, as horizontal bars.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use svg::Document;
use svg::node::element::{Rectangle, Text};

/// A way, and its rows per second.
#[derive(Debug)]
pub(crate) struct Bar {
    pub(crate) name: String,
    pub(crate) rows_per_second: f64,
    /// True for Rowgate's own.
    pub(crate) ours: bool,
}

impl Bar {
    /// The bar of a way that loads so many rows in this time.
    pub(crate) fn new(name: &str, rows: u64, time: Duration, ours: bool) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "a rate to three digits")]
        let rows_per_second = rows as f64 / time.as_secs_f64().max(f64::MIN_POSITIVE);
        Self { name: name.to_owned(), rows_per_second, ours }
    }
}

// In pixels at the size that it is shown.
const WIDTH: f64 = 760.0;
const HEAD: f64 = 52.0;
const LINE: f64 = 28.0;
const THICKNESS: f64 = 18.0;
const MARGIN: f64 = 16.0;
/// The place of the names, left of the bars, and of the figures, right of the longest.
const NAMES: f64 = 290.0;
const FIGURES: f64 = 90.0;

const FONT: &str = "system-ui, 'Segoe UI', Helvetica, Arial, sans-serif";
const INK: &str = "#1f2937";
const PALE: &str = "#6b7280";
const OURS: &str = "#c2410c";
const OTHERS: &str = "#94a3b8";

/// Writes the chart, the fastest way first. `caption` says what was measured where.
///
/// # Errors
/// If the file cannot be written.
pub(crate) fn write(file: &Path, title: &str, caption: &str, mut bars: Vec<Bar>) -> Result<()> {
    bars.sort_by(|one, other| other.rows_per_second.total_cmp(&one.rows_per_second));
    svg::save(file, &draw(title, caption, &bars)).with_context(|| format!("writing {}", file.display()))
}

#[expect(clippy::cast_precision_loss, reason = "a handful of bars")]
fn draw(title: &str, caption: &str, bars: &[Bar]) -> Document {
    let height = HEAD + LINE * bars.len() as f64 + MARGIN;
    let most = bars.first().map_or(1.0, |bar| bar.rows_per_second);
    let mut chart = Document::new()
        .set("viewBox", (0, 0, WIDTH, height))
        .set("width", WIDTH)
        .set("height", height)
        .set("role", "img")
        .set("font-family", FONT)
        // It is shown on light pages and on dark ones.
        .add(Rectangle::new().set("width", WIDTH).set("height", height).set("rx", 8).set("fill", "#ffffff"))
        .add(words(title, MARGIN, 24.0).set("font-size", 15).set("font-weight", 600).set("fill", INK))
        .add(words(caption, MARGIN, 42.0).set("font-size", 12).set("fill", PALE));
    for (index, bar) in bars.iter().enumerate() {
        let top = HEAD + LINE * index as f64;
        let base = top + THICKNESS - 4.0;
        let length = (WIDTH - NAMES - FIGURES) * bar.rows_per_second / most;
        let (color, weight) = if bar.ours { (OURS, 600) } else { (OTHERS, 400) };
        let label = |text: &str, x: f64| {
            words(text, x, base).set("font-size", 13).set("font-weight", weight).set("fill", INK)
        };
        chart = chart
            .add(label(&bar.name, NAMES - 8.0).set("text-anchor", "end"))
            .add(
                Rectangle::new()
                    .set("x", NAMES)
                    .set("y", top)
                    .set("width", length.max(1.0).round())
                    .set("height", THICKNESS)
                    .set("rx", 2)
                    .set("fill", color),
            )
            .add(label(&thousands(bar.rows_per_second), NAMES + length.max(1.0) + 8.0));
    }
    chart
}

fn words(text: &str, x: f64, y: f64) -> Text {
    Text::new(text).set("x", x.round()).set("y", y)
}

/// Formats like `198,000` or `8,300`.
fn thousands(rows: f64) -> String {
    let digits = if rows < 10_000.0 { 100.0 } else { 1000.0 };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rows are positive and few")]
    crate::stats::grouped(((rows / digits).round() * digits) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fastest_is_on_top_and_names_are_escaped() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("chart.svg");
        let second = Duration::from_secs(1);
        let bars =
            vec![Bar::new("slow & sure", 8_321, second, false), Bar::new("Rowgate", 198_432, second, true)];
        write(&file, "A million rows", "measured here", bars).unwrap();
        let text = std::fs::read_to_string(file).unwrap();
        let place = |needle: &str| text.find(needle).unwrap_or_else(|| panic!("no {needle} in {text}"));
        assert!(place("Rowgate") < place("slow &amp; sure"), "{text}");
        assert!(place("198,000") < place("8,300"), "{text}");
        assert_eq!(text.matches(OURS).count(), 1, "{text}");
    }
}
