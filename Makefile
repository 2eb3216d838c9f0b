# Everything that one does with this project. It needs Node.js 20.19 or newer, and npm.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

TENANTRY := node dist/src/cli/bin.js
VITEST := node node_modules/vitest/vitest.mjs
JITI := node node_modules/jiti/lib/jiti-cli.mjs

# npm writes this at the end of each installation; tsc writes bin.js in each build.
INSTALLED := node_modules/.package-lock.json
BUILT := dist/src/cli/bin.js
# The folders too: their time changes when a file is added or removed. Not as "codegen", which is a target.
SOURCES := $(shell find src/. schema/. codegen/. 2>/dev/null)

.PHONY: help
help: ## show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-20s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo 'ARGS adds options: make db-status ARGS=--json'

$(INSTALLED): package-lock.json
	@echo 'installing dependencies' >&2
	@npm ci --no-audit --no-fund --loglevel=error >&2
	@touch $@

$(BUILT): $(INSTALLED) $(SOURCES) package.json tsconfig.json tsconfig.build.json rolldown.config.ts
	@echo 'building' >&2
	@npm run -s build
	@find dist -name '*.js' -not -path 'dist/src/cli/*' | while read -r file; do \
		source=$${file#dist/}; test -e "$${source%.js}.ts" || rm -f "$${file%.js}".*; \
	done
	@touch $@

.PHONY: install build
install: $(INSTALLED) ## install the dependencies, if the lock file has changed
build: $(BUILT) ## compile into dist/, if a source has changed

setup: build ## install, build, and check before each commit
	@git config core.hooksPath .githooks

.PHONY: check test test-unit test-pg15
check: build ## types, lint, formatting, dead code, direction of imports
	@npm run -s check

test: build ## all tests; where on, tests/support/README.md says
	@$(VITEST) run $(ARGS)

test-unit: build ## the tests that need no server; or those of FILE=
	@$(VITEST) run $(if $(FILE),"$(FILE)",--project unit) $(ARGS)

test-pg15: build ## the integration tests on PostgreSQL 15, Debian's package
	@$(JITI) tests/support/with-postgres15.ts $(VITEST) run tests/integration \
		$(foreach name,$(ON_EMBEDDED_ONLY),--exclude 'tests/integration/$(name).test.ts') $(ARGS)

# They start a server of their own, or need none, or are about what is written, drawn or cached and not about what a
# server does.
ON_EMBEDDED_ONLY := embedded-server bad-servers check check-staged-files generate shell create-life-cycle \
	create-refusals create-renames backup-postgres15 client-standby demo doctor heads redis-cache redis-cache-model \
	redis-failover redis-forget-tenant report report-browser restore-command seed

.PHONY: docs-cli
docs-cli: $(INSTALLED) ## write docs/cli.md from the commands' definitions; ARGS=--check compares
	@$(JITI) tests/docs/write-cli-page.ts $(ARGS)

.PHONY: mutants faults soak bench-check bench-migrate bench-client bench-backup
mutants: build ## plant every fault, and count the layers that find it
	@$(VITEST) run --project server tests/mutants $(ARGS)

faults: build ## kill, cut and fill whatever a migration depends on, in full; the test run does a part
	@FAULTS=all $(VITEST) run --project server tests/faults $(ARGS)

soak: build ## 100,000 random operations of several tenants, held against a model; OPERATIONS= SEED=
	@$(JITI) tests/soak/run-soak.ts $(ARGS)

bench-check: build ## time check and validate; writes docs/benchmarks.md
	@$(JITI) tests/bench/bench-check.ts $(ARGS)

bench-migrate: build ## time the migrator beside four others; writes docs/benchmarks.md
	@$(JITI) tests/bench/bench-migrate.ts $(ARGS)

bench-client: build ## time the client beside four other ways; writes docs/benchmarks.md
	@$(JITI) tests/bench/bench-client.ts $(ARGS)

bench-backup: build ## time backup and restore beside pg_dump; MEGABYTES=; writes docs/benchmarks.md
	@$(JITI) tests/bench/bench-backup.ts $(ARGS)

.PHONY: db-stamp db-rollback setup codegen db-check db-validate db-verify db-init db-status db-create-migration db-heads db-migrate db-plan db-history db-report db-purge db-backup db-restore db-erase db-reset db-seed db-doctor db-shell redis-shell db-start db-stop demo
db-init: build ## bring the database to the right state
	@$(TENANTRY) init $(ARGS)

db-status: build ## server, migrations, and the isolation of each table
	@$(TENANTRY) status $(ARGS)

db-create-migration: build ## write the next migration: NAME=add_invoices
	@test -n "$$NAME" || { echo 'A name is missing: make db-create-migration NAME=add_invoices' >&2; exit 2; }
	@$(TENANTRY) create "$$NAME" $(ARGS)

db-heads: build ## the graph of the migrations, and whether branches go together
	@$(TENANTRY) heads $(ARGS)

db-check: build ## judge schema and migrations, without a database
	@$(TENANTRY) check $(ARGS)

db-validate: build ## rehearse the migrations on a shadow, and attack the result
	@$(TENANTRY) validate $(ARGS)

db-verify: build ## judge the live database
	@$(TENANTRY) verify $(ARGS)

codegen: build ## relations, zod, manifest, docs/schema.md
	@$(TENANTRY) generate $(ARGS)

db-migrate: build ## apply what is pending
	@$(TENANTRY) migrate $(ARGS)

db-stamp: build ## record what is proven to be applied: TO=name
	@$(TENANTRY) stamp $(if $(TO),--to "$(TO)") $(ARGS)

db-rollback: build ## take migrations back (development): ARGS=--yes
	@$(TENANTRY) rollback $(if $(TO),--to "$(TO)") $(ARGS)

db-plan: build ## what migrate would do: locks, rewrites, sizes
	@$(TENANTRY) plan $(ARGS)

db-history: build ## the run log
	@$(TENANTRY) history $(ARGS)

db-report: build ## one HTML page on the isolation of the database: FILE=report.html
	@$(TENANTRY) report --html "$(if $(FILE),$(FILE),report.html)" $(ARGS)

db-purge: build ## delete expired tokens; ARGS=--dry-run shows what would go
	@$(TENANTRY) purge $(ARGS)

db-backup: build ## the whole database into .tenantry/backups (development): KEEP=5 leaves the newest
	@$(TENANTRY) backup $(if $(KEEP),--keep "$(KEEP)") $(ARGS)

db-restore: build ## a backup into a new database (development): FILE=name; ARGS="--into app --yes"
	@$(TENANTRY) restore $(if $(FILE),"$(FILE)") $(ARGS)

db-erase: build ## delete one creator: CREATOR=id; ARGS=--yes does it, ARGS=--dry-run shows it
	@test -n "$$CREATOR" || { echo 'Whose rows? make db-erase CREATOR=id ARGS=--dry-run' >&2; exit 2; }
	@$(TENANTRY) erase --creator "$$CREATOR" $(ARGS)

db-reset: build ## drop what the migrations made, and make it anew (development): ARGS=--yes
	@$(TENANTRY) reset $(ARGS)

db-seed: build ## data for several creators (development)
	@$(TENANTRY) seed $(ARGS)

db-doctor: build ## what is wrong with this set-up, and what to do
	@$(TENANTRY) doctor $(ARGS)

db-shell: build ## psql on the database; ARGS="--as-creator ID"
	@$(TENANTRY) shell $(ARGS)

redis-shell: build ## redis-cli
	@$(TENANTRY) redis-shell $(ARGS)

db-start: build ## start the embedded server
	@$(TENANTRY) start $(ARGS)

db-stop: build ## stop the embedded server; its data stays
	@$(TENANTRY) stop $(ARGS)

demo: build ## two creators, one reaching for the other's rows
	@$(JITI) examples/isolation.ts $(ARGS)
