package io.usernet.benchmarks;

import io.usernet.frame.Frame;
import io.usernet.frame.FramePool;
import io.usernet.frame.Memory;
import io.usernet.frame.Slab;
import io.usernet.link.LinkDevice;
import io.usernet.link.Wire;
import io.usernet.wire.Ethernet;
import io.usernet.wire.Ipv4;
import io.usernet.wire.Tcp;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What a frame costs without its payload, in nanoseconds. None of it may allocate. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 3, time = 1)
public class FrameBenchmark {
    private final Memory memory = new Memory(64 << 20);
    private final FramePool pool = new FramePool(memory);
    private final FramePool otherPool = new FramePool(new Memory(64 << 20));
    private final Wire wire = new Wire();
    private final LinkDevice left = wire.left(), right = wire.right();
    private final Slab payload = memory.take(Slab.Size.MEDIUM);

    private Frame segment() {
        Frame frame = pool.take();
        frame.begin();
        frame.append(payload.region(), payload, payload.base(), 1448);
        int tcp = frame.prepend(Tcp.HEADER);
        Tcp.write(frame.bytes(), tcp, 40_000, 6888, 1, 2, Tcp.HEADER, Tcp.ACK, 512);
        int ip = frame.prepend(Ipv4.HEADER);
        Ipv4.write(frame.bytes(), ip, 0, 1488, 1, 2, 0, 64, Ipv4.TCP, 0x0A00_0001, 0x0A00_0002);
        int ethernet = frame.prepend(Ethernet.HEADER);
        Ethernet.write(frame.bytes(), ethernet, 1, 2, Ethernet.IPV4);
        return frame;
    }

    /** Taken, headers written, payload referenced, released. */
    @Benchmark
    public int send() {
        Frame frame = segment();
        int length = frame.length();
        frame.release();
        return length;
    }

    /** Room for the largest frame, of which 1,514 bytes came. */
    @Benchmark
    public int receive() {
        Frame frame = pool.take();
        frame.reserve(65_550);
        frame.filled(1514);
        int length = frame.length();
        frame.release();
        return length;
    }

    /** Lent to the other end of a wire, received there, released, and back; on one thread. */
    @Benchmark
    public int wire() {
        Frame frame = segment();
        frame.checksum = Frame.Checksum.PARTIAL;
        if (left.transmit(frame) != LinkDevice.Transmit.HELD) throw new AssertionError();
        Frame got = otherPool.take();
        if (!right.receive(got)) throw new AssertionError();
        int length = got.length();
        got.release();
        return length;
    }

    /** A slab taken and given back, as every 32 KiB that an application writes. */
    @Benchmark
    public Slab slab() {
        Slab slab = memory.take(Slab.Size.MEDIUM);
        slab.release();
        return slab;
    }
}
