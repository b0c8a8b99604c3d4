#!/usr/bin/env bash
# make bench: measures Rowgate against the database alone, in the shipping profile, and prints a table.
# BENCH='--quick' (or any options of `bench --help`) goes to the program; PROFILE=dev spares the long build for a look.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

profile=${PROFILE:-release}
need_cargo
need_mariadb

packages=(--package bench --package local-data-api)
for function in "${FUNCTIONS[@]}"; do
    packages+=(--package "$function")
done
say "building the $profile profile (the first time takes many minutes)"
cargo build --profile "$profile" --locked "${packages[@]}" --bins --example latency

folder=$profile
[ "$profile" != dev ] || folder=debug
read -ra options <<<"${BENCH:-}"
exec "${TARGET%/debug}/$folder/bench" ${options[@]+"${options[@]}"}
