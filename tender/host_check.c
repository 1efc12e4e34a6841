/* SPDX-License-Identifier: ISC */
/*
 * Diagnosis of the host. Each vCPU kind is tried for real: the smallest
 * possible guest, one hypercall in a loop, is made and run.
 */
#include "host_check.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guest_memory.h"
#include "memory_map.h"
#include "passt.h"
#include "vcpu.h"
#include "yama.h"

#define ROUNDS	 20
#define CALLS	 50 /* in each */
#define NS_PER_S 1000000000LL

static void say(const char *what, const char *state, const char *advice)
{
	printf("%-16s %s%s%s\n", what, state, advice ? ": " : "",
	       advice ? advice : "");
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static int make_calls(struct vcpu *vcpu)
{
	for (int i = 0; i < CALLS; i++) {
		struct vcpu_exit exit;
		int err = vcpu->ops->run(vcpu, &exit);

		if (err)
			return err;
		if (exit.kind != VCPU_CALL)
			return -EIO;
		vcpu->ops->set_result(vcpu, 0);
	}
	return 0;
}

/*
 * Nanoseconds of one hypercall, or -errno. Of the quickest round, as others
 * may want the CPU too.
 */
static int64_t time_calls(struct vcpu *vcpu)
{
	int64_t best = INT64_MAX;

	for (int i = 0; i < ROUNDS; i++) {
		int64_t start = now_ns(), ns;
		int err = make_calls(vcpu);

		if (err)
			return err;
		ns = (now_ns() - start) / CALLS;
		if (ns < best)
			best = ns;
	}
	return best;
}

/* Makes a guest of the one loop `out %eax, %dx; jmp` and times it. */
static int64_t try_vcpu(const struct vcpu_ops *ops)
{
	static const uint8_t code[] = {
		0x66, 0xba, 0x00, 0x05, /* mov $BP_PORT_BASE, %dx */
		0xef,			/* out %eax, %dx */
		0xeb, 0xfd,		/* jmp to the out */
	};
	struct vcpu_start start = {.pc = BP_IMAGE_BASE};
	uint64_t bytes = BP_MEM_MIN_BYTES;
	struct vcpu_features features;
	struct guest_mem mem = {0};
	struct vcpu *vcpu;
	int64_t result;

	result = vcpu_guest_mem_init(ops, &mem, bytes, 0);
	if (result)
		return result;
	start.early = counter_sample();
	memcpy(mem.base + BP_IMAGE_BASE, code, sizeof(code));
	result = guest_mem_add_region(&mem, BP_IMAGE_BASE,
				      BP_IMAGE_BASE + BP_PAGE_BYTES,
				      GUEST_READ | GUEST_EXEC);
	if (!result)
		result = ops->create(&vcpu, &mem, false);
	if (result)
		goto finish_memory;
	result = ops->prepare(vcpu, &start, &features);
	if (!result)
		result = time_calls(vcpu);
	ops->destroy(vcpu);
finish_memory:
	guest_mem_finish(&mem);
	return result;
}

static bool check_vcpu(const struct vcpu_ops *ops, const char *slow_advice)
{
	const char *why = ops->unusable();
	char state[64];
	int64_t ns;

	if (why) {
		say(ops->name, "no", why);
		return false;
	}
	ns = try_vcpu(ops);
	if (ns < 0) {
		say(ops->name, "no", strerror((int)-ns));
		return false;
	}
	snprintf(state, sizeof(state), "yes, %s%s%lld.%lld us a hypercall",
		 ops->made_of ? ops->made_of() : "", ops->made_of ? ", " : "",
		 (long long)ns / 1000, (long long)ns / 100 % 10);
	say(ops->name, state, ns > 10000 ? slow_advice : NULL);
	return true;
}

/* The first word of a file under /proc or /sys; "" where there is none. */
static const char *read_word(const char *path, char *word, size_t bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, word, bytes - 1);

	if (fd >= 0)
		close(fd);
	word[n > 0 ? n : 0] = '\0';
	word[strcspn(word, "\n")] = '\0';
	return word;
}

static void check_ptrace_scope(void)
{
	switch (yama_ptrace_scope()) {
	case -1:
		say("ptrace", "not restricted by Yama", NULL);
		break;
	case 0:
	case 1:
		say("ptrace", "scope allows --cpu=process", NULL);
		break;
	case 2:
		say("ptrace", "only with CAP_SYS_PTRACE",
		    "ordinary users need sysctl kernel.yama.ptrace_scope=1 "
		    "for --cpu=process");
		break;
	default:
		say("ptrace", "forbidden",
		    "--cpu=process needs sysctl kernel.yama.ptrace_scope=1, "
		    "from the next boot on");
	}
}

static bool can_unshare(void)
{
	pid_t child = fork();
	int status = -1;

	if (child == 0)
		_exit(unshare(CLONE_NEWUSER) ? 1 : 0);
	if (child > 0)
		waitpid(child, &status, 0);
	return status == 0;
}

static void check_user_namespaces(bool possible)
{
	if (possible)
		say("user namespaces", "yes", NULL);
	else
		say("user namespaces", "no",
		    "less isolation of the tender; see sysctl "
		    "user.max_user_namespaces");
}

static void check_large_pages(void)
{
	char mode[128];

	read_word("/sys/kernel/mm/transparent_hugepage/enabled", mode,
		  sizeof(mode));
	if (strstr(mode, "[always]") || strstr(mode, "[madvise]"))
		say("large pages", "yes", NULL);
	else
		say("large pages", "no",
		    "memory is touched more slowly; write madvise to "
		    "/sys/kernel/mm/transparent_hugepage/enabled");
}

static void check_passt(void)
{
	char path[PATH_MAX];

	if (passt_find(path, sizeof(path)))
		say("passt", "yes", NULL);
	else
		say("passt", "no",
		    "needed for networking without root; install passt");
}

bool host_check(void)
{
	/* First, as it forks: see guest_process_start(). */
	bool namespaces = can_unshare();
	bool kvm = check_vcpu(&vcpu_kvm_ops,
			      "exits are slow on nested or emulated hosts; "
			      "batch I/O");
	bool process = check_vcpu(&vcpu_process_ops, NULL);

	check_ptrace_scope();
	check_user_namespaces(namespaces);
	check_large_pages();
	check_passt();
	printf("%s\n", kvm	 ? "Guests run on KVM here."
		       : process ? "Guests run here, in a process (no KVM)."
				 : "No guest can run here.");
	return kvm || process;
}
