package io.usernet.link.wrap;

import io.usernet.frame.Frame;
import io.usernet.frame.FramePool;
import io.usernet.frame.Memory;
import io.usernet.frame.Slab;
import io.usernet.link.LinkCapabilities;
import io.usernet.link.LinkDevice;
import io.usernet.wire.Checksum;
import io.usernet.wire.Ipv4;
import io.usernet.wire.Tcp;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/** Frames and a link for the tests of decorators. */
final class Frames {
    static final int SRC = 0x0A00_0001, DST = 0x0A00_0002;

    final Memory memory = new Memory(8 << 20);
    final FramePool pool = new FramePool(memory);

    /** Sends nowhere; receives what the test puts in. */
    static final class Device implements LinkDevice {
        final ArrayDeque<byte[]> incoming = new ArrayDeque<>();
        Transmit answer = Transmit.DONE;
        int flushes, closes;
        private final LinkCapabilities capabilities;

        Device() {
            this(new LinkCapabilities("test", 3, 65_535, 0, true, 0));
        }

        Device(LinkCapabilities capabilities) {
            this.capabilities = capabilities;
        }

        @Override
        public LinkCapabilities capabilities() {
            return capabilities;
        }

        @Override
        public boolean receive(Frame into) {
            byte[] packet = incoming.poll();
            if (packet == null) return false;
            into.reserve(packet.length);
            into.bytes().put(into.start(), packet);
            into.filled(packet.length);
            return true;
        }

        @Override
        public Transmit transmit(Frame frame) {
            return answer;
        }

        @Override
        public void flush() {
            flushes++;
        }

        @Override
        public void await(long timeoutNs, boolean forTransmit) {}

        @Override
        public void wake() {}

        @Override
        public void close() {
            closes++;
        }
    }

    /** A TCP segment whose payload is in a slice of its own. */
    Frame segment(int payload, Frame.Checksum checksum) {
        Frame frame = pool.take();
        frame.begin();
        int tcp = frame.prepend(Tcp.HEADER);
        ByteBuffer b = frame.bytes();
        Tcp.write(b, tcp, 40_000, 6888, 100, 200, Tcp.HEADER, Tcp.ACK, 500);
        int done = 0;
        while (done < payload) {
            Slab slab = memory.take(Slab.Size.MEDIUM);
            int n = Math.min(payload - done, slab.capacity() - 1); // odd pieces
            for (int i = 0; i < n; i++) slab.region().bytes().put(slab.base() + i, (byte) (i * 31));
            frame.append(slab.region(), slab, slab.base(), n);
            slab.release();
            done += n;
        }
        int length = Tcp.HEADER + payload;
        int sum = Checksum.pseudoHeader(SRC, DST, Ipv4.TCP, length);
        if (checksum != Frame.Checksum.PARTIAL) {
            sum = Checksum.complement(Checksum.append(sum, 0, frame.sum(0)));
        }
        Tcp.putChecksum(b, tcp, sum);
        frame.checksum = checksum;
        frame.checksumStart = tcp;
        frame.checksumOffset = tcp + Tcp.CHECKSUM;
        int ip = frame.prepend(Ipv4.HEADER);
        Ipv4.write(b, ip, 0, Ipv4.HEADER + length, 1, 2, 0, 64, Ipv4.TCP, SRC, DST);
        return frame;
    }

    /** All bytes of a frame. */
    static byte[] bytes(Frame frame) {
        byte[] all = new byte[frame.length()];
        ByteBuffer copy = ByteBuffer.allocateDirect(all.length);
        frame.copy(0, all.length, copy, 0);
        copy.get(all);
        return all;
    }
}
