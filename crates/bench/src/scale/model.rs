//! A model of many files at once against a database of so many capacity units. `docs/benchmarks.md`
//! describes it.
//!
//! Each lane of each load repeats one call: the loader works for it, the call travels, the database
//! works for it. Loaders and database share their processors evenly among the calls that are with
//! them, no call using more than one processor.

/// Aurora's capacity units for one processor. AWS documents 2 GiB of memory and "corresponding CPU"
/// for a unit; instances of the memory-optimised classes have 8 GiB for each virtual processor.
const UNITS_PER_PROCESSOR: f64 = 4.0;

/// What one call needs, in seconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call {
    pub(super) loader: f64,
    pub(super) travel: f64,
    pub(super) database: f64,
    /// Rows that it brings.
    pub(super) rows: f64,
}

/// So many loads at once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    pub(super) loads: usize,
    /// Lanes of each, on one processor.
    pub(super) lanes: usize,
    pub(super) units: f64,
}

/// What comes of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outcome {
    pub(super) rows_per_second: f64,
    /// Shares of the time in which the database's processors, and the loaders', are busy.
    pub(super) database: f64,
    pub(super) loaders: f64,
    /// The longest that a call waits for the database, in seconds.
    pub(super) slowest: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Loader,
    Travel,
    Database,
}

#[derive(Debug, Clone, Copy)]
struct Lane {
    place: Place,
    /// Work, or way, that is left there, in seconds.
    left: f64,
    /// The time of its arrival there.
    since: f64,
}

impl Outcome {
    /// Returns what holds the loads up.
    pub(super) fn bottleneck(self) -> &'static str {
        match (self.database > 0.9, self.loaders > 0.9) {
            (true, _) => "database",
            (_, true) => "loaders",
            _ => "round trips",
        }
    }
}

impl Load {
    /// Runs the model for `calls` calls of each lane.
    pub(super) fn run(self, call: Call, calls: usize) -> Outcome {
        let Self { loads, lanes: per_load, units } = self;
        let processors = units / UNITS_PER_PROCESSOR;
        let count = loads * per_load;
        // They do not begin in step.
        let mut lanes: Vec<Lane> = (0..count)
            .map(|lane| Lane {
                place: Place::Loader,
                left: call.loader * (1.0 + share(lane, count)),
                since: 0.0,
            })
            .collect();
        let (mut now, mut done, mut slowest) = (0.0_f64, 0, 0.0_f64);
        let (mut database, mut loaders) = (0.0, 0.0);
        while done < calls * count {
            let in_database = lanes.iter().filter(|lane| lane.place == Place::Database).count();
            let mut working = vec![0_usize; loads];
            for (number, lane) in lanes.iter().enumerate() {
                working[number / per_load] += usize::from(lane.place == Place::Loader);
            }
            let speed = |number: usize, lane: &Lane| match lane.place {
                Place::Travel => 1.0,
                Place::Loader => 1.0 / float(working[number / per_load]),
                Place::Database => (processors / float(in_database)).min(1.0),
            };
            let speeds: Vec<f64> =
                lanes.iter().enumerate().map(|(number, lane)| speed(number, lane)).collect();
            let ends = lanes.iter().zip(&speeds).map(|(lane, speed)| lane.left / speed);
            let step = ends.fold(f64::INFINITY, f64::min);
            now += step;
            database += step * (float(in_database) / processors).min(1.0);
            loaders += step * float(working.iter().filter(|lanes| **lanes > 0).count()) / float(loads);
            for (lane, speed) in lanes.iter_mut().zip(speeds) {
                lane.left -= step * speed;
                if lane.left > f64::EPSILON {
                    continue;
                }
                let (place, left) = match lane.place {
                    Place::Loader => (Place::Travel, call.travel),
                    Place::Travel => (Place::Database, call.database),
                    Place::Database => {
                        done += 1;
                        slowest = slowest.max(now - lane.since);
                        (Place::Loader, call.loader)
                    }
                };
                *lane = Lane { place, left, since: now };
            }
        }
        Outcome {
            rows_per_second: float(done) * call.rows / now,
            database: database / now,
            loaders: loaders / now,
            slowest,
        }
    }
}

fn share(part: usize, whole: usize) -> f64 {
    float(part) / float(whole)
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn float(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: Call = Call { loader: 0.001, travel: 0.009, database: 0.005, rows: 900.0 };

    fn run(loads: usize, units: f64) -> Outcome {
        Load { loads, lanes: 3, units }.run(CALL, 200)
    }

    #[test]
    fn one_load_on_a_large_database_waits_for_its_calls() {
        let outcome = run(1, 64.0);
        assert_eq!(outcome.bottleneck(), "round trips");
        // Three lanes, each 15 ms a call.
        let expected = 3.0 * 900.0 / 0.015;
        assert!((outcome.rows_per_second / expected - 1.0).abs() < 0.05, "{outcome:?}");
        assert!((outcome.slowest - 0.005).abs() < 1e-6, "{outcome:?}");
    }

    #[test]
    fn many_loads_are_held_up_by_a_small_database_and_none_by_a_larger_one_more() {
        let small = run(16, 4.0);
        assert_eq!(small.bottleneck(), "database");
        // One processor, 5 ms a call.
        assert!((small.rows_per_second / (900.0 / 0.005) - 1.0).abs() < 0.05, "{small:?}");
        assert!(small.slowest > 10.0 * CALL.database, "{small:?}");
        let large = run(16, 16.0);
        assert!(large.rows_per_second > 3.5 * small.rows_per_second, "{large:?}");
    }

    #[test]
    fn work_of_the_loader_itself_can_be_what_is_full() {
        let busy = Call { loader: 0.02, ..CALL };
        let outcome = Load { loads: 2, lanes: 3, units: 64.0 }.run(busy, 200);
        assert_eq!(outcome.bottleneck(), "loaders");
        assert!((outcome.rows_per_second / (2.0 * 900.0 / 0.02) - 1.0).abs() < 0.05, "{outcome:?}");
    }
}
