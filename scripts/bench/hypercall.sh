# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# One hypercall there and back, and a system call that makes none.

# Of bench.sh.
: "${out:?}" "${tender:?}"

bench_hypercall() {
	local row=("hypercall, to KVM's own exit" "1e3 us" "")
	local process=("hypercall, process, to ptrace" "1e3 us" "ratio 1.2")

	build_guest hypercall
	if needs "${row[@]}" "$(no_kvm)"; then
		build_floor exit_floor exit_floor
		measure "${row[@]}" own 15 \
			"$tender" "$out/hypercall.hvt" 5000 :: "$out/exit_floor" 5000
	fi
	needs "${process[@]}" "$(no_process)" || return 0
	build_native ptrace_floor
	measure "${process[@]}" own 15 \
		"$tender" --cpu=process "$out/hypercall.hvt" 20000 :: \
		"$out/ptrace_floor" 20000
}

bench_syscall() {
	local row=("system call (getppid)" "1 ns" "")

	needs "${row[@]}" "$(no_kvm)" || return 0
	build_both syscall
	measure "${row[@]}" own 9 \
		"$tender" "$out/syscall.hvt" 5000000 :: "$out/syscall" 5000000
}
