package io.usernet.nio.contract;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;

/** Every public method of SocketChannel and of its adaptor, in every state of a connection. */
final class SocketChannelTable extends OracleTable<SocketChannelTable.Case> {
    /** What a peer has sent where there is something to read. */
    private static final String GREETING = "hello";

    /** A channel, and a listener that it may connect to, or is connected to. */
    record Case(Scene scene, SocketChannel channel, ServerSocketChannel server) {
        Socket socket() {
            return channel.socket();
        }

        SocketAddress serverAddress() throws IOException {
            return server.getLocalAddress();
        }

        SocketAddress refusing() throws IOException {
            try (ServerSocketChannel gone = scene.subject.provider().openServerSocketChannel()) {
                return gone.bind(scene.anyPort()).getLocalAddress();
            }
        }

        SocketAddress foreign() {
            return new InetSocketAddress(scene.subject.foreignAddress(), 0);
        }
    }

    private interface Change {
        void on(SocketChannel channel, SocketChannel peer, Scene scene) throws Exception;
    }

    SocketChannelTable() {
        for (boolean blocking : new boolean[] {true, false}) {
            String mode = blocking ? ", blocking" : ", non-blocking";
            state("new" + mode, scene -> unconnected(scene, blocking));
            state(
                    "bound" + mode,
                    scene -> {
                        Case bound = unconnected(scene, blocking);
                        scene.named("own", bound.channel().bind(scene.anyPort()));
                        return bound;
                    });
            state(
                    "closed while new" + mode,
                    scene -> {
                        Case closed = unconnected(scene, blocking);
                        closed.channel().close();
                        return closed;
                    });
            state(
                    "closed while bound" + mode,
                    scene -> {
                        Case closed = unconnected(scene, blocking);
                        scene.named("own", closed.channel().bind(scene.anyPort())).close();
                        return closed;
                    });
            connected("data to read" + mode, blocking, (channel, peer, scene) -> {});
            connected(
                    "own input shut" + mode,
                    blocking,
                    (channel, peer, s) -> channel.shutdownInput());
            connected(
                    "own output shut" + mode,
                    blocking,
                    (channel, peer, s) -> channel.shutdownOutput());
            connected(
                    "both shut" + mode,
                    blocking,
                    (channel, peer, s) -> channel.shutdownInput().shutdownOutput());
            connected(
                    "peer's output shut" + mode,
                    blocking,
                    (channel, peer, s) -> {
                        channel.read(ByteBuffer.allocate(100));
                        peer.shutdownOutput();
                        s.awaitReady(channel, SelectionKey.OP_READ);
                    });
            connected(
                    "peer reset it" + mode,
                    blocking,
                    (channel, peer, s) -> {
                        channel.read(ByteBuffer.allocate(100));
                        NioContract.reset(peer);
                        s.awaitReady(channel, SelectionKey.OP_READ);
                    });
            connected(
                    "peer closed, then reset it" + mode,
                    blocking,
                    (channel, peer, s) -> {
                        channel.read(ByteBuffer.allocate(100));
                        peer.close();
                        s.awaitReady(channel, SelectionKey.OP_READ);
                        channel.write(ByteBuffer.allocate(1)); // draws the reset
                        awaitBroken(channel);
                    });
            connected(
                    "closed while connected" + mode, blocking, (channel, p, s) -> channel.close());
        }
        connected(
                "nothing to read",
                false,
                (channel, peer, s) -> channel.read(ByteBuffer.allocate(100)));
        connected(
                "registered",
                false,
                (channel, peer, s) ->
                        channel.register(
                                s.closing(s.subject.provider().openSelector()),
                                SelectionKey.OP_READ));
        connected(
                "closed while registered",
                false,
                (channel, peer, s) -> {
                    channel.register(
                            s.closing(s.subject.provider().openSelector()), SelectionKey.OP_READ);
                    channel.close();
                });
        state(
                "connected but not finished",
                scene -> {
                    Case pending = unconnected(scene, false);
                    if (pending.channel().connect(pending.serverAddress()))
                        throw new AssertionError("connected at once");
                    scene.awaitReady(pending.channel(), SelectionKey.OP_CONNECT);
                    return pending;
                });
        state(
                "refused but not finished",
                scene -> {
                    Case pending = unconnected(scene, false);
                    pending.channel().connect(pending.refusing());
                    scene.awaitReady(pending.channel(), SelectionKey.OP_CONNECT);
                    return pending;
                });

        channelOperations();
        reads("", Case::channel);
        writes("", Case::channel);
        adaptorOperations();
        streamOperations();
        optionOperations();

        changedInJdk25(state -> true, operation -> operation.equals("socket.connect(unresolved)"));
        changedInJdk25(
                state -> !state.startsWith("closed"),
                operation ->
                        operation.startsWith("socket.connect(server")
                                || operation.startsWith("socket.connect(refusing"));
        changedInJdk25(
                state -> state.startsWith("closed") && state.endsWith(", blocking"),
                Set.of("finishConnect()", "connect(server)", "connect(refusing)")::contains);
    }

    private static Case unconnected(Scene scene, boolean blocking) throws IOException {
        ServerSocketChannel server =
                scene.closing(scene.subject.provider().openServerSocketChannel());
        scene.named("server", server.bind(scene.anyPort()));
        SocketChannel channel = scene.closing(scene.subject.provider().openSocketChannel());
        channel.configureBlocking(blocking);
        return new Case(scene, channel, server);
    }

    private void connected(String name, boolean blocking, Change change) {
        state(
                name,
                scene -> {
                    Case made = unconnected(scene, true);
                    SocketChannel channel = made.channel();
                    channel.connect(made.serverAddress());
                    scene.named("own", channel);
                    SocketChannel peer = scene.closing(made.server().accept());
                    peer.write(NioContract.ascii(GREETING));
                    scene.awaitReady(channel, SelectionKey.OP_READ);
                    channel.configureBlocking(blocking);
                    change.on(channel, peer, scene);
                    return made;
                });
    }

    /** Returns once a write has failed: nothing else tells of a reset after the end of the stream. */
    private static void awaitBroken(SocketChannel channel) throws IOException {
        boolean blocking = channel.isBlocking();
        channel.configureBlocking(false);
        ByteBuffer one = ByteBuffer.allocate(1);
        Background.await(
                "a broken pipe",
                () -> {
                    try {
                        channel.write(one.clear());
                        return false;
                    } catch (IOException e) {
                        return true;
                    }
                });
        channel.configureBlocking(blocking);
    }

    private void channelOperations() {
        operation("bind(null)", c -> c.channel().bind(null));
        operation("bind(any port)", c -> c.channel().bind(c.scene().anyPort()));
        operation("bind(taken)", c -> c.channel().bind(c.serverAddress()));
        operation("bind(foreign)", c -> c.channel().bind(c.foreign()));
        operation("bind(unresolved)", c -> c.channel().bind(OracleArguments.unresolved()));
        operation("bind(other type)", c -> c.channel().bind(OracleArguments.otherKind()));
        operation("connect(server)", c -> connect(c, c.serverAddress()));
        operation("connect(refusing)", c -> connect(c, c.refusing()));
        operation("connect(null)", c -> c.channel().connect(null));
        operation("connect(unresolved)", c -> c.channel().connect(OracleArguments.unresolved()));
        operation("connect(other type)", c -> c.channel().connect(OracleArguments.otherKind()));
        operation("finishConnect()", c -> c.channel().finishConnect());
        operation("getLocalAddress()", c -> c.channel().getLocalAddress());
        operation("getRemoteAddress()", c -> c.channel().getRemoteAddress());
        operation("shutdownInput()", c -> c.channel().shutdownInput());
        operation("shutdownOutput()", c -> c.channel().shutdownOutput());
        operation("configureBlocking(true)", c -> c.channel().configureBlocking(true));
        operation("configureBlocking(false)", c -> c.channel().configureBlocking(false));
        operation("register(OP_READ)", c -> register(c, SelectionKey.OP_READ));
        operation("register(0)", c -> register(c, 0));
        operation("register(OP_ACCEPT)", c -> register(c, SelectionKey.OP_ACCEPT));
        effect("close()", c -> c.channel().close());
    }

    /** Whether it was connected at once is chance in non-blocking mode. */
    private static Object connect(Case c, SocketAddress to) throws IOException {
        boolean done = c.channel().connect(to);
        return c.channel().isBlocking() ? (Object) done : "begun";
    }

    private static Object register(Case c, int ops) throws IOException {
        Selector selector = c.scene().closing(c.scene().subject.provider().openSelector());
        SelectionKey key = c.channel().register(selector, ops);
        return Arrays.asList(key.interestOps(), key.readyOps(), key.isValid());
    }

    private void adaptorOperations() {
        effect("socket.bind(null)", c -> c.socket().bind(null));
        effect("socket.bind(any port)", c -> c.socket().bind(c.scene().anyPort()));
        effect("socket.bind(taken)", c -> c.socket().bind(c.serverAddress()));
        effect("socket.bind(foreign)", c -> c.socket().bind(c.foreign()));
        effect("socket.bind(unresolved)", c -> c.socket().bind(OracleArguments.unresolved()));
        effect("socket.bind(other type)", c -> c.socket().bind(OracleArguments.otherKind()));
        effect("socket.connect(server)", c -> c.socket().connect(c.serverAddress()));
        effect("socket.connect(server, time)", c -> c.socket().connect(c.serverAddress(), 9_000));
        effect("socket.connect(server, -1)", c -> c.socket().connect(c.serverAddress(), -1));
        effect("socket.connect(refusing)", c -> c.socket().connect(c.refusing()));
        effect("socket.connect(refusing, time)", c -> c.socket().connect(c.refusing(), 9_000));
        effect("socket.connect(null)", c -> c.socket().connect(null));
        effect("socket.connect(null, -1)", c -> c.socket().connect(null, -1));
        effect("socket.connect(unresolved)", c -> c.socket().connect(OracleArguments.unresolved()));
        effect("socket.connect(other type)", c -> c.socket().connect(OracleArguments.otherKind()));
        effect("socket.shutdownInput()", c -> c.socket().shutdownInput());
        effect("socket.shutdownOutput()", c -> c.socket().shutdownOutput());
        effect("socket.close()", c -> c.socket().close());
        effect("socket.sendUrgentData", c -> c.socket().sendUrgentData(300));
        effect(
                "socket.setPerformancePreferences",
                c -> c.socket().setPerformancePreferences(1, 2, 3));
        operation("socket.getChannel()", c -> c.socket().getChannel());
    }

    private void streamOperations() {
        operation(
                "getInputStream()",
                c -> Optional.ofNullable(c.socket().getInputStream()).isPresent());
        operation(
                "getOutputStream()",
                c -> Optional.ofNullable(c.socket().getOutputStream()).isPresent());
        operation("in.read()", c -> c.socket().getInputStream().read());
        operation("in.read(no bytes)", c -> c.socket().getInputStream().read(new byte[0]));
        operation("in.read(null)", c -> c.socket().getInputStream().read(null, 0, 1));
        operation("in.read(range)", c -> c.socket().getInputStream().read(new byte[9], 3, 4));
        operation("in.read(bad range)", c -> c.socket().getInputStream().read(new byte[9], 8, 2));
        operation("in.available()", c -> c.socket().getInputStream().available());
        operation("in.skip(2)", c -> c.socket().getInputStream().skip(2));
        operation("in.skip(-1)", c -> c.socket().getInputStream().skip(-1));
        operation("in.markSupported()", c -> c.socket().getInputStream().markSupported());
        effect("in.reset()", c -> c.socket().getInputStream().reset());
        operation("in.readNBytes(3)", c -> c.socket().getInputStream().readNBytes(3));
        effect("in.close()", c -> c.socket().getInputStream().close());
        operation(
                "in.read() of a closed stream",
                c -> {
                    InputStream in = c.socket().getInputStream();
                    in.close();
                    return in.read();
                });
        operation(
                "in.available() of a closed stream",
                c -> {
                    InputStream in = c.socket().getInputStream();
                    in.close();
                    return in.available();
                });
        operation(
                "in.read() after shutdownInput",
                c -> {
                    InputStream in = c.socket().getInputStream();
                    c.socket().shutdownInput();
                    return Arrays.asList(in.available(), in.read());
                });
        effect("out.write(1)", c -> c.socket().getOutputStream().write(1));
        effect("out.write(range)", c -> c.socket().getOutputStream().write(new byte[9], 3, 4));
        effect("out.write(no bytes)", c -> c.socket().getOutputStream().write(new byte[0]));
        effect("out.write(null)", c -> c.socket().getOutputStream().write(null, 0, 1));
        effect("out.write(bad range)", c -> c.socket().getOutputStream().write(new byte[9], 8, 2));
        effect("out.flush()", c -> c.socket().getOutputStream().flush());
        effect("out.close()", c -> c.socket().getOutputStream().close());
        effect(
                "out.write(1) of a closed stream",
                c -> {
                    var out = c.socket().getOutputStream();
                    out.close();
                    out.write(1);
                });
        effect(
                "out.write(1) after shutdownOutput",
                c -> {
                    var out = c.socket().getOutputStream();
                    c.socket().shutdownOutput();
                    out.write(1);
                });
    }

    private void optionOperations() {
        options(Case::channel);
        effect("socket.getOption(null)", c -> c.socket().getOption(null));
        effect("socket.setOption(null)", c -> c.socket().setOption(null, null));
        operation(
                "setTcpNoDelay",
                c -> {
                    c.socket().setTcpNoDelay(true);
                    return c.socket().getTcpNoDelay();
                });
        operation(
                "setKeepAlive",
                c -> {
                    c.socket().setKeepAlive(true);
                    return c.socket().getKeepAlive();
                });
        operation(
                "setReuseAddress",
                c -> {
                    c.socket().setReuseAddress(true);
                    return c.socket().getReuseAddress();
                });
        operation(
                "setOOBInline",
                c -> {
                    c.socket().setOOBInline(true);
                    return c.socket().getOOBInline();
                });
        for (int tc : new int[] {-1, 0, 0x10, 255, 256})
            operation(
                    "setTrafficClass(" + tc + ")",
                    c -> {
                        c.socket().setTrafficClass(tc);
                        return c.socket().getTrafficClass();
                    });
        for (int timeout : new int[] {-1, 0, 9_000})
            operation(
                    "setSoTimeout(" + timeout + ")",
                    c -> {
                        c.socket().setSoTimeout(timeout);
                        return c.socket().getSoTimeout();
                    });
        for (int linger : new int[] {-1, 0, 3, 70_000})
            operation(
                    "setSoLinger(true, " + linger + ")",
                    c -> {
                        c.socket().setSoLinger(true, linger);
                        return c.socket().getSoLinger();
                    });
        operation(
                "setSoLinger(false, 5)",
                c -> {
                    c.socket().setSoLinger(false, 5);
                    return c.socket().getSoLinger();
                });
        for (int size : new int[] {-1, 0, 65_536}) {
            effect("setSendBufferSize(" + size + ")", c -> c.socket().setSendBufferSize(size));
            effect(
                    "setReceiveBufferSize(" + size + ")",
                    c -> c.socket().setReceiveBufferSize(size));
        }
        operation("getSendBufferSize() > 0", c -> c.socket().getSendBufferSize() > 0);
        operation("getReceiveBufferSize() > 0", c -> c.socket().getReceiveBufferSize() > 0);
    }

    @Override
    Object[] visible(Case c) throws SocketException {
        SocketChannel channel = c.channel();
        Socket socket = channel.socket();
        return new Object[] {
            "open",
            channel.isOpen(),
            "blocking",
            channel.isBlocking(),
            "registered",
            channel.isRegistered(),
            "connected",
            channel.isConnected(),
            "pending",
            channel.isConnectionPending(),
            "validOps",
            channel.validOps(),
            "socket: bound",
            socket.isBound(),
            "connected",
            socket.isConnected(),
            "closed",
            socket.isClosed(),
            "shut",
            socket.isInputShutdown(),
            socket.isOutputShutdown(),
            "here",
            socket.getLocalAddress(),
            new Scene.Port(socket.getLocalPort()),
            "or",
            socket.getLocalSocketAddress(),
            "there",
            socket.getInetAddress(),
            new Scene.Port(socket.getPort()),
            "or",
            socket.getRemoteSocketAddress()
        };
    }
}
