package io.usernet.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.usernet.config.StackConfig;
import io.usernet.config.Sysctl;
import io.usernet.metrics.Counter;
import io.usernet.tcp.Flow;
import io.usernet.tcp.Stream;
import io.usernet.wire.Icmp4;
import io.usernet.wire.Ipv4;
import io.usernet.wire.Tcp;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Flows to where nobody listens, on a stack that takes any address, in virtual time. */
class ForwardingTest {
    private static final String PEER = "10.0.0.2", SOMEWHERE = "198.51.100.7";
    private static final int IRS = 1000, BACKLOG = 64;

    private final Host host =
            new Host(
                    StackConfig.defaults()
                            .withAnyAddress()
                            .with(Sysctl.TCP_MAX_SYN_BACKLOG, BACKLOG),
                    3);
    private FlowQueue flows;

    @BeforeEach
    void forward() throws IOException {
        flows = host.stack.forwardFlows();
    }

    @AfterEach
    void noLeak() {
        host.assertNoFramesOut();
    }

    private void receives(int port, int seq, int ack, int flags) {
        host.receives(Packets.tcp(PEER, port, SOMEWHERE, 80, seq, ack, flags));
    }

    private Flow next() {
        Arrival arrival = flows.poll();
        return arrival == null ? null : assertInstanceOf(Arrival.Tcp.class, arrival).flow();
    }

    private void post(io.usernet.buffer.Post post, int what) {
        host.stack.inbox().post(post, what);
        host.run();
    }

    private Stream accepted(int port, int seq) {
        receives(port, seq, 0, Tcp.SYN);
        Flow flow = next();
        assertNotNull(flow, "no flow came");
        post(flow, Flow.ACCEPT);
        receives(port, seq + 1, Host.ISS + 1, Tcp.ACK);
        assertNotNull(flow.stream());
        host.sent();
        return flow.stream();
    }

    /** Whoever takes his SYN back makes room for another one, but not in what waits to be looked at. */
    @Test
    void peersThatTakeTheirSynsBackDontFillTheMemory() {
        for (int port = 1; port <= 10 * BACKLOG; port++) {
            receives(port, IRS, 0, Tcp.SYN);
            receives(port, IRS + 1, 0, Tcp.RST);
        }
        assertEquals(0, host.stack.usage().halfOpen());
        int waiting = 0;
        while (flows.poll() != null) waiting++;
        assertEquals(BACKLOG, waiting);
        host.assertCount(9 * BACKLOG, Counter.TCP_REQ_Q_FULL_DROPS);
        receives(1, IRS, 0, Tcp.SYN);
        assertNotNull(next());
    }

    /** RFC 6191, as where a listener is. */
    @Test
    void aTupleInTimeWaitIsOfferedAgain() {
        Stream stream = accepted(999, IRS);
        post(stream, Stream.CLOSE);
        receives(999, IRS + 1, Host.ISS + 2, Tcp.ACK | Tcp.FIN);
        assertEquals(1, host.stack.usage().timeWait());
        host.sent();
        receives(999, IRS + 70_000, 0, Tcp.SYN);
        Flow again = next();
        assertNotNull(again, "not offered, but: " + host.sent());
        host.assertSent();
        assertEquals(0, host.stack.usage().timeWait());
        post(again, Flow.REJECT);
        assertEquals(0, host.stack.ports());
    }

    @Test
    void aConnectionToAnyAddressHearsOfShorterLinks() {
        Stream stream = accepted(999, IRS);
        stream.write(ByteBuffer.allocate(400));
        post(stream, Stream.WRITTEN);
        byte[] sent = host.link.sent();
        host.receives(
                Packets.ipv4(
                        Ipv4.ICMP,
                        PEER,
                        SOMEWHERE,
                        Packets.icmp(Icmp4.UNREACHABLE, Icmp4.FRAGMENTATION_NEEDED, 1_000, sent)));
        host.assertCount(1, Counter.ICMP_IN_DEST_UNREACHS);
        host.assertCount(0, Counter.ICMP_IN_UNMATCHED);
    }
}
