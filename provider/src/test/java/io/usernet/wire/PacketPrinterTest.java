package io.usernet.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The oracle is tcpdump. What it printed for the corpus is committed; a change of the corpus needs new
 * files: {@code tcpdump -r target/corpus2.pcap -S -nn -vvv -t > src/test/resources/...}, and likewise
 * for layer 3.
 */
class PacketPrinterTest {
    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void printsWhatTcpdumpPrinted(int layer) throws IOException {
        List<byte[]> packets = corpus(layer);
        Files.write(Path.of("target", "corpus" + layer + ".pcap"), pcap(packets, layer));
        String name = "tcpdump-layer" + layer + ".txt";
        try (InputStream in = getClass().getResourceAsStream(name)) {
            assertNotNull(in, name);
            assertSame(new String(in.readAllBytes(), StandardCharsets.UTF_8), packets, layer);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void printsWhatTcpdumpPrintsHere(int layer) throws Exception {
        assumeTrue(isTcpdump499(), "tcpdump 4.99 is not installed");
        List<byte[]> packets = corpus(layer);
        assertSame(tcpdump(pcap(packets, layer)), packets, layer);
    }

    private static void assertSame(String theirs, List<byte[]> packets, int layer) {
        StringBuilder ours = new StringBuilder();
        int from = 0;
        for (byte[] packet : packets) {
            ours.setLength(0);
            PacketPrinter.print(ours, direct(packet), 0, packet.length, layer);
            ours.append('\n');
            int to = Math.min(theirs.length(), from + ours.length());
            if (!ours.toString().equals(theirs.substring(from, to))) {
                String next = theirs.substring(from, Math.min(theirs.length(), from + 700));
                assertEquals(next, ours.toString(), HexFormat.of().formatHex(packet));
            }
            from = to;
        }
        assertEquals(theirs.length(), from, "tcpdump printed more");
    }

    private static List<byte[]> corpus(int layer) {
        return layer == 2 ? PacketCorpus.layer2() : PacketCorpus.layer3();
    }

    private static byte[] pcap(List<byte[]> packets, int layer) {
        PcapFile file = new PcapFile(layer);
        packets.forEach(file::add);
        return file.toByteArray();
    }

    private static boolean isTcpdump499() throws InterruptedException {
        try {
            Process process =
                    new ProcessBuilder("tcpdump", "--version").redirectErrorStream(true).start();
            String version = new String(process.getInputStream().readAllBytes());
            return process.waitFor() == 0 && version.contains("tcpdump version 4.99.");
        } catch (IOException e) {
            return false;
        }
    }

    private static String tcpdump(byte[] pcap) throws Exception {
        Process process =
                new ProcessBuilder("tcpdump", "-r", "-", "-S", "-nn", "-vvv", "-t")
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .start();
        Thread writer =
                new Thread(
                        () -> {
                            try (OutputStream out = process.getOutputStream()) {
                                out.write(pcap);
                            } catch (IOException e) {
                                throw new UncheckedIOException(e);
                            }
                        });
        writer.start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        writer.join();
        assertEquals(0, process.waitFor());
        return text;
    }

    @Test
    void verifiesChecksumsOfBytesThatAreNotAtHand() {
        for (byte[] packet : PacketCorpus.layer3()) {
            if (packet.length < 200 || packet[9] != 6 && packet[9] != 17) continue;
            StringBuilder whole = new StringBuilder();
            PacketPrinter.print(whole, direct(packet), 0, packet.length, 3);
            for (int kept = 100; kept < 104; kept++) {
                ByteBuffer b = direct(packet);
                int rest = Checksum.sum(b, kept, packet.length - kept);
                StringBuilder cut = new StringBuilder();
                PacketPrinter.print(cut, b, 0, kept, 3, packet.length, packet.length, rest);
                assertEquals(whole.toString(), cut.toString());
            }
        }
    }

    @Test
    void printsAnyBytesWhatever() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        List<byte[]> seeds = PacketCorpus.layer2();
        List<byte[]> packets = PacketCorpus.layer3();
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < 60_000; i++) {
            int layer = 2 + random.nextInt(2);
            List<byte[]> from = layer == 2 ? seeds : packets;
            byte[] packet = from.get(random.nextInt(from.size())).clone();
            if (i % 4 == 0) random.nextBytes(packet);
            for (int n = random.nextInt(6); n > 0 && packet.length > 0; n--) {
                packet[random.nextInt(packet.length)] = (byte) random.nextInt();
            }
            int cut = random.nextInt(packet.length + 1);
            // The buffer ends with the packet: reading beyond it would throw.
            ByteBuffer b = direct(java.util.Arrays.copyOf(packet, cut));
            out.setLength(0);
            try {
                PacketPrinter.print(out, b, 0, cut, layer, packet.length, packet.length, 7);
                PacketPrinter.print(out, b, 0, cut, layer);
            } catch (RuntimeException e) {
                throw new AssertionError(
                        "seed " + seed + " " + HexFormat.of().formatHex(packet) + " cut " + cut, e);
            }
            assertFalse(out.isEmpty());
        }
    }

    @Test
    void timeOfDay() {
        StringBuilder out = new StringBuilder();
        PacketPrinter.timeOfDay(out, ((23 * 60 + 5) * 60 + 7) * 1_000_000L + 89);
        assertEquals("23:05:07.000089", out.toString());
    }

    private static ByteBuffer direct(byte[] bytes) {
        return ByteBuffer.allocateDirect(bytes.length).put(0, bytes);
    }
}
