#!/bin/bash
# Builds, starts the bundle on sockets of its own, asks every service for its health, stops it by SIGTERM, and looks that it
# ended cleanly and left no socket behind. Then the same for each service by itself.
# Rows 20, 38 of docs/testing.md.
set -euo pipefail

cd "$(dirname "$0")/.."
[ -d build/meson-private ] || meson setup build >/dev/null
ninja -C build >/dev/null

# The path of a socket has at most 107 bytes: a short directory.
top=$(mktemp -d /tmp/hsXXXXXX)
pid=
finish () {
  [ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null || true
  rm -rf "$top"
}
trap finish EXIT

export HOME=$top/h HERO_SOCKET_DIR=$top/s PATH_VAR=$top/v
unset RUST_LOG PATH_SOCKET PATH_SOCKETS PATH_ROOT PATH_CODE CODEROOT HERO_BUNDLE_PLUGIN_DIR NOTIFY_SOCKET
mkdir "$HOME"
printf '[hero_db]\nport = 0\n[hero_router]\nbind = "127.0.0.1:0"\n' > "$top/c.toml"

fail () {
  echo "FAILED: $1" >&2
  cat "$top/out" >&2
  exit 1
}

# poll SOCKET: waits until GET /health answers 200.
poll () {
  local tries
  for tries in $(seq 300); do
    [ "$(curl -s -o "$top/health" -w '%{http_code}' --unix-socket "$1" http://localhost/health)" = 200 ] && return
    kill -0 "$pid" 2>/dev/null || fail "the program ended early"
    sleep 0.1
  done
  fail "no health at $1"
}

# check PROGRAM SERVICE..
check () {
  local program=$1 service code=0
  shift
  "build/host/$program" --config "$top/c.toml" > "$top/out" 2>&1 &
  pid=$!
  for service in "$@"; do
    poll "$HERO_SOCKET_DIR/$service/rpc.sock"
    grep -q "\"service\":\"$service\"" "$top/health" || fail "$service answers for another: $(cat "$top/health")"
  done
  kill -TERM "$pid"
  wait "$pid" || code=$?
  pid=
  [ "$code" = 0 ] || fail "$program ended with exit code $code"
  [ -z "$(find "$HERO_SOCKET_DIR" -name '*.sock')" ] || fail "$program left sockets behind"
  echo "ok $program"
}

check hero_bundle mycelium hero_db hero_indexer hero_code hero_proc hero_router hero_bundle
check mycelium_server_msg mycelium
check hero_db_server hero_db
check hero_indexer_server hero_indexer
check hero_code_server hero_code
check hero_proc_server hero_proc
check hero_router hero_router
