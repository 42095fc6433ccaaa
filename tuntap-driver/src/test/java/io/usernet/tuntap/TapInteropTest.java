package io.usernet.tuntap;

import static io.usernet.tuntap.Netns.sh;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.Stack;
import io.usernet.metrics.Counter;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.nio.channels.SocketChannel;

/** On a TAP, where hosts are found by ARP. */
class TapInteropTest extends DeviceInterop {
    @Override
    String device() {
        return "tap:usernet0";
    }

    @InNetns
    void theKernelArps() throws Exception {
        Netns.require("ping");
        try (Stack stack = open()) {
            sh("ping -c 1 -w 10 10.0.0.2");
            String neighbor = sh("ip neigh show 10.0.0.2");
            assertTrue(neighbor.contains("lladdr"), neighbor);
            assertTrue(stack.counters().containsKey(Counter.ARP_OUT_REPLIES));
        }
    }

    @InNetns
    void aHostThatDoesNotAnswerArpIsNoRouteToHost() throws Exception {
        try (Stack stack = open()) {
            SocketChannel nobody = stack.provider().openSocketChannel();
            NoRouteToHostException n =
                    assertThrows(
                            NoRouteToHostException.class,
                            () -> nobody.connect(new InetSocketAddress("10.0.0.77", 9)));
            assertEquals("No route to host", n.getMessage());
            assertNothingLeft(stack);
        }
    }
}
