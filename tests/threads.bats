#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# Threads of a guest against those of Linux: the same programs do the same in a
# guest and, linked with the same C library, on the host, and what they print
# has to be equal.

load lib

PROGRAMS=(life mutex sync local cancel signal files stress fair)

setup_file() {
	for name in "${PROGRAMS[@]}"; do
		build_guest "thread_$name"
		musl-gcc -static -pthread -Wall -Wextra -Werror -D_GNU_SOURCE \
			-O1 "$GUESTS/thread_$name.c" \
			-o "$BATS_FILE_TMPDIR/thread_$name"
	done
}

setup() {
	require_cpu
	cd "$BATS_TEST_TMPDIR" || return 1
	input=/dev/null
}

# Compares out with what the host's run of a case says: compare PROGRAM CASE...
compare() {
	local wanted

	timeout -s KILL "$LIMIT_SECONDS" "$BATS_FILE_TMPDIR/thread_$1" \
		"${@:2}" >want 2>&1 <"$input" && wanted=0 || wanted=$?
	cat err >>out
	cmp -s want out && says out '^done$' && ended_with "$wanted" && return
	echo "$*: Linux -, guest +"
	diff -U2 want out | sed 1,2d | head -60
	return 1
}

# Cases of a program print and end as on the host: same PROGRAM CASE...
same() {
	local case

	for case in "${@:2}"; do
		run_tender --env=DIRECTORY=/tmp "$(image "thread_$1")" "$case" \
			<"$input"
		compare "$1" "$case" || return
	done
}

# One case, with fewer rounds on a slow machine: same_often PROGRAM CASE
same_often() {
	local divisor

	divisor=$(sized 1 100)
	run_tender "${@:3}" "$(image "thread_$1")" "$2" "$divisor"
	compare "$1" "$2" "$divisor"
}

# How many exits a run with --stats said there were.
exits() {
	sed -n 's/^.*exits  *\([0-9][0-9]*\): .*/\1/p' err
}

@test "threads are created and joined, and give back their value" {
	same life join join_variants many
}

@test "detached threads run, whether detached at first, later or too late" {
	same life detach
}

@test "a thread's stack has the size, the guard and the place asked for" {
	same life stacks
}

@test "a thread that uses more than its stack faults at the guard" {
	run_tender "$(image thread_life)" overflows
	ended_with 139
	says out '^done$'
	reported "Segmentation fault" deep
}

@test "main may end before the others, and the last thread ends the guest" {
	same life exit_main exit_last
}

@test "exit of any thread ends the guest, whatever the others do" {
	same life exit_all
}

@test "each thread has an identity, a policy and a CPU" {
	same life identities
}

@test "mutexes of every type lock, refuse and time out as on Linux" {
	same mutex normal recursive errorcheck
}

@test "a robust mutex tells that its owner died" {
	same mutex robust
}

@test "mutexes that inherit priorities work, and hand over" {
	same mutex inherit
}

@test "mutexes of every kind count right when eight threads contend" {
	same mutex contended
}

@test "condition variables signal, broadcast and time out on both clocks" {
	same sync cond cond_timed
}

@test "read-write locks, barriers, semaphores, once, naps, and C11's threads" {
	same sync rwlock barrier semaphore once c11 naps
}

@test "spin locks work though their owner may be interrupted" {
	same sync spinlock
}

@test "thread-local variables and keys are each thread's own" {
	same local tls keys
}

@test "errno, signal mask, locale and rounding are each thread's own" {
	same local errnos masks locales rounding
}

@test "threads that are interrupted while they compute keep their registers" {
	same local registers
}

@test "every kind of waiting is a cancellation point" {
	same cancel points
}

@test "a read that waits for the console is a cancellation point" {
	mkfifo fifo
	sleep "$LIMIT_SECONDS" >fifo 3>&- &
	sleeper=$!
	input=fifo
	same cancel reading
	kill "$sleeper"
}

@test "a read that waits for a pipe is a cancellation point" {
	same cancel reading_pipe
}

@test "cancellation waits for a point, and for being enabled" {
	same cancel pending disabled
}

@test "a thread that computes is cancelled at once, if it said so" {
	same cancel async
}

@test "cancelled threads run their handlers and destructors in order" {
	same cancel cleanup
}

@test "two thousand threads are cancelled wherever they are" {
	same cancel storm
}

@test "a signal sent to a thread is handled there, whatever it does" {
	same signal kills
}

@test "a signal sent to the process goes to whoever does not block it" {
	same signal process waiting
}

@test "a timer's signals wake a thread, and arrive while others compute" {
	same signal alone timer
}

@test "handlers jump out of faults in eight threads" {
	same signal jumps
}

@test "12000 signals disturb no thread that computes and sleeps" {
	same signal storm
}

@test "a thread waits for a lock on a file until another one gives it up" {
	same files whole ranges close_both
}

@test "a pipe between threads carries all, and outlives its descriptors" {
	same files pipes
}

@test "named semaphores and shared memory" {
	same files named
}

@test "64 threads take a lock a million times" {
	same_often stress locks
}

@test "a million hand-offs between two threads arrive in order" {
	same_often stress hand_offs
}

@test "condition variables play ping-pong 200000 times" {
	same_often stress ping_pong
}

@test "four producers and four consumers lose nothing" {
	same_often stress producers
}

@test "100000 threads are created and joined in 16 MiB" {
	same_often stress create_join --mem=16M
}

@test "20000 detached threads leave nothing behind in 16 MiB" {
	same_often stress create_detach --mem=16M
}

@test "sixteen threads allocate, and others free" {
	same_often stress mallocs
}

@test "lines that twenty threads print are whole" {
	run_tender "$(image thread_stress)" prints
	sort -o out out
	cat err >>out
	"$BATS_FILE_TMPDIR/thread_stress" prints | sort >want
	cmp want out
	ended_with 0
}

@test "threads that only compute share the CPU" {
	same fair spinners
}

@test "a thread that computes delays no sleeper, no waiter and no new thread" {
	same fair sleeper main_spins new_thread
}

@test "input arrives though another thread computes" {
	mkfifo fifo
	for run in guest host; do
		{
			sleep 0.3
			echo x
		} >fifo 3>&- &
		if [ "$run" = guest ]; then
			run_tender "$(image thread_fair)" input <fifo
		else
			"$BATS_FILE_TMPDIR/thread_fair" input >want <fifo
		fi
		wait $!
	done
	cat err >>out
	cmp want out
	ended_with 0
}

# Three seconds of ticks would be 300 exits.
@test "a thread that is alone is not interrupted" {
	run_tender --stats "$(image thread_fair)" alone
	ended_with 0
	says out '^done$'
	[ "$(exits)" -gt 0 ]
	[ "$(exits)" -lt 100 ]
}

@test "a guest whose threads all wait makes no exits" {
	run_tender --stats "$(image thread_fair)" idle
	ended_with 0
	says out '^done$'
	[ "$(exits)" -gt 0 ]
	[ "$(exits)" -lt 100 ]
}

@test "an image without threads has no scheduler" {
	build_guest string
	nm "$(image thread_life).debug" >with
	nm "$(image string).debug" >without
	says with ' __rt_sched_init$'
	says with ' __rt_upcall_entry$'
	says_not without ' __rt_sched_init$'
	says_not without ' __rt_upcall_entry$'
}
