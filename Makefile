# SPDX-License-Identifier: ISC
# make help prints what there is.

VERSION := 0.1.0
PREFIX ?= /usr/local
CC = gcc

WARNINGS := -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes \
	-Wvla -Wconversion -Werror
HARDENING := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fcf-protection \
	-fstack-clash-protection -fPIE
LDHARDENING := -pie -Wl,-z,relro,-z,now,-z,noexecstack
CPPFLAGS_ALL := -D_GNU_SOURCE -DHVT_VERSION='"$(VERSION)"' -Iboot-protocol
CFLAGS ?= -O2 -g
CFLAGS_ALL = -std=c11 $(WARNINGS) $(CFLAGS) $(CPPFLAGS_ALL) -MMD -MP
GUEST_CC ?= gcc
GUEST_INCLUDE = $(shell $(GUEST_CC) -print-file-name=include)
# The stack protector's key is not there yet when the first of these run.
GUEST_CFLAGS = -std=c11 $(WARNINGS) -O2 -g -D_GNU_SOURCE -nostdinc \
	-Iboot-protocol -Iguest-runtime -Ibuild/generated \
	-isystem build/sysroot/include -isystem $(GUEST_INCLUDE) \
	-fno-pie -fno-stack-protector -fno-omit-frame-pointer \
	-ffunction-sections -fdata-sections -ffreestanding \
	-ffile-prefix-map=$(CURDIR)=hvt -MMD -MP

MUSL_PACKAGE := musl=1.2.3-1
MUSL_FILE := musl_1.2.3.orig.tar.gz
MUSL_SHA256 := \
	7d5b0b6062521e4627e099e4c9dc8248d32a30285e959b7eecaa780cf8cfd4a4
# An archive or tree of musl 1.2.x, where there is no apt.
MUSL_SRC ?= build/cache/$(MUSL_FILE)

TENDER_OBJ := $(patsubst %.c,build/%.o,$(wildcard tender/*.c))
IMGBUILD_OBJ := $(patsubst %.c,build/%.o,$(wildcard imgbuild/*.c))
RUNTIME_OBJ := $(patsubst %.c,build/%.o,$(wildcard guest-runtime/*.c))
SYSROOT := build/sysroot/lib/hvt-start.o build/sysroot/lib/libhvt.a \
	build/sysroot/lib/image.ld

# make V=1 shows the commands.
ifeq ($(V),1)
say = @:
Q =
else
say = @printf '  %-6s %s\n'
Q = @
endif

.PHONY: all
all: bin/tender bin/imgbuild bin/hvt-cc $(SYSROOT)

bin/tender: $(TENDER_OBJ)
	@mkdir -p $(@D)
	$(say) LINK $@
	$(Q)$(CC) $(CFLAGS) $(LDHARDENING) $(LDFLAGS) $^ -o $@

bin/imgbuild: $(IMGBUILD_OBJ)
	@mkdir -p $(@D)
	$(say) LINK $@
	$(Q)$(CC) $(CFLAGS) $(LDHARDENING) $(LDFLAGS) $^ -lelf -o $@

bin/hvt-cc: bin/imgbuild
	$(Q)ln -sf imgbuild $@

build/tender/%.o: tender/%.c
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) $(CFLAGS_ALL) $(HARDENING) -Itender -c $< -o $@

build/imgbuild/%.o: imgbuild/%.c
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) $(CFLAGS_ALL) $(HARDENING) -Iimgbuild -c $< -o $@

# The C library and the runtime, for images.
build/cache/$(MUSL_FILE):
	$(say) FETCH $@
	$(Q)scripts/fetch-source.sh $(MUSL_PACKAGE) $(MUSL_FILE) $(MUSL_SHA256) \
		$(@D)

build/sysroot/lib/libc.a: $(MUSL_SRC) scripts/build-musl.sh \
		guest-runtime/rt_syscall.h guest-runtime/syscall_list.h \
		$(wildcard guest-runtime/musl/*)
	$(say) MUSL $@
	$(Q)CC=$(GUEST_CC) scripts/build-musl.sh $(MUSL_SRC) build/sysroot

build/generated/syscall_names.h: build/sysroot/lib/libc.a
	@mkdir -p $(@D)
	$(Q)sed -n 's/^#define SYS_\([a-z0-9_]*\)[[:space:]]*\([0-9]*\)$$/[\2] = "\1",/p' \
		build/sysroot/include/bits/syscall.h >$@

build/guest-runtime/%.o: guest-runtime/%.c build/sysroot/lib/libc.a \
		build/generated/syscall_names.h
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(GUEST_CC) $(GUEST_CFLAGS) -c $< -o $@

build/sysroot/lib/hvt-start.o: guest-runtime/start_x86_64.S \
		build/sysroot/lib/libc.a
	$(say) CC $@
	$(Q)$(GUEST_CC) -Iboot-protocol -c $< -o $@

build/sysroot/lib/libhvt.a: $(RUNTIME_OBJ)
	$(Q)rm -f $@
	$(say) AR $@
	$(Q)$(AR) rcsD $@ $^

build/sysroot/lib/image.ld: imgbuild/image_x86_64.ld build/sysroot/lib/libc.a
	$(Q)cp $< $@

-include $(wildcard build/*/*.d)

.PHONY: setup-% demo check lint clean help
setup-%:
	@scripts/setup.sh $*

demo: setup-build
	@$(MAKE) --no-print-directory all
	cp /usr/share/common-licenses/GPL-3 data.img
	truncate -s %512 data.img
	bin/imgbuild samples/sha256sum.c -o build/sha256sum.hvt
	bin/tender --disk=data.img build/sha256sum.hvt

check: setup-build setup-check
	@$(MAKE) --no-print-directory all
	scripts/check.sh $(wildcard tests/*.bats)

lint: setup-build setup-lint
	clang-format --dry-run --Werror $(wildcard */*.[ch] */*/*.[ch])
	shellcheck .ci/run scripts/*.sh

clean:
	rm -rf build bin data.img
