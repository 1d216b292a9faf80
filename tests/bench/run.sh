#!/bin/sh
# Measures atrium beside DuckDB and sqlite3 and prints a table: run.sh BUILD [small|full].
# DuckDB comes from npm into the build folder. doc/measured.md says what is measured and how.
set -eu
build=${1:-build} size=${2:-small}
here=$(dirname "$0")
# Programs are asked for, not packages: node and npm often come from elsewhere than Debian.
for program in node npm sqlite3; do
    command -v "$program" >/dev/null || { sh "$here/../../fixtures/install-packages.sh" bench; break; }
done
for program in clush pdsh parallel-ssh; do
    command -v "$program" >/dev/null || { sh "$here/../../fixtures/install-packages.sh" fleet; break; }
done
command -v rsync >/dev/null || sh "$here/../../fixtures/install-packages.sh" sync
packages=$build/bench
if [ ! -d "$packages/node_modules/@duckdb/node-api" ]; then
    mkdir -p "$packages"
    echo '{"private": true}' >"$packages/package.json"
    npm install --silent --no-audit --no-fund --prefix "$packages" @duckdb/node-api
fi
exec python3 "$here/bench.py" "$build" "$size" "$packages"
