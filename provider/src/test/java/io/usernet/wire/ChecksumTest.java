package io.usernet.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ChecksumTest {
    private final Random random = new Random(1);

    /** RFC 1071 section 1, word by word. */
    private static int naive(byte[] b, int at, int length) {
        long sum = 0;
        for (int i = 0; i < length; i += 2) {
            int low = i + 1 < length ? b[at + i + 1] & 0xFF : 0;
            sum += (b[at + i] & 0xFF) << 8 | low;
            if (sum > 0xFFFF) sum -= 0xFFFF;
        }
        return (int) sum;
    }

    /** 0x0000 and 0xFFFF are the same number in one's complement. */
    private static int normal(int sum) {
        return sum == 0xFFFF ? 0 : sum;
    }

    private static void assertSum(int expected, int actual) {
        assertEquals(0, actual >>> 16, "not folded");
        assertEquals(normal(expected), normal(actual));
    }

    private byte[] bytes(int length) {
        byte[] b = new byte[length];
        switch (random.nextInt(3)) {
            case 0 -> random.nextBytes(b);
            case 1 -> Arrays.fill(b, (byte) 0xFF);
            default -> b[random.nextInt(length)] = 1;
        }
        return b;
    }

    private static ByteBuffer direct(byte[] b) {
        return ByteBuffer.allocateDirect(b.length).put(0, b);
    }

    @Test
    void theExampleOfRfc1071() {
        ByteBuffer b = direct(HexFormat.of().parseHex("0001f203f4f5f6f7"));
        assertEquals(0xDDF2, Checksum.sum(b, 0, 8));
        assertEquals(0x220D, Checksum.complement(0xDDF2));
    }

    @Test
    void sumsAnyRangeAsTheDefinitionDoes() {
        for (int length = 1; length < 300; length++) {
            byte[] b = bytes(length + 20);
            ByteBuffer direct = direct(b);
            int at = random.nextInt(20);
            assertSum(naive(b, at, length), Checksum.sum(direct, at, length));
            assertEquals(0, Checksum.sum(direct, at, 0));
        }
        for (int i = 0; i < 50; i++) {
            byte[] b = bytes(65_536 + random.nextInt(65_536));
            assertSum(naive(b, 0, b.length), Checksum.sum(direct(b), 0, b.length));
        }
    }

    @Test
    void appendIsTheSumOfBothTogether() {
        for (int i = 0; i < 20_000; i++) {
            byte[] b = bytes(1 + random.nextInt(100));
            int cut = random.nextInt(b.length + 1);
            ByteBuffer direct = direct(b);
            int first = Checksum.sum(direct, 0, cut);
            int second = Checksum.sum(direct, cut, b.length - cut);
            assertSum(naive(b, 0, b.length), Checksum.append(first, cut, second));
        }
    }

    @Test
    void foldKeepsTheRemainderModulo65535() {
        for (int i = 0; i < 100_000; i++) {
            long n = random.nextLong() >>> 1 + random.nextInt(40);
            assertSum((int) (n % 65_535), Checksum.fold(n));
        }
        assertEquals(0, Checksum.fold(0));
        assertEquals(0xFFFF, Checksum.fold(0xFFFF));
    }

    @Test
    void thePseudoHeaderIsTheSumOfItsFields() {
        for (int i = 0; i < 10_000; i++) {
            int src = random.nextInt(), dst = random.nextInt(), length = random.nextInt(65_536);
            ByteBuffer b = ByteBuffer.allocateDirect(12);
            b.putInt(src).putInt(dst).putShort((short) 6).putShort((short) length);
            assertSum(Checksum.sum(b, 0, 12), Checksum.pseudoHeader(src, dst, 6, length));
        }
    }

    @Test
    void aWrittenHeaderVerifies() {
        ByteBuffer b = ByteBuffer.allocateDirect(Ipv4.HEADER);
        for (int i = 0; i < 1000; i++) {
            int src = random.nextInt(), dst = random.nextInt(), id = random.nextInt(65_536);
            Ipv4.write(b, 0, 0, 1500, id, Ipv4.DONT_FRAGMENT, 0, 64, Ipv4.TCP, src, dst);
            assertTrue(Ipv4.checksumOk(b, 0));
            int at = 1 + random.nextInt(Ipv4.HEADER - 1);
            b.put(at, (byte) (b.get(at) ^ 1 << random.nextInt(8)));
            assertFalse(Ipv4.checksumOk(b, 0));
        }
    }
}
