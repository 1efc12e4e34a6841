/* SPDX-License-Identifier: ISC */
#include <errno.h>

#include "log.h"
#include "net_backend.h"

static int user_open(struct net_dev *dev, const struct net_request *request)
{
	(void)request;
	log_error("net %s: not there yet", dev->name);
	return -ENOSYS;
}

const struct net_backend net_user_backend = {
	.open = user_open,
};
