//! Counts calls and their bytes as AWS meters them, so that a program's costs can be measured
//! without an account.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Map, Value, json};

use crate::faults::Operation;

/// The payload of a call that counts as one request in AWS's price list; a larger one counts as one
/// for each of these.
const METERED_BYTES: u64 = 32 * 1024;

/// The calls since the server started, or since they were last reset.
#[derive(Debug, Default)]
pub(crate) struct Usage([Counters; Operation::ALL.len()]);

#[derive(Debug, Default)]
struct Counters {
    calls: AtomicU64,
    metered: AtomicU64,
    request_bytes: AtomicU64,
    response_bytes: AtomicU64,
}

impl Usage {
    /// Counts a call that was answered, with an error as well: AWS does not say that those are
    /// free.
    pub(crate) fn count(&self, operation: Operation, request: usize, response: usize) {
        let [request, response] = [request, response].map(|bytes| u64::try_from(bytes).unwrap_or(u64::MAX));
        let counters = &self.0[operation as usize];
        counters.calls.fetch_add(1, Ordering::Relaxed);
        counters.metered.fetch_add(metered(request, response), Ordering::Relaxed);
        counters.request_bytes.fetch_add(request, Ordering::Relaxed);
        counters.response_bytes.fetch_add(response, Ordering::Relaxed);
    }

    pub(crate) fn reset(&self) {
        for counter in self.0.iter().flat_map(Counters::all) {
            counter.store(0, Ordering::Relaxed);
        }
    }

    /// Returns the sums, and the counts of each operation.
    pub(crate) fn page(&self) -> Value {
        let operations: Map<String, Value> = Operation::ALL
            .into_iter()
            .map(|operation| (format!("{operation:?}"), self.0[operation as usize].values().into()))
            .collect();
        let mut page = Counters::sum(&self.0);
        page.insert("operations".to_owned(), operations.into());
        page.into()
    }
}

impl Counters {
    const NAMES: [&str; 4] = ["calls", "metered_requests", "request_bytes", "response_bytes"];

    fn all(&self) -> [&AtomicU64; 4] {
        [&self.calls, &self.metered, &self.request_bytes, &self.response_bytes]
    }

    fn values(&self) -> Map<String, Value> {
        Self::sum(std::slice::from_ref(self))
    }

    fn sum(counters: &[Self]) -> Map<String, Value> {
        let total = |index: usize| -> u64 {
            counters.iter().map(|counters| counters.all()[index].load(Ordering::Relaxed)).sum()
        };
        (0..).zip(Self::NAMES).map(|(index, name)| (name.to_owned(), json!(total(index)))).collect()
    }
}

/// Returns the requests that a call counts as. AWS's price list says "payload" and not of which
/// direction, so both are added.
fn metered(request: u64, response: u64) -> u64 {
    request.saturating_add(response).div_ceil(METERED_BYTES).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_counts_as_one_request_for_each_32_kib_begun() {
        assert_eq!(metered(0, 0), 1);
        assert_eq!(metered(32_000, 768), 1);
        assert_eq!(metered(32_000, 769), 2);
        assert_eq!(metered(65_536, 0), 2);
        assert_eq!(metered(65_536, 1), 3);
    }

    #[test]
    fn counts_each_operation_and_all_of_them_until_reset() {
        let usage = Usage::default();
        usage.count(Operation::ExecuteStatement, 40_000, 100);
        usage.count(Operation::ExecuteStatement, 100, 10);
        usage.count(Operation::CommitTransaction, 50, 5);
        let page = usage.page();
        assert_eq!((&page["calls"], &page["metered_requests"]), (&json!(3), &json!(4)));
        assert_eq!((&page["request_bytes"], &page["response_bytes"]), (&json!(40_150), &json!(115)));
        let execute = &page["operations"]["ExecuteStatement"];
        assert_eq!((&execute["calls"], &execute["metered_requests"]), (&json!(2), &json!(3)));
        usage.reset();
        assert_eq!(usage.page()["calls"], 0);
    }
}
