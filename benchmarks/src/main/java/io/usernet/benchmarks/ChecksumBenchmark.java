package io.usernet.benchmarks;

import io.usernet.wire.Checksum;
import java.nio.ByteBuffer;
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

/** What summing a segment costs, in nanoseconds: an ACK, a full Ethernet frame, a frame inside the JVM. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 3, time = 1)
public class ChecksumBenchmark {
    /** Bytes summed. */
    @Param({"20", "1460", "65483"})
    public int length;

    private ByteBuffer bytes;

    @Setup
    public void fill() {
        bytes = ByteBuffer.allocateDirect(length + 2);
        Random random = new Random(1);
        for (int i = 0; i < length; i++) bytes.put(i, (byte) random.nextInt());
    }

    @Benchmark
    public int sum() {
        return Checksum.sum(bytes, 0, length);
    }

    /** As the definition has it: two bytes at a time. */
    @Benchmark
    public int baseline() {
        long sum = 0;
        for (int i = 0; i < length - 1; i += 2) sum += bytes.getShort(i) & 0xFFFF;
        return Checksum.fold(sum);
    }
}
