# Everything that is done with this project; `make` alone lists it.

demo_folder := internal/cmd/sluice/testdata/demo
demo_report := dist/sick.html
functions   := $(patsubst functions/%/main.go,%,$(wildcard functions/*/main.go))
bootstraps  := $(functions:%=dist/%/bootstrap)
benchmarked  = $(addprefix ./,$(sort $(dir $(shell grep -rl --include='*_test.go' '^func Benchmark' internal))))

# The Lambdas' architecture, arm64 or amd64. The stack reads it from what was built. It is not
# for bin/sluice, which runs here.
GOARCH ?= arm64
unexport GOARCH

# What a Lambda's binary may have, in bytes; the same code is larger on amd64. Lambda itself takes
# far more. A dependency that comes with a tenth of a binary makes cold starts slower, and the
# way back with them: this makes somebody look at what it is, and make bench (start ≤ 40 ms) tell.
# The largest one has 10.4 MB for arm64 without front ends. The clients of a KeyValueStore and of
# Route 53 come with 1 MB together, and that of CloudFront with 1 MB.
# The widget's template package keeps methods that nothing calls. No deployment waits for it.
max_panel     = 21000000
max_bootstrap = $(if $(filter arm64,$(GOARCH)),12800000,14000000)

# Tests, linters and compilers allocate much and keep little. With fewer collections they take
# two thirds of the time. Not for benchmarks, whose figures are those of a Lambda.
fewer_collections := GOGC=800 GOMEMLIMIT=2GiB

# What make test begins with, so that nothing waits for it at the end. It leaves go vet to make
# lint, which says more, and debuggers' tables out of the binaries: linking them takes minutes.
slow_packages := ./internal/proof ./internal/e2e ./internal/readme ./infra ./infra/smoke ./internal/cmd/sluice

# Some of them wait more than they work, so twice as many run at a time as there are cores.
packages_at_once = $$((2 * $$(getconf _NPROCESSORS_ONLN)))

# For `go test`, such as TESTFLAGS=-race, with CGO_ENABLED=1, where there is a C compiler.
TESTFLAGS ?=

# For make bench and make figures, such as BENCHFLAGS=-benchtime=1x for a short look.
BENCHFLAGS ?=

# For make chaos: CHAOS=slice plays pairs and triples only, the same ones each time; make test
# plays a part of the single faults. CHAOS_SECONDS is for how long pairs are played, and then
# triples.
CHAOS         ?= all
CHAOS_SECONDS ?= 60

# For make judge-night: how often each kind of healthy deployment is played, and where the result
# goes. JUDGE_FILE=internal/trial/night.jsonl keeps it for the judge's page; make golden quotes it.
JUDGE_RUNS ?= 10000
JUDGE_FILE ?= dist/judge-night.jsonl

# For make mutants: how many are tried, 0 for all, and what chooses them. MUTANTFLAGS are
# further flags, such as -only=set_weight.
MUTANTS     ?= 0
SEED        ?= 1
MUTANTFLAGS ?=

# For make release: the version without a v.
VERSION ?=

# An awk that prints each line as soon as it arrives: by itself, mawk would wait for more.
prompt_awk = awk $(shell awk -W version </dev/null 2>&1 | grep -q ^mawk && echo -W interactive)

# What a setting of the stack is given by: make deploy SETTINGS="-c alias=prod". They
# are listed in infra/settings.go. CDKFLAGS are for the command itself, such as
# --require-approval never where nobody answers.
SETTINGS ?=
CDKFLAGS ?=

# The ledger's table stays when the stack is destroyed, or when its first deploy fails. This
# takes it into the stack again. Without it, its name would be taken for ever.
take_in := --import-existing-resources

# For make destroy: ABANDON_OPEN=1 destroys the stack even if deployments are open, or stacks need it.
# The safety net may not get to put the traffic back then.
ABANDON_OPEN ?=

# Any pipeline, for what only needs to know the name of its stack.
any_pipeline = -c pipeline=any/any@any -c pipelineConnection=arn:aws:codeconnections:us-east-1:000000000000:connection/any

# Everything is built in one way: without the paths of this folder, and without C. So a test, a
# linter and a clone find in Go's cache what another one has built.
export GOFLAGS     := $(strip $(filter-out -trimpath,$(shell go env GOFLAGS 2>/dev/null)) -trimpath)
export CGO_ENABLED ?= 0

# No VCS stamp: the same sources give the same bytes, at whatever commit. The command has the
# stamp, for sluice version.
go_build    := CGO_ENABLED=0 go build -buildvcs=false
cdk         := npx --yes aws-cdk@2.1148.1
preflight   := go build -o bin/preflight ./infra/preflight && bin/preflight
govulncheck := go run golang.org/x/vuln/cmd/govulncheck@v1.9.0
staticcheck := go run honnef.co/go/tools/cmd/staticcheck@v0.8.2

# No function may be more complex than this (cyclomatic complexity).
max_complexity := 11
gocyclo        := go run github.com/fzipp/gocyclo/cmd/gocyclo@v0.6.0

# aws-cdk-lib asks for Node 20 (its package.json, engines). jsii, below it, prints
# a banner on a Node at its end of life; these are its own switches for that.
node_version := 20.0.0
go_version   := $(shell sed -n 's/^go //p' go.mod)
export JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION := 1
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20

# $(call needs,name,version,command that prints the one found,where to get it)
define needs
@found=$$($(3) 2>/dev/null | sed 's/^[^0-9]*\([0-9.]*\).*/\1/'); \
printf '%s\n' $(2) "$$found" | sort -C -V || { \
	echo "Sluice needs $(1) $(2) or newer, and found $${found:-none that runs}: see $(4)" >&2; exit 1; }
endef

# $(call play,folder,heading,flags)
define play
@printf '\n%s\n\n  %s\n\n' '$(2)' '$$ bin/sluice simulate -f $(demo_folder)/$(1)/deployment.json -s $(demo_folder)/$(1)/scenario.json'
@bin/sluice simulate -f $(demo_folder)/$(1)/deployment.json -s $(demo_folder)/$(1)/scenario.json $(3)
endef

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-13s  %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: bin/sluice ## play four deployments on a local world: healthy, sick, stopped by a hook, and with a site
	@mkdir -p $(dir $(demo_report))
	$(call play,healthy,== A healthy candidate)
	$(call play,sick,== A sick candidate: an alarm watches it,--report $(demo_report))
	$(call play,hook,== A candidate that fails its test before it gets any traffic)
	$(call play,site,== A function and the site before it: the site is sick and both go back)
	@printf '\nThe report of the sick candidate is a page for your browser: %s\n' $(demo_report)

.PHONY: build
build: bin/sluice $(bootstraps) ## build bin/sluice and every Lambda (dist/NAME/bootstrap, linux/arm64)
	@wc -c $(bootstraps) | awk '$$2 != "total" { printf "%6.1f MB  %s\n", $$1 / 1000000, $$2 } \
		$$2 != "total" && $$1 > ($$2 == "dist/panel/bootstrap" ? $(max_panel) : $(max_bootstrap)) { print "too large: " $$2 > "/dev/stderr"; bad = 1 } \
		END { exit bad }'

.PHONY: test
test: needs-go needs-node ## run every test (Node for the CDK parts)
	$(fewer_collections) go test -p $(packages_at_once) -vet=off -ldflags=-w $(slow_packages) ./... $(TESTFLAGS)

.PHONY: e2e
e2e: needs-go ## play deployments through the Lambdas' own binaries, against a local AWS
	E2E=all go test ./internal/e2e -count=1

.PHONY: lint
lint: needs-go ## gofmt, go vet, staticcheck and gocyclo
	@unformatted=$$("$$(go env GOROOT)/bin/gofmt" -l .); \
	[ -z "$$unformatted" ] || { echo "not formatted, run make fmt:" "$$unformatted" >&2; exit 1; }
	$(fewer_collections) go vet ./...
	$(fewer_collections) $(staticcheck) ./...
	$(gocyclo) -over $(max_complexity) .

.PHONY: presubmit
presubmit: lint test build ## what a change must pass

# The database is asked for by hand first: without it, the tool waits for minutes.
vulnerabilities := https://vuln.go.dev

.PHONY: vuln
vuln: needs-go ## look for known vulnerabilities in what the code calls, if vuln.go.dev answers
	@if curl --silent --fail --max-time 20 --output /dev/null $(vulnerabilities)/index/db.json; \
		then $(govulncheck) -db $(vulnerabilities) ./...; \
		else echo 'skipped: govulncheck, as $(vulnerabilities) does not answer'; fi

.PHONY: fmt
fmt: needs-go ## format the Go files
	go fmt ./...

.PHONY: golden
golden: needs-go needs-node ## rewrite the golden files; read the difference before you keep it
	go test ./statemachine -run Golden -update
	go test ./infra -run Golden -update
	go test ./internal/cmd/sluice -run Golden -update
	go test ./internal/cmd/figures -run Golden -update
	go test ./internal/proof -run OnceWrong -update
	go test ./internal/shift/judge -run Golden -update
	go test ./internal/request ./internal/world -run Golden -update
	go test ./internal/cmd/release -run Golden -update

.PHONY: bench
bench: dist/benchmarks ## measure everything, and print the figures
	go run ./internal/cmd/figures $<

.PHONY: figures
figures: dist/benchmarks ## measure everything, and write the figures of the pages
	go run ./internal/cmd/figures -page internal/cmd/figures/README.md -frontends infra/frontend/README.md -judge internal/shift/judge/README.md $<

# It may be interrupted: then it writes what it has counted. It is no part of make bench, which
# plays each kind of deployment once or twice.
.PHONY: judge-night
judge-night: needs-go ## count for a night how deployments are judged, JUDGE_RUNS (10000) of each healthy kind
	@case '$(JUDGE_RUNS)' in ''|0|*[!0-9]*) echo "JUDGE_RUNS is a number of runs, and not '$(JUDGE_RUNS)'" >&2; exit 1;; esac
	@mkdir -p dist bin
	@go build -o bin/judgenight ./internal/cmd/judgenight
	@$(fewer_collections) bin/judgenight -runs $(JUDGE_RUNS) $(JUDGE_FILE)
	@go run ./internal/cmd/figures -trial $(JUDGE_FILE) -only-trial | tee dist/judge-night.md

# Benchmarks run one after the other; what they start is built before.
.PHONY: dist/benchmarks
dist/benchmarks: needs-go dist/e2e $(bootstraps)
	go test -vet=off -run '^$$' -bench . -benchmem $(BENCHFLAGS) $(benchmarked) | tee $@
	@! grep -q '^FAIL' $@

# Tools that only check. Nothing of Sluice needs them.
.PHONY: conformance
conformance: needs-go ## try Sluice on interpreters and databases that are not ours, as far as they can be had
	@mkdir -p dist/conformance
	@npm install --prefix dist/conformance --no-save --no-audit --no-fund --loglevel=error node@22.23.3 aws-local-stepfunctions@3.0.0 \
		aws-sdk@2.1693.0 @aws-sdk/client-codedeploy@3.1133.0 || \
		echo 'npm cannot fetch aws-local-stepfunctions and the SDKs: what needs them is skipped' >&2
	@CONFORMANCE=$(CURDIR)/dist/conformance go test ./internal/conformance -count=1 -v $(CONFORMANCEFLAGS) | grep -vE '^ *(=== |--- PASS: .*/)' | tee dist/conformance/results
	@! grep -q '^FAIL' dist/conformance/results

.PHONY: chaos
chaos: needs-go ## every single fault on every base scenario, a storm, and pairs and triples for CHAOS_SECONDS (60)
	@case '$(CHAOS)' in all|slice) ;; *) echo "CHAOS is all or slice, and not '$(CHAOS)'" >&2; exit 1;; esac
	@case '$(CHAOS_SECONDS)' in ''|*[!0-9]*) echo "CHAOS_SECONDS is a number of seconds, and not '$(CHAOS_SECONDS)'" >&2; exit 1;; esac
	CHAOS=$(CHAOS) CHAOS_SECONDS=$(CHAOS_SECONDS) $(fewer_collections) go test ./internal/proof -run '$(if $(filter slice,$(CHAOS)),ChaosPairs|ChaosTriples,Chaos|Guard|OnceWrong|GivesUp)' -count=1 -timeout 60m -v | \
		$(prompt_awk) '/^(===|---|    ---|ok|FAIL|panic)/ { story = 0 } /_test\.go:[0-9]+: seed / || /^panic/ { story = 1 } /--- FAIL/ || /^FAIL/ { bad = 1 } \
			story || /^--- |^ok|^FAIL|runs with a|pairs of faults|triples of faults|alarm to restored|    --- FAIL/ { print; fflush() } END { exit bad }'

.PHONY: mutants
mutants: needs-go ## change the code in small ways, and print the changes that no test notices
	go run ./internal/cmd/mutants -sample $(MUTANTS) -seed $(SEED) $(MUTANTFLAGS)

.PHONY: synth
synth: needs-node build ## synthesize the stack (cdk.out/Sluice.template.json), and ask Step Functions about it if it can
	$(cdk) synth --quiet $(SETTINGS) $(CDKFLAGS)
	@$(preflight) definition cdk.out/Sluice.template.json

.PHONY: diff
diff: needs-node needs-aws build ## what deploying would change
	$(cdk) diff $(take_in) $(SETTINGS) $(CDKFLAGS)

.PHONY: deploy
deploy: needs-node needs-aws build ## deploy the stack; choose by SETTINGS="-c name=value"
	$(cdk) deploy --all $(take_in) $(SETTINGS) $(CDKFLAGS)

# One template with parameters, and a zip for each Lambda: infra/package/README.md.
.PHONY: package
package: needs-node build ## write what is deployed without Go, Node and make (dist/package)
	rm -rf dist/package
	go run ./infra package dist/package

# For make smoke: LIST=1 only lists what is tested, CLEAN=1 only removes what earlier runs have
# left, ONLY=stop,alarm tests these rows, ROLE=arn:… is an execution role for its functions, and
# SPEED is the --speed of sluice local.
smoke_flags = $(if $(filter 1,$(LIST)),--list) $(if $(filter 1,$(CLEAN)),--clean) \
	$(if $(ONLY),--only '$(ONLY)') $(if $(ROLE),--role '$(ROLE)') $(if $(SPEED),--speed '$(SPEED)')

.PHONY: smoke
smoke: needs-go ## test the deployed stack on its account, and what AWS leaves open; LIST=1 only lists it
	@go build -o bin/smoke ./infra/smoke && bin/smoke $(smoke_flags) $(SETTINGS)

.PHONY: destroy
destroy: needs-node needs-account build ## remove the stack, and that of a pipeline, if nothing needs it; the table stays
	@$(preflight) destroy $(if $(filter 1,$(ABANDON_OPEN)),--abandon-open) $(SETTINGS)
	$(cdk) destroy --all $(any_pipeline) $(SETTINGS) $(CDKFLAGS)
	@echo 'The table of the ledger stays, with what it knows. The next make deploy takes it in again. To be rid of it, switch off its deletion protection and delete it by hand.'
	@echo 'The bucket of a pipeline stays, with its artifacts of the last 90 days. Its name is its own.'

.PHONY: bootstrap
bootstrap: needs-node needs-account build ## prepare the account and region for CDK, once
	$(cdk) bootstrap $(SETTINGS) $(CDKFLAGS)

.PHONY: install
install: needs-go ## install the command sluice to where go install puts programs
	go install ./internal/cmd/sluice

# goreleaser builds the command for all systems, packs it and writes the checksums: .goreleaser.yaml.
# Where it has never run, Go first fetches 400 MB and builds it for five minutes of one core.
goreleaser := go run github.com/goreleaser/goreleaser/v2@v2.15.1

# $(call release_to,version,folder) works in a clone of the commit that is checked out, tagged with
# the version: so Go records version, commit and date in the command, and nothing that is not
# committed gets in. A tag of this version on another commit is an error of goreleaser's.
define release_to
@clone=$$(mktemp -d) && trap 'rm -rf "$$clone"' EXIT && trap 'exit 1' INT TERM && \
git clone --quiet . "$$clone" && \
{ git -C "$$clone" tag --list 'v$(1)' | grep -q . || git -C "$$clone" -c tag.gpgSign=false tag 'v$(1)'; } && \
(cd "$$clone" && GORELEASER_CURRENT_TAG='v$(1)' $(goreleaser) release --clean --skip=publish) && \
rm -rf $(2) && mkdir -p $(2) && \
cp "$$clone"/dist/release/*.tar.gz "$$clone"/dist/release/*.zip "$$clone"/dist/release/checksums.txt "$$clone"/dist/materials/* $(2)
endef

# It publishes nothing. The workflow .github/workflows/release.yml does, of a tag.
.PHONY: release
release: needs-go ## write the files of release VERSION (0.1.0) to dist/release, from what is committed
	@printf '%s\n' '$(VERSION)' | grep -Eqx '(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*)){2}(-[0-9A-Za-z.-]+)?' || { \
		echo "the version is '$(VERSION)', and must have a form like 0.1.0, without a v: make release VERSION=0.1.0" >&2; exit 1; }
	@grep -q '^## \[$(subst .,\.,$(VERSION))\]' CHANGELOG.md || { \
		echo 'CHANGELOG.md has no section [$(VERSION)]: turn [Unreleased] into it first' >&2; exit 1; }
	@grep -Eq '^## \[$(subst .,\.,$(VERSION))\] - [0-9]{4}-[0-9]{2}-[0-9]{2}$$' CHANGELOG.md || \
		echo 'before you publish this, write the day behind [$(VERSION)] in CHANGELOG.md' >&2
	$(call release_to,$(VERSION),dist/release)
	@cat dist/release/checksums.txt

# No tag has this version, and the changelog need not know it.
.PHONY: release-check
release-check: needs-go ## make a release of what is committed twice, and compare their bytes
	$(call release_to,0.0.0-trial,dist/release-check/first)
	$(call release_to,0.0.0-trial,dist/release-check/second)
	diff -r dist/release-check/first dist/release-check/second
	@cat dist/release-check/first/checksums.txt

# What an archive has beside the command, which writes all of it but the licences.
.PHONY: dist/documents
dist/documents: bin/sluice
	rm -rf $@
	mkdir -p $@/completions
	cp LICENSE $@
	go run ./internal/cmd/release >$@/THIRD_PARTY_LICENSES
	bin/sluice completion bash >$@/completions/sluice.bash
	bin/sluice completion zsh >$@/completions/_sluice
	bin/sluice completion fish >$@/completions/sluice.fish
	bin/sluice completion powershell >$@/completions/sluice.ps1
	bin/sluice manual $@/man

# The SBOM: every module of the command, the Lambdas and the stack. A serial number or a time would
# differ each time. It holds the checksum of the tool itself, which -trimpath in GOFLAGS makes the
# same in every folder. The tool's -licenses is not used: it takes golang.org/x/sys for BSD-Source-Code.
cyclonedx := go run github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0
dist/materials/%.cdx.json: needs-go
	@mkdir -p $(@D)
	$(cyclonedx) mod -json -std -noserial -notimestamp -output $@

.PHONY: clean
clean: ## remove what was built
	rm -rf bin dist cdk.out

.PHONY: needs-go
needs-go:
	$(call needs,Go,$(go_version),go env GOVERSION,https://go.dev/dl/)

.PHONY: needs-node
needs-node:
	$(call needs,Node,$(node_version),node --version,https://nodejs.org/)

.PHONY: needs-account needs-aws
needs-account: needs-go
	@$(preflight) account
needs-aws: needs-go
	@$(preflight) deploy $(SETTINGS)

# Go knows what is up to date; these are always asked for.
.PHONY: bin/sluice $(bootstraps)
bin/sluice: needs-go
	go build -o $@ ./internal/cmd/sluice

# The Lambdas for this machine: what make e2e and sluice local run.
.PHONY: dist/e2e
dist/e2e: needs-go
	@mkdir -p $@
	$(go_build) -ldflags='-s -w' -tags lambda.norpc -o $@/ ./functions/...

$(bootstraps): dist/%/bootstrap: needs-go
	GOOS=linux GOARCH=$(GOARCH) $(go_build) -ldflags='-s -w' -tags lambda.norpc -o $@ ./functions/$*
