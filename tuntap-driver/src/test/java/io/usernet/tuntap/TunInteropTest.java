package io.usernet.tuntap;

import static io.usernet.tuntap.Netns.sh;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.Stack;
import io.usernet.metrics.Counter;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Map;

/** On a TUN, which carries packets of any IP version without a header that tells them apart. */
class TunInteropTest extends DeviceInterop {
    @Override
    String device() {
        return "tun:usernet0";
    }

    @InNetns
    void thereIsNoArpAndIpv6IsUnknown() throws Exception {
        Netns.require("ping");
        try (Stack stack = open()) {
            // Router solicitations come when the kernel likes; this one comes now.
            sh("ping -6 -c 1 -W 1 ff02::1%usernet0 >/dev/null; ping -c 1 -w 10 10.0.0.2");
            until("IPv6 came", () -> stack.counters().containsKey(Counter.LINK_IN_UNKNOWN));
            Map<Counter, Long> counters = stack.counters();
            assertNull(counters.get(Counter.IP_IN_HDR_ERRORS), counters.toString());
            assertNull(counters.get(Counter.ARP_IN), counters.toString());
            assertNull(counters.get(Counter.ARP_OUT_REQUESTS), counters.toString());
        }
    }

    /** Everything that is routed to the interface comes to the stack; what is not its own is dropped. */
    @InNetns
    void whatIsRoutedToTheInterfaceComes() throws Exception {
        Netns.require("ping");
        try (Stack stack = open()) {
            sh("ping -c 1 -W 1 10.0.0.77 || true");
            until("it came", () -> stack.counters().containsKey(Counter.IP_IN_ADDR_ERRORS));
        }
    }

    /** One segment is 65495 bytes of text. */
    @InNetns
    void theLargestMtu() throws Exception {
        try (Stack stack =
                Stack.builder().link(link() + "&mtu=65535").address("10.0.0.2/24").open()) {
            assertTrue(sh("ip link show usernet0").contains("mtu 65535"));
            sh("ping -c 2 -i 0.2 -M do -s 65507 -w 10 10.0.0.2");
            Thread server = echo(stack.provider());
            try (SocketChannel client = SocketChannel.open(SERVER)) {
                ByteBuffer out = ByteBuffer.allocate(1 << 20);
                for (int i = 0; i < out.capacity(); i++) out.put(i, (byte) (i * 31 + (i >> 8)));
                Thread writer =
                        new Thread(
                                () -> {
                                    try {
                                        while (out.hasRemaining()) client.write(out);
                                        client.shutdownOutput();
                                    } catch (java.io.IOException e) {
                                        throw new AssertionError(e);
                                    }
                                });
                writer.start();
                ByteBuffer in = ByteBuffer.allocate(out.capacity() + 1);
                while (client.read(in) >= 0) {}
                writer.join();
                assertEquals(out.clear(), in.flip());
            }
            assertNothingLeft(stack);
            server.interrupt();
            server.join();
        }
    }
}
