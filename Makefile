# atrium: `make run` to see it, `make test` to trust it. `make help` lists everything.

BUILD    ?= build
PREFIX   ?= /usr/local
CC       ?= cc
SIZE     ?= small
V        ?= 0
Q        := $(if $(filter 0,$(V)),@)
SAY       = $(if $(filter 0,$(V)),@echo "  $(1) $(2:$(BUILD)/%=%)")
VERSION  := 0.1.0

# SAN=address,undefined or SAN=thread makes an instrumented build in a folder of its own.
SAN      ?=
OPT      ?= $(if $(SAN),-O1 -g -fno-omit-frame-pointer -fsanitize=$(SAN) -fno-sanitize-recover=all,-O2 -g)
CFLAGS   += -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -Wno-missing-field-initializers -Wshadow -Wstrict-prototypes \
            -Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Wvla -fno-common -pthread $(OPT)
CPPFLAGS += -I. -I$(BUILD) -DATRIUM_VERSION='"$(VERSION)"' -DATRIUM_PREFIX='"$(PREFIX)"'
# Libraries with many symbols of their own come first, where those are looked up when a program starts.
LDLIBS   += -lsqlite3 -lnettle -lncursesw -ltinfo -lhogweed -lpcre2-8 -lzstd -lutf8proc -ljansson -linih -lssh -lcurl -lxxhash -lvterm -lm
LDFLAGS  += -pthread -Wl,--as-needed

MAIN     := views/main.c fixtures/devices/main.c
SOURCES  := $(filter-out $(MAIN),$(sort $(wildcard tui/*.c model/*/*.c views/*.c views/cli/*.c fixtures/*/*.c)))
SCHEMA   := $(sort $(wildcard model/store/schema/*.sql))
OBJECTS  := $(SOURCES:%.c=$(BUILD)/obj/%.o) $(BUILD)/obj/schema.o $(BUILD)/obj/device_script.o
LIBRARY  := $(BUILD)/libatrium.a
TESTS    := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard tests/unit/test_*.c tests/screen/test_*.c tests/fault/test_*.c tests/sync/test_*.c)))
REPLAYS  := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
HELPERS  := $(BUILD)/tests/support.a
SUPPORT  := $(patsubst %.c,$(BUILD)/obj/%.o,$(sort $(wildcard tests/support/*.c)))
LOCALES  := $(patsubst views/po/%.po,$(BUILD)/locale/%/LC_MESSAGES/atrium.mo,$(wildcard views/po/*.po))

include $(sort $(wildcard tests/bench/*.mk tests/fuzz/*.mk doc/*.mk))

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:

##@ Using it
all: $(BUILD)/atrium $(BUILD)/atrium-devices $(LOCALES) ## build the program

run: run-deps ## install what is missing, build, make the demo mall once, open the console on it
	@$(MAKE) --no-print-directory -j$$(nproc) all
	@$(BUILD)/atrium demo

install: all $(BUILD)/atrium.1 $(BUILD)/completions ## install program, manual, completions, translations
	install -D -m 755 $(BUILD)/atrium $(DESTDIR)$(PREFIX)/bin/atrium
	install -D -m 644 $(BUILD)/atrium.1 $(DESTDIR)$(PREFIX)/share/man/man1/atrium.1
	install -D -m 644 $(BUILD)/completions/atrium.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/atrium
	install -D -m 644 $(BUILD)/completions/_atrium $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_atrium
	for map in fixtures/maps/*.ini; do install -D -m 644 $$map $(DESTDIR)$(PREFIX)/share/atrium/maps/$${map##*/}; done
	cd $(BUILD)/locale && for mo in */LC_MESSAGES/atrium.mo; do \
	    [ -f $$mo ] && install -D -m 644 $$mo $(DESTDIR)$(PREFIX)/share/locale/$$mo; done; true

##@ Working on it
deps: ## install the packages that building needs
	@sh fixtures/install-packages.sh build

run-deps:
	@sh fixtures/install-packages.sh build run

test-deps:
	@sh fixtures/install-packages.sh build test

test: test-deps ## install what tests need and run all of them
	@$(MAKE) --no-print-directory -j$$(nproc) all tests
	@sh tests/run.sh $(BUILD)

tests: $(TESTS) $(REPLAYS)

asan: test-deps ## the tests with AddressSanitizer and UndefinedBehaviorSanitizer
	@$(MAKE) --no-print-directory -j$$(nproc) BUILD=build-asan SAN=address,undefined all tests
	@SAN=address,undefined sh tests/run.sh build-asan

tsan: test-deps ## the tests with ThreadSanitizer
	@$(MAKE) --no-print-directory -j$$(nproc) BUILD=build-tsan SAN=thread all tests
	@SAN=thread sh tests/run.sh build-tsan

lint-deps:
	@sh fixtures/install-packages.sh lint

lint: lint-deps ## layout, layering, and habits the compiler does not check
	@sh tests/lint.sh

format: ## lay out every file as .clang-format says
	clang-format -i $$(git ls-files -co --exclude-standard '*.c' '*.h')

bench: test-deps ## print a table of measurements and append it to the results file; SIZE=full for 100 million events
	@$(MAKE) --no-print-directory -j$$(nproc) all bench-programs
	@sh tests/bench/run.sh $(BUILD) $(SIZE)

dist: ## a source archive
	git archive --prefix=atrium-$(VERSION)/ -o atrium-$(VERSION).tar.gz HEAD

POT = $(BUILD)/atrium.pot
pot: $(POT)
$(POT): $(SOURCES) $(MAIN) $(wildcard views/*.h)
	@mkdir -p $(@D)
	@xgettext --from-code=UTF-8 -LC -k_ -kN_ -kngettext:1,2 -kC_:1c,2 --no-location --sort-output --package-name=atrium -o $@ $^

po: pot ## bring new texts into the translations
	for po in views/po/*.po; do msgmerge --quiet --update --backup=none --no-fuzzy-matching --no-wrap --sort-output $$po $(POT); done

clean: ## remove what was built
	rm -rf $(BUILD) build-asan build-tsan

help: ## this list
	@awk 'BEGIN { FS = ":.*## " } /^##@/ { print "\n" substr($$0, 5) } /^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

##@ Parts
$(BUILD)/atrium: $(BUILD)/obj/views/main.o $(LIBRARY)
	$(call SAY,LINK ,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# A fleet on loopback addresses, for tests and the demo.
$(BUILD)/atrium-devices: $(BUILD)/obj/fixtures/devices/main.o $(LIBRARY)
	$(call SAY,LINK ,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(LIBRARY): $(OBJECTS) $(BUILD)/objects
	@rm -f $@
	$(Q)$(AR) rcs $@ $(OBJECTS)

# What the archives are made of: they are made again also when a file came or went.
$(BUILD)/objects: FORCE
	@mkdir -p $(@D)
	@echo '$(OBJECTS) $(SUPPORT)' | cmp -s - $@ || echo '$(OBJECTS) $(SUPPORT)' > $@

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call SAY,CC   ,$<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# The names by which libraries are loaded late (model/base/late.h).
$(BUILD)/sonames.h: Makefile
	@mkdir -p $(@D)
	@for name in ssh curl; do \
	    soname=$$(readelf -d "$$($(CC) -print-file-name=lib$$name.so)" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p'); \
	    [ "$$soname" ] || { echo "lib$$name.so is not installed: make deps" >&2; exit 1; }; \
	    echo "#define SONAME_$$(echo $$name | tr a-z A-Z) \"$$soname\""; done > $@

$(BUILD)/obj/model/fleet/ssh_late.o $(BUILD)/obj/model/campaign/curl_late.o: $(BUILD)/sonames.h

# The schema's SQL as C strings, one a migration.
$(BUILD)/schema.c: $(SCHEMA) Makefile
	@mkdir -p $(@D)
	@{ echo '#include "model/store/schema.h"'; echo 'const char *const schema_migrations[] = {'; \
	   for f in $(SCHEMA); do sed 's/\\/\\\\/g; s/"/\\"/g; s/^/"/; s/$$/\\n"/' $$f; echo ','; done; \
	   echo '};'; echo 'const int schema_version = sizeof schema_migrations / sizeof *schema_migrations;'; } > $@

# The script that lies on devices, as a C string.
$(BUILD)/device_script.c: model/fleet/atrium-device.sh Makefile
	@mkdir -p $(@D)
	@{ echo '#include "model/fleet/work.h"'; echo 'const char device_script[] ='; \
	   sed 's/\\/\\\\/g; s/"/\\"/g; s/^/"/; s/$$/\\n"/' $<; echo ';'; } > $@

# The simulation plays programs of several versions.
$(BUILD)/obj/tests/sync/test_simulation.o: $(BUILD)/schema.c

$(BUILD)/obj/schema.o $(BUILD)/obj/device_script.o: $(BUILD)/obj/%.o: $(BUILD)/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(BUILD)/locale/%/LC_MESSAGES/atrium.mo: views/po/%.po
	@mkdir -p $(@D)
	$(call SAY,MSGFMT,$<)
	$(Q)msgfmt --check -o $@ $<

$(HELPERS): $(SUPPORT) $(BUILD)/objects
	@mkdir -p $(@D)
	@rm -f $@
	$(Q)$(AR) rcs $@ $(SUPPORT)

$(REPLAYS): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(BUILD)/obj/tests/fuzz/replay.o $(HELPERS) $(LIBRARY)
	@mkdir -p $(@D)
	$(call SAY,LINK ,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(HELPERS) $(LIBRARY) $(LDLIBS) -lcmocka

$(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(HELPERS) $(LIBRARY)
	@mkdir -p $(@D)
	$(call SAY,LINK ,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< $(HELPERS) $(LIBRARY) $(LDLIBS) -lcmocka -lutil

$(BUILD)/atrium.1: $(BUILD)/atrium
	$(BUILD)/atrium manual > $@

$(BUILD)/completions: $(BUILD)/atrium
	@mkdir -p $@
	$(BUILD)/atrium completion bash > $@/atrium.bash
	$(BUILD)/atrium completion zsh > $@/_atrium

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)

.PHONY: FORCE pot po all run install deps run-deps test-deps test tests asan tsan lint format bench dist clean help
