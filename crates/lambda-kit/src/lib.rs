//! What every function shares: configuration, tracing, metrics, problem+json.
