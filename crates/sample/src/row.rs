//! Rows: each is made of its number alone, so that a table of any size takes no memory, and a
//! reference knows the key of a row that is not there yet.

use domain::dictionary::ColumnType;
use domain::value::Value;

use crate::check::keep;
use crate::column::ColumnValues;
use crate::plan::{Distinct, Item, TablePlan};
use crate::random::{Random, number_of};

/// One in so many rows has no value where it may be without one.
const ABSENT: u64 = 4;

/// All tables.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows<'p, 'd>(pub(crate) &'p [TablePlan<'d>]);

/// The values of a row that is being made.
type Draft = Vec<Option<Value<'static>>>;

impl Rows<'_, '_> {
    /// Returns row `number` of the table at a position, from 0.
    pub(crate) fn row(self, table: usize, number: u64) -> Vec<Value<'static>> {
        let plan = &self.0[table];
        let mut draft: Draft = vec![None; plan.columns.len()];
        self.fill_key(table, number, &mut draft);
        for distinct in &plan.unique {
            self.fill_unique(table, distinct, number, &mut draft);
        }
        for index in 0..plan.links.len() {
            if self.is_open(plan, Item::Link(index), &draft) {
                self.draw_link(table, index, number, &mut draft);
            }
        }
        let is_fixed: Vec<bool> = draft.iter().map(Option::is_some).collect();
        let mut row: Vec<Value<'static>> = draft
            .into_iter()
            .zip(&plan.columns)
            .map(|(value, values)| {
                value.unwrap_or_else(|| {
                    let mut random = Random::of([plan.number, number, number_of(values.column.name())]);
                    let is_absent = !values.column.required() && is_absent(plan, values, &mut random);
                    if is_absent { Value::Null } else { values.drawn(number, plan.is_list, &mut random) }
                })
            })
            .collect();
        for check in plan.table.checks() {
            keep(check, plan.table, &is_fixed, &mut Random::of([plan.number, number, 1]), &mut row);
        }
        row
    }

    /// Returns the values of a row's key, in the key's order.
    fn key(self, table: usize, number: u64) -> Vec<Value<'static>> {
        let plan = &self.0[table];
        let mut draft: Draft = vec![None; plan.columns.len()];
        self.fill_key(table, number, &mut draft);
        plan.table.key_indexes().iter().map(|index| draft[*index].take().unwrap_or(Value::Null)).collect()
    }

    fn fill_key(self, table: usize, number: u64, draft: &mut Draft) {
        let plan = &self.0[table];
        let Distinct(items) = &plan.key;
        if let (Some(_), Some((first, rest))) = (plan.key.parent(&plan.links), items.split_first()) {
            let (parent, line) = plan.key.parent_of(number);
            self.fill(table, *first, parent, draft);
            // Lines of different parents begin with different rows of what they refer to.
            let offset = if rest.iter().any(|item| matches!(item, Item::Link(_))) { parent } else { 0 };
            self.fill_digits(table, rest, line + offset, draft);
        } else {
            self.fill_digits(table, items, number, draft);
        }
    }

    /// Fills unique columns: one that has enough values by itself leaves the others as they are.
    fn fill_unique(self, table: usize, distinct: &Distinct, number: u64, draft: &mut Draft) {
        let plan = &self.0[table];
        let open: Vec<Item> =
            distinct.0.iter().copied().filter(|item| self.is_open(plan, *item, draft)).collect();
        let is_enough =
            |item: &&Item| matches!(item, Item::Column(_)) && plan.capacity_of(**item, self.0) > number;
        match open.iter().rfind(is_enough) {
            Some(item) => self.fill(table, *item, number, draft),
            None => self.fill_digits(table, &open, number, draft),
        }
    }

    /// Fills parts so that each number has values of its own: the last part counts fastest.
    fn fill_digits(self, table: usize, items: &[Item], number: u64, draft: &mut Draft) {
        let plan = &self.0[table];
        let mut rest = number;
        for (position, item) in items.iter().enumerate().rev() {
            let capacity = plan.capacity_of(*item, self.0).max(1);
            let digit = if position == 0 { rest } else { rest % capacity };
            self.fill(table, *item, digit, draft);
            rest /= capacity;
        }
    }

    /// Fills a part with the value, or the key of the row, of a number.
    fn fill(self, table: usize, item: Item, number: u64, draft: &mut Draft) {
        let plan = &self.0[table];
        match item {
            Item::Column(index) => draft[index] = Some(plan.columns[index].distinct(number)),
            Item::Link(index) => {
                let link = &plan.links[index];
                let key = self.key(link.to, number % self.0[link.to].rows.max(1));
                for (column, value) in link.reference.columns().iter().zip(key) {
                    draft[*column] = Some(value);
                }
            }
        }
    }

    /// Lets a reference name a row, or none where it may.
    fn draw_link(self, table: usize, index: usize, number: u64, draft: &mut Draft) {
        let plan = &self.0[table];
        let link = &plan.links[index];
        let columns = link.reference.columns();
        let mut random = Random::of([plan.number, number, number_of(plan.columns[columns[0]].column.name())]);
        let may_be_absent = columns.iter().all(|column| !plan.columns[*column].column.required());
        // A row of the same table is an earlier one, and the first one has none.
        let known = if link.to == table { number } else { self.0[link.to].used_rows() };
        if may_be_absent && (random.once_in(ABSENT) || known == 0) {
            for column in columns {
                draft[*column].get_or_insert(Value::Null);
            }
            return;
        }
        let row = if known == 0 { number } else { random.skewed(known) };
        // Another reference may have decided a column; one of them then names no row.
        for (column, value) in columns.iter().zip(self.key(link.to, row)) {
            draft[*column].get_or_insert(value);
        }
    }

    /// Returns true if a part has a column without a value.
    fn is_open(self, plan: &TablePlan<'_>, item: Item, draft: &Draft) -> bool {
        match item {
            Item::Column(index) => draft[index].is_none(),
            Item::Link(index) => {
                plan.links[index].reference.columns().iter().any(|column| draft[*column].is_none())
            }
        }
    }
}

/// Returns true if a row is without a value that is not required. What people list has mostly not
/// ended: few of them left, few products are no longer sold.
fn is_absent(plan: &TablePlan<'_>, values: &ColumnValues<'_>, random: &mut Random) -> bool {
    let is_time = matches!(values.column.column_type(), ColumnType::Date | ColumnType::Timestamp { .. });
    random.once_in(ABSENT) != (plan.is_list && is_time)
}
