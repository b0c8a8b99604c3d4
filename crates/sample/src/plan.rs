//! The number of rows of each table, and the way in which a table's columns are filled.

use domain::dictionary::{ColumnType, Dictionary, Reference, Table};

use crate::column::{ColumnValues, Period};
use crate::random::number_of;

/// Rows of a table that others refer to, at least.
const FEWEST: u64 = 3;

/// One of so many rows of a table is never referred to: the department that hires nobody, the
/// product that nobody buys.
const UNUSED: u64 = 20;

/// A table, and how its rows are made.
#[derive(Debug)]
pub(crate) struct TablePlan<'d> {
    pub(crate) table: &'d Table,
    /// Names the table among all tables, so that its rows stay the same when another one is added.
    pub(crate) number: u64,
    pub(crate) rows: u64,
    /// True for a table that others refer to and that refers to none: what it lists differs in
    /// name, and is older than what happens with it.
    pub(crate) is_list: bool,
    pub(crate) columns: Vec<ColumnValues<'d>>,
    pub(crate) links: Vec<Link<'d>>,
    pub(crate) key: Distinct,
    pub(crate) unique: Vec<Distinct>,
}

/// A reference, with the position of the referred table among the plans.
#[derive(Debug)]
pub(crate) struct Link<'d> {
    pub(crate) reference: &'d Reference,
    pub(crate) to: usize,
}

/// Columns that no two rows share: what makes them differ.
#[derive(Debug)]
pub(crate) struct Distinct(pub(crate) Vec<Item>);

/// A part of such columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Item {
    /// The columns of this reference.
    Link(usize),
    /// A column of its own.
    Column(usize),
}

impl Distinct {
    /// Splits columns into references that lie within them, and the rest.
    fn of(columns: &[usize], links: &[Link<'_>], own: &str) -> Self {
        let mut rest = columns.to_vec();
        let mut items = Vec::new();
        for (index, link) in links.iter().enumerate() {
            let within = link.reference.columns().iter().all(|column| rest.contains(column));
            // A row cannot have the key of a row that has its key.
            if within && link.reference.table() != own {
                rest.retain(|column| !link.reference.columns().contains(column));
                items.push(Item::Link(index));
            }
        }
        items.extend(rest.into_iter().map(Item::Column));
        Self(items)
    }

    /// Returns the table whose rows have several rows of this one each: lines of a sale.
    pub(crate) fn parent(&self, links: &[Link<'_>]) -> Option<usize> {
        match self.0.first() {
            Some(Item::Link(index)) => links.get(*index).map(|link| link.to),
            _ => None,
        }
    }
}

/// Plans the tables of a dictionary. `rows` is the number of rows of the largest, `year` the first
/// of the two years in which things happen.
pub(crate) fn plan(dictionary: &Dictionary, rows: u64, year: u16) -> Vec<TablePlan<'_>> {
    let tables: Vec<&Table> = dictionary.visible_tables().collect();
    let mut plans: Vec<TablePlan<'_>> = tables.iter().map(|table| plan_of(table, &tables, year)).collect();
    count_rows(&mut plans, rows.max(1));
    plans
}

fn plan_of<'d>(table: &'d Table, tables: &[&'d Table], year: u16) -> TablePlan<'d> {
    let mut links: Vec<Link<'d>> = table
        .references()
        .iter()
        .filter_map(|reference| {
            let to = tables.iter().position(|other| other.name() == reference.table())?;
            Some(Link { reference, to })
        })
        .collect();
    // The widest decide: a reference of one column may be a part of them.
    links.sort_by_key(|link| std::cmp::Reverse(link.reference.columns().len()));
    let refers = links.iter().any(|link| link.reference.table() != table.name());
    let is_list = !refers && is_referred(table, tables);
    let period =
        if is_list { Period::of_years(year.saturating_sub(10), 10) } else { Period::of_years(year, 2) };
    TablePlan {
        number: number_of(table.name()),
        rows: 0,
        is_list,
        columns: table.columns().iter().map(|column| ColumnValues::new(column, period)).collect(),
        key: Distinct::of(table.key_indexes(), &links, table.name()),
        unique: table.unique().iter().map(|set| Distinct::of(set, &links, table.name())).collect(),
        links,
        table,
    }
}

/// Returns true if another table refers to this one.
fn is_referred(table: &Table, tables: &[&Table]) -> bool {
    let refers = |other: &&&Table| {
        other.name() != table.name() && other.references().iter().any(|one| one.table() == table.name())
    };
    tables.iter().any(|other| refers(&other))
}

/// Gives every table a sensible number of rows: all of them to what nothing refers to, fewer to
/// what is referred to.
fn count_rows(plans: &mut [TablePlan<'_>], rows: u64) {
    let tables: Vec<&Table> = plans.iter().map(|plan| plan.table).collect();
    // From the tables that nothing refers to back to those that refer to nothing.
    for index in (0..plans.len()).rev() {
        let plan = &plans[index];
        plans[index].rows = if !is_referred(plan.table, &tables) {
            rows
        } else if plan.key.parent(&plan.links).is_some() {
            // Follows its parent below.
            0
        } else {
            let lines = plans.iter().filter(|other| other.key.parent(&other.links) == Some(index));
            let least = lines.map(|other| other.key.parents_of(other.rows)).max().unwrap_or(0);
            least.max(usual_rows(plan, rows)).min(rows)
        };
    }
    for index in 0..plans.len() {
        let plan = &plans[index];
        let mut most = plan.capacity(plans);
        if let Some(parent) = plan.key.parent(&plan.links) {
            most = most.min(plan.key.lines_of(plans[parent].rows));
        }
        let wanted = if plan.rows == 0 { most } else { plan.rows };
        plans[index].rows = wanted.min(most).max(1);
    }
}

/// Returns the rows of a table that others refer to, by its shape.
fn usual_rows(plan: &TablePlan<'_>, rows: u64) -> u64 {
    let is_small = plan.table.key_columns().any(|column| column.column_type() == ColumnType::SmallInt)
        || plan.table.columns().len() <= 2;
    let usual = match cube_root(rows) {
        // Departments, categories: a report may have a row for each pair of them.
        root if is_small => root,
        root if plan.is_list => root * root,
        _ => rows / 2,
    };
    usual.max(FEWEST)
}

/// Returns the greatest number whose third power is not greater.
fn cube_root(number: u64) -> u64 {
    // The floating-point root may be off by one.
    let near = (number as f64).cbrt() as u64 + 1;
    let is_greater = |root: &u64| root.checked_pow(3).is_none_or(|power| power > number);
    near - (0..3).take_while(|less| is_greater(&(near - less))).count() as u64
}

impl TablePlan<'_> {
    /// Returns the number of rows that can be referred to.
    pub(crate) fn used_rows(&self) -> u64 {
        self.rows - self.rows / UNUSED
    }

    /// Returns the most rows that can differ in the key and in everything that is unique.
    pub(crate) fn capacity(&self, plans: &[Self]) -> u64 {
        let of = |distinct: &Distinct| {
            let items = distinct.0.iter().map(|item| self.capacity_of(*item, plans));
            items.fold(1, u64::saturating_mul)
        };
        let parent = self.key.parent(&self.links).is_some();
        let key = if parent { u64::MAX } else { of(&self.key) };
        self.unique.iter().map(of).fold(key, u64::min)
    }

    /// Returns the number of values that a part of unique columns can have.
    pub(crate) fn capacity_of(&self, item: Item, plans: &[Self]) -> u64 {
        match item {
            Item::Link(index) => plans[self.links[index].to].rows,
            Item::Column(index) => self.columns[index].capacity(),
        }
    }
}

/// The lines of five parents: of the first one, three of the second, and so on.
const LINES: [u64; 5] = [1, 3, 2, 1, 3];
const LINES_OF_FIVE: u64 = 10;

impl Distinct {
    /// Returns true if a row of the parent has one row of this table at most.
    fn is_one_to_one(&self) -> bool {
        self.0.len() == 1
    }

    /// Returns the parent of a row, and the row's number among those of the parent, from 0.
    pub(crate) fn parent_of(&self, row: u64) -> (u64, u64) {
        if self.is_one_to_one() {
            return (row, 0);
        }
        let (mut parent, mut line) = (row / LINES_OF_FIVE * LINES.len() as u64, row % LINES_OF_FIVE);
        for lines in LINES {
            if line < lines {
                break;
            }
            line -= lines;
            parent += 1;
        }
        (parent, line)
    }

    /// Returns the number of parents that so many rows have.
    fn parents_of(&self, rows: u64) -> u64 {
        rows.checked_sub(1).map_or(0, |last| self.parent_of(last).0 + 1)
    }

    /// Returns the number of rows of so many parents.
    fn lines_of(&self, parents: u64) -> u64 {
        if self.is_one_to_one() {
            return parents;
        }
        let five = LINES.len() as u64;
        let rest: u64 = LINES.iter().take((parents % five) as usize).sum();
        (parents / five).saturating_mul(LINES_OF_FIVE).saturating_add(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_has_its_parent() {
        let lines = Distinct(vec![Item::Link(0), Item::Column(1)]);
        let parents: Vec<(u64, u64)> = (0..12).map(|row| lines.parent_of(row)).collect();
        assert_eq!(
            parents,
            [(0, 0), (1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (3, 0), (4, 0), (4, 1), (4, 2), (5, 0), (6, 0)]
        );
        for rows in 0..100 {
            let parents = lines.parents_of(rows);
            assert!(lines.lines_of(parents) >= rows && (parents == 0 || lines.lines_of(parents - 1) < rows));
        }
    }

    #[test]
    fn tables_have_sensible_numbers_of_rows() {
        let text = r#"
            [[table]]
            name = "kinds"
            columns = [{ name = "id", type = "integer", key = true }, { name = "kind", type = "string(20)" }]

            [[table]]
            name = "people"
            columns = [
                { name = "id", type = "integer", key = true },
                { name = "name", type = "string(20)" },
                { name = "born", type = "date" },
            ]

            [[table]]
            name = "orders"
            columns = [
                { name = "id", type = "bigint", key = true },
                { name = "person", type = "integer", references = "people" },
                { name = "kind", type = "integer", references = "kinds" },
            ]

            [[table]]
            name = "lines"
            columns = [
                { name = "order_id", type = "bigint", key = true, references = "orders" },
                { name = "line", type = "smallint", key = true },
            ]

            [[table]]
            name = "flags"
            columns = [{ name = "letter", type = "string(1)", key = true, values = ["a", "b"] }]
        "#;
        let dictionary = Dictionary::parse("d.toml", text).unwrap();
        let rows = |most| -> Vec<(String, u64)> {
            plan(&dictionary, most, 2021)
                .iter()
                .map(|plan| (plan.table.name().to_owned(), plan.rows))
                .collect()
        };
        let expected = |counts: [u64; 5]| -> Vec<(String, u64)> {
            ["kinds", "people", "orders", "lines", "flags"]
                .map(str::to_owned)
                .into_iter()
                .zip(counts)
                .collect()
        };
        assert_eq!(rows(1_000_000), expected([100, 10_000, 500_000, 1_000_000, 2]));
        assert_eq!(rows(1000), expected([10, 100, 500, 1000, 2]));
        assert_eq!(rows(1), expected([1, 1, 1, 1, 1]));
        assert_eq!(rows(0), rows(1));
    }
}
