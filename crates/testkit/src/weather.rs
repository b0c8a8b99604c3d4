//! What goes wrong between a function and the services that it calls.

use std::time::Duration;

use fastrand::Rng;

/// How often what goes wrong, each as a share of all requests. Nothing by default.
#[derive(Debug, Clone, Copy, Default)]
pub struct Weather {
    /// What chance is drawn from.
    pub seed: u64,
    /// Refused with 503; nothing is done.
    pub refused: f64,
    /// Dropped without an answer; nothing is done.
    pub dropped: f64,
    /// Done, and the answer is lost with the connection.
    pub lost: f64,
    /// The connection ends within the content of an answer.
    pub cut: f64,
    /// Takes this long.
    pub slow: f64,
    /// How long a slow one takes.
    pub delay: Duration,
}

/// What becomes of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Fine,
    Refused,
    Dropped,
    Lost,
    /// The connection ends after this share, in 256ths, of the answer's content.
    Cut(u8),
    Slow(Duration),
}

#[derive(Debug)]
pub(crate) struct Sky {
    weather: Weather,
    random: Rng,
    pub(crate) requests: u64,
    pub(crate) struck: u64,
}

impl Default for Sky {
    fn default() -> Self {
        Self { weather: Weather::default(), random: Rng::with_seed(0), requests: 0, struck: 0 }
    }
}

impl Sky {
    pub(crate) fn set(&mut self, weather: Weather) {
        (self.weather, self.random) = (weather, Rng::with_seed(weather.seed));
    }

    pub(crate) fn next(&mut self) -> Fate {
        self.requests += 1;
        let Weather { refused, dropped, lost, cut, slow, delay, .. } = self.weather;
        let mut drawn = self.random.f64();
        let part = self.random.u8(..);
        for (share, fate) in [
            (refused, Fate::Refused),
            (dropped, Fate::Dropped),
            (lost, Fate::Lost),
            (cut, Fate::Cut(part)),
            (slow, Fate::Slow(delay)),
        ] {
            if drawn < share {
                self.struck += 1;
                return fate;
            }
            drawn -= share;
        }
        Fate::Fine
    }
}
