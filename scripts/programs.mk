# SPDX-License-Identifier: ISC
# Real programs, unmodified, from the distribution's source packages: tests run
# them as images, and beside the same program linked by musl-gcc for the host.
#
#   make -f scripts/programs.mk for-tests|for-bench
#   make -f scripts/programs.mk build/programs/{guest,native}-O1/NAME...
#
# O1 may be any option of the compiler. Each program is compiled once and only
# linked again when the guest runtime changes.

P := build/programs

.PHONY: for-tests for-bench
for-tests: $(addprefix $(P)/guest-O1/,sqlite3 speedtest1 gzip lua lua5.1) \
	$(P)/guest-O0/sqlite3-mutex $(P)/native-O1/lua $(P)/lua5.1-tests
for-bench: $(foreach side,guest native,$(addprefix $(P)/$(side)-O2/,speedtest1 \
	lua))

CACHE := build/cache

LUA := lua5.4_5.4.4.orig.tar.gz
SQLITE := sqlite3_3.40.1.orig.tar.xz
GZIP := gzip_1.12.orig.tar.xz
# The one version of Lua whose own tests a package has.
LUA51 := lua5.1_5.1.5.orig.tar.gz
LUA51_TESTS := \
	golang-github-yuin-gopher-lua_0.0~git20170915.0.eb1c729.orig.tar.xz
FETCH := \
	lua5.4 $(LUA) \
	164c7849653b80ae67bec4b7473b884bf5cc8d2dca05653475ec2ed27b9ebf61 \
	sqlite3 $(SQLITE) \
	aaa776260ab4dc976db34aa7891819484c8676b5b2783123ebc6301e2ca5d655 \
	gzip $(GZIP) \
	ce5e03e519f637e1f814011ace35c4f87b33c0bbabeec35baf5fbd3479e91956 \
	lua5.1 $(LUA51) \
	2640fc56a795f29d28ef15e13c34a47e223960b0240e8cb0a82d9b0738695333 \
	golang-github-yuin-gopher-lua $(LUA51_TESTS) \
	4930565f2f9596a0a47bc84b8c4c535655e8c3206b0d8dd8d2728803dab996e7

# The native side gets the options that imgbuild adds: what is compared is the
# system below, not the compilers' defaults.
CC-guest := $(CURDIR)/bin/hvt-cc
CC-native := musl-gcc -fno-pie -fno-omit-frame-pointer \
	-fstack-protector-strong -ffunction-sections -fdata-sections -static \
	-no-pie -Wl,--gc-sections
# What a change of calls for compiling, and for linking.
COMPILED-guest := bin/imgbuild build/sysroot/lib/libc.a
LINKED-guest := build/sysroot/lib/libhvt.a build/sysroot/lib/hvt-start.o \
	build/sysroot/lib/image.ld
side = $(firstword $(subst -, ,$*))
CC = $(CC-$(side))
OPT = -$(lastword $(subst -, ,$*))

ifeq ($(V),1)
say = @:
Q =
else
say = @printf '  %-6s %s\n'
Q = @
endif

.DELETE_ON_ERROR:
.SECONDARY:
.SECONDEXPANSION:

$(addprefix $(CACHE)/,$(LUA) $(SQLITE) $(GZIP) $(LUA51) $(LUA51_TESTS)) &:
	$(say) FETCH "$(CACHE): lua, sqlite3, gzip"
	$(Q)scripts/fetch-source.sh $(FETCH) $(CACHE)

# $(call unpack,ARCHIVE,DIRECTORY)
unpack = rm -rf $(2) && mkdir -p $(2) && \
	tar -xf $(CACHE)/$(1) -C $(2) --strip-components=1

# $(call logged,FILE,COMMAND): what it says matters only when it fails.
logged = { $(2); } >$(1) 2>&1 || { tail -n 20 $(1) >&2; exit 1; }

# $(call with_symbols,IMAGE): copies it, and the symbols that an image has.
with_symbols = cp $(1) $$(ls $(1).debug 2>/dev/null) $(@D)/

# Lua, by its own makefile.
lua_make = $(MAKE) -C $(@D)/lua-5.4/src CC="$(CC)" MYCFLAGS=$(OPT) posix

$(P)/%/lua.compiled: $(CACHE)/$(LUA) scripts/programs.mk \
		$$(COMPILED-$$(side))
	$(say) LUA $(@D)
	$(Q)$(call unpack,$(LUA),$(@D)/lua-5.4)
	$(Q)$(call logged,$(@D)/lua.log,$(lua_make))
	$(Q)touch $@

$(P)/%/lua: $(P)/%/lua.compiled $$(LINKED-$$(side))
	$(Q)rm -f $(@D)/lua-5.4/src/lua $(@D)/lua-5.4/src/luac
	$(Q)$(call logged,$(@D)/lua.log,$(lua_make))
	$(Q)$(call with_symbols,$(@D)/lua-5.4/src/lua)

lua51_make = $(MAKE) -C $(@D)/lua-5.1/src CC="$(CC)" CFLAGS=$(OPT) generic

$(P)/%/lua5.1.compiled: $(CACHE)/$(LUA51) scripts/programs.mk \
		$$(COMPILED-$$(side))
	$(say) LUA5.1 $(@D)
	$(Q)$(call unpack,$(LUA51),$(@D)/lua-5.1)
	$(Q)$(call logged,$(@D)/lua5.1.log,$(lua51_make))
	$(Q)touch $@

$(P)/%/lua5.1: $(P)/%/lua5.1.compiled $$(LINKED-$$(side))
	$(Q)rm -f $(@D)/lua-5.1/src/lua $(@D)/lua-5.1/src/luac
	$(Q)$(call logged,$(@D)/lua5.1.log,$(lua51_make))
	$(Q)cp $(@D)/lua-5.1/src/lua $@

$(P)/lua5.1-tests: $(CACHE)/$(LUA51_TESTS) scripts/programs.mk
	$(Q)$(call unpack,$(LUA51_TESTS),$@)
	$(Q)touch $@

# gzip, by configure and make.
$(P)/%/gzip.compiled: $(CACHE)/$(GZIP) scripts/programs.mk \
		$$(COMPILED-$$(side))
	$(say) GZIP $(@D)
	$(Q)$(call unpack,$(GZIP),$(@D)/gzip-1.12)
	$(Q)$(call logged,$(@D)/gzip.log,cd $(@D)/gzip-1.12 && \
		./configure --host=x86_64-linux-musl CC="$(CC)" CFLAGS=$(OPT) && \
		$(MAKE))
	$(Q)touch $@

$(P)/%/gzip: $(P)/%/gzip.compiled $$(LINKED-$$(side))
	$(Q)rm -f $(@D)/gzip-1.12/gzip
	$(Q)$(call logged,$(@D)/gzip.log,$(MAKE) -C $(@D)/gzip-1.12 gzip)
	$(Q)$(call with_symbols,$(@D)/gzip-1.12/gzip)

# SQLite: its amalgamation, a shell and a benchmark.
$(P)/sqlite3/sqlite3.c: $(CACHE)/$(SQLITE) scripts/programs.mk
	$(say) AMALGA $@
	$(Q)$(call unpack,$(SQLITE),$(@D))
	$(Q)$(call logged,$(@D)/make.log,cd $(@D) && \
		./configure --disable-tcl --disable-readline CC=gcc && \
		$(MAKE) sqlite3.c shell.c)
	$(Q)touch $@

$(P)/%/sqlite3.o: $(P)/sqlite3/sqlite3.c $$(COMPILED-$$(side))
	$(say) SQLITE $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(OPT) -DSQLITE_THREADSAFE=0 -c $< -o $@

# With mutexes, as it comes.
$(P)/%/sqlite3-mutex.o: $(P)/sqlite3/sqlite3.c $$(COMPILED-$$(side))
	$(say) SQLITE $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(OPT) -c $< -o $@

$(P)/%/shell.o: $(P)/sqlite3/sqlite3.c $$(COMPILED-$$(side))
	$(say) SQLITE $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(OPT) -I$(<D) -c $(<D)/shell.c -o $@

$(P)/%/speedtest1.o: $(P)/sqlite3/sqlite3.c $$(COMPILED-$$(side))
	$(say) SQLITE $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(OPT) -I$(<D) -c $(<D)/test/speedtest1.c -o $@

$(P)/%/sqlite3: $(P)/%/shell.o $(P)/%/sqlite3.o $$(LINKED-$$(side))
	$(Q)$(CC) $(filter $(@D)/%.o,$^) -lm -o $@

$(P)/%/sqlite3-mutex: $(P)/%/shell.o $(P)/%/sqlite3-mutex.o $$(LINKED-$$(side))
	$(Q)$(CC) $(filter $(@D)/%.o,$^) -lm -lpthread -o $@

$(P)/%/speedtest1: $(P)/%/speedtest1.o $(P)/%/sqlite3.o $$(LINKED-$$(side))
	$(Q)$(CC) $(filter $(@D)/%.o,$^) -lm -o $@
