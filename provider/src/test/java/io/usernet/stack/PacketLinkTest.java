package io.usernet.stack;

import static io.usernet.stack.Packets.icmp;
import static io.usernet.stack.Packets.ipv4;

import io.usernet.config.StackConfig;
import io.usernet.metrics.Counter;
import io.usernet.wire.Icmp4;
import io.usernet.wire.Ipv4;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A stack at 10.0.0.2/24 on a link whose frames are IP packets. */
class PacketLinkTest {
    private final Host host = new Host(StackConfig.defaults().withAddress("10.0.0.2/24"), 3);

    @AfterEach
    void noLeak() {
        host.assertNoFramesOut();
    }

    @Test
    void answersPingWithoutAnyAddressResolution() {
        byte[] ping = icmp(Icmp4.ECHO_REQUEST, 0, 1, new byte[8]);
        host.receives(ipv4(Ipv4.ICMP, "10.0.0.1", "10.0.0.2", ping));
        host.assertCount(1, Counter.ICMP_OUT_ECHO_REPS);
        host.assertCount(1, Counter.LINK_OUT);
        host.assertCount(0, Counter.ARP_OUT_REQUESTS);
    }

    /** Such as the kernel's router solicitations, which begin as soon as the device is up. */
    @ParameterizedTest
    @ValueSource(ints = {0x60, 0x00, 0x50, 0xF0})
    void otherVersionsAreUnknownAndNotHeaderErrors(int first) {
        byte[] packet = new byte[48];
        packet[0] = (byte) first;
        host.receives(packet);
        host.receives(new byte[] {(byte) first});
        host.assertSent();
        host.assertCount(2, Counter.LINK_IN_UNKNOWN);
        host.assertCount(0, Counter.IP_IN_RECEIVES);
        host.assertCount(0, Counter.IP_IN_HDR_ERRORS);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 19, 20})
    void aDamagedPacketOfVersion4IsAHeaderError(int length) {
        byte[] packet = new byte[length];
        packet[0] = 0x45;
        host.receives(packet);
        host.assertSent();
        host.assertCount(1, Counter.IP_IN_HDR_ERRORS);
        host.assertCount(0, Counter.LINK_IN_UNKNOWN);
    }
}
