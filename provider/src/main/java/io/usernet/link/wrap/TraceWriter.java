package io.usernet.link.wrap;

import io.usernet.wire.PacketPrinter;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** Turns packets into text. */
final class TraceWriter implements PacketDrain.Sink {
    private static final int BATCH_CHARS = 64 << 10;

    private final OutputStream out;
    private final List<String> names;
    private final LongSupplier dropped;
    private final StringBuilder text = new StringBuilder();
    private final ZoneId zone = ZoneId.systemDefault();
    private long droppedSaid;

    /**
     * @param names of the sources; with more than the loopback and one link, they are printed
     * @param dropped how many packets found no room in the ring so far
     */
    TraceWriter(OutputStream out, List<String> names, LongSupplier dropped) {
        this.out = out;
        this.names = names;
        this.dropped = dropped;
    }

    @Override
    public void packet(ByteBuffer b, int record) throws IOException {
        Checksums.complete(b, record);
        timeStamp(TimeUnit.NANOSECONDS.toMicros(b.getLong(record + PacketRing.TIME)));
        if (names.size() > 2) origin(b, record);
        int at = record + PacketRing.BYTES;
        PacketPrinter.print(
                text,
                b,
                at,
                at + b.getInt(record + PacketRing.CAPTURED),
                b.get(record + PacketRing.LAYER),
                b.getInt(record + PacketRing.LENGTH),
                b.getInt(record + PacketRing.SUMMED),
                b.getInt(record + PacketRing.REST_SUM));
        text.append('\n');
        if (text.length() >= BATCH_CHARS) write();
    }

    /** As {@code tcpdump -i any} has it. */
    private void origin(ByteBuffer b, int record) {
        String name = names.get(b.get(record + PacketRing.SOURCE));
        text.append(name);
        for (int n = name.length(); n < 5; n++) text.append(' ');
        text.append(
                switch (b.get(record + PacketRing.DIRECTION)) {
                    case PacketRing.IN -> " In  ";
                    case PacketRing.OUT -> " Out ";
                    default -> "     ";
                });
    }

    private void timeStamp(long micros) {
        Instant instant = Instant.ofEpochSecond(micros / 1_000_000);
        long local = micros + zone.getRules().getOffset(instant).getTotalSeconds() * 1_000_000L;
        PacketPrinter.timeOfDay(text, Math.floorMod(local, TimeUnit.DAYS.toMicros(1)));
        text.append(' ');
    }

    @Override
    public void flush() throws IOException {
        long now = dropped.getAsLong();
        if (now != droppedSaid) {
            text.append(now - droppedSaid).append(" packets dropped by the trace\n");
            droppedSaid = now;
        }
        write();
    }

    @Override
    public void finish() {}

    private void write() throws IOException {
        if (text.length() == 0) return;
        out.write(text.toString().getBytes(StandardCharsets.US_ASCII));
        out.flush();
        text.setLength(0);
    }

    @Override
    public void close() throws IOException {
        if (isStandardError(out)) out.flush();
        else out.close();
    }

    private static boolean isStandardError(OutputStream out) throws IOException {
        return out instanceof FileOutputStream file && file.getFD() == FileDescriptor.err;
    }
}
