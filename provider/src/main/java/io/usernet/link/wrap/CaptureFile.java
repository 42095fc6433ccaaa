package io.usernet.link.wrap;

import io.usernet.config.CaptureConfig;
import io.usernet.config.Settings;
import io.usernet.wire.Ethernet;
import io.usernet.wire.Ipv4;
import io.usernet.wire.Tcp;
import io.usernet.wire.Udp;
import java.io.File;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Writes packets to a pcapng file, or to one after the other, each complete by itself. Whole blocks
 * are written at a time, so that a file can be read while it grows.
 *
 * <p>The statistics at the end of a file count its packets, and those that were dropped between them.
 */
final class CaptureFile implements PacketDrain.Sink {
    private static final int BATCH = 512 << 10;
    private static final DateTimeFormatter STAMP = DateTimeFormatter.ofPattern("yyyyMMddHHmmss");

    private final CaptureConfig config;
    private final List<CaptureInterface> interfaces; // grows, by whoever wraps a link
    private final WallClock clock;
    private final ByteBuffer batch = ByteBuffer.allocateDirect(BATCH);
    private final Pcapng blocks = new Pcapng(batch);
    private final ArrayDeque<Path> kept = new ArrayDeque<>(); // guarded by itself
    private FileChannel channel;

    // -- of the present file
    private boolean begun;
    private long written; // bytes, without the batch
    private long packets;
    private long startNs;
    private int described; // interfaces
    private int looked; // at interfaces, whether they are to be described
    private final int[] id = new int[PacketSource.MOST]; // -1: not described
    private final long[] received = new long[PacketSource.MOST];
    private final long[] dropped = new long[PacketSource.MOST];

    // -- of all files
    private int number;
    private long packetsBefore, droppedBefore;
    private final long[] accounted = new long[PacketSource.MOST]; // of the dropped

    private CaptureFile(CaptureConfig config, List<CaptureInterface> interfaces, WallClock clock) {
        this.config = config;
        this.interfaces = interfaces;
        this.clock = clock;
    }

    /**
     * Opens the first file.
     *
     * @param interfaces whose packets come; the list may grow
     * @throws IOException if it cannot be written; one line names the property, its value and why
     */
    static CaptureFile create(
            CaptureConfig config, List<CaptureInterface> interfaces, WallClock clock)
            throws IOException {
        CaptureFile file = new CaptureFile(config, interfaces, clock);
        try {
            file.open();
        } catch (IOException | InvalidPathException e) {
            throw new IOException(Settings.CAPTURE + "=" + config.file() + ": " + reason(e), e);
        }
        return file;
    }

    private static String reason(Exception e) {
        if (e instanceof NoSuchFileException) return "there is no such directory; make it first";
        if (e instanceof AccessDeniedException) return "no permission to write this file";
        String why =
                e instanceof FileSystemException f && f.getReason() != null
                        ? f.getReason()
                        : e.getMessage();
        return "cannot write this file: " + why;
    }

    private void open() throws IOException {
        Path path = Path.of(config.size() == 0 ? config.file() : numbered(config.file()));
        channel =
                FileChannel.open(
                        path,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING);
        begun = false;
        written = packets = 0;
        startNs = clock.nowNs();
        described = looked = 0;
        Arrays.fill(id, -1);
        Arrays.fill(received, 0);
        Arrays.fill(dropped, 0);
        keep(path);
    }

    /** As dumpcap does: {@code name_00001_20260131235959.pcapng}. */
    private String numbered(String name) {
        int dot = name.lastIndexOf('.');
        if (dot <= name.lastIndexOf(File.separatorChar) + 1) dot = name.length();
        String stamp = LocalDateTime.ofInstant(now(), ZoneId.systemDefault()).format(STAMP);
        String middle = String.format(Locale.ROOT, "_%05d_%s", ++number, stamp);
        return name.substring(0, dot) + middle + name.substring(dot);
    }

    private Instant now() {
        return Instant.ofEpochSecond(0, clock.nowNs());
    }

    private void keep(Path path) throws IOException {
        synchronized (kept) {
            kept.addLast(path);
            while (config.files() > 0 && kept.size() > config.files()) {
                Files.deleteIfExists(kept.removeFirst());
            }
        }
    }

    /** The names of the files that are there, the oldest first; any thread. */
    List<String> kept() {
        synchronized (kept) {
            return kept.stream().map(Path::toString).toList();
        }
    }

    @Override
    public void packet(ByteBuffer b, int record) throws IOException {
        Checksums.complete(b, record);
        int source = b.get(record + PacketRing.SOURCE) & 0xFF;
        CaptureInterface its = interfaces.get(source);
        String comment = comment(b, record, its);
        int captured = b.getInt(record + PacketRing.CAPTURED);
        int most = captured + Pcapng.PACKET_OVERHEAD + (comment == null ? 0 : comment.length());
        if (config.size() > 0 && packets > 0 && size() + most > config.size()) next();
        describe();
        if (id[source] < 0) describe(its);
        room(most);
        int lost = b.getInt(record + PacketRing.LOST);
        blocks.packet(
                id[source],
                b.getLong(record + PacketRing.TIME),
                b,
                record + PacketRing.BYTES,
                captured,
                b.getInt(record + PacketRing.LENGTH),
                b.get(record + PacketRing.DIRECTION),
                lost,
                comment);
        packets++;
        received[source] += 1L + lost;
        dropped[source] += lost;
        accounted[source] += lost;
    }

    /** What the present file will have, with its statistics. */
    private long size() {
        return written + batch.position() + (long) described * Pcapng.STATISTICS;
    }

    private void next() throws IOException {
        end();
        channel.close();
        try {
            open();
        } catch (FileSystemException e) {
            throw new IOException(e.getFile() + ": " + reason(e), e);
        }
    }

    /** Begins the file, if that is still to do, and describes interfaces that are new. */
    private void describe() throws IOException {
        if (!begun) {
            begun = true;
            room(Pcapng.MOST);
            String os = System.getProperty("os.name") + " " + System.getProperty("os.version");
            String java = System.getProperty("java.vm.name") + " " + Runtime.version();
            blocks.section(System.getProperty("os.arch"), os, "Usernet on " + java);
        }
        while (looked < interfaces.size()) {
            CaptureInterface next = interfaces.get(looked++);
            if (next.always()) describe(next);
        }
    }

    private void describe(CaptureInterface what) throws IOException {
        room(Pcapng.MOST);
        blocks.interfaceDescription(what.linkType(), config.snaplen(), what.name(), what.mac());
        id[what.source().number] = described++;
    }

    /** Says so where a packet is none that a wire would carry; the offload that made it is ours. */
    private static String comment(ByteBuffer b, int record, CaptureInterface its) {
        int segment = b.getInt(record + PacketRing.SEGMENT_SIZE);
        int network = its.source().layer == 2 ? Ethernet.HEADER : 0;
        int length = b.getInt(record + PacketRing.LENGTH) - network;
        if (segment > 0) {
            int payload = payload(b, record, network);
            if (payload < 0) return "super-segment of segments of " + segment + " bytes";
            int segments = Math.max(1, (payload + segment - 1) / segment);
            return "super-segment of " + segments + " segments of " + segment + " bytes";
        }
        if (length <= its.mtu()) return null;
        return "longer than the MTU of " + its.mtu() + " bytes";
    }

    /** Bytes of payload of TCP or UDP over IPv4; -1 if it is something else. */
    private static int payload(ByteBuffer b, int record, int network) {
        int frame = record + PacketRing.BYTES;
        int end = frame + b.getInt(record + PacketRing.CAPTURED);
        int ip = frame + network;
        if (network > 0 && (end < ip || Ethernet.type(b, frame) != Ethernet.IPV4)) return -1;
        if (end - ip < Ipv4.HEADER) return -1;
        int header = Ipv4.check(b, ip, frame + b.getInt(record + PacketRing.LENGTH));
        if (header < 0 || header > end - ip) return -1;
        int transport = ip + header;
        int length = Ipv4.totalLength(b, ip) - header;
        int itsHeader =
                switch (Ipv4.protocol(b, ip)) {
                    case Ipv4.TCP -> Tcp.check(b, transport, end);
                    case Ipv4.UDP -> Udp.HEADER;
                    default -> -1;
                };
        return itsHeader < 0 ? -1 : Math.max(0, length - itsHeader);
    }

    private void room(int bytes) throws IOException {
        if (batch.remaining() < bytes) write();
    }

    private void write() throws IOException {
        batch.flip();
        written += batch.limit();
        while (batch.hasRemaining()) channel.write(batch);
        batch.clear();
    }

    @Override
    public void flush() throws IOException {
        describe();
        write();
    }

    /** Ends the present file with the statistics of its interfaces. */
    private void end() throws IOException {
        describe();
        long endNs = clock.nowNs();
        for (CaptureInterface i : interfaces) {
            int source = i.source().number;
            packetsBefore += received[source] - dropped[source];
            droppedBefore += dropped[source];
            if (id[source] < 0) continue;
            room(Pcapng.STATISTICS);
            blocks.statistics(id[source], startNs, endNs, received[source], dropped[source]);
        }
        write();
    }

    @Override
    public void finish() throws IOException {
        for (CaptureInterface i : interfaces) {
            int source = i.source().number;
            long rest = i.source().dropped() - accounted[source];
            received[source] += rest;
            dropped[source] += rest;
            accounted[source] += rest;
            if (rest > 0 && id[source] < 0) describe(i);
        }
        end();
        sayWhatThereIs();
    }

    private void sayWhatThereIs() {
        String in = number > 1 ? number + " files " + config.file() : config.file();
        String line = "packets captured in " + in + ": " + packetsBefore + ", dropped: ";
        if (droppedBefore == 0) {
            System.getLogger("io.usernet").log(Level.INFO, line + "0");
            return;
        }
        String buffer = Settings.CAPTURE_BUFFER + "=" + config.buffer();
        System.getLogger("io.usernet")
                .log(Level.WARNING, line + droppedBefore + ", which found no room in " + buffer);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
