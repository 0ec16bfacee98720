#!/bin/sh
# Makes the certificates of this folder anew: P-256, good for a hundred years, for tests alone. Needs openssl 3.
set -e
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# authority NAME SUBJECT
authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout "$work/$1.key" \
        -subj "$2" -days 36500 -out "$1.pem" -addext basicConstraints=critical,CA:TRUE
}

# issue NAME ISSUER SUBJECT NAMES [DAYS [TRUE, for an authority]]
issue() {
    printf 'basicConstraints=critical,CA:%s\nsubjectAltName=%s\n' "${6:-FALSE}" "$4" > "$work/extensions"
    openssl req -utf8 -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout "$1.key" -subj "$3" |
        openssl x509 -req -CA "$2.pem" -CAkey "$work/$2.key" -days "${5:-36500}" \
            -extfile "$work/extensions" -out "$1.pem"
}

here=DNS:localhost,IP:127.0.0.1,IP:::1
authority district-ca "/O=Riverside Schools/CN=Riverside Root"
authority filter-ca "/O=Example Filter Inc./CN=Example Filter Inspection CA"

# The hub's chain has an authority in between.
issue intermediate district-ca "/O=Riverside Schools/CN=Riverside Servers" DNS:ca.invalid 36500 TRUE
mv intermediate.key "$work"
issue hub intermediate /CN=localhost $here
cat intermediate.pem >> hub.pem
rm intermediate.pem

issue renewed district-ca /CN=localhost $here
issue inspected filter-ca /CN=localhost $here
issue elsewhere district-ca /CN=portal.example.org DNS:portal.example.org
# A name that plays with terminals: clear the screen, then write from right to left.
issue hostile district-ca "/O=Evil/CN=$(printf 'a\033[2Jb\342\200\256c')" DNS:evil.invalid
# Over as soon as it is made.
issue ended district-ca /CN=localhost $here 0
