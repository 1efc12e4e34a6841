/* SPDX-License-Identifier: ISC */
#include "syscall_names.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "text.h"

struct name {
	uint64_t value;
	const char *name;
};

#define NAME(n)                   \
	{                         \
		(uint64_t)(n), #n \
	}
#define END             \
	{               \
		0, NULL \
	}

/* One of a choice, in the bits of @choice, and then any of a set of flags. */
struct names {
	char letter;
	uint64_t choice;
	const struct name *of;
	const struct name *flag;
};

static const struct name no_flags[] = {END};

static const struct name open_modes[] = {NAME(O_RDONLY), NAME(O_WRONLY),
					 NAME(O_RDWR), END};
/* What contains another one goes first. */
static const struct name open_flags[] = {NAME(O_CREAT),
					 NAME(O_EXCL),
					 NAME(O_NOCTTY),
					 NAME(O_TRUNC),
					 NAME(O_APPEND),
					 NAME(O_NONBLOCK),
					 NAME(O_SYNC),
					 NAME(O_DSYNC),
					 {0100000, "O_LARGEFILE"},
					 NAME(O_TMPFILE),
					 NAME(O_DIRECTORY),
					 NAME(O_NOFOLLOW),
					 NAME(O_DIRECT),
					 NAME(O_NOATIME),
					 NAME(O_CLOEXEC),
					 {010000000, "O_PATH"},
					 END};
static const struct name directories[] = {{(uint32_t)AT_FDCWD, "AT_FDCWD"},
					  END};
static const struct name at_flags[] = {NAME(AT_SYMLINK_NOFOLLOW),
				       {AT_REMOVEDIR, "AT_REMOVEDIR"},
				       NAME(AT_SYMLINK_FOLLOW),
				       NAME(AT_EMPTY_PATH),
				       END};
static const struct name whences[] = {NAME(SEEK_SET),  NAME(SEEK_CUR),
				      NAME(SEEK_END),  NAME(SEEK_DATA),
				      NAME(SEEK_HOLE), END};
static const struct name protections[] = {NAME(PROT_READ), NAME(PROT_WRITE),
					  NAME(PROT_EXEC), END};
static const struct name no_protection[] = {NAME(PROT_NONE), END};
static const struct name map_kinds[] = {
	NAME(MAP_SHARED), NAME(MAP_PRIVATE), {3, "MAP_SHARED_VALIDATE"}, END};
static const struct name map_flags[] = {
	NAME(MAP_FIXED),    NAME(MAP_ANONYMOUS), NAME(MAP_NORESERVE),
	NAME(MAP_POPULATE), NAME(MAP_STACK),	 END};
static const struct name families[] = {NAME(AF_UNSPEC),
				       NAME(AF_UNIX),
				       NAME(AF_INET),
				       NAME(AF_INET6),
				       NAME(AF_NETLINK),
				       NAME(AF_PACKET),
				       END};
static const struct name types[] = {NAME(SOCK_STREAM), NAME(SOCK_DGRAM),
				    NAME(SOCK_RAW), NAME(SOCK_SEQPACKET), END};
static const struct name type_flags[] = {NAME(SOCK_CLOEXEC),
					 NAME(SOCK_NONBLOCK), END};
static const struct name clocks[] = {NAME(CLOCK_REALTIME),
				     NAME(CLOCK_MONOTONIC),
				     NAME(CLOCK_PROCESS_CPUTIME_ID),
				     NAME(CLOCK_THREAD_CPUTIME_ID),
				     NAME(CLOCK_MONOTONIC_RAW),
				     NAME(CLOCK_REALTIME_COARSE),
				     NAME(CLOCK_MONOTONIC_COARSE),
				     NAME(CLOCK_BOOTTIME),
				     END};
static const struct name requests[] = {NAME(TIOCGWINSZ),
				       NAME(TCGETS),
				       NAME(FIONREAD),
				       NAME(FIONBIO),
				       {0x80081272, "BLKGETSIZE64"},
				       {0x1268, "BLKSSZGET"},
				       END};
static const struct name controls[] = {
	NAME(F_DUPFD),	    NAME(F_GETFD),	NAME(F_SETFD),
	NAME(F_GETFL),	    NAME(F_SETFL),	NAME(F_GETLK),
	NAME(F_SETLK),	    NAME(F_SETLKW),	NAME(F_DUPFD_CLOEXEC),
	NAME(F_GETPIPE_SZ), NAME(F_SETPIPE_SZ), END};
static const struct name epoll_operations[] = {
	NAME(EPOLL_CTL_ADD), NAME(EPOLL_CTL_DEL), NAME(EPOLL_CTL_MOD), END};
static const struct name mask_operations[] = {
	NAME(SIG_BLOCK), NAME(SIG_UNBLOCK), NAME(SIG_SETMASK), END};
static const struct name futex_operations[] = {NAME(FUTEX_WAIT),
					       NAME(FUTEX_WAKE),
					       NAME(FUTEX_REQUEUE),
					       NAME(FUTEX_CMP_REQUEUE),
					       NAME(FUTEX_WAKE_OP),
					       NAME(FUTEX_LOCK_PI),
					       NAME(FUTEX_UNLOCK_PI),
					       NAME(FUTEX_TRYLOCK_PI),
					       NAME(FUTEX_WAIT_BITSET),
					       NAME(FUTEX_WAKE_BITSET),
					       END};
static const struct name futex_flags[] = {NAME(FUTEX_PRIVATE_FLAG),
					  NAME(FUTEX_CLOCK_REALTIME), END};
static const struct name signals[] = {
	NAME(SIGHUP),	 NAME(SIGINT),	NAME(SIGQUIT),
	NAME(SIGILL),	 NAME(SIGTRAP), NAME(SIGABRT),
	NAME(SIGBUS),	 NAME(SIGFPE),	NAME(SIGKILL),
	NAME(SIGUSR1),	 NAME(SIGSEGV), NAME(SIGUSR2),
	NAME(SIGPIPE),	 NAME(SIGALRM), NAME(SIGTERM),
	NAME(SIGCHLD),	 NAME(SIGCONT), NAME(SIGSTOP),
	NAME(SIGTSTP),	 NAME(SIGTTIN), NAME(SIGTTOU),
	NAME(SIGURG),	 NAME(SIGXCPU), NAME(SIGXFSZ),
	NAME(SIGVTALRM), NAME(SIGPROF), NAME(SIGWINCH),
	NAME(SIGIO),	 NAME(SIGSYS),	END};

#define ALL 0xffffffff

static const struct names kinds[] = {
	{'O', O_ACCMODE & 3, open_modes, open_flags},
	{'D', ALL, directories, no_flags},
	{'A', 0, no_flags, at_flags},
	{'W', ALL, whences, no_flags},
	{'P', 0, no_protection, protections},
	{'M', 0xf, map_kinds, map_flags},
	{'N', ALL, families, no_flags},
	{'T', 0xf, types, type_flags},
	{'K', ALL, clocks, no_flags},
	{'f', ALL, controls, no_flags},
	{'I', ALL, requests, no_flags},
	{'e', ALL, epoll_operations, no_flags},
	{'B', ALL, mask_operations, no_flags},
	{'F', 0x7f, futex_operations, futex_flags},
	{'S', ALL, signals, no_flags},
};

static void put_flag(struct text *t, const char *name, bool *first)
{
	if (!*first)
		text_put_char(t, '|');
	*first = false;
	text_put_string(t, name);
}

static void put(struct text *t, const struct names *k, uint32_t value)
{
	uint32_t choice = value & (uint32_t)k->choice;
	uint32_t left = value & ~(uint32_t)k->choice;
	bool first = true;

	for (const struct name *n = k->of; n->name; n++)
		if (n->value == choice && (k->choice || !value)) {
			put_flag(t, n->name, &first);
			choice = 0;
			break;
		}
	for (const struct name *n = k->flag; n->name; n++)
		if ((left & n->value) == n->value) {
			put_flag(t, n->name, &first);
			left &= ~(uint32_t)n->value;
		}
	left |= choice;
	if (!first && !left)
		return;
	if (!first)
		text_put_char(t, '|');
	/* Where there are no flags, what has no name is a number. */
	if (k->flag == no_flags || !left)
		text_put_signed(t, (int32_t)left);
	else
		text_put_hex(t, left);
}

bool syscall_put_name(struct text *t, char letter, uint64_t value)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].letter == letter) {
			put(t, &kinds[i], (uint32_t)value);
			return true;
		}
	return false;
}

const char *syscall_errno_name(int64_t number)
{
	static const struct name names[] = {
		NAME(EPERM),
		NAME(ENOENT),
		NAME(ESRCH),
		NAME(EINTR),
		NAME(EIO),
		NAME(ENXIO),
		NAME(E2BIG),
		NAME(ENOEXEC),
		NAME(EBADF),
		NAME(ECHILD),
		NAME(EAGAIN),
		NAME(ENOMEM),
		NAME(EACCES),
		NAME(EFAULT),
		NAME(ENOTBLK),
		NAME(EBUSY),
		NAME(EEXIST),
		NAME(EXDEV),
		NAME(ENODEV),
		NAME(ENOTDIR),
		NAME(EISDIR),
		NAME(EINVAL),
		NAME(ENFILE),
		NAME(EMFILE),
		NAME(ENOTTY),
		NAME(ETXTBSY),
		NAME(EFBIG),
		NAME(ENOSPC),
		NAME(ESPIPE),
		NAME(EROFS),
		NAME(EMLINK),
		NAME(EPIPE),
		NAME(EDOM),
		NAME(ERANGE),
		NAME(EDEADLK),
		NAME(ENAMETOOLONG),
		NAME(ENOLCK),
		NAME(ENOSYS),
		NAME(ENOTEMPTY),
		NAME(ELOOP),
		NAME(ENODATA),
		NAME(ETIME),
		NAME(EPROTO),
		NAME(EBADMSG),
		NAME(EOVERFLOW),
		NAME(EILSEQ),
		NAME(ENOTSOCK),
		NAME(EDESTADDRREQ),
		NAME(EMSGSIZE),
		NAME(EPROTOTYPE),
		NAME(ENOPROTOOPT),
		NAME(EPROTONOSUPPORT),
		NAME(ESOCKTNOSUPPORT),
		NAME(EOPNOTSUPP),
		NAME(EPFNOSUPPORT),
		NAME(EAFNOSUPPORT),
		NAME(EADDRINUSE),
		NAME(EADDRNOTAVAIL),
		NAME(ENETDOWN),
		NAME(ENETUNREACH),
		NAME(ENETRESET),
		NAME(ECONNABORTED),
		NAME(ECONNRESET),
		NAME(ENOBUFS),
		NAME(EISCONN),
		NAME(ENOTCONN),
		NAME(ESHUTDOWN),
		NAME(ETOOMANYREFS),
		NAME(ETIMEDOUT),
		NAME(ECONNREFUSED),
		NAME(EHOSTDOWN),
		NAME(EHOSTUNREACH),
		NAME(EALREADY),
		NAME(EINPROGRESS),
		NAME(ESTALE),
		NAME(EDQUOT),
		NAME(ECANCELED),
		NAME(EOWNERDEAD),
		NAME(ENOTRECOVERABLE),
		/* The runtime's own: the call is made anew. */
		{512, "ERESTARTSYS"},
		END};

	for (const struct name *n = names; n->name; n++)
		if (n->value == (uint64_t)number)
			return n->name;
	return NULL;
}
