/* SPDX-License-Identifier: ISC */
#include "syscall_form.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The runtime's own list, with the types as text. */
static const struct {
	const char *name;
	const char *type[BP_TRACE_ARGS];
} calls[] = {
/* clang-format off */
#define RT_DIRECT0(name)		 {#name, {0}},
#define RT_SYSCALL0(name)		 {#name, {0}},
#define RT_SYSCALL1(name, A)		 {#name, {#A}},
#define RT_SYSCALL2(name, A, B)		 {#name, {#A, #B}},
#define RT_SYSCALL3(name, A, B, C)	 {#name, {#A, #B, #C}},
#define RT_SYSCALL4(name, A, B, C, D)	 {#name, {#A, #B, #C, #D}},
#define RT_SYSCALL5(name, A, B, C, D, E) {#name, {#A, #B, #C, #D, #E}},
#define RT_SYSCALL6(name, A, B, C, D, E, F) \
	{#name, {#A, #B, #C, #D, #E, #F}},
/* clang-format on */
#include "../guest-runtime/syscall_list.h"
};

/*
 * What the types do not say, argument by argument, and behind "=" for a result
 * that is an address:
 *
 *	d l u x p	int, long, unsigned, hexadecimal, address
 *	s		string
 *	i o		data read or written, with its length behind it
 *	v V		the same, as an array of struct iovec
 *	a		address of a socket, likewise
 *	m c		mode, and one that counts only with O_CREAT
 *	others		names: syscall_names.c
 */
static const struct {
	const char *name;
	const char *form;
} special[] = {
	{"read", "dou"},
	{"write", "diu"},
	{"readv", "dVd"},
	{"writev", "dvd"},
	{"pread64", "doul"},
	{"pwrite64", "diul"},
	{"preadv", "dVdl"},
	{"pwritev", "dvdl"},
	{"preadv2", "dVdldx"},
	{"pwritev2", "dvdldx"},
	{"open", "sOc"},
	{"openat", "DsOc"},
	{"creat", "sm"},
	{"lseek", "dlW"},
	{"newfstatat", "DspA"},
	{"ioctl", "dIp"},
	{"fcntl", "dfx"},
	{"dup3", "ddO"},
	{"flock", "dx"},
	{"pipe2", "pO"},
	{"close_range", "uux"},
	{"memfd_create", "sx"},
	{"fallocate", "dxll"},
	{"epoll_create1", "O"},
	{"epoll_ctl", "dedp"},
	{"eventfd2", "uO"},
	{"signalfd4", "dpuO"},
	{"timerfd_create", "KO"},
	{"timerfd_settime", "dxpp"},
	{"socket", "NTd"},
	{"socketpair", "NTdp"},
	{"bind", "dau"},
	{"connect", "dau"},
	{"accept4", "dppT"},
	{"sendto", "diuxau"},
	{"recvfrom", "douxpp"},
	{"sendmsg", "dpx"},
	{"recvmsg", "dpx"},
	{"faccessat", "Dsx"},
	{"faccessat2", "DsxA"},
	{"access", "sx"},
	{"chmod", "sm"},
	{"fchmod", "dm"},
	{"fchmodat", "Dsm"},
	{"fchownat", "DsddA"},
	{"chown", "sdd"},
	{"lchown", "sdd"},
	{"fchown", "ddd"},
	{"utimensat", "DspA"},
	{"futimesat", "Dsp"},
	{"statx", "DsAxp"},
	{"umask", "m=m"},
	{"getcwd", "ou"},
	{"readlink", "sou"},
	{"readlinkat", "Dsou"},
	{"mkdir", "sm"},
	{"mkdirat", "Dsm"},
	{"mknod", "smx"},
	{"mknodat", "Dsmx"},
	{"linkat", "DsDsA"},
	{"symlinkat", "sDs"},
	{"unlinkat", "DsA"},
	{"renameat", "DsDs"},
	{"renameat2", "DsDsx"},
	{"tls_alloc", "pu=p"},
	{"stack_alloc", "uu=p"},
	{"brk", "p=p"},
	{"mmap", "puPMdx=p"},
	{"munmap", "pu"},
	{"mremap", "puuxp=p"},
	{"mprotect", "puP"},
	{"msync", "pux"},
	{"clock_gettime", "Kp"},
	{"clock_getres", "Kp"},
	{"clock_nanosleep", "Kxpp"},
	{"set_thread_area", "p"},
	{"kill", "dS"},
	{"tkill", "dS"},
	{"tgkill", "ddS"},
	{"rt_sigaction", "Sppu"},
	{"rt_sigprocmask", "Bppu"},
	{"rt_sigqueueinfo", "dSp"},
	{"prctl", "dxxxx"},
	{"sethostname", "iu"},
	{"setdomainname", "iu"},
	{"getrandom", "oux"},
	{"futex", "pFdppd"},
	/* The runtime's own, for other names. */
	{"futex_untimed", "pFd"},
	{"missing", "d"},
};

static const struct {
	const char *symbol;
	const char *name;
} renamed[] = {
	{"futex_untimed", "futex"},
	{"missing", "syscall"},
};

static char letter_of(const char *type)
{
	size_t n = strlen(type);

	if (!strcmp(type, "const char *"))
		return 's';
	if (type[n - 1] == '*' || !strcmp(type, "uintptr_t"))
		return 'p';
	if (!strcmp(type, "int"))
		return 'd';
	return !strcmp(type, "long") || !strcmp(type, "int64_t") ? 'l' : 'u';
}

static void use(struct syscall_form *form, const char *letters)
{
	const char *result = strchr(letters, '=');
	size_t n = strcspn(letters, "=");

	memset(form->arg, 0, sizeof(form->arg));
	memcpy(form->arg, letters, n);
	if (result)
		form->result = result[1];
}

bool syscall_form_find(struct syscall_form *form, const char *name)
{
	*form = (struct syscall_form){.result = 'l'};
	for (size_t i = 0; i < COUNT(calls) && !form->name; i++) {
		if (strcmp(calls[i].name, name) != 0)
			continue;
		form->name = calls[i].name;
		for (unsigned j = 0; j < BP_TRACE_ARGS && calls[i].type[j]; j++)
			form->arg[j] = letter_of(calls[i].type[j]);
	}
	for (size_t i = 0; i < COUNT(renamed) && !form->name; i++)
		if (!strcmp(renamed[i].symbol, name))
			form->name = renamed[i].name;
	for (size_t i = 0; i < COUNT(special) && form->name; i++)
		if (!strcmp(special[i].name, name))
			use(form, special[i].form);
	form->ends = !strcmp(name, "exit") || !strcmp(name, "exit_group");
	return form->name;
}

void syscall_form_wants(const struct syscall_form *form,
			struct bp_trace_call *call)
{
	for (unsigned i = 0; i < BP_TRACE_ARGS; i++) {
		uint8_t bit = (uint8_t)(1U << i);

		switch (form->arg[i]) {
		case 's':
			call->strings |= bit;
			break;
		case 'v':
			call->vector |= bit;
			call->input |= bit;
			break;
		case 'i':
		case 'a':
			call->input |= bit;
			break;
		case 'V':
			call->vector |= bit;
			call->output |= bit;
			break;
		case 'o':
			call->output |= bit;
			break;
		default:
			break;
		}
	}
}
