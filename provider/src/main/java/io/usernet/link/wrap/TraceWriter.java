package io.usernet.link.wrap;

import io.usernet.buffer.ThreadWaiter;
import io.usernet.wire.Checksum;
import io.usernet.wire.Ethernet;
import io.usernet.wire.Ipv4;
import io.usernet.wire.PacketPrinter;
import io.usernet.wire.Tcp;
import io.usernet.wire.Udp;
import java.io.FileDescriptor;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneId;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** The thread that turns a {@link PacketRing} into text. It sleeps until there are packets. */
final class TraceWriter {
    private static final Logger LOG = System.getLogger("io.usernet");
    private static final int BATCH_CHARS = 64 << 10;
    private static final long CLOSE_MS = TimeUnit.SECONDS.toMillis(2);

    private final PacketRing ring;
    private final OutputStream out;
    private final ThreadWaiter waiter = new ThreadWaiter();
    private final StringBuilder text = new StringBuilder();
    private final ZoneId zone = ZoneId.systemDefault();
    private Thread thread;
    private long droppedSaid;
    private boolean failed; // the writing thread's
    private volatile boolean closing;

    TraceWriter(PacketRing ring, OutputStream out) {
        this.ring = ring;
        this.out = out;
    }

    void start(String name) {
        thread = new Thread(this::run, "usernet-trace-" + name);
        thread.setDaemon(true);
        thread.start();
    }

    /** There may be packets in the ring. Any thread that is not in the seat. */
    void wakeUp() {
        if (waiter.claim()) waiter.wake();
    }

    /** Writes what is left, for at most two seconds, and ends the thread. */
    void close() {
        closing = true;
        wakeUp();
        try {
            thread.join(CLOSE_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        waiter.own();
        while (true) {
            boolean last = closing;
            drain();
            if (last) break;
            waiter.prepare();
            if (closing || !ring.isEmpty()) continue;
            LockSupport.park(this);
        }
        waiter.disown();
        close(out);
    }

    private void drain() {
        for (int at = ring.peek(); at >= 0; at = ring.peek()) {
            print(ring.bytes(), at);
            ring.remove();
            if (text.length() >= BATCH_CHARS) write();
        }
        sayDropped();
        write();
    }

    private void print(ByteBuffer b, int record) {
        int at = record + PacketRing.BYTES;
        int end = at + b.getInt(record + PacketRing.CAPTURED);
        int layer = b.getInt(record + PacketRing.LAYER);
        int length = b.getInt(record + PacketRing.LENGTH);
        int summed = b.getInt(record + PacketRing.SUMMED);
        int restSum = b.getInt(record + PacketRing.REST_SUM);
        if (b.getInt(record + PacketRing.TRUSTED) != 0) {
            completeChecksum(b, at, end, layer, summed, restSum);
        }
        timeStamp(b.getLong(record + PacketRing.TIME));
        PacketPrinter.print(text, b, at, end, layer, length, summed, restSum);
        text.append('\n');
    }

    private void timeStamp(long micros) {
        Instant instant = Instant.ofEpochSecond(micros / 1_000_000);
        long local = micros + zone.getRules().getOffset(instant).getTotalSeconds() * 1_000_000L;
        PacketPrinter.timeOfDay(text, Math.floorMod(local, TimeUnit.DAYS.toMicros(1)));
        text.append(' ');
    }

    /**
     * In our copy, puts the right transport checksum where the stack left it to the link: of TCP and
     * UDP in an IPv4 packet that is whole.
     */
    private static void completeChecksum(
            ByteBuffer b, int at, int end, int layer, int summed, int restSum) {
        int ip = at;
        if (layer == 2) {
            if (Ethernet.check(b, at, end) < 0 || Ethernet.type(b, at) != Ethernet.IPV4) return;
            ip += Ethernet.HEADER;
        }
        if (end - ip < Ipv4.HEADER) return;
        int header = Ipv4.check(b, ip, at + summed);
        if (header < 0 || header > end - ip || Ipv4.isFragment(b, ip)) return;
        int ipEnd = ip + Ipv4.totalLength(b, ip);
        int from = ip + header;
        boolean hasRest = ipEnd > end;
        if (hasRest && ipEnd != at + summed) return;
        int here = Math.min(ipEnd, end);
        int protocol = Ipv4.protocol(b, ip);
        int field;
        if (protocol == Ipv4.TCP && Tcp.check(b, from, here) > 0) field = from + Tcp.CHECKSUM;
        else if (protocol == Ipv4.UDP && here - from >= Udp.HEADER) field = from + Udp.CHECKSUM;
        else return;
        b.putShort(field, (short) 0);
        int length = ipEnd - from;
        int pseudo = Checksum.pseudoHeader(Ipv4.src(b, ip), Ipv4.dst(b, ip), protocol, length);
        int sum = Checksum.append(pseudo, 0, Checksum.sum(b, from, here - from));
        if (hasRest) sum = Checksum.append(sum, here - from, restSum);
        int checksum = Checksum.complement(sum);
        b.putShort(field, (short) (checksum == 0 && protocol == Ipv4.UDP ? 0xFFFF : checksum));
    }

    private void sayDropped() {
        long dropped = ring.dropped();
        if (dropped == droppedSaid) return;
        text.append(dropped - droppedSaid).append(" packets dropped by the trace\n");
        droppedSaid = dropped;
    }

    private void write() {
        if (text.length() == 0) return;
        byte[] bytes = text.toString().getBytes(StandardCharsets.US_ASCII);
        text.setLength(0);
        if (failed) return;
        try {
            out.write(bytes);
            out.flush();
        } catch (IOException e) {
            failed = true;
            LOG.log(Level.ERROR, "the packet trace ends: it cannot be written: " + e.getMessage());
        }
    }

    private void close(OutputStream stream) {
        try {
            if (isStandardError(stream)) stream.flush();
            else stream.close();
        } catch (IOException e) {
            LOG.log(Level.ERROR, "the packet trace could not be closed: " + e.getMessage());
        }
    }

    private static boolean isStandardError(OutputStream stream) throws IOException {
        return stream instanceof java.io.FileOutputStream file
                && file.getFD() == FileDescriptor.err;
    }
}
