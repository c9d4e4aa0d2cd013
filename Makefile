# Duet. `make help` lists what can be made. Needed: the Swift toolchain, make, a C compiler with binutils, python3.

PREFIX ?= /usr/local
DESTDIR ?=
VERSION := $(shell sed -n 's/.define DUET_VERSION "\(.*\)"/\1/p' Sources/CPVM/include/version.h)
SONAME := libpvm.so.$(firstword $(subst ., ,$(VERSION)))

export EMBEDDED_SCRATCH ?= .build-embedded
export SCRATCH ?= .build

# Folders stand in the lists too: their time changes when a file comes or goes.
core := $(shell find Sources/CPVM Sources/VMCommon Sources/PVM Sources/EVM* include) Sources/Conversions.swift Package.swift
tool := $(core) $(shell find Sources/DuetTool Sources/duet)

.PHONY: all library tool test bench install clean help
.DELETE_ON_ERROR:

all: library tool

library: build/libpvm.a build/libpvm.so build/lib/pkgconfig/duet.pc
tool: build/bin/duet

# One run of the script makes both libraries and the copies of the headers.
build/libpvm.a: $(core) scripts/build-library scripts/header-symbols scripts/common.sh
	scripts/build-library
build/libpvm.so: build/libpvm.a
	@[ -f $@ ] || scripts/build-library

# Paths relative to the file itself: it works from here and wherever the build folder is moved to.
build/lib/pkgconfig/duet.pc: duet.pc.in Sources/CPVM/include/version.h Makefile
	@mkdir -p $(@D)
	sed -e 's|@prefix@|$${pcfiledir}/../..|; s|@libdir@|$${prefix}|; s|@VERSION@|$(VERSION)|' duet.pc.in > $@

# Linked with a static Swift library, so that it runs without a toolchain.
build/bin/duet: $(tool)
	DUET_TUNED=1 swift build -c release --product duet --static-swift-stdlib --scratch-path $(SCRATCH)
	@mkdir -p $(@D)
	cp "$$(DUET_TUNED=1 swift build -c release --static-swift-stdlib --scratch-path $(SCRATCH) --show-bin-path)/duet" $@

test: all
	swift test --scratch-path $(SCRATCH)
	scripts/test-capi --compilers cc

bench: all
	scripts/bench

install: all
	install -d "$(DESTDIR)$(PREFIX)/bin" "$(DESTDIR)$(PREFIX)/include" "$(DESTDIR)$(PREFIX)/lib/pkgconfig"
	install -m 755 build/bin/duet "$(DESTDIR)$(PREFIX)/bin/duet"
	install -m 644 include/*.h "$(DESTDIR)$(PREFIX)/include/"
	install -m 644 build/libpvm.a "$(DESTDIR)$(PREFIX)/lib/libpvm.a"
	install -m 755 build/libpvm.so "$(DESTDIR)$(PREFIX)/lib/libpvm.so.$(VERSION)"
	ln -sf libpvm.so.$(VERSION) "$(DESTDIR)$(PREFIX)/lib/$(SONAME)"
	ln -sf $(SONAME) "$(DESTDIR)$(PREFIX)/lib/libpvm.so"
	ln -sf $(SONAME) "$(DESTDIR)$(PREFIX)/lib/libduet.so"
	sed -e 's|@prefix@|$(PREFIX)|; s|@libdir@|$${prefix}/lib|; s|@VERSION@|$(VERSION)|' duet.pc.in \
	    > "$(DESTDIR)$(PREFIX)/lib/pkgconfig/duet.pc"

clean:
	rm -rf build $(EMBEDDED_SCRATCH) $(SCRATCH)

help:
	@echo 'make                  build/libpvm.a, build/libpvm.so, build/include, build/lib/pkgconfig, build/bin/duet'
	@echo 'make library          the same without the tool'
	@echo 'make test             the Swift tests and the C, C++ and Python tests of the library'
	@echo 'make bench            speed against native code'
	@echo 'make install          into PREFIX (default /usr/local); DESTDIR is honoured'
	@echo 'make clean            removes everything that was built'
	@echo 'scripts/              one script for each further check; .ci/run runs them all'
