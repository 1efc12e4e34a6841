#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2030,SC2031 # each test is a subshell
# Real programs, unmodified, built by scripts/programs.mk: what they do in a
# guest, on a disk, is what they do on the host.

load lib
load programs

setup_file() {
	require_programs
	mkdir "$BATS_FILE_TMPDIR/lua"
	cp "$REPO"/tests/programs/*.lua "$BATS_FILE_TMPDIR/lua"
}

# Lua

# tests/programs/$1.lua prints in a guest what it prints on the host. $2 is an
# empty directory in the guest.
lua_is_the_same() {
	mkdir -p disk/work disk/lua work
	cp "$BATS_FILE_TMPDIR/lua/$1.lua" disk/lua
	make_disk 32M disk
	env -i VARIABLE=value "$NATIVE/lua" "disk/lua/$1.lua" work >want
	run_program lua "/data/lua/$1.lua" "$2"
	ended_with 0
	diff -aU2 want out
	disk_is_clean
}

@test "Lua computes, collects garbage and runs coroutines as on the host" {
	lua_is_the_same language /data/work
}

@test "Lua's library formats, packs, sorts, tells dates and loads modules as on the host" {
	lua_is_the_same library /data/work
}

@test "Lua reads, writes, seeks, renames and removes files on a disk as on the host" {
	lua_is_the_same files /data/work
}

@test "Lua reads, writes, seeks, renames and removes files in memory as on the host" {
	lua_is_the_same files /tmp
}

@test "Lua reads its program and its input from the console" {
	make_disk 4M
	echo 'print(7 // 2, ...)' | run_program lua - a 'b c'
	ended_with 0
	[ "$(cat out)" = $'3\ta\tb c' ]
	printf '12 text\nline\n' |
		run_program lua -e 'print(io.read("n", "l", "a"))'
	ended_with 0
	diff out <(printf '12\t text\tline\n\n')
}

@test "an error in Lua is told on standard error, with status 1" {
	make_disk 4M
	run_program lua -e 'local function f() error("by name") end f()'
	ended_with 1
	[ ! -s out ]
	says err 'by name$'
	says err "in local 'f'"
}

@test "os.exit ends the guest with its status and closes files" {
	make_disk 4M
	run_program lua -e 'io.open("/data/f", "w"):write("kept")
		os.exit(42, true)'
	ended_with 42
	from_disk /f f
	[ "$(cat f)" = kept ]
}

@test "Lua runs programs and modules from the rootfs in its image" {
	mkdir -p rootfs/lua rootfs/modules
	cp "$BATS_FILE_TMPDIR"/lua/*.lua rootfs/lua
	echo 'return {greet = function(who) return "hello, " .. who end}' \
		>rootfs/modules/greeting.lua
	source=$GUEST/lua-5.4/src
	"$BIN/imgbuild" --rootfs=rootfs "$source/lua.o" "$source/liblua.a" -lm \
		-o lua.hvt
	run_tender -e 'LUA_PATH=/modules/?.lua' lua.hvt \
		-e 'print(require("greeting").greet("you"))'
	ended_with 0
	[ "$(cat out)" = "hello, you" ]
	mkdir work
	env -i VARIABLE=value "$NATIVE/lua" rootfs/lua/library.lua work >want
	run_tender -e VARIABLE=value lua.hvt /lua/library.lua /tmp
	ended_with 0
	diff -aU2 want out
	run_tender lua.hvt -e 'print(io.open("/lua/new.lua", "w"))'
	[ "$(cat out)" = $'nil\t/lua/new.lua: Read-only file system\t30' ]
}

# Lua's own tests, on a disk that is the root directory. Not run: all.lua and
# main.lua, which run other programs; big.lua, which wants 4 GiB; pm.lua, which
# is not Lua 5.1 as packaged; math.lua, which fails on any 64-bit system.
# os.setlocale is taken away, as any locale that musl is asked for is there.
@test "Lua 5.1 passes its own tests" {
	make_disk 16M "$PROGRAMS/lua5.1-tests/_lua5.1-tests"
	ran=0
	for file in "$PROGRAMS"/lua5.1-tests/_lua5.1-tests/*.lua; do
		name=${file##*/}
		case $name in
		all.lua | main.lua | big.lua | pm.lua | math.lua) continue ;;
		esac
		run_tender --disk=disk.img,mount=/ -e 'LUA_PATH=?;./?.lua' \
			"$GUEST/lua5.1" -e 'os.setlocale = function() end' \
			"$name"
		ended_with 0 || { echo "$name"; return 1; }
		ran=$((ran + 1))
	done
	[ $ran -eq 19 ]
	disk_is_clean
}

@test "os.execute and io.popen say that there are no processes" {
	make_disk 4M
	run_program lua -e 'print(os.execute("true"))
		print(io.popen("true"))'
	ended_with 0
	diff out - <<-'END'
		nil	Function not implemented	38
		nil	true: Function not implemented	38
	END
}

# SQLite

# Statements that make a table with much in it; prints nothing.
fill='
	CREATE TABLE t(n INTEGER PRIMARY KEY, name TEXT UNIQUE, data BLOB);
	WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c
		WHERE x < 3000)
	INSERT INTO t SELECT x, printf("name %d", x * 7919 % 3001),
		zeroblob(x % 400) FROM c;
	CREATE INDEX i ON t(length(data), name);
	CREATE TABLE sum(n INTEGER, bytes INTEGER);
	CREATE TRIGGER after_delete AFTER DELETE ON t BEGIN
		INSERT INTO sum VALUES(old.n, length(old.data));
	END;
	DELETE FROM t WHERE n % 3 = 0;
	UPDATE t SET data = hex(data) WHERE n % 5 = 0;
'
# Statements that ask about it.
ask='
	SELECT count(*), sum(n), sum(length(data)), max(name) FROM t;
	SELECT count(*), sum(bytes) FROM sum;
	SELECT n, name, length(data) FROM t WHERE length(data) > 398 LIMIT 5;
	SELECT name FROM t WHERE name LIKE "%99%" ORDER BY name DESC LIMIT 3;
	PRAGMA integrity_check;
'

@test "SQLite as it comes, with mutexes, links and runs" {
	make_disk 16M
	run_program ../guest-O0/sqlite3-mutex /data/x.db \
		"$fill $ask PRAGMA compile_options;"
	ended_with 0
	says out '^THREADSAFE=1$'
	says out '^ok$'
}

@test "a database made in a guest is sound on the host and says the same there" {
	make_disk 16M
	run_program sqlite3 /data/x.db "$fill"
	ended_with 0
	run_program sqlite3 /data/x.db <<<"$ask"$'\n.dump'
	ended_with 0
	disk_is_clean
	from_disk /x.db x.db
	sqlite3 x.db <<<"$ask"$'\n.dump' >want
	says want '^ok$'
	cmp want out
}

@test "a database made on the host is read and changed in a guest, and goes back" {
	mkdir disk
	sqlite3 disk/x.db "$fill"
	make_disk 16M disk
	change='DELETE FROM t WHERE n > 1000;
		INSERT INTO t VALUES(5000, "new", randomblob(5000));'
	run_program sqlite3 /data/x.db <<<"$ask"$'\n.dump'
	ended_with 0
	sqlite3 disk/x.db <<<"$ask"$'\n.dump' | cmp - out
	run_program sqlite3 /data/x.db "$change VACUUM; $ask"
	ended_with 0
	from_disk /x.db x.db
	sqlite3 disk/x.db "$change VACUUM; $ask" >want
	sqlite3 x.db "$ask" | cmp - want
	cmp want out
}

# The same statements do the same in a guest and on the host, with a journal
# mode and an amount of mapped memory: same_with MODE MMAP_SIZE.
same_with() {
	cat >statements <<-END
		PRAGMA mmap_size = $2;
		PRAGMA journal_mode = $1;
		$fill
		BEGIN;
		DELETE FROM t;
		SELECT count(*) FROM t;
		ROLLBACK;
		BEGIN;
		DELETE FROM t WHERE n < 100;
		SAVEPOINT s;
		DELETE FROM t;
		ROLLBACK TO s;
		COMMIT;
		SELECT count(*) FROM t;
		CREATE TABLE big(data);
		INSERT INTO big VALUES(zeroblob(3000000));
		DROP TABLE big;
		PRAGMA journal_mode;
		$ask
	END
	rm -f x.db*
	sqlite3 x.db <statements >want
	make_disk 32M
	run_program sqlite3 /data/x.db <statements
	ended_with 0
	diff want out || { echo "journal $1, mmap $2"; return 1; }
	disk_is_clean
	from_disk /x.db x.db
	[ "$(sqlite3 x.db 'PRAGMA integrity_check')" = ok ]
}

@test "SQLite works as on the host in every journal mode" {
	for mode in delete truncate persist memory off; do
		same_with $mode 0 || return
	done
}

@test "SQLite works as on the host with a write-ahead log" {
	same_with wal 0
}

@test "SQLite works as on the host with its database mapped into memory" {
	same_with delete 100000000
	same_with wal 100000000
}

# Two connections to one database: locks, and the memory that they share.
connections() {
	make_disk 16M
	cat >statements <<-END
		PRAGMA journal_mode = $1;
		CREATE TABLE t(n);
		INSERT INTO t VALUES(1);
		.connection 1
		.open /data/x.db
		SELECT 'reads', count(*) FROM t;
		.connection 0
		BEGIN;
		INSERT INTO t VALUES(2);
		.connection 1
		SELECT 'before', count(*) FROM t;
		INSERT INTO t VALUES(3);
		.connection 0
		COMMIT;
		.connection 1
		SELECT 'after', count(*) FROM t;
		INSERT INTO t VALUES(4);
		.connection 0
		SELECT 'both', count(*) FROM t;
	END
	run_program sqlite3 /data/x.db <statements
	diff out - <<-END
		$1
		reads|1
		before|1
		after|2
		both|3
	END
	[ "$(grep -c 'database is locked' err)" -eq 1 ]
	disk_is_clean
}

@test "two connections to one database keep each other out while one writes" {
	connections delete
}

@test "two connections to one write-ahead log see what the other has written" {
	connections wal
}

@test "SQLite's benchmark runs to its end and finds on a disk what it finds in memory" {
	make_disk 64M
	size=$(sized 5 1)
	run_program speedtest1 --verify --size "$size" /data/x.db
	ended_with 0
	grep Verification out >want
	run_program speedtest1 --verify --size "$size" --journal wal /data/y.db
	ended_with 0
	grep Verification out | diff want -
	run_program speedtest1 --verify --size "$size" :memory:
	ended_with 0
	grep Verification out | diff want -
	disk_is_clean
}

# What a crash leaves behind

# Transactions without end, numbered from $1, with the journal mode $2: each
# adds a row to two tables and changes an older row in both. A number that is
# printed has been committed. (With a rollback journal SQLite promises that
# for EXTRA only: with FULL it leaves the removal of the journal, which is the
# commit, to be synced some time.)
transactions() {
	awk -v n="$1" -v mode="$2" 'BEGIN {
		print "PRAGMA synchronous = EXTRA; PRAGMA journal_mode = " mode ";"
		print "PRAGMA wal_autocheckpoint = 40;"
		for (;; n++) {
			print "BEGIN;"
			print "INSERT INTO t VALUES(" n ", randomblob(" \
				n * 7919 % 9001 "));"
			print "INSERT INTO u SELECT n, length(data) FROM t " \
				"WHERE n = " n ";"
			print "UPDATE t SET data = x\047\047 WHERE n = " n - 9 ";"
			print "UPDATE u SET bytes = 0 WHERE n = " n - 9 ";"
			print "COMMIT;"
			print "SELECT \047committed\047, " n ";"
		}
	}'
}

# Nothing is wrong with the database: prints how many rows it has.
survivors='
	PRAGMA integrity_check;
	SELECT (SELECT count(*) || max(n) || sum(length(data)) FROM t) =
		(SELECT count(*) || max(n) || sum(bytes) FROM u);
	SELECT count(*) = max(n) FROM t;
	SELECT count(*) FROM t;
'

# The file $1 has the answers to that, and says that the transactions up to $2
# are there, and perhaps one more that was not yet printed.
has_survived() {
	diff <(printf 'ok\n1\n1\n') <(head -n 3 "$1")
	rows=$(tail -n 1 "$1")
	[ "$rows" -eq "$2" ] || [ "$rows" -eq $(($2 + 1)) ] || {
		echo "printed $2, found $rows"
		return 1
	}
}

# As seen by the host, which replays the journals of both.
has_survived_for_host() {
	cp --sparse=always disk.img disk.img.host
	e2fsck -p disk.img.host >e2fsck.log 2>&1 || [ $? -eq 1 ] ||
		{ cat e2fsck.log; return 1; }
	e2fsck -fn disk.img.host >e2fsck.log 2>&1 ||
		{ cat e2fsck.log; return 1; }
	rm -rf host
	mkdir host
	debugfs -R "rdump / host" disk.img.host 2>debugfs.log
	sqlite3 host/x.db "$survivors" >answers
	has_survived answers "$1"
}

# Kills the tender over and over while a guest commits: crash JOURNAL-MODE.
crash() {
	make_disk 16M
	run_program sqlite3 /data/x.db "CREATE TABLE t(n INTEGER PRIMARY KEY,
		data BLOB); CREATE INDEX i ON t(data);
		CREATE TABLE u(n INTEGER PRIMARY KEY, bytes INTEGER);"
	ended_with 0
	rows=0
	for round in $(seq "$(sized 8 2)"); do
		enough=$((RANDOM % 60 + 2)) pause=0.0$((RANDOM % 60 + 10))
		"${TENDER[@]}" --timeout="$LIMIT_SECONDS" --disk=disk.img \
			"$GUEST/sqlite3" -batch -bail /data/x.db >out 2>err 3>&- \
			< <(transactions $((rows + 1)) "$1" 3>&-) &
		background=$!
		until [ "$(wc -l <out)" -ge "$enough" ]; do
			kill -0 "$background"
			sleep 0.01
		done
		sleep "$pause"
		kill -KILL "$background"
		wait "$background" || [ $? -eq 137 ]
		background=
		last=$(sed -n 's/^committed|//p' out | tail -n 1)
		echo "round $round: killed after $last"
		has_survived_for_host "$last"
		run_program sqlite3 /data/x.db "$survivors"
		ended_with 0
		has_survived out "$last"
		disk_is_clean
	done
}

@test "what SQLite has committed with a rollback journal outlives kill -9 of the tender" {
	crash delete
}

@test "what SQLite has committed with a write-ahead log outlives kill -9 of the tender" {
	crash wal
}

# gzip

@test "gzip, configured and built by its own scripts, does on a disk what it does on the host" {
	bytes=$(sized 100000000 1000000)
	mkdir disk
	{ seq 1 100000000 2>/dev/null || :; } | head -c "$bytes" >disk/numbers
	chmod 640 disk/numbers
	touch -d '2001-02-03 04:05:06Z' disk/numbers
	make_disk $((bytes * 2 + 8000000 >> 10)) disk
	run_program gzip -1 /data/numbers
	ended_with 0
	[ ! -s err ]
	from_disk /numbers.gz numbers.gz
	gzip -1 disk/numbers
	cmp numbers.gz disk/numbers.gz
	disk_is_clean
	run_program gzip -dv /data/numbers.gz
	ended_with 0
	from_disk /numbers numbers
	gzip -d disk/numbers.gz
	cmp numbers disk/numbers
	debugfs -R 'stat /numbers' disk.img >stat 2>&1
	says stat 'Mode:  *0640'
	says stat 'mtime: .* Feb  3 0[0-9]:05:06 2001'
	debugfs -R 'ls -l /' disk.img >names 2>&1
	says_not names 'numbers.gz'
	disk_is_clean
}

@test "gzip filters the console" {
	make_disk 4M
	seq 20000 >text
	run_program gzip <text
	ended_with 0
	mv out text.gz
	gzip -dc text.gz | cmp - text
	run_program gzip -d <text.gz
	ended_with 0
	cmp out text
}
