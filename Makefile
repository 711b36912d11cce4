# The everyday commands over CMake. `make help` lists them.
# SPDX-License-Identifier: MIT

# Which compilers the tests run with: both, or the one that was asked for by CC=clang make test, or make test CC=clang.
COMPILERS = $(if $(filter default undefined,$(origin CC)),gcc clang,$(CC))
PREFIX = /usr/local
DEMO =
QUICK =
RUNS = 9
PEERS =
FUZZ_SECONDS = 60
FUZZ =
MUTATION =

.PHONY: help demo test test-long fuzz mutation bench bench-malloc trust fault-table build install format lint coverage clean docs

help: ## this list
	@printf 'make TARGET [VARIABLE=VALUE]\n\n'
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/    \1|\2/p' $(MAKEFILE_LIST) | awk -F '|' '{ printf "%-15s %s\n", $$1, $$2 }'
	@printf '\nVARIABLES\n\n'
	@printf '    CC=clang        test, test-long: with this compiler only; default: gcc and clang\n'
	@printf '    PREFIX=/opt     install: where to; default %s\n' '$(PREFIX)'
	@printf '    DEMO=--help     demo: arguments of the program\n'
	@printf '    MUTATION=--help mutation: arguments of the program\n'
	@printf '    QUICK=1         bench, bench-malloc, trust: a shorter run that leaves docs/ alone\n'
	@printf '    RUNS=n          bench-malloc: of each program with each allocator; default %s\n' '$(RUNS)'
	@printf '    PEERS=x.so      bench-malloc: libraries to measure besides\n'
	@printf '    FUZZ_SECONDS=n  fuzz: for each fuzzer; default %s\n' '$(FUZZ_SECONDS)'
	@printf '    FUZZ=NAME       fuzz: this one only, for example attach.hostile\n'

demo: ## SQLite inside a heap of a fixed size; git on heapmm's malloc; what the C compiler allocates, in build/demo/report.html
	@scripts/setup.sh demo
	@mkdir -p build && cmake --preset release > build/demo.log 2>&1 || { cat build/demo.log; exit 1; }
	@cmake --build --preset release --target example_sqlite_in_a_heap
	@build/release/examples/sqlite_in_a_heap $(DEMO)
	@$(if $(DEMO),,cmake --build --preset release --target heapmm_libraries bench_malloc_launch > build/demo.log || { cat build/demo.log; exit 1; })
	@$(if $(DEMO),,python3 -B bench/malloc/demo.py build/release)
	@$(if $(DEMO),,scripts/demo-trace.sh build/release build/demo)

test: ## all tests, with gcc and with clang
	@scripts/setup.sh test
	@scripts/test.sh $(COMPILERS)

test-long: ## the same for longer, over more configurations
	@scripts/setup.sh test
	@scripts/test.sh --long $(COMPILERS)

fuzz: ## look for inputs that break the heap, with libFuzzer; fuzz/README.md says more
	@scripts/setup.sh test
	@scripts/fuzz.py --seconds $(FUZZ_SECONDS) $(FUZZ)

mutation: ## every small change of the heap and the tree package: which do the tests not find? Hours
	@scripts/setup.sh test
	@tests/mutants/mutate.py $(MUTATION)

bench: ## space, instructions, worst cases, pages and sizes; rewrites docs/benchmarks.md
	@scripts/setup.sh bench
	@python3 -B bench/run.py $(if $(QUICK),--quick)

bench-malloc: ## the malloc replacement beside others; rewrites docs/malloc-benchmarks.md. An hour or two
	@scripts/setup.sh malloc
	@python3 -B bench/malloc/instructions.py
	@python3 -B bench/malloc/run.py $(if $(QUICK),--quick,--runs $(RUNS)) $(PEERS)

trust: ## what misuse and flipped bytes come to; rewrites docs/trust.md
	@scripts/setup.sh trust
	@python3 -B tests/trust/run.py $(if $(QUICK),--quick)

fault-table: ## what the malloc replacement makes of faults; rewrites docs/malloc-faults.md
	@scripts/setup.sh trust
	@python3 -B tests/malloc/fault_table.py

docs: ## the manual: pages in build/docs/html, for man(1) in build/docs/man
	@scripts/setup.sh docs
	@python3 -B scripts/manual/build.py

build: ## the libraries, the tool and the examples, optimised, in build/release
	@scripts/setup.sh demo
	@cmake --preset release
	@cmake --build --preset release --target heapmm_libraries examples/all

install: ## the libraries, the tool, gdb's commands, the headers, the pages for man(1), the CMake package and the pkg-config file
	@scripts/setup.sh install
	@python3 -B scripts/manual/build.py --man
	@cmake --preset release -DCMAKE_INSTALL_PREFIX=$(PREFIX)
	@cmake --build --preset release --target heapmm_libraries
	@cmake --install build/release

format: ## lay out the sources with clang-format
	@scripts/setup.sh test
	@scripts/format.sh

lint: ## look for mistakes with clang-tidy
	@scripts/setup.sh test
	@scripts/lint.sh

coverage: ## which lines and branches of the heap the tests reach
	@scripts/setup.sh coverage
	@scripts/coverage.py

clean: ## remove everything that was built
	@rm -rf build

.DEFAULT:
	@echo "make: there is no '$@' to make; make help lists what there is" >&2; exit 2
