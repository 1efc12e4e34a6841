/* SPDX-License-Identifier: ISC */
/*
 * without [kill:]NAME... -- COMMAND ARGUMENT...
 *
 * Runs a command under a seccomp filter, as a strict container has one: the
 * system calls of these names fail with EPERM, or kill the caller.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_RULES 64

static int number(const char *name)
{
	static const struct {
		const char *name;
		int number;
	} calls[] = {
		{"close_range", SYS_close_range},
		{"fork", SYS_fork},
		{"clone", SYS_clone},
		{"landlock_create_ruleset", SYS_landlock_create_ruleset},
		{"mremap", SYS_mremap},
		{"pivot_root", SYS_pivot_root},
		{"prctl", SYS_prctl},
		{"ptrace", SYS_ptrace},
		{"rseq", SYS_rseq},
		{"seccomp", SYS_seccomp},
		{"unshare", SYS_unshare},
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (!strcmp(name, calls[i].name))
			return calls[i].number;
	return -1;
}

int main(int argc, char **argv)
{
	struct sock_filter filter[2 * MAX_RULES + 2];
	struct sock_fprog program = {.filter = filter};
	int i;

	filter[program.len++] = (struct sock_filter)BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (i = 1; i < argc && i <= MAX_RULES && strcmp(argv[i], "--"); i++) {
		int kills = !strncmp(argv[i], "kill:", 5);
		int n = number(argv[i] + (kills ? 5 : 0));

		if (n < 0) {
			fprintf(stderr, "without: unknown '%s'\n", argv[i]);
			return 2;
		}
		filter[program.len++] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K, (unsigned)n, 0, 1);
		filter[program.len++] = (struct sock_filter)BPF_STMT(
			BPF_RET | BPF_K, kills ? SECCOMP_RET_KILL_PROCESS
					       : SECCOMP_RET_ERRNO | 1);
	}
	filter[program.len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
							     SECCOMP_RET_ALLOW);
	if (i + 1 >= argc || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
		perror("without");
		return 2;
	}
	execvp(argv[i + 1], argv + i + 1);
	perror(argv[i + 1]);
	return 127;
}
