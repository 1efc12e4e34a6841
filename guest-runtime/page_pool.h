/* SPDX-License-Identifier: ISC */
/* The memory of the page cache, and which page goes when it is used up. */
#ifndef RT_PAGE_POOL_H
#define RT_PAGE_POOL_H

struct rt_page;

/* A page, not cleared, or NULL: nothing can be had. It is the newest one. */
struct rt_page *__rt_pool_take(void);
/* Gives one back that is in no file. */
void __rt_pool_give(struct rt_page *page);
/* It was used just now. */
void __rt_pool_touch(struct rt_page *page);
/* It must not go: the only place where its data is. */
void __rt_pool_keep(struct rt_page *page);
/* From now on some memory is set aside for files on disks. */
void __rt_pool_reserve(void);
/* How many more pages could be kept. */
unsigned long __rt_pool_left(void);
/* Whether so much is dirty that it should be written. */
int __rt_pool_crowded(unsigned long dirty_pages);

#endif
