package io.usernet.metrics;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.EnumMap;
import java.util.Map;

/** The counters of one stack: written by its loop alone, read by any thread. */
public final class Counters {
    private static final VarHandle VALUE = MethodHandles.arrayElementVarHandle(long[].class);

    private final long[] values = new long[Counter.values().length];

    /** All 0. */
    public Counters() {}

    /** Loop only. */
    public void increment(Counter counter) {
        add(counter, 1);
    }

    /** Loop only. */
    public void add(Counter counter, long n) {
        int i = counter.ordinal();
        VALUE.setOpaque(values, i, values[i] + n);
    }

    /** {@return what one counter has reached} Any thread. */
    public long get(Counter counter) {
        return (long) VALUE.getOpaque(values, counter.ordinal());
    }

    /** {@return the counters that are not 0, in the order of the enum} Any thread. */
    public Map<Counter, Long> snapshot() {
        Map<Counter, Long> all = new EnumMap<>(Counter.class);
        for (Counter counter : Counter.values()) {
            long value = get(counter);
            if (value != 0) all.put(counter, value);
        }
        return all;
    }
}
