#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# More real programs, unmodified, that want much of POSIX: what they do in a
# guest is what they do on the host.

load lib
load programs

setup_file() {
	require_programs
}

# bc

# The same input, the same output: bc_is_the_same FILE.
bc_is_the_same() {
	"$NATIVE/bc" -lq <"$1" >want
	[ -s want ]
	run_tender "$GUEST/bc" -lq <"$1"
	ended_with 0
	diff want out || { echo "$1"; return 1; }
}

@test "bc computes as on the host: its own examples, and a thousand digits of pi" {
	local script count=0

	echo 'scale = 1000; 4 * a(1); e(1); 3 ^ 2000 % 10 ^ 40' >pi.b
	bc_is_the_same pi.b
	for script in "$GUEST"/bc-1.07/Test/*.b; do
		bc_is_the_same "$script" || return
		count=$((count + 1))
	done
	[ "$count" -gt 10 ]
}

# jq

@test "jq passes its own tests in a guest, as on the host" {
	local tests=$GUEST/jq-1.6/tests

	make_disk 16M "$tests"
	"$NATIVE/jq" -L "$tests/modules" --run-tests "$tests/jq.test" >want
	run_program jq -L /data/modules --run-tests /data/jq.test
	ended_with 0
	grep -Eq '^([0-9]+) of \1 tests passed' want
	diff want out
}

@test "jq filters ten thousand records from a pipe as on the host" {
	local filter='map(select(.n % 3 == 0) | {k: .s, v: (.n * 1.5)})
		| group_by(.k) | map({k: .[0].k, sum: (map(.v) | add)})'

	seq 10000 | awk '{print "{\"n\":" $1 ",\"s\":\"" $1 % 17 "\"}"}' >records
	"$NATIVE/jq" -s "$filter" <records >want
	run_tender --mem=256M "$GUEST/jq" -s "$filter" \
		< <(cat records)
	ended_with 0
	diff want out
}

# zstd

@test "zstd compresses 100 MB with four threads to what it does on the host" {
	local bytes

	bytes=$(sized 100000000 2000000)
	# Not too regular, and the same every time.
	seq 20000000 | awk '{print $1 * 7919 % 1000003, "line", $1 % 89}' |
		head -c "$bytes" >plain
	run_tender --mem=512M "$GUEST/zstd" -q -3 -T4 -c <plain
	ended_with 0
	# The size is not known beforehand from a pipe, and so not in the frame.
	"$NATIVE/zstd" -q -3 -T4 -c <plain >want
	cmp want out
	mv out packed
	run_tender --mem=512M "$GUEST/zstd" -q -d -c <packed
	ended_with 0
	cmp plain out
}

# Redis

# Starts redis-server on a port of the host, and waits until it answers.
start_redis() {
	for _ in {1..20}; do
		port=$((RANDOM % 20000 + 20000))
		: >log
		"${TENDER[@]}" --mem=256M --net=user -p "127.0.0.1:$port:6379" \
			"$@" --protected-mode no >log 2>&1 </dev/null 3>&- &
		background=$!
		until redis-cli -p "$port" ping 2>/dev/null | grep -q PONG; do
			kill -0 "$background" 2>/dev/null || break
			sleep 0.1
		done
		! kill -0 "$background" 2>/dev/null || return 0
		grep -q 'in use' log || { cat log; return 1; }
	done
	return 1
}

# Its exit status.
stop_redis() {
	status=0
	redis-cli -p "$port" shutdown "$@" >/dev/null
	wait "$background" || status=$?
	background=
	[ "$status" -eq 0 ] || { cat log; return 1; }
}

@test "Redis tests a guest's memory, and finds nothing wrong with it" {
	run_tender --mem=64M "$GUEST/redis-server" --test-memory 16
	ended_with 0
	grep -q 'Your memory passed this test' out
}

# Units that need no fork, no second server, and not long.
@test "Redis passes parts of its own test suite, in a guest" {
	local unit units=()

	for unit in type/incr type/hash pubsub auth quit protocol bitops \
		bitfield acl; do
		units+=(--single "unit/$unit")
	done
	start_redis "$GUEST/redis-server" --save '' --enable-debug-command yes
	mkdir -p suite/src
	cp -R "$GUEST"/redis-7.0/{tests,runtest,redis.conf} suite
	ln -s "$(command -v redis-cli)" "$(command -v redis-benchmark)" suite/src
	(cd suite && exec timeout "$LIMIT_SECONDS" ./runtest --quiet \
		--host 127.0.0.1 --port "$port" "${units[@]}") >suite.out 2>&1 ||
		{ tail -n 40 suite.out; return 1; }
	grep -q 'All tests passed' suite.out
	stop_redis nosave
}

@test "Redis serves its benchmark, a script and a big value over the network" {
	start_redis "$GUEST/redis-server" --save ''
	redis-benchmark -p "$port" -q -n "$(sized 20000 500)" -P 16 -c 20 \
		-t set,get,incr,lpush,rpop,sadd,hset,zadd,mset >benchmark
	[ "$(tr '\r' '\n' <benchmark | grep -c 'requests per second, p50')" \
		-ge 9 ]
	[ "$(redis-cli -p "$port" eval \
		'for i = 1, 1000 do redis.call("rpush", KEYS[1], i) end
		return redis.call("llen", KEYS[1])' 1 list)" = 1000 ]
	head -c 5000000 /dev/urandom | base64 -w 0 >value
	redis-cli -p "$port" -x set big <value | grep -q OK
	redis-cli -p "$port" get big | head -c -1 | cmp - value
	stop_redis nosave
}

@test "what Redis has acknowledged is there after kill -9 of the tender" {
	local n

	make_disk 32M
	start_redis --disk=disk.img "$GUEST/redis-server" --dir /data --save '' \
		--appendonly yes --appendfsync always
	for n in {1..300}; do
		echo "set key-$n value-$n"
	done | redis-cli -p "$port" >answers
	[ "$(grep -c OK answers)" -eq 300 ]
	kill -KILL "$background"
	wait "$background" || :
	start_redis --disk=disk.img "$GUEST/redis-server" --dir /data --save '' \
		--appendonly yes
	[ "$(redis-cli -p "$port" dbsize)" = 300 ]
	[ "$(redis-cli -p "$port" get key-300)" = value-300 ]
	stop_redis
	disk_is_clean
}
