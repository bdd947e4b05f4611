#!/bin/sh
# Installs from Debian or Ubuntu what the tests in this directory drive: a JDK, Maven, JAX-WS RI and gSOAP; and PostgreSQL for tests/integration/store.
# Quiet unless something fails; what is installed already stays as it is. Needs root, or sudo.
set -eu

packages="libjaxws-java gsoap libgsoap-dev gcc libc6-dev libssl-dev zlib1g-dev pkg-config curl postgresql"
command -v javac >/dev/null 2>&1 || packages="default-jdk-headless $packages"
command -v mvn >/dev/null 2>&1 || packages="maven $packages"

missing=""
for package in $packages; do
    status=$(dpkg-query --show --showformat '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

command -v apt-get >/dev/null 2>&1 || { echo "no apt-get here; install by hand:$missing" >&2; exit 1; }
root=""
[ "$(id -u)" -eq 0 ] || root="sudo"
log=$(mktemp)
trap 'rm -f "$log"' EXIT

quietly() {
    "$@" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
}

quietly $root apt-get update -q
# shellcheck disable=SC2086  # a list of names, to be split
quietly $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing
