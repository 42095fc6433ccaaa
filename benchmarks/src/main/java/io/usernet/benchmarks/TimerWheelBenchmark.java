package io.usernet.benchmarks;

import io.usernet.time.TimerWheel;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Timers as connections use them: many, re-armed for every segment, rarely firing. In nanoseconds an
 * operation, beside a {@link PriorityQueue} of the same timers.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 3, time = 1)
public class TimerWheelBenchmark {
    private static final long RTO_NS = TimeUnit.MILLISECONDS.toNanos(200);
    private static final long STEP_NS = 1_000;

    /** Timers that are scheduled all the time. */
    @Param({"10000", "1000000"})
    public int timers;

    private static final class Timer extends TimerWheel.Timer implements Comparable<Timer> {
        long queuedNs;

        @Override
        public int compareTo(Timer other) {
            return Long.compare(queuedNs, other.queuedNs);
        }
    }

    private final TimerWheel wheel = new TimerWheel();
    private final PriorityQueue<Timer> queue = new PriorityQueue<>();
    private Timer[] all;
    private int[] order;
    private int next;
    private long nowNs;

    @Setup
    public void schedule() {
        Random random = new Random(1);
        all = new Timer[timers];
        order = new int[1 << 16];
        for (int i = 0; i < order.length; i++) order[i] = random.nextInt(timers);
        for (int i = 0; i < timers; i++) {
            all[i] = new Timer();
            long deadline = (long) (random.nextDouble() * 60e9);
            wheel.schedule(all[i], deadline);
            all[i].queuedNs = deadline;
            queue.add(all[i]);
        }
    }

    private Timer next() {
        return all[order[next++ & order.length - 1]];
    }

    /** An ACK came: the retransmission timer of some connection moves on, and what is due is polled. */
    @Benchmark
    public TimerWheel.Timer rearmAndPoll() {
        nowNs += STEP_NS;
        wheel.schedule(next(), nowNs + RTO_NS);
        TimerWheel.Timer due = wheel.poll(nowNs);
        if (due != null) wheel.schedule(due, nowNs + RTO_NS);
        return due;
    }

    /** A delayed ACK that is sent before its time. */
    @Benchmark
    public void cancelAndSchedule() {
        Timer timer = next();
        wheel.cancel(timer);
        wheel.schedule(timer, nowNs + RTO_NS / 5);
    }

    /** Each operation lets what is due in 10 us fire and schedules it again. */
    @Benchmark
    public int fire() {
        nowNs += 10 * STEP_NS;
        int fired = 0;
        for (TimerWheel.Timer due = wheel.poll(nowNs); due != null; due = wheel.poll(nowNs)) {
            wheel.schedule(due, nowNs + 60_000_000_000L);
            fired++;
        }
        return fired;
    }

    /** When the I/O thread has to wake up. */
    @Benchmark
    public long earliest() {
        return wheel.earliest();
    }

    /** {@link #fire} on a heap; removing from its middle, as re-arming needs, would take O(n). */
    @Benchmark
    public int baselineFire() {
        nowNs += 10 * STEP_NS;
        int fired = 0;
        for (Timer due = queue.peek(); due != null && due.queuedNs <= nowNs; due = queue.peek()) {
            queue.poll();
            due.queuedNs = nowNs + 60_000_000_000L;
            queue.add(due);
            fired++;
        }
        return fired;
    }
}
