/* SPDX-License-Identifier: ISC */
#include "debug_regs_x86_64.h"

#include "vcpu_debug.h"

#define DR7_ALWAYS_1   (1ULL << 10)
#define DR7_EXACT      (1ULL << 8) /* LE: of use to old CPUs only */
#define DR7_LOCAL(i)   (1ULL << (i)*2)
#define DR7_FIELD(i)   (16 + (i)*4)
#define DR7_LENGTH_BIT 2

uint64_t debug_regs_control(const struct vcpu_watch *watch, unsigned count)
{
	static const uint64_t access[] = {
		[VCPU_WATCH_EXEC] = 0,
		[VCPU_WATCH_WRITE] = 1,
		[VCPU_WATCH_ACCESS] = 3,
	};
	static const uint64_t length[] = {[1] = 0, [2] = 1, [4] = 3, [8] = 2};
	uint64_t control = DR7_ALWAYS_1 | (count ? DR7_EXACT : 0);

	for (unsigned i = 0; i < count; i++)
		control |= DR7_LOCAL(i) |
			   (access[watch[i].kind] | length[watch[i].bytes]
							    << DR7_LENGTH_BIT)
				   << DR7_FIELD(i);
	return control;
}
