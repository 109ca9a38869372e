# Builds, runs, tests, measures and installs Lunaxcode; `make help` lists the targets.
# SAN=1 builds with address and undefined-behaviour sanitizers, FUZZ=1 with clang's fuzzer; each under build/ by itself.
variant := $(if $(FUZZ),fuzz,$(if $(SAN),asan,release))
BUILD   := build/$(variant)
PREFIX  ?= /usr/local
LABEL   ?=
FUZZ_SECONDS ?= 60
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc)
endif

ccache   := $(shell command -v ccache)
compiler := $(if $(FUZZ),clang++,g++)
release  := -O2 -g1 -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection -ffunction-sections -fdata-sections
asan     := -O0 -g1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
fuzz     := -O1 -g1 -fno-omit-frame-pointer -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all
warnings := -Wall -Wextra -Wpedantic $(if $(FUZZ),,-Wshadow -Wconversion -Werror)
compile  := $(compiler) -std=c++20 -Isrc -pthread -fPIE $(warnings) $($(variant)) $(CXXFLAGS)
link     := $(compiler) -pthread -pie $($(variant)) -Wl,--as-needed -Wl,--gc-sections -Wl,-z,relro,-z,now $(LDFLAGS)
libs     := -lfcgi -lpq -lcurl -ljansson -lsodium -lmd4c -lpg_query -lcrypto -lmagic -lgd -lhpdf -lqrencode

objects   = $(patsubst %.cpp,$(BUILD)/%.o,$(wildcard $(1)))
names     = $(basename $(notdir $(wildcard $(1))))
layers   := $(patsubst %,$(BUILD)/lib%.a,gateways domain core)
routes   := $(call names,src/routes/*.cpp)
tools    := $(call names,src/tools/*.cpp)
programs := $(addprefix $(BUILD)/bin/,$(routes) $(tools) $(if $(wildcard src/worker/*.cpp),worker))
fuzzers  := $(addprefix $(BUILD)/fuzz-,$(call names,tests/fuzz/*.cpp))
unit     := $(call objects,tests/unit/*.cpp tests/unit/*/*.cpp)

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all deps run test programs tests fuzzers bench fuzz lint install dist clean help FORCE
all: programs ## build every program (the default)
programs: $(programs)
tests: programs $(if $(unit),$(BUILD)/unit-tests)
fuzzers: $(fuzzers)

deps: ## install what building, running and testing need from Debian
	scripts/deps build run test
run: ## install what is missing, build, and run the site on PORT (8080) with its state in STATE (var)
	@scripts/deps build run && $(MAKE) --no-print-directory all && exec scripts/serve
test: ## install what is missing, build, and run every test, or those of one LABEL
	@scripts/deps build run test && $(MAKE) --no-print-directory tests && $(MAKE) --no-print-directory SAN=1 tests && \
	$(MAKE) --no-print-directory FUZZ=1 fuzzers && tests/ctest.sh build && \
	exec ctest --test-dir build --output-on-failure -j$$((2 * $$(nproc))) $(if $(LABEL),-L '^$(LABEL)$$')
bench: ## measure against the machine's own limits, and print the ratios
	@scripts/deps build run bench && $(MAKE) --no-print-directory all && exec tests/bench/run
fuzz: ## fuzz each parser for FUZZ_SECONDS (60)
	@scripts/deps build test && $(MAKE) --no-print-directory FUZZ=1 fuzzers && exec tests/fuzz.sh build/fuzz $(FUZZ_SECONDS)
lint: ## check the shell scripts and which file includes what
	@tests/lint.sh
install: all ## install into DESTDIR with PREFIX (/usr/local)
	@DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' BUILD='$(BUILD)' scripts/install
dist: ## pack the last commit as build/lunaxcode-VERSION.tar.gz
	@mkdir -p build; version=$$(git describe --tags --always); \
	git archive --prefix="lunaxcode-$$version/" -o "build/lunaxcode-$$version.tar.gz" HEAD && echo "build/lunaxcode-$$version.tar.gz"
clean: ## remove everything that was built; the state in STATE stays
	rm -rf build
help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 10

# health answers 503 while the newest public migration that it was built with has not run.
newest := $(shell grep -l '^-- migrate:up.*scope:public' sql/migrations/*.sql | sort | tail -n 1)
$(BUILD)/src/routes/health.o: defines = -DSCHEMA_VERSION='"$(basename $(notdir $(newest)))"'
$(BUILD)/src/routes/health.o: $(newest)
$(BUILD)/flags: FORCE
	@mkdir -p $(@D) && echo '$(compile) | $(link)' | cmp -s - $@ || echo '$(compile) | $(link)' > $@
# What most files include is compiled once, beforehand: a third of a whole build. ccache, which cannot look into that, does without.
common   := algorithm array atomic chrono cstdint functional map memory mutex optional span string string_view thread utility vector
ready     = $(if $(ccache),,$(BUILD)/common/$(1).h)
$(BUILD)/common/%.h: Makefile
	@mkdir -p $(@D) && printf '#include <%s>\n' $(common) $(if $(filter unit,$*),gtest/gtest.h) > $@
$(BUILD)/common/%.h.gch: $(BUILD)/common/%.h $(BUILD)/flags
	@echo "  compile $(variant) what $* files include" && $(compile) $(quick) -x c++-header -o $@ $<
# Unit tests are compiled more often than they run.
$(unit) $(BUILD)/common/unit.h.gch: private quick := -O0 -U_FORTIFY_SOURCE
$(unit): private kind := unit
$(unit): | $(addsuffix .gch,$(call ready,unit))
$(BUILD)/%.o: kind := src
$(BUILD)/%.o: %.cpp $(BUILD)/flags | $(addsuffix .gch,$(call ready,src))
	@mkdir -p $(@D) && echo "  compile $(variant) $<" && $(ccache) $(compile) $(quick) $(addprefix -include ,$(call ready,$(kind))) $(defines) -MMD -MP -c -o $@ $<
.SECONDEXPANSION:
$(layers) $(BUILD)/libworker.a: $(BUILD)/lib%.a: $$(call objects,src/%/*.cpp)
	@mkdir -p $(@D) && rm -f $@ && ar rcs $@ $^
# The first object that defines main wins, so that unit links the worker's archive without starting it.
program = @mkdir -p $(@D) && echo "  link $(variant) $(@F)" && $(link) -o $@ $(filter %.o,$^) $(1) $(filter %.a,$^) $(libs)
$(BUILD)/bin/worker: $(BUILD)/libworker.a $(layers) ; $(call program)
$(routes:%=$(BUILD)/bin/%): $(BUILD)/bin/%: $(BUILD)/src/routes/%.o $(layers) ; $(call program)
$(tools:%=$(BUILD)/bin/%): $(BUILD)/bin/%: $(BUILD)/src/tools/%.o $(layers) ; $(call program)
$(BUILD)/bin/sql-scan: $(call objects,src/tools/scan/*.cpp)
$(BUILD)/unit-tests: $(unit) $(BUILD)/libworker.a $(layers) ; $(call program,-lgtest_main -lgtest)
$(BUILD)/fuzz-%: $(BUILD)/tests/fuzz/%.o $(layers) ; $(call program,-fsanitize=fuzzer)
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
