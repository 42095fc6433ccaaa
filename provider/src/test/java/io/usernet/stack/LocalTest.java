package io.usernet.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.config.StackConfig;
import io.usernet.config.Sysctl;
import io.usernet.frame.Memory;
import io.usernet.metrics.Counter;
import io.usernet.tcp.Backlog;
import io.usernet.tcp.CloseCause;
import io.usernet.tcp.FourTuple;
import io.usernet.tcp.InitialSequence;
import io.usernet.tcp.Stream;
import io.usernet.wire.Ipv4Address;
import java.io.IOException;
import java.net.BindException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Connections from a stack to itself. */
class LocalTest {
    private static final int LOCALHOST = Ipv4Address.LOOPBACK;
    private static final int OWN = Ipv4Address.parse("10.0.0.2");

    private final Host host = new Host(StackConfig.defaults().withAddress("10.0.0.2/24"), 3);
    private final NetworkStack stack = host.stack;

    @AfterEach
    void noLeak() {
        host.assertNoFramesOut();
        host.assertSent();
    }

    private Stream stream() {
        return new Stream(stack.memory(), 512 << 10, 512 << 10);
    }

    private Stream connect(int address, int port) throws IOException {
        Stream stream = stream();
        stack.connect(stream, null, address, port);
        host.run();
        return stream;
    }

    private Backlog listen(int address, int port) throws IOException {
        return stack.listen(stack.bind(address, port, Reuse.NONE.withAddress(true)), 16, 0);
    }

    private void post(Stream stream, int what) {
        stack.inbox().post(stream, what);
        host.run();
    }

    @Test
    void theWildcardAsDestinationIsThisHost() throws IOException {
        Backlog backlog = listen(0, 80);
        Stream client = connect(0, 80);
        FourTuple t = client.tuple();
        assertEquals(LOCALHOST, t.localAddress());
        assertEquals(LOCALHOST, t.remoteAddress());
        assertEquals(t.localPort(), backlog.poll().tuple().remotePort());
    }

    @Test
    void ownAddressesTalkToThemselves() throws IOException {
        Backlog backlog = listen(OWN, 80);
        assertEquals(OWN, connect(OWN, 80).tuple().localAddress());
        assertEquals(1, backlog.size());
        assertSame(CloseCause.REFUSED, connect(LOCALHOST, 80).cause());
    }

    @Test
    void payloadIsNotCopiedOnTheWay() throws IOException {
        Backlog backlog = listen(0, 80);
        Stream client = connect(LOCALHOST, 80);
        Stream server = backlog.poll();
        ByteBuffer text = ByteBuffer.allocate(200_000);
        assertEquals(200_000, client.write(text));
        post(client, Stream.WRITTEN);
        assertEquals(200_000, server.receiveQueue().available());
        assertEquals(0, server.receiveQueue().copied());
        long segments = stack.counters().get(Counter.TCP_OUT_SEGS);
        assertTrue(segments < 20, segments + " segments: they are large");
        assertNotEquals(0, stack.framesOut(), "what was sent is what is read");
        assertEquals(200_000, server.read(text.clear()));
        post(server, Stream.CONSUMED);
    }

    @Test
    void connectsToItself() throws IOException {
        Stream stream = stream();
        Binding binding = stack.bind(LOCALHOST, 7000, Reuse.NONE);
        stack.connect(stream, binding, LOCALHOST, 7000);
        host.run();
        assertEquals(new FourTuple(LOCALHOST, 7000, LOCALHOST, 7000), stream.tuple());
        stream.write(ByteBuffer.wrap("echo".getBytes()));
        post(stream, Stream.WRITTEN);
        ByteBuffer got = ByteBuffer.allocate(4);
        assertEquals(4, stream.read(got));
        post(stream, Stream.CONSUMED);
        post(stream, Stream.CLOSE);
        stack.inbox().post(binding, Binding.RELEASE);
        host.advance(Duration.ofMinutes(2));
        assertEquals(0, stack.endpoints());
        assertEquals(0, stack.ports());
    }

    @Test
    void oneTupleOnce() throws IOException {
        listen(0, 80);
        Binding binding = stack.bind(LOCALHOST, 7000, Reuse.NONE.withAddress(true));
        stack.connect(stream(), binding, LOCALHOST, 80);
        host.run();
        Binding same = stack.bind(LOCALHOST, 7000, Reuse.NONE.withAddress(true));
        BindException e =
                assertThrows(
                        BindException.class, () -> stack.connect(stream(), same, LOCALHOST, 80));
        assertEquals("Cannot assign requested address", e.getMessage());
        stack.connect(stream(), same, LOCALHOST, 81); // another tuple
        host.run();
    }

    @Test
    void whereNobodyCanBe() throws IOException {
        for (String address : new String[] {"192.0.2.1", "224.0.0.1", "255.255.255.255"}) {
            SocketException e =
                    assertThrows(
                            SocketException.class,
                            () -> stack.connect(stream(), null, Packets.ip(address), 80));
            assertEquals("Network is unreachable", e.getMessage());
        }
        Binding loopback = stack.bind(LOCALHOST, 0, Reuse.NONE);
        SocketException e =
                assertThrows(
                        SocketException.class,
                        () -> stack.connect(stream(), loopback, Packets.ip("10.0.0.1"), 80));
        assertEquals("Invalid argument", e.getMessage());
    }

    @Test
    void aTupleInTimeWaitCanBeConnectedFromAgainAfterASecond() throws IOException {
        Backlog backlog = listen(0, 80);
        Binding binding = stack.bind(LOCALHOST, 7000, Reuse.NONE.withAddress(true));
        for (int i = 0; i < 2; i++) {
            Stream client = stream();
            stack.connect(client, binding, LOCALHOST, 80);
            host.run();
            Stream server = backlog.poll();
            post(client, Stream.CLOSE);
            post(server, Stream.CLOSE);
            assertTrue(client.isTerminated());
            assertThrows(
                    BindException.class, () -> stack.connect(stream(), binding, LOCALHOST, 80));
            host.advance(Duration.ofMillis(1_001));
        }
        host.assertCount(2, Counter.TCP_TW);
    }

    @Test
    void portsRunOut() throws IOException {
        Host small =
                new Host(
                        StackConfig.defaults()
                                .withSysctls(
                                        StackConfig.defaults()
                                                .sysctls()
                                                .with(Sysctl.IP_LOCAL_PORT_RANGE, "5000 5003")),
                        0);
        small.stack.listen(small.stack.bind(0, 80, Reuse.NONE.withAddress(true)), 16, 0);
        for (int i = 0; i < 4; i++) {
            small.stack.connect(new Stream(small.stack.memory(), 4096, 4096), null, LOCALHOST, 80);
        }
        small.run();
        Stream tooMany = new Stream(small.stack.memory(), 4096, 4096);
        BindException e =
                assertThrows(
                        BindException.class,
                        () -> small.stack.connect(tooMany, null, LOCALHOST, 80));
        assertEquals("Cannot assign requested address", e.getMessage());
        small.stack.connect(tooMany, null, LOCALHOST, 81); // to another port there are some
        small.run();
        assertSame(CloseCause.REFUSED, tooMany.cause());
    }

    /** A sequence that fails for one port stands for any failure inside one endpoint. */
    @Test
    void aFailureInsideOneEndpointIsItsOwn() throws IOException {
        InitialSequence failing =
                new InitialSequence() {
                    @Override
                    public int iss(FourTuple tuple, long nowNs) {
                        if (tuple.localPort() == 13) throw new IllegalStateException("unlucky");
                        return Host.ISS;
                    }

                    @Override
                    public int timestampOffset(FourTuple tuple) {
                        return 0;
                    }
                };
        StackConfig config = StackConfig.defaults();
        NetworkStack failingStack =
                new NetworkStack(config, null, new Memory(config.memory()), failing, 1);
        failingStack.listen(failingStack.bind(0, 13, Reuse.NONE.withAddress(true)), 1, 0);
        failingStack.listen(failingStack.bind(0, 14, Reuse.NONE.withAddress(true)), 1, 0);
        Stream unlucky = new Stream(failingStack.memory(), 4096, 4096);
        Stream lucky = new Stream(failingStack.memory(), 4096, 4096);
        failingStack.connect(unlucky, null, LOCALHOST, 13);
        failingStack.connect(lucky, null, LOCALHOST, 14);
        for (int n = 0; failingStack.turn(1) && n < 100; n++) {}
        assertTrue(lucky.isConnected());
        assertEquals(1, failingStack.counters().get(Counter.TCP_ENDPOINT_FAILURES));
        assertNull(unlucky.cause()); // its SYN got no answer
    }

    @Test
    void aConnectThatFailsKeepsNoPort() {
        InitialSequence failing =
                new InitialSequence() {
                    @Override
                    public int iss(FourTuple tuple, long nowNs) {
                        throw new IllegalStateException("unlucky");
                    }

                    @Override
                    public int timestampOffset(FourTuple tuple) {
                        return 0;
                    }
                };
        StackConfig config = StackConfig.defaults();
        NetworkStack failingStack =
                new NetworkStack(config, null, new Memory(config.memory()), failing, 1);
        Stream never = new Stream(failingStack.memory(), 4096, 4096);
        assertThrows(
                IllegalStateException.class,
                () -> failingStack.connect(never, null, LOCALHOST, 14));
        assertEquals(0, failingStack.ports());
    }

    @Test
    void dyingEndsEverything() throws IOException {
        Backlog backlog = listen(0, 80);
        Stream client = connect(LOCALHOST, 80);
        Stream server = backlog.poll();
        client.write(ByteBuffer.allocate(100_000));
        post(client, Stream.WRITTEN);
        stack.die(new IllegalStateException("test"));
        assertSame(CloseCause.STACK_CLOSED, client.cause());
        assertSame(CloseCause.STACK_CLOSED, server.cause());
        assertTrue(backlog.isClosed());
        assertEquals(0, stack.endpoints());
        assertThrows(IOException.class, () -> stack.bind(0, 0, Reuse.NONE));
        assertEquals(
                100_000, server.read(ByteBuffer.allocate(200_000)), "what came stays readable");
        server.receiveQueue().reap();
    }
}
