package io.usernet.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TcpOptionsTest {
    private final TcpOptions options = new TcpOptions();

    private TcpOptions parsed(String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
        ByteBuffer exact = ByteBuffer.allocateDirect(bytes.length).put(0, bytes);
        options.parse(exact, 0, bytes.length);
        return options;
    }

    @Test
    void whatLinuxSendsInASyn() {
        TcpOptions o = parsed("020405b4 0402 080a 0000000a 00000000 01 030307");
        assertEquals(1460, o.mss);
        assertTrue(o.sackPermitted);
        assertTrue(o.timestamps);
        assertEquals(10, o.tsVal);
        assertEquals(0, o.tsEcr);
        assertEquals(7, o.windowScale);
        assertEquals(0, o.sackBlocks);
    }

    @Test
    void theLayoutOfNearlyAllSegments() {
        TcpOptions o = parsed("0101 080a ffffffff 80000001");
        assertTrue(o.timestamps);
        assertEquals(-1, o.tsVal);
        assertEquals(0x8000_0001, o.tsEcr);
    }

    @Test
    void nothingIsLeftOfTheSegmentBefore() {
        parsed("020405b4 0402 080a 0000000a 00000000 01 030307");
        TcpOptions o = parsed("0101 050a 00000001 00000002");
        assertEquals(-1, o.mss);
        assertEquals(-1, o.windowScale);
        assertFalse(o.sackPermitted);
        assertFalse(o.timestamps);
        assertEquals(1, o.sackBlocks);
        assertEquals(1, o.sackLeft[0]);
        assertEquals(2, o.sackRight[0]);
        parsed("0101 080a 00000001 00000002");
        assertEquals(0, o.sackBlocks);
        assertEquals(0, parsed("").sackBlocks);
        assertFalse(o.timestamps);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "02",
                "0204",
                "020405",
                "0200",
                "0201",
                "020505b4",
                "0101 0202",
                "03",
                "0303",
                "0304 00",
                "08",
                "080a00000001",
                "080900000001000000",
                "0402 02",
                "05",
                "0503 00",
                "ff",
                "ff00",
                "ff01",
                "00 020405b4",
                "040300",
            })
    void anImpossibleLengthOrWhatFollowsTheEndCountsNot(String hex) {
        TcpOptions o = parsed(hex);
        assertEquals(-1, o.mss);
        assertEquals(-1, o.windowScale);
        assertFalse(o.timestamps);
        assertEquals(0, o.sackBlocks);
    }

    @Test
    void whatComesBeforeAnImpossibleLengthCounts() {
        assertEquals(1460, parsed("020405b4 0300").mss);
        assertEquals(1460, parsed("020405b4 ff").mss);
    }

    @Test
    void unknownOptionsAreSkipped() {
        assertEquals(1460, parsed("fe06 aaaaaaaa 2202 020405b4").mss);
    }

    @Test
    void noMoreSackBlocksThanFit() {
        assertEquals(4, parsed("0522" + "00000001 00000002".repeat(4)).sackBlocks);
        assertEquals(4, parsed("052a" + "00000001 00000002".repeat(5)).sackBlocks);
    }

    @Test
    void whatIsWrittenIsParsed() {
        ByteBuffer b = ByteBuffer.allocateDirect(60);
        int at = TcpOptions.writeMss(b, 0, 65_495);
        at = TcpOptions.writeSackPermittedAndTimestamps(b, at, -1, 7);
        at = TcpOptions.writeWindowScale(b, at, 14);
        assertEquals(20, at);
        options.parse(b, 0, at);
        assertEquals(65_495, options.mss);
        assertTrue(options.sackPermitted);
        assertEquals(-1, options.tsVal);
        assertEquals(7, options.tsEcr);
        assertEquals(14, options.windowScale);

        at = TcpOptions.writeTimestamps(b, 0, 1, 2);
        at = TcpOptions.writeSackHead(b, at, 3);
        for (int i = 0; i < 3; i++) at = TcpOptions.writeSackBlock(b, at, -i, i + 100);
        assertEquals(40, at, "all that a header can have");
        options.parse(b, 0, at);
        assertEquals(3, options.sackBlocks);
        assertEquals(-2, options.sackLeft[2]);
        assertEquals(102, options.sackRight[2]);

        at = TcpOptions.writeSackPermitted(b, 0);
        options.parse(b, 0, at);
        assertTrue(options.sackPermitted);
        assertFalse(options.timestamps);
    }

    @Test
    void anyBytesWhateverAreParsedWithinTheirBounds() {
        Random random = new Random(1);
        for (int i = 0; i < 200_000; i++) {
            byte[] bytes = new byte[random.nextInt(41)];
            random.nextBytes(bytes);
            for (int n = random.nextInt(8); n > 0 && bytes.length > 0; n--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(12);
            }
            ByteBuffer exact = ByteBuffer.allocateDirect(bytes.length).put(0, bytes);
            options.parse(exact, 0, bytes.length); // reading beyond would throw
            assertTrue(options.sackBlocks <= TcpOptions.MAX_SACK_BLOCKS);
        }
    }
}
