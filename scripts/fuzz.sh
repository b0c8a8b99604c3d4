#!/usr/bin/env bash
# make fuzz [TARGET=values] [SECONDS=60]: feeds bytes that coverage guides to what reads other
# people's bytes, one target or each in turn. What was found before, and good files of the tests,
# are where it begins. A finding ends the run and stays in fuzz/artifacts.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

TARGETS=(values workbook avro json_rows)

alone fuzz
need_cargo
need_tools
[ -x "$TOOLS/bin/cargo-fuzz" ] || {
    say "installing cargo-fuzz into .local/tools"
    cargo install cargo-fuzz --version 0.13.1 --locked --quiet --root "$TOOLS"
}
targets=("${TARGETS[@]}")
[ -z "${1:-}" ] || targets=("$1")
for target in "${targets[@]}"; do
    case " ${TARGETS[*]} " in
    *" $target "*) ;;
    *) stop "there is no fuzz target $target; use one of ${TARGETS[*]}." ;;
    esac
    seeds=()
    [ "$target" = json_rows ] || [ "$target" = avro ] || seeds=(crates/loader/tests/fixtures/cases crates/files/tests/fixtures)
    say "fuzzing $target for ${2:-60} seconds"
    mkdir -p "fuzz/corpus/$target"
    # Without a sanitizer, which needs a nightly compiler; the code has no unsafe block, so there is
    # nothing for one to find.
    cargo fuzz run "$target" --sanitizer none --target-dir target/fuzz "fuzz/corpus/$target" "${seeds[@]}" -- \
        -max_total_time="${2:-60}" -max_len=65536 -rss_limit_mb=1024 -timeout=10 -print_final_stats=1
done
