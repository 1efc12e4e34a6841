# SPDX-License-Identifier: ISC
# make help prints what there is.

VERSION := 0.1.0
PREFIX ?= /usr/local
CC = gcc

WARNINGS := -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes \
	-Wvla -Wconversion -Werror
HARDENING := -fstack-protector-strong -D_FORTIFY_SOURCE=3 -fcf-protection \
	-fstack-clash-protection -fPIE
LDHARDENING := -pie -Wl,-z,relro,-z,now,-z,noexecstack
CPPFLAGS_ALL := -D_GNU_SOURCE -DHVT_VERSION='"$(VERSION)"' -Iboot-protocol
CFLAGS ?= -O2 -g
CFLAGS_ALL = -std=c11 $(WARNINGS) $(CFLAGS) $(CPPFLAGS_ALL) -MMD -MP

# The tender starts quicker with a static musl (ARCHITECTURE.md). Where there
# is no musl-gcc, or CC is another compiler, it gets the C library of CC.
TENDER_LIBC ?= $(if $(filter gcc,$(CC)),$(if \
	$(shell command -v musl-gcc),musl))
ifeq ($(TENDER_LIBC),musl)
TENDER_CC := musl-gcc
# musl's ioctl() takes an int, where the constants are unsigned.
TENDER_CFLAGS := -idirafter build/host-headers -Wno-sign-conversion \
	-ffunction-sections -fno-asynchronous-unwind-tables
TENDER_HEADERS := build/host-headers
# What it lacks there is in tender/sodium_musl.c.
TENDER_LIBS := $(shell $(CC) -print-file-name=libsodium.a)
# musl-gcc has no -static-pie of its own.
TENDER_LDFLAGS := -static -nostartfiles -l:rcrt1.o -Wl,--gc-sections \
	-Wl,-pie,--no-dynamic-linker,-z,text
else
TENDER_CC := $(CC)
TENDER_LIBS := -lsodium
endif
GUEST_CC ?= gcc
GUEST_INCLUDE = $(shell $(GUEST_CC) -print-file-name=include)
# The stack protector's key is not there yet when the first of these run.
GUEST_CFLAGS = -std=c11 $(WARNINGS) -O2 -g -D_GNU_SOURCE -nostdinc \
	-Iboot-protocol -Iguest-runtime -Ibuild/generated \
	-isystem build/sysroot/include -isystem $(GUEST_INCLUDE) \
	-isystem build/e2fsprogs/include \
	-isystem build/lwip/include -isystem guest-runtime/lwip \
	-isystem build/musl/src/malloc/mallocng \
	-fno-pie -fno-stack-protector -fno-omit-frame-pointer \
	-ffunction-sections -fdata-sections -ffreestanding \
	-fno-tree-loop-distribute-patterns -falign-functions=1 \
	-fno-asynchronous-unwind-tables -fstack-clash-protection \
	-ffile-prefix-map=$(CURDIR)=hvt -MMD -MP

MUSL_PACKAGE := musl=1.2.3-1
MUSL_FILE := musl_1.2.3.orig.tar.gz
MUSL_SHA256 := \
	7d5b0b6062521e4627e099e4c9dc8248d32a30285e959b7eecaa780cf8cfd4a4
# An archive or tree of musl 1.2.x, where there is no apt.
MUSL_SRC ?= build/cache/$(MUSL_FILE)

E2FSPROGS_PACKAGE := e2fsprogs=1.47.0-2
E2FSPROGS_FILE := e2fsprogs_1.47.0.orig.tar.gz
E2FSPROGS_SHA256 := \
	6667afde56eef0c6af26684974400e4d2288ea49e9441bf5e6229195d51a3578
E2FSPROGS_SRC ?= build/cache/$(E2FSPROGS_FILE)

LWIP_PACKAGE := lwip=2.1.3+dfsg1-2
LWIP_FILE := lwip_2.1.3+dfsg1.orig.tar.xz
LWIP_SHA256 := \
	0a8276d09fc4e97bbba2f953d74af2388fc2195ea156be9d7589e297a68fde24
LWIP_SRC ?= build/cache/$(LWIP_FILE)

TENDER_OBJ := $(patsubst %.c,build/%.o,$(wildcard tender/*.c))
IMGBUILD_OBJ := $(patsubst %.c,build/%.o,$(wildcard imgbuild/*.c))
IMGBUILD_LIBS := -lsodium -ldw -lelf -lext2fs -lcom_err
RUNTIME_OBJ := $(patsubst %.c,build/%.o,$(wildcard guest-runtime/*.c)) \
	$(patsubst %.S,build/%.o,$(filter-out %/start_x86_64.S, \
	$(wildcard guest-runtime/*.S)))
SYSROOT := build/sysroot/lib/hvt-start.o build/sysroot/lib/hvt-no-ext4.o \
	build/sysroot/lib/libhvt.a \
	build/sysroot/lib/image.ld

# make V=1 shows the commands.
ifeq ($(V),1)
say = @:
Q =
else
say = @printf '  %-6s %s\n'
Q = @
endif

.DELETE_ON_ERROR:

.PHONY: all
all: bin/tender bin/imgbuild bin/hvt-cc $(SYSROOT)

bin/tender: $(TENDER_OBJ)
	@mkdir -p $(@D)
	$(say) LINK $@
	$(Q)$(TENDER_CC) $(CFLAGS) $(LDHARDENING) $(TENDER_LDFLAGS) $(LDFLAGS) \
		$^ $(TENDER_LIBS) -o $@

bin/imgbuild: $(IMGBUILD_OBJ)
	@mkdir -p $(@D)
	$(say) LINK $@
	$(Q)$(CC) $(CFLAGS) $(LDHARDENING) $(LDFLAGS) $^ $(IMGBUILD_LIBS) -o $@

bin/hvt-cc: bin/imgbuild
	$(Q)ln -sf imgbuild $@

# Of the headers outside libc's, only those of the kernel.
build/host-headers:
	@mkdir -p $@
	$(Q)ln -s $(wildcard /usr/include/linux /usr/include/asm-generic \
		/usr/include/sodium) $@
	$(Q)ln -s $(firstword $(wildcard /usr/include/$(shell $(CC) \
		-print-multiarch)/asm /usr/include/asm)) $@/asm

# Objects of one libc do not link with another.
build/tender/libc-$(TENDER_LIBC):
	@mkdir -p $(@D)
	@rm -f $(@D)/libc-*
	@touch $@

build/tender/%.o: tender/%.c Makefile build/tender/libc-$(TENDER_LIBC) \
		| $(TENDER_HEADERS)
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(TENDER_CC) $(CFLAGS_ALL) $(HARDENING) $(TENDER_CFLAGS) \
		-Itender -c $< -o $@

build/imgbuild/%.o: imgbuild/%.c Makefile
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
ifeq ($(MUSL_SRC),build/cache/$(MUSL_FILE))
	$(Q)scripts/fetch-source.sh $(MUSL_PACKAGE) $(MUSL_FILE) $(MUSL_SHA256) \
		build/cache
endif
	$(Q)CC=$(GUEST_CC) scripts/build-musl.sh $(MUSL_SRC) build/sysroot

# libext2fs, for file systems in the guest.
build/cache/$(E2FSPROGS_FILE):
	$(say) FETCH $@
	$(Q)scripts/fetch-source.sh $(E2FSPROGS_PACKAGE) $(E2FSPROGS_FILE) \
		$(E2FSPROGS_SHA256) $(@D)

build/e2fsprogs/libext2fs.a: $(E2FSPROGS_SRC) scripts/build-e2fsprogs.sh \
		build/sysroot/lib/libc.a $(wildcard guest-runtime/e2fsprogs/*)
	$(say) EXT2FS $@
ifeq ($(E2FSPROGS_SRC),build/cache/$(E2FSPROGS_FILE))
	$(Q)scripts/fetch-source.sh $(E2FSPROGS_PACKAGE) $(E2FSPROGS_FILE) \
		$(E2FSPROGS_SHA256) build/cache
endif
	$(Q)CC=$(GUEST_CC) scripts/build-e2fsprogs.sh $(E2FSPROGS_SRC) $(@D) \
		build/sysroot

# lwIP, for the network in the guest.
build/cache/$(LWIP_FILE):
	$(say) FETCH $@
	$(Q)scripts/fetch-source.sh $(LWIP_PACKAGE) $(LWIP_FILE) $(LWIP_SHA256) \
		$(@D)

LWIP_HEADERS := $(wildcard guest-runtime/lwip/*.h guest-runtime/lwip/arch/*.h)
build/lwip/liblwip.a: $(LWIP_SRC) scripts/build-lwip.sh $(LWIP_HEADERS) \
		build/sysroot/lib/libc.a
	$(say) LWIP $@
ifeq ($(LWIP_SRC),build/cache/$(LWIP_FILE))
	$(Q)scripts/fetch-source.sh $(LWIP_PACKAGE) $(LWIP_FILE) $(LWIP_SHA256) \
		build/cache
endif
	$(Q)CC=$(GUEST_CC) scripts/build-lwip.sh $(LWIP_SRC) $(@D) build/sysroot

build/generated/syscall_names.h: build/sysroot/lib/libc.a
	@mkdir -p $(@D)
	$(Q)sed -n 's/^#define SYS_\([a-z0-9_]*\)[[:space:]]*\([0-9]*\)$$/[\2] = "\1",/p' \
		build/sysroot/include/bits/syscall.h >$@

build/guest-runtime/%.o: guest-runtime/%.c Makefile build/sysroot/lib/libc.a \
		build/generated/syscall_names.h
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(GUEST_CC) $(GUEST_CFLAGS) -c $< -o $@

# These call libext2fs, whose names in the guest all begin with __rt_, and get
# such names themselves.
EXT_OBJ := $(filter build/guest-runtime/ext.o build/guest-runtime/ext_%.o, \
	$(RUNTIME_OBJ))
$(EXT_OBJ): build/guest-runtime/%.o: guest-runtime/%.c Makefile \
		build/e2fsprogs/libext2fs.a build/generated/syscall_names.h
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(GUEST_CC) $(GUEST_CFLAGS) -c $< -o $@
	$(Q)nm -g --format=posix $@ | sed -n 's/^\(ext_[^ ]*\).*/\1 __rt_\1/p' | \
		cat build/e2fsprogs/symbols - >$@.symbols
	$(Q)objcopy --redefine-syms=$@.symbols $@

# Likewise these and lwIP.
NET_OBJ := $(filter build/guest-runtime/net.o build/guest-runtime/net_%.o, \
	$(RUNTIME_OBJ))
$(NET_OBJ): build/guest-runtime/%.o: guest-runtime/%.c Makefile \
		build/lwip/liblwip.a build/generated/syscall_names.h
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(GUEST_CC) $(GUEST_CFLAGS) -c $< -o $@
	$(Q)nm -g --format=posix $@ | sed -n 's/^\(net_[^ ]*\).*/\1 __rt_\1/p' | \
		cat build/lwip/symbols - | sort -u >$@.symbols
	$(Q)objcopy --redefine-syms=$@.symbols $@

build/guest-runtime/%.o: guest-runtime/%.S Makefile build/sysroot/lib/libc.a
	@mkdir -p $(@D)
	$(say) AS $@
	$(Q)$(GUEST_CC) -Iboot-protocol -MMD -MP -c $< -o $@

build/sysroot/lib/hvt-start.o: guest-runtime/start_x86_64.S \
		boot-protocol/abi_version.h build/sysroot/lib/libc.a
	$(say) CC $@
	$(Q)$(GUEST_CC) -Iboot-protocol -c $< -o $@

build/sysroot/lib/hvt-no-ext4.o: guest-runtime/left_out/ext.c Makefile \
		build/sysroot/lib/libc.a guest-runtime/ext.h
	$(say) CC $@
	$(Q)$(GUEST_CC) $(filter-out -MMD -MP,$(GUEST_CFLAGS)) -c $< -o $@

build/sysroot/lib/libhvt.a: $(RUNTIME_OBJ) build/e2fsprogs/libext2fs.a \
		build/lwip/liblwip.a
	$(Q)rm -f $@
	$(say) AR $@
	$(Q)$(AR) rcsD $@ $(RUNTIME_OBJ) build/e2fsprogs/obj/*.o \
		build/lwip/obj/*.o

build/sysroot/lib/image.ld: imgbuild/image_x86_64.ld build/sysroot/lib/libc.a
	$(Q)cp $< $@


# C unit tests, of every tender/*.c but main.c, under ASan and UBSan.
UNIT := $(patsubst tests/unit/%.c,build/unit/%,$(wildcard tests/unit/*_test.c))
UNIT_CC ?= clang
SANITIZE := -g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=all
UNIT_CFLAGS = -std=c11 $(WARNINGS) $(SANITIZE) $(CPPFLAGS_ALL) -MMD -MP \
	-DHVT_NO_SANDBOX \
	-Itests/unit
UNIT_TENDER := $(patsubst %.c,build/san/%.o,$(wildcard tender/*.c))
UNIT_IMGBUILD := $(patsubst %.c,build/san/%.o,$(wildcard imgbuild/*.c))

build/san/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(UNIT_CC) $(UNIT_CFLAGS) -I$(<D) -c $< -o $@

build/unit/%: tests/unit/%.c $(filter-out %/main.o,$(UNIT_TENDER))
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(UNIT_CC) $(UNIT_CFLAGS) -Itender $(filter %.c %.o,$^) -lsodium \
		-o $@

# Tests of the file systems for the guest, which need nothing of the tender.
EXT_TEST_OBJ := $(patsubst guest-runtime/%.c,build/unit-ext/%.o, \
	guest-runtime/ext.c $(wildcard guest-runtime/ext_*.c))
EXT_TEST_CC = $(UNIT_CC) -std=c11 $(WARNINGS) $(SANITIZE) -D_GNU_SOURCE \
	-Iboot-protocol -Iguest-runtime -Itests/unit -I. -MMD -MP \
	-isystem build/e2fsprogs-asan/include

build/unit-ext/%.o: guest-runtime/%.c Makefile build/e2fsprogs-asan/libext2fs.a
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(EXT_TEST_CC) -c $< -o $@

build/unit-ext/libext.a: $(EXT_TEST_OBJ)
	$(Q)rm -f $@
	$(say) AR $@
	$(Q)$(AR) rcsD $@ $^

build/unit/ext_%: tests/unit/ext_%.c build/unit-ext/libext.a
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(EXT_TEST_CC) $< build/unit-ext/libext.a \
		build/e2fsprogs-asan/libext2fs.a -o $@

# libext2fs once more, for tests of what calls it: under the same sanitizers,
# and for libFuzzer.
build/e2fsprogs-asan/libext2fs.a build/e2fsprogs-fuzz/libext2fs.a: \
		$(E2FSPROGS_SRC) scripts/build-e2fsprogs.sh \
		$(wildcard guest-runtime/e2fsprogs/*)
	$(say) EXT2FS $@
	$(Q)CC=$(UNIT_CC) CFLAGS="$(SANITIZE) $(if $(findstring fuzz,$@), \
		-fsanitize=fuzzer-no-link)" scripts/build-e2fsprogs.sh $(E2FSPROGS_SRC) $(@D)

# Those of the guest's network begin with lwip_: the calls of the tender are
# the test's. lwIP puts words where packets have them, which x86-64 allows.
NET_SANITIZE = $(SANITIZE) -fno-sanitize=alignment
NET_TEST_OBJ := $(patsubst guest-runtime/%.c,build/unit-net/%.o, \
	guest-runtime/net.c $(wildcard guest-runtime/net_*.c))
NET_TEST_CC = $(UNIT_CC) -std=c11 $(WARNINGS) -Wno-conversion $(NET_SANITIZE) \
	-D_GNU_SOURCE -Iboot-protocol -Iguest-runtime -Itests/unit -MMD -MP \
	-include tests/unit/lwip_host.h \
	-isystem build/lwip-asan/include -isystem guest-runtime/lwip

build/lwip-asan/liblwip.a: $(LWIP_SRC) scripts/build-lwip.sh $(LWIP_HEADERS)
	$(say) LWIP $@
	$(Q)CC=$(UNIT_CC) CFLAGS="$(NET_SANITIZE)" scripts/build-lwip.sh \
		$(LWIP_SRC) $(@D)

build/unit-net/%.o: guest-runtime/%.c Makefile build/lwip-asan/liblwip.a
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(NET_TEST_CC) -c $< -o $@

build/unit-net/libnet.a: $(NET_TEST_OBJ)
	$(Q)rm -f $@
	$(say) AR $@
	$(Q)$(AR) rcsD $@ $^

build/unit/lwip_%: tests/unit/lwip_%.c build/unit-net/libnet.a
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(NET_TEST_CC) $< -Wl,--start-group build/unit-net/libnet.a \
		build/lwip-asan/liblwip.a -Wl,--end-group -o $@

# Those of the image builder begin with disk_.
build/unit/disk_%: tests/unit/disk_%.c $(filter-out %/main.o,$(UNIT_IMGBUILD))
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(UNIT_CC) $(UNIT_CFLAGS) -Iimgbuild $(filter %.c %.o,$^) \
		$(IMGBUILD_LIBS) -o $@

# Fuzz targets, by libFuzzer: tests/fuzz/NAME.c. Those of the tender:
FUZZ := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c))
FUZZ_TENDER := $(patsubst %.c,build/fuzz/%.o,$(filter-out tender/main.c, \
	$(wildcard tender/*.c)))
.SECONDARY: $(FUZZ_TENDER)
build/fuzz/tender/%.o: tender/%.c Makefile
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(UNIT_CC) $(UNIT_CFLAGS) -fsanitize=fuzzer-no-link -Itender -c $< \
		-o $@

build/fuzz/%: tests/fuzz/%.c $(FUZZ_TENDER)
	$(say) CC $@
	$(Q)$(UNIT_CC) $(UNIT_CFLAGS) -fsanitize=fuzzer -Itender \
		$(filter %.c %.o,$^) -lsodium -o $@

# Those of files in the guest begin with vfs_; it includes two of these.
FUZZ_RT := ext.c $(notdir $(wildcard guest-runtime/ext_*.c \
	guest-runtime/page*.c)) create.c fd.c file.c file_copy.c file_map.c \
	file_read.c file_seek.c file_vnode.c lock.c path.c syscall_attr.c \
	syscall_dir.c syscall_name.c syscall_open.c syscall_stat.c tmpfs.c
FUZZ_RT_OBJ := $(FUZZ_RT:%.c=build/fuzz-rt/%.o)
FUZZ_RT_CC := clang -std=c11 $(WARNINGS) $(SANITIZE) -D_GNU_SOURCE \
	-Iboot-protocol -Iguest-runtime -Itests/unit -I. -MMD -MP \
	-isystem build/e2fsprogs-fuzz/include
$(FUZZ_RT_OBJ): build/fuzz-rt/%.o: guest-runtime/%.c Makefile \
		build/e2fsprogs-fuzz/libext2fs.a
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(FUZZ_RT_CC) -fsanitize=fuzzer-no-link -c $< -o $@

build/fuzz/vfs_%: tests/fuzz/vfs_%.c $(FUZZ_RT_OBJ)
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(FUZZ_RT_CC) -fsanitize=fuzzer $< $(FUZZ_RT_OBJ) \
		build/e2fsprogs-fuzz/libext2fs.a -o $@

# Both under the same sanitizers: for the suites of make asan, and for images
# that mean harm (tests/disk_tool.bats).
build/asan/tender: $(UNIT_TENDER)
	@mkdir -p $(@D)
	$(say) LINK $@
	$(Q)$(UNIT_CC) $(SANITIZE) $^ -lsodium -o $@

build/asan/imgbuild: $(UNIT_IMGBUILD)
	@mkdir -p $(@D)
	$(say) LINK $@
	$(Q)$(UNIT_CC) $(SANITIZE) $^ $(IMGBUILD_LIBS) -o $@

# The tender as it is, with a hook that makes system calls in the sandbox.
build/test/tender: $(wildcard tender/*.[ch] boot-protocol/*.h) \
		tests/tools/sandbox_probe.c Makefile | $(TENDER_HEADERS)
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(TENDER_CC) $(filter-out -MMD -MP,$(CFLAGS_ALL)) -DHVT_TEST \
		$(HARDENING) $(TENDER_CFLAGS) -Itender $(filter %.c,$^) \
		$(LDHARDENING) $(TENDER_LDFLAGS) $(LDFLAGS) $(TENDER_LIBS) -o $@

# The tender's own objects with a vCPU that is none, for scripts/counts.sh.
build/bench/dispatch: tests/bench/dispatch.c $(wildcard tests/unit/*.h) \
		$(filter-out build/tender/main.o,$(TENDER_OBJ))
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(TENDER_CC) $(filter-out -MMD -MP,$(CFLAGS_ALL)) $(HARDENING) \
		$(TENDER_CFLAGS) -Itender $(filter %.c %.o,$^) $(LDHARDENING) \
		$(TENDER_LDFLAGS) $(LDFLAGS) $(TENDER_LIBS) -o $@

BATS := $(wildcard tests/*.bats)
# These run once for each kind of vCPU.
BATS_CPU := $(shell grep -l require_cpu tests/*.bats)
NESTED ?= $(BATS_CPU)

.PHONY: demo check check-nested asan fuzz coverage lint bench bench-expected bench-page-test install clean help setup-%
.PHONY: programs
setup-%:
	@scripts/setup.sh $(subst +, ,$*)

demo: setup-build ## build everything and digest a disk in a VM
	@$(MAKE) --no-print-directory all
	cp /usr/share/common-licenses/GPL-3 data.img
	truncate -s %512 data.img
	bin/imgbuild samples/sha256sum.c -o build/sha256sum.hvt
	bin/tender --disk=data.img build/sha256sum.hvt

# Real programs for tests/programs.bats.
programs: all
	@$(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell \
		nproc)) -f scripts/programs.mk for-tests

check: setup-build+check ## run all tests
	@$(MAKE) --no-print-directory all $(UNIT) build/asan/imgbuild programs \
		build/test/tender build/bench/dispatch
	@scripts/check.sh $(UNIT) $(BATS) TEST_CPU=process $(BATS_CPU)

check-nested: setup-build+check+nested ## run them on a stock kernel's KVM
	@$(MAKE) --no-print-directory all programs
	@scripts/nested.sh env HVT_SLOW=1 scripts/check.sh $(NESTED)

asan: setup-build+check ## run them with a sanitized tender
	@$(MAKE) --no-print-directory all $(UNIT) programs build/asan/tender
	@HVT_TENDER=$(CURDIR)/build/asan/tender scripts/check.sh $(UNIT) $(BATS_CPU)

SECONDS ?= 60
fuzz: setup-build+check ## run FUZZ, which is all targets, for SECONDS each
	@$(MAKE) --no-print-directory $(FUZZ:%=build/fuzz/%)
	@scripts/fuzz.sh $(SECONDS) $(FUZZ:%=build/fuzz/%)

coverage: setup-build+check+coverage ## lines of the tender that tests reach
	@$(MAKE) --no-print-directory all
	@scripts/coverage.sh $(SUITES)

C_FILES = $(filter-out build/%,$(wildcard */*.[ch] */*/*.[ch]))
# Each file by itself, as many at a time as there are CPUs.
TIDY = xargs -P "$$(nproc)" -I{} clang-tidy --quiet --warnings-as-errors='*' {}
lint: setup-build+lint ## formatters and static checkers
	@$(MAKE) --no-print-directory build/e2fsprogs/libext2fs.a \
		build/lwip/liblwip.a build/generated/syscall_names.h
	clang-format --dry-run --Werror $(C_FILES)
	shellcheck .ci/run scripts/*.sh scripts/bench/*.sh scripts/bench/*/*.sh tests/*.bats
	mandoc -T lint -W warning */*.1
	@printf '%s\n' tender/*.c imgbuild/*.c | $(TIDY) -- -std=c11 $(CPPFLAGS_ALL) -Itender \
		-Iimgbuild
	@printf '%s\n' guest-runtime/*.c | $(TIDY) -- $(filter-out -M% -fno-tree%,$(GUEST_CFLAGS))
	cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,portability \
		--inline-suppr --suppressions-list=.cppcheck -Iboot-protocol \
		-Itender -Iimgbuild tender imgbuild samples

bench: setup-build+bench ## measure, beside native programs
	@$(MAKE) --no-print-directory all build/bench/dispatch
	@scripts/bench.sh $(BENCH)

# By itself, as a browser is as large as everything else that tests need.
bench-page-test: setup-build+page ## look at the page of figures in a browser
	@scripts/check.sh tests/bench_page.bats

bench-expected: setup-build+bench ## count anew what must not grow
	@$(MAKE) --no-print-directory all build/bench/dispatch
	@scripts/counts.sh count >build/bench/expected.json
	@cp build/bench/expected.json bench/expected.json

SHARE := $(DESTDIR)$(PREFIX)
install: all ## install into PREFIX (/usr/local)
	install -d $(SHARE)/bin $(SHARE)/lib/hvt $(SHARE)/share/man/man1
	install bin/tender bin/imgbuild $(SHARE)/bin
	ln -sf imgbuild $(SHARE)/bin/hvt-cc
	rm -rf $(SHARE)/lib/hvt/include $(SHARE)/lib/hvt/lib
	cp -R --no-dereference --preserve=mode,timestamps \
		build/sysroot/include build/sysroot/lib $(SHARE)/lib/hvt
	install -m 644 */*.1 $(SHARE)/share/man/man1
	ln -sf imgbuild.1 $(SHARE)/share/man/man1/hvt-cc.1

clean: ## remove what was built
	rm -rf build bin

help: ## print this
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | \
		expand -t 22

-include $(wildcard build/*/*.d build/san/*/*.d build/fuzz/*/*.d)
