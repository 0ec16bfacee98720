# The one entry for people and CI. `make demo` and `make test` install what they need.
SWIFT ?= swift
# The one of Swift's own LLVM: another version can't read the profile.
LLVM_COV ?= $(dir $(realpath $(shell command -v $(SWIFT))))llvm-cov
PREFIX ?= /usr/local
DESTDIR ?=
SWIFT_SOURCES = Sources Tests conflict-rules Package.swift Benchmarks/Sources Benchmarks/Package.swift Fuzz

.PHONY: demo test api mutate soak check coverage bench bench-growth bench-peers bench-build fuzz install uninstall \
  format setup build release

## Show the main job with real processes; ends by itself. `make demo ARGS=--keep` leaves the folder.
demo: setup
	$(SWIFT) build
	.build/debug/node-cli demo $(ARGS)

## Every test: units, vectors and properties; then simulations; then sockets; then processes, one after the other,
## because the first keep every core busy and the others watch the clock. Last the independent verifier
## and public tools for REST against the binary.
test: setup
	$(SWIFT) build --build-tests
	$(SWIFT) test --skip-build --filter '^(NodeCoreTests|SyncEngineTests)\.'
	$(SWIFT) test --skip-build --filter '^SimulationTests\.'
	$(SWIFT) test --skip-build --filter '^NodeServerTests\.'
	$(SWIFT) test --skip-build --filter '^NodeCLITests\.'
	/usr/bin/python3 scripts/check_verifier .build/debug/node-cli
	/usr/bin/python3 scripts/check_api .build/debug/node-cli
	$(MAKE) mutate

## The public tools alone: schemathesis against a hub and a node, a generated client. About a minute, and once
## some time for their installation into .build.
api: setup
	$(SWIFT) build
	/usr/bin/python3 scripts/check_api .build/debug/node-cli

## Breaks merge, rules or `seen` in one of the ways of scripts/mutations.py, another one each day, and demands that a test notices.
## Last in `make test`: its own tests have just passed, and it rebuilds one file.
mutate: setup
	scripts/mutate --rotate "$${MUTATE_KEY:-$$(( $$(date +%s) / 86400 ))}" --tested

## Many more generated runs and every mutation, for a night: `make soak SIM_SEEDS=5000 HISTORIES=50000`. A
## failure names its seed; TEST_SEED=n runs that one again.
soak: export SIM_SEEDS ?= 2000
soak: export HISTORIES ?= 20000
soak: export BACKTESTS ?= 5000
soak: export LOAD_SECONDS ?= 60
soak: export TAMPERINGS ?= 1000
soak: export HONEST_SYNCS ?= 1000
soak: export ROSTERS ?= 50000
soak: export ATTEMPTS ?= 10000
soak: export SAMPLES ?= 20
soak: export FUZZ_RUNS ?= 20000
soak: export ROTATION_KILLS ?= 100
soak: export SNAPSHOT_KILLS ?= 100
soak: export RECOVERY_KILLS ?= 25
soak: export KILL_ROUNDS ?= 20
soak: export DRILLS ?= 100
soak: export CUTS ?= 300
soak: setup
	$(SWIFT) build --build-tests
	$(SWIFT) test --skip-build --filter '^SimulationTests\.'
	$(SWIFT) test --skip-build --filter '^SyncEngineTests\.(HistoryTests|RecoveryHistoryTests|TransparencyTests|BacktestTests|CrossTenantTests|FlippedBitTests|DrillTests)'
	$(SWIFT) test --skip-build --filter '^NodeServerTests\.(SeatRaceTests|FuzzCorpusTests)'
	$(SWIFT) test --skip-build --filter '^NodeCoreTests\.(RosterPropertyTests|SessionPropertyTests)'
	$(SWIFT) test --skip-build --filter '^NodeCLITests\.(ImportFuzzTests|KillTests|RotationKillTests|RecoveryKillTests|SnapshotProcessTests|CutLineProcessTests)'
	DRILLS=5 $(SWIFT) test --skip-build --filter '^NodeCLITests\.DrillProcessTests'
	$(SWIFT) build -c release --product node-cli
	/usr/bin/python3 scripts/load .build/release/node-cli --seconds $(LOAD_SECONDS)
	scripts/mutate --all

## Strict lint of all Swift sources.
check: setup
	$(SWIFT) format lint --strict --parallel --recursive $(SWIFT_SOURCES)

## Line coverage of our own sources, as a table.
coverage: setup
	$(SWIFT) test --enable-code-coverage
	@profile=$$(dirname $$($(SWIFT) test --show-codecov-path))/default.profdata; \
	$(LLVM_COV) report .build/debug/node-cliPackageTests.xctest -instr-profile $$profile \
	  -ignore-filename-regex '(\.build|Tests)/'

## What things cost: ratios against SQLite used directly, against plain HTTP, against bare verification, measured in
## one run; one table with targets, and .build/bench.json. Import, first sync, nothing and little to do, snapshot of
## a fresh node, 2,000 nodes that reconnect at once and that wait for news, a hub of 5,000 tenants at rest, seats over
## REST by 64 clients (once more on a simulated slow disk), conflicts, reports, memory at a million rows, a year of
## daily imports, the write guard. Meant for 25 minutes on two quiet cores. `make bench ARGS=--quick` is small, for
## three minutes; `ARGS=--million` and `ARGS=--year` take longer; `ARGS="--runs 3"` does all of it three times and says
## in how many each target was met; `ARGS="--only snapshot,idle"` is a part; `ARGS=--help` lists what can be chosen.
bench: bench-build
	Benchmarks/.build/release/benchmarks $(ARGS)

## The same figures at 1,000 to 1,000,000 rows (`ARGS="--max-rows 100000"`: no more) and 1 to 2,000 tenants, in
## .build/growth.json, as charts in docs/charts, and there in growth.md, which says what grows faster than its work.
## Meant for 15 minutes on two quiet cores.
bench-growth: bench-build
	Benchmarks/.build/release/benchmarks growth $(ARGS)
	scripts/charts .build/growth.json docs/charts

## First sync, nothing and little to do beside Morango (Kolibri's sync engine, from PyPI) and PostgreSQL's logical
## replication (from Debian), all in this run; one table, and .build/peers.json.
bench-peers: bench-build
	Benchmarks/.build/release/benchmarks --only roster,stored --teachers 50000 --stored 5000 \
	  --json .build/bench-peers.json
	Benchmarks/.build/release/benchmarks --only roster --teachers 5000 --json .build/bench-peers-small.json
	/usr/bin/python3 scripts/peers/compare .build/bench-peers.json .build/bench-peers-small.json

bench-build: setup
	$(SWIFT) build -c release --package-path Benchmarks
	@mkdir -p .build

## libFuzzer over everything that parses what strangers send: `make fuzz FUZZ_SECONDS=60`, each of eleven targets so
## long. `make test` replays the corpus that it keeps in Tests/Corpus.
FUZZ_SECONDS ?= 600
fuzz: setup
	scripts/fuzz $(FUZZ_SECONDS) $(TARGETS)

## Reformat all Swift sources.
format:
	$(SWIFT) format --in-place --parallel --recursive $(SWIFT_SOURCES)

build: setup
	$(SWIFT) build

release: setup
	$(SWIFT) build -c release --product node-cli

## Binary, systemd unit and example configuration. DESTDIR stages; without it the service's user is made.
install: release
	install -D -m 0755 .build/release/node-cli $(DESTDIR)$(PREFIX)/bin/node-cli
	install -D -m 0644 node.yaml.example $(DESTDIR)$(PREFIX)/share/node-cli/node.yaml.example
	install -d $(DESTDIR)/lib/systemd/system
	sed 's|@PREFIX@|$(PREFIX)|g' packaging/node-cli.service > $(DESTDIR)/lib/systemd/system/node-cli.service
	@if [ -z "$(DESTDIR)" ]; then \
	  id node-cli >/dev/null 2>&1 || useradd --system --home-dir /var/lib/node-cli --shell /usr/sbin/nologin node-cli; \
	  install -d -m 0700 -o node-cli -g node-cli /var/lib/node-cli; \
	  command -v systemctl >/dev/null && systemctl daemon-reload || true; \
	fi

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/node-cli $(DESTDIR)/lib/systemd/system/node-cli.service
	rm -rf $(DESTDIR)$(PREFIX)/share/node-cli

setup:
	@scripts/setup
