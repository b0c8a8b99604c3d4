//! The items of the bill.

use super::plan::Plan;
use super::prices::PRICES;
use super::usage::{
    ALARMS, BACKUP_ROW, BACKUP_ROW_BYTES, CANARY, CANARY_METRICS, CANARY_REQUESTS, DASHBOARDS, FILE,
    FILE_ROW, MEASURED_ROW_BYTES, METRICS, REQUEST, REQUEST_LOG_BYTES, REQUEST_ROW, SECRETS, Usage,
};

const MILLION: f64 = 1e6;
const GIGABYTE: f64 = 1e9;

/// A line of the bill.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Item {
    /// What causes it.
    pub(super) of: &'static str,
    pub(super) what: &'static str,
    pub(super) quantity: f64,
    pub(super) unit: &'static str,
    pub(super) price: f64,
}

impl Item {
    pub(super) fn usd(&self) -> f64 {
        self.quantity * self.price
    }
}

/// The items of one cause, which are added in turn.
struct Group<'p> {
    of: &'static str,
    plan: &'p Plan,
    items: Vec<Item>,
}

/// Returns every item of a month.
pub(super) fn items(plan: &Plan) -> Vec<Item> {
    let group = |of| Group { of, plan, items: Vec::new() };
    [
        group("database").database(),
        group("fixed").fixed(),
        group("canary").canary(),
        group("rows by API").rows_by_api(),
        group("rows by file").rows_by_file(),
        group("backups, drills").backups(),
    ]
    .concat()
}

impl Group<'_> {
    /// Adds an item, unless there is nothing of it.
    fn add(&mut self, what: &'static str, quantity: f64, unit: &'static str, price: f64) {
        if quantity > 0.0 {
            self.items.push(Item { of: self.of, what, quantity, unit, price });
        }
    }

    /// Adds a usage so many times.
    fn add_usage(&mut self, used: &[(Usage, f64)]) {
        let sum = |of: fn(&Usage) -> f64| used.iter().map(|(usage, times)| of(usage) * times).sum::<f64>();
        self.add(
            "Data API",
            sum(|usage| usage.data_api) / MILLION,
            "million requests",
            PRICES.data_api_million,
        );
        let io = self.choose(PRICES.io_million);
        self.add("Aurora I/O, estimated", sum(|usage| usage.io) / MILLION, "million", io);
        self.add("Lambda", sum(|usage| usage.gb_seconds), "GB-seconds", PRICES.lambda_gb_second);
    }

    fn add_requests(&mut self, requests: f64) {
        self.add("API Gateway", requests / MILLION, "million requests", PRICES.api_million);
        self.add("Lambda, invocations", requests / MILLION, "million", PRICES.lambda_million);
        self.add("logs", requests * REQUEST_LOG_BYTES / GIGABYTE, "GB", PRICES.logs_gb);
    }

    /// Returns the price of the plan's storage.
    fn choose(&self, [standard, optimized]: [f64; 2]) -> f64 {
        if self.plan.io_optimized { optimized } else { standard }
    }

    fn database(mut self) -> Vec<Item> {
        let instances = f64::from(1 + self.plan.readers);
        let (capacity, storage) = (self.choose(PRICES.capacity_hour), self.choose(PRICES.storage_gb));
        self.add("Aurora capacity", self.plan.unit_hours() * instances, "unit-hours", capacity);
        self.add("Aurora storage", self.plan.table_gb, "GB", storage);
        self.items
    }

    fn fixed(mut self) -> Vec<Item> {
        self.add("secrets", SECRETS, "secrets", PRICES.secret);
        // The canary's own is not there without its schedule.
        let alarms = if self.plan.canary_minutes == 0 { ALARMS - 1.0 } else { ALARMS };
        self.add("alarms", alarms, "alarms", PRICES.alarm);
        self.add("dashboard", DASHBOARDS, "dashboards", PRICES.dashboard);
        self.add("metrics", METRICS, "metrics", PRICES.metric);
        self.items
    }

    fn canary(mut self) -> Vec<Item> {
        let runs = self.plan.canary_runs();
        self.add("metrics", if runs > 0.0 { CANARY_METRICS } else { 0.0 }, "metrics", PRICES.metric);
        self.add_requests(runs * CANARY_REQUESTS);
        self.add_usage(&[(CANARY, runs)]);
        self.items
    }

    fn rows_by_api(mut self) -> Vec<Item> {
        let requests = float(self.plan.rows_by_api.div_ceil(self.plan.batch));
        self.add_requests(requests);
        let rows = float(self.plan.rows_by_api) * self.weight();
        self.add_usage(&[(REQUEST, requests), (REQUEST_ROW, rows)]);
        self.items
    }

    fn rows_by_file(mut self) -> Vec<Item> {
        let files = float(self.plan.rows_by_file.div_ceil(self.plan.file_rows));
        let bytes = float(self.plan.rows_by_file) * float(self.plan.row_bytes);
        let rows = float(self.plan.rows_by_file) * self.weight();
        self.add_usage(&[(FILE, files), (FILE_ROW, rows)]);
        self.add("S3, the files of a month", bytes / GIGABYTE, "GB", PRICES.s3_gb);
        self.items
    }

    fn backups(mut self) -> Vec<Item> {
        let backups = f64::from(self.plan.backups_per_month);
        let rows = float(self.plan.table_rows) * self.weight();
        self.add_usage(&[(BACKUP_ROW, rows * backups)]);
        let kept = backups * f64::from(self.plan.backup_keep_days) / 30.0;
        self.add("S3, kept backups", rows * BACKUP_ROW_BYTES * kept / GIGABYTE, "GB", PRICES.s3_gb);
        self.items
    }

    /// How many measured rows a row of the plan is, by its bytes.
    fn weight(&self) -> f64 {
        float(self.plan.row_bytes) / MEASURED_ROW_BYTES
    }
}

#[expect(clippy::cast_precision_loss, reason = "an estimate; no count comes near 2⁵³")]
fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        plan: Plan,
    }

    fn of(line: &str) -> Vec<Item> {
        items(&Line::try_parse_from(std::iter::once("x").chain(line.split_whitespace())).unwrap().plan)
    }

    fn sum(items: &[Item], of: &str) -> f64 {
        items.iter().filter(|item| item.of == of).map(Item::usd).sum()
    }

    const NOTHING: &str =
        "--rows-by-api 0 --rows-by-file 0 --backups-per-month 0 --canary-minutes 0 --table-gb 0";

    #[test]
    fn without_work_only_what_is_fixed_costs() {
        let items = of(NOTHING);
        assert!(items.iter().all(|item| item.of == "fixed"), "{items:?}");
        // Without the alarm of the canary.
        let fixed = 3.0 * 0.4 + (ALARMS - 1.0) * 0.1 + DASHBOARDS * 3.0 + 0.9;
        assert!((sum(&items, "fixed") - fixed).abs() < 1e-9);
    }

    #[test]
    fn an_item_is_quantity_times_price() {
        let items = of(&format!("{} --min-capacity 1", NOTHING.replace("--table-gb 0", "--table-gb 100")));
        let database: Vec<_> = items.iter().filter(|item| item.of == "database").collect();
        assert_eq!((database[0].quantity, database[0].usd()), (730.0, 730.0 * 0.12));
        assert_eq!(database[1].usd(), 10.0);
    }

    #[test]
    fn io_optimized_storage_costs_more_and_its_io_nothing() {
        let (standard, optimized) =
            (of("--rows-by-file 1000000000"), of("--rows-by-file 1000000000 --io-optimized"));
        let io = |items: &[Item]| {
            items.iter().filter(|item| item.what.starts_with("Aurora I/O")).map(Item::usd).sum::<f64>()
        };
        assert!(io(&standard) > 0.0 && io(&optimized) == 0.0);
        assert!(sum(&optimized, "database") > sum(&standard, "database"));
    }

    #[test]
    fn small_batches_cost_more_than_large_ones() {
        let costs: Vec<_> =
            ["1", "10", "1000"].map(|batch| sum(&of(&format!("--batch {batch}")), "rows by API")).into();
        assert!(costs[0] > costs[1] && costs[1] > costs[2], "{costs:?}");
    }

    #[test]
    fn twice_as_many_rows_cost_twice_as_much() {
        let (one, two) = (of("--rows-by-api 1000000"), of("--rows-by-api 2000000"));
        assert!((sum(&two, "rows by API") / sum(&one, "rows by API") - 2.0).abs() < 1e-9);
    }

    #[test]
    fn readers_are_instances_like_the_writer() {
        let capacity = |line: &str| of(line)[0].usd();
        assert!((capacity("--readers 2") / capacity("") - 3.0).abs() < 1e-9);
    }

    #[test]
    fn the_counts_are_those_of_the_stack() {
        let count = |kind: &str| {
            [
                include_str!("../../../../../infra/test/__snapshots__/service.template.json"),
                include_str!("../../../../../infra/test/__snapshots__/data.template.json"),
            ]
            .map(|template| {
                let template: serde_json::Value = serde_json::from_str(template).unwrap();
                let resources = template["Resources"].as_object().unwrap();
                float(resources.values().filter(|resource| resource["Type"] == kind).count() as u64)
            })
            .iter()
            .sum::<f64>()
        };
        assert_eq!(ALARMS, count("AWS::CloudWatch::Alarm"));
        assert_eq!(DASHBOARDS, count("AWS::CloudWatch::Dashboard"));
        // RDS makes the administrator's itself.
        assert_eq!(SECRETS, count("AWS::SecretsManager::Secret") + 1.0);
    }
}
