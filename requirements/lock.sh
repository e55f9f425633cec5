#!/usr/bin/env bash
# Lock every group with hashes and without any index address. Needs uv.
set -euo pipefail
cd "$(dirname "$0")/.."
lock() {
    uv pip compile pyproject.toml --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
        --python-version 3.11 --custom-compile-command "make lock" --quiet "$@"
}
lock --extra portal --extra counter --extra dev --output-file requirements/dev.txt
# The smaller groups take the very versions of the largest: one tested set.
lock --constraints requirements/dev.txt --output-file requirements/core.txt
lock --constraints requirements/dev.txt --extra portal --output-file requirements/portal.txt
lock --constraints requirements/dev.txt --extra counter --output-file requirements/counter.txt
