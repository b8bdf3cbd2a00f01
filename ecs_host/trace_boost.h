/* SPDX-License-Identifier: GPL-2.0-only */
/* trace_boost.h: trace events of boosts, all written under the boost's lock. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM ecs

#if !defined(ECSH_TRACE_BOOST_H) || defined(TRACE_HEADER_MULTI_READ)
#define ECSH_TRACE_BOOST_H

#include <linux/tracepoint.h>

#include "boost.h"

/* A thread is dispatched before every other fair one from now on. */
TRACE_EVENT(ecs_boost_begin,
	TP_PROTO(struct ecsh_boost *b),
	TP_ARGS(b),
	TP_STRUCT__entry(
		__field(int, tid)
		__field(int, vcpu)
		__field(int, cpu)
	),
	TP_fast_assign(
		__entry->tid = b->task->pid;
		__entry->vcpu = b->vcpu;
		__entry->cpu = b->cpu;
	),
	TP_printk("tid=%d vcpu=%d cpu=%d", __entry->tid, __entry->vcpu,
		  __entry->cpu)
);

/* It is an ordinary one again. */
TRACE_EVENT(ecs_boost_end,
	TP_PROTO(struct ecsh_boost *b, int reason),
	TP_ARGS(b, reason),
	TP_STRUCT__entry(
		__field(int, tid)
		__field(int, vcpu)
		__field(int, reason)
		__field(u64, ran_ns)
		__field(u64, cooling_ns)
	),
	TP_fast_assign(
		__entry->tid = b->task->pid;
		__entry->vcpu = b->vcpu;
		__entry->reason = reason;
		__entry->ran_ns = b->budget.ran_ns;
		__entry->cooling_ns = b->budget.phase == ECS_BUDGET_COOLING ?
					      b->budget.cooling_ns : 0;
	),
	TP_printk("tid=%d vcpu=%d reason=%s ran_ns=%llu cooling_ns=%llu",
		  __entry->tid, __entry->vcpu,
		  __print_symbolic(__entry->reason,
				   { ECS_BOOST_STAT_ENDED_SBT, "used-up" },
				   { ECS_BOOST_STAT_ENDED_SLEEP, "slept" }),
		  __entry->ran_ns, __entry->cooling_ns)
);

#endif /* ECSH_TRACE_BOOST_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace_boost
#include <trace/define_trace.h>
