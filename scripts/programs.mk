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
for-tests: $(addprefix $(P)/guest-O1/,sqlite3 speedtest1 gzip lua lua5.1 bc jq \
	zstd redis-server) $(P)/guest-O0/sqlite3-mutex \
	$(addprefix $(P)/native-O1/,lua bc jq zstd) $(P)/lua5.1-tests
for-bench: $(foreach side,guest native,$(addprefix $(P)/$(side)-O2/,speedtest1 \
	lua))

CACHE := build/cache

LUA := lua5.4_5.4.4.orig.tar.gz
SQLITE := sqlite3_3.40.1.orig.tar.xz
GZIP := gzip_1.12.orig.tar.xz
BC := bc_1.07.1.orig.tar.gz
JQ := jq_1.6.orig.tar.gz
ZSTD := libzstd_1.5.4+dfsg2.orig.tar.xz
REDIS := redis_7.0.15.orig.tar.gz
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
	bc $(BC) \
	62adfca89b0a1c0164c2cdca59ca210c1d44c3ffc46daf9931cf4942664cb02a \
	jq $(JQ) \
	3ba940b97571c866923f0409678033d33b5a98758dfc174fad8397ed908bc4d9 \
	libzstd $(ZSTD) \
	8cf4bbb65e77ec348d052c8d6230eba66d435bddf64c8b5be2fcb16880c19953 \
	redis $(REDIS) \
	4b1dc4ee6d622a09fff9c6777191209750fb5e5a725ef78ea012d6eef4c22982 \
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

$(addprefix $(CACHE)/,$(LUA) $(SQLITE) $(GZIP) $(LUA51) $(LUA51_TESTS) $(BC) \
		$(JQ) $(ZSTD) $(REDIS)) &:
	$(say) FETCH "$(CACHE): lua, sqlite3, gzip, bc, jq, zstd, redis"
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

# bc runs a part of itself to make a table, which an image cannot do here: a
# cross build takes the table from a native one.
$(P)/%/bc.compiled: $(CACHE)/$(BC) scripts/programs.mk $$(COMPILED-$$(side)) \
		$(P)/libmath.h
	$(say) BC $(@D)
	$(Q)$(call unpack,$(BC),$(@D)/bc-1.07)
	$(Q)$(call logged,$(@D)/bc.log,cd $(@D)/bc-1.07 && \
		./configure --host=x86_64-linux-musl CC="$(CC)" CFLAGS=$(OPT) && \
		$(bc_make))
	$(Q)touch $@

bc_make = $(MAKE) -C lib && cp $(abspath $(P))/libmath.h bc && \
	touch -d tomorrow bc/libmath.h && $(MAKE) -C bc bc

$(P)/%/bc: $(P)/%/bc.compiled $$(LINKED-$$(side))
	$(Q)rm -f $(@D)/bc-1.07/bc/bc
	$(Q)$(call logged,$(@D)/bc.log,cd $(@D)/bc-1.07 && $(bc_make))
	$(Q)$(call with_symbols,$(@D)/bc-1.07/bc/bc)

$(P)/libmath.h: $(CACHE)/$(BC) scripts/programs.mk
	$(Q)$(call unpack,$(BC),$(P)/bc-host)
	$(Q)$(call logged,$(P)/bc-host.log,cd $(P)/bc-host && \
		./configure CC=gcc && $(MAKE) -C lib && $(MAKE) -C bc libmath.h)
	$(Q)cp $(P)/bc-host/bc/libmath.h $@

# jq, without its library of regular expressions.
$(P)/%/jq.compiled: $(CACHE)/$(JQ) scripts/programs.mk $$(COMPILED-$$(side))
	$(say) JQ $(@D)
	$(Q)$(call unpack,$(JQ),$(@D)/jq-1.6)
	$(Q)$(call logged,$(@D)/jq.log,cd $(@D)/jq-1.6 && autoreconf -fi && \
		./configure --host=x86_64-linux-musl --without-oniguruma \
			--disable-maintainer-mode --disable-shared \
			--enable-static --disable-docs CC="$(CC)" CFLAGS=$(OPT) && \
		$(MAKE))
	$(Q)touch $@

$(P)/%/jq: $(P)/%/jq.compiled $$(LINKED-$$(side))
	$(Q)rm -f $(@D)/jq-1.6/jq
	$(Q)$(call logged,$(@D)/jq.log,$(MAKE) -C $(@D)/jq-1.6 jq)
	$(Q)$(call with_symbols,$(@D)/jq-1.6/jq)

# zstd, with threads.
zstd_make = $(MAKE) -C $(@D)/zstd-1.5/programs zstd CC="$(CC)" CFLAGS=$(OPT) \
	HAVE_PTHREAD=1 HAVE_ZLIB=0 HAVE_LZMA=0 HAVE_LZ4=0

$(P)/%/zstd.compiled: $(CACHE)/$(ZSTD) scripts/programs.mk \
		$$(COMPILED-$$(side))
	$(say) ZSTD $(@D)
	$(Q)$(call unpack,$(ZSTD),$(@D)/zstd-1.5)
	$(Q)$(call logged,$(@D)/zstd.log,$(zstd_make))
	$(Q)touch $@

$(P)/%/zstd: $(P)/%/zstd.compiled $$(LINKED-$$(side))
	$(Q)rm -f $(@D)/zstd-1.5/programs/obj/*/zstd $(@D)/zstd-1.5/programs/zstd
	$(Q)$(call logged,$(@D)/zstd.log,$(zstd_make))
	$(Q)$(call with_symbols,$(@D)/zstd-1.5/programs/zstd)

# Redis: the server alone.
redis_make = $(MAKE) -C $(@D)/redis-7.0/src redis-server MALLOC=libc \
	CC="$(CC)" OPTIMIZATION=$(OPT) USE_SYSTEMD=no

$(P)/%/redis.compiled: $(CACHE)/$(REDIS) scripts/programs.mk \
		$$(COMPILED-$$(side))
	$(say) REDIS $(@D)
	$(Q)$(call unpack,$(REDIS),$(@D)/redis-7.0)
	$(Q)$(call logged,$(@D)/redis.log,$(redis_make))
	$(Q)touch $@

$(P)/%/redis-server: $(P)/%/redis.compiled $$(LINKED-$$(side))
	$(Q)rm -f $(@D)/redis-7.0/src/redis-server
	$(Q)$(call logged,$(@D)/redis.log,$(redis_make))
	$(Q)$(call with_symbols,$(@D)/redis-7.0/src/redis-server)

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
