package io.usernet.nio.contract;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.Arrays;

/** Every public method of DatagramChannel and of its adaptor, in every state of a socket. */
final class DatagramChannelTable extends OracleTable<DatagramChannelTable.Case> {
    /** A channel, and another that it may send to, or is connected to. */
    record Case(Scene scene, DatagramChannel channel, DatagramChannel other) {
        DatagramSocket socket() {
            return channel.socket();
        }

        SocketAddress peer() throws IOException {
            return other.getLocalAddress();
        }

        /** A port that no socket has. */
        SocketAddress deaf() throws IOException {
            try (DatagramChannel gone = open(scene)) {
                return gone.bind(scene.anyPort()).getLocalAddress();
            }
        }
    }

    DatagramChannelTable() {
        for (boolean blocking : new boolean[] {true, false}) {
            String mode = blocking ? ", blocking" : ", non-blocking";
            state("closed while new" + mode, scene -> closed(unbound(scene, blocking)));
            state("closed while bound" + mode, scene -> closed(bound(scene, blocking)));
            state("closed while connected" + mode, scene -> closed(connected(scene, blocking)));
            state("datagram waits" + mode, scene -> waitedFor(bound(scene, blocking)));
            state(
                    "datagram waits, connected" + mode,
                    scene -> waitedFor(connected(scene, blocking)));
        }
        state("new", scene -> unbound(scene, false));
        state("bound", scene -> bound(scene, false));
        state("connected", scene -> connected(scene, false));
        state(
                "disconnected",
                scene -> {
                    Case made = connected(scene, false);
                    made.channel().disconnect();
                    return made;
                });
        state(
                "registered",
                scene -> {
                    Case made = waitedFor(connected(scene, false));
                    register(made, SelectionKey.OP_READ);
                    return made;
                });
        channelOperations();
        reads("", Case::channel);
        writes("", Case::channel);
        adaptorOperations();
        packetOperations();
        options(Case::channel);

        changedInJdk25(
                state -> state.startsWith("closed") && state.endsWith(", blocking"),
                operation -> operation.matches("(send|receive|read|write)\\(.*"));
        changedInJdk25(state -> true, operation -> operation.equals("socket.send(no address)"));
    }

    private static DatagramChannel open(Scene scene) throws IOException {
        return scene.subject.provider().openDatagramChannel(StandardProtocolFamily.INET);
    }

    private static Case unbound(Scene scene, boolean blocking) throws IOException {
        DatagramChannel other = scene.closing(open(scene));
        scene.named("other", other.bind(scene.anyPort()));
        DatagramChannel channel = scene.closing(open(scene));
        channel.configureBlocking(blocking);
        return new Case(scene, channel, other);
    }

    private static Case bound(Scene scene, boolean blocking) throws IOException {
        Case made = unbound(scene, blocking);
        scene.named("own", made.channel().bind(scene.anyPort()));
        return made;
    }

    private static Case connected(Scene scene, boolean blocking) throws IOException {
        Case made = bound(scene, blocking);
        made.channel().connect(made.peer());
        return made;
    }

    private static Case waitedFor(Case made) throws IOException {
        made.other().send(NioContract.ascii("hello"), made.channel().getLocalAddress());
        made.scene().awaitReady(made.channel(), SelectionKey.OP_READ);
        return made;
    }

    private static Case closed(Case made) throws IOException {
        made.channel().close();
        return made;
    }

    private void channelOperations() {
        operation("bind(null)", c -> c.channel().bind(null));
        operation("bind(any port)", c -> c.channel().bind(c.scene().anyPort()));
        operation("bind(taken)", c -> c.channel().bind(c.peer()));
        operation("bind(foreign)", c -> c.channel().bind(foreign(c, 0)));
        operation("bind(unresolved)", c -> c.channel().bind(OracleArguments.unresolved()));
        operation("bind(other kind)", c -> c.channel().bind(OracleArguments.otherKind()));
        operation("connect(peer)", c -> c.channel().connect(c.peer()));
        operation("connect(deaf)", c -> c.channel().connect(c.deaf()));
        operation("connect(port 0)", c -> c.channel().connect(c.scene().anyPort()));
        operation("connect(null)", c -> c.channel().connect(null));
        operation("connect(unresolved)", c -> c.channel().connect(OracleArguments.unresolved()));
        operation("connect(other kind)", c -> c.channel().connect(OracleArguments.otherKind()));
        operation("disconnect()", c -> c.channel().disconnect());
        operation("getLocalAddress()", c -> c.channel().getLocalAddress());
        operation("getRemoteAddress()", c -> c.channel().getRemoteAddress());
        operation("configureBlocking(true)", c -> c.channel().configureBlocking(true));
        operation("configureBlocking(false)", c -> c.channel().configureBlocking(false));
        operation("register(OP_READ)", c -> register(c, SelectionKey.OP_READ));
        operation("register(OP_CONNECT)", c -> register(c, SelectionKey.OP_CONNECT));
        effect("close()", c -> c.channel().close());
        OracleArguments.buffers()
                .forEach(
                        (name, made) -> {
                            operation("send(" + name + ")", c -> send(c, made.get(), c.peer()));
                            operation("receive(" + name + ")", c -> receive(c, made.get()));
                        });
        operation("send(to null)", c -> send(c, bytes(3), null));
        operation("send(to unresolved)", c -> send(c, bytes(3), OracleArguments.unresolved()));
        operation("send(to other kind)", c -> send(c, bytes(3), OracleArguments.otherKind()));
        operation("send(to port 0)", c -> send(c, bytes(3), c.scene().anyPort()));
        operation("send(to deaf)", c -> send(c, bytes(3), c.deaf()));
        operation("send(too long)", c -> send(c, bytes(65_508), c.peer()));
        operation("write(too long)", c -> c.channel().write(bytes(65_508)));
        groupOperations();
    }

    private void groupOperations() {
        operation(
                "join(no group)",
                c -> c.channel().join(c.scene().subject.serverAddress(), loopback()));
        operation("join(null)", c -> c.channel().join(null, loopback()));
        operation("join(group, null)", c -> c.channel().join(group(), null));
        operation(
                "join(no group, null)",
                c -> c.channel().join(c.scene().subject.serverAddress(), null));
        operation("join(group, from null)", c -> c.channel().join(group(), loopback(), null));
        effect(
                "socket.joinGroup(no group)",
                c -> c.socket().joinGroup(c.scene().anyPort(), loopback()));
        effect("socket.joinGroup(null)", c -> c.socket().joinGroup(null, loopback()));
        effect(
                "socket.joinGroup(other kind)",
                c -> c.socket().joinGroup(OracleArguments.otherKind(), loopback()));
        effect(
                "socket.leaveGroup(never joined)",
                c -> c.socket().leaveGroup(new InetSocketAddress(group(), 0), loopback()));
        effect("socket.leaveGroup(null)", c -> c.socket().leaveGroup(null, loopback()));
    }

    private static InetAddress group() throws IOException {
        return InetAddress.getByAddress(new byte[] {(byte) 239, 1, 2, 3});
    }

    private static NetworkInterface loopback() throws IOException {
        return NetworkInterface.getByInetAddress(InetAddress.getLoopbackAddress());
    }

    private static ByteBuffer bytes(int n) {
        return ByteBuffer.allocate(n);
    }

    private static Object send(Case c, ByteBuffer src, SocketAddress to) {
        return tried(() -> c.channel().send(src, to), src);
    }

    private static Object receive(Case c, ByteBuffer dst) {
        return tried(() -> c.channel().receive(dst), dst);
    }

    private static InetSocketAddress foreign(Case c, int port) {
        return new InetSocketAddress(c.scene().subject.foreignAddress(), port);
    }

    private static Object register(Case c, int ops) throws IOException {
        Selector selector = c.scene().closing(c.scene().subject.provider().openSelector());
        SelectionKey key = c.channel().register(selector, ops);
        return Arrays.asList(key.interestOps(), key.readyOps(), key.isValid());
    }

    private void adaptorOperations() {
        effect("socket.bind(null)", c -> c.socket().bind(null));
        effect("socket.bind(any port)", c -> c.socket().bind(c.scene().anyPort()));
        effect("socket.bind(taken)", c -> c.socket().bind(c.peer()));
        effect("socket.bind(foreign)", c -> c.socket().bind(foreign(c, 0)));
        effect("socket.bind(unresolved)", c -> c.socket().bind(OracleArguments.unresolved()));
        effect("socket.bind(other kind)", c -> c.socket().bind(OracleArguments.otherKind()));
        effect("socket.connect(peer)", c -> c.socket().connect(c.peer()));
        effect("socket.connect(deaf)", c -> c.socket().connect(c.deaf()));
        effect("socket.connect(port 0)", c -> c.socket().connect(c.scene().anyPort()));
        effect("socket.connect(null)", c -> c.socket().connect(null));
        effect("socket.connect(unresolved)", c -> c.socket().connect(OracleArguments.unresolved()));
        effect("socket.connect(other kind)", c -> c.socket().connect(OracleArguments.otherKind()));
        effect("socket.connect(null, 1)", c -> c.socket().connect(null, 1));
        effect(
                "socket.connect(address, -1)",
                c -> c.socket().connect(c.scene().subject.serverAddress(), -1));
        effect(
                "socket.connect(address, port)",
                c ->
                        c.socket()
                                .connect(
                                        c.scene().subject.serverAddress(),
                                        ((InetSocketAddress) c.peer()).getPort()));
        effect("socket.disconnect()", c -> c.socket().disconnect());
        effect("socket.close()", c -> c.socket().close());
        operation("socket.getChannel()", c -> c.socket().getChannel());
        for (int timeout : new int[] {-1, 0, 9_000})
            operation(
                    "setSoTimeout(" + timeout + ")",
                    c -> {
                        c.socket().setSoTimeout(timeout);
                        return c.socket().getSoTimeout();
                    });
        for (int size : new int[] {-1, 0, 65_536}) {
            effect("setSendBufferSize(" + size + ")", c -> c.socket().setSendBufferSize(size));
            effect(
                    "setReceiveBufferSize(" + size + ")",
                    c -> c.socket().setReceiveBufferSize(size));
        }
        operation("getSendBufferSize() > 0", c -> c.socket().getSendBufferSize() > 0);
        operation("getReceiveBufferSize() > 0", c -> c.socket().getReceiveBufferSize() > 0);
        for (int tc : new int[] {-1, 0, 0x10, 255, 256})
            operation(
                    "setTrafficClass(" + tc + ")",
                    c -> {
                        c.socket().setTrafficClass(tc);
                        return c.socket().getTrafficClass();
                    });
        operation(
                "setReuseAddress",
                c -> {
                    c.socket().setReuseAddress(true);
                    return c.socket().getReuseAddress();
                });
        operation(
                "setBroadcast",
                c -> {
                    c.socket().setBroadcast(true);
                    return c.socket().getBroadcast();
                });
        effect("socket.getOption(null)", c -> c.socket().getOption(null));
        effect("socket.setOption(null)", c -> c.socket().setOption(null, null));
        operation(
                "socket.supportedOptions()",
                c -> OracleArguments.documented(c.socket().supportedOptions()));
    }

    private void packetOperations() {
        effect("socket.send(null)", c -> c.socket().send(null));
        effect("socket.receive(null)", c -> c.socket().receive(null));
        operation("socket.send(no address)", c -> send(c, new DatagramPacket(new byte[3], 3)));
        operation(
                "socket.send(to peer)", c -> send(c, new DatagramPacket(new byte[3], 3, c.peer())));
        operation("socket.send(empty)", c -> send(c, new DatagramPacket(new byte[0], 0, c.peer())));
        operation(
                "socket.send(to deaf)", c -> send(c, new DatagramPacket(new byte[3], 3, c.deaf())));
        operation(
                "socket.send(too long)",
                c -> send(c, new DatagramPacket(new byte[65_508], 65_508, c.peer())));
        operation(
                "socket.send(to port 0)",
                c -> send(c, new DatagramPacket(new byte[3], 3, c.scene().anyPort())));
        operation("socket.receive(8 bytes)", c -> receive(c, new DatagramPacket(new byte[8], 8)));
        operation("socket.receive(part)", c -> receive(c, new DatagramPacket(new byte[8], 5, 2)));
        operation("socket.receive(no room)", c -> receive(c, new DatagramPacket(new byte[0], 0)));
    }

    private static Object send(Case c, DatagramPacket packet) {
        Object came = tried(() -> done(() -> c.socket().send(packet)), packet.getData().length);
        return Arrays.asList(came, packet.getAddress(), new Scene.Port(packet.getPort()));
    }

    /** Where nothing waits, it would wait for ever. */
    private static Object receive(Case c, DatagramPacket packet) throws IOException {
        if (c.channel().isOpen() && c.channel().isBlocking()) c.socket().setSoTimeout(9_000);
        Object came = tried(() -> done(() -> c.socket().receive(packet)), packet.getData());
        return Arrays.asList(
                came,
                packet.getOffset(),
                packet.getLength(),
                packet.getAddress(),
                new Scene.Port(packet.getPort()));
    }

    @Override
    Object[] visible(Case c) {
        DatagramChannel channel = c.channel();
        DatagramSocket socket = channel.socket();
        return new Object[] {
            "open",
            channel.isOpen(),
            "blocking",
            channel.isBlocking(),
            "registered",
            channel.isRegistered(),
            "connected",
            channel.isConnected(),
            "validOps",
            channel.validOps(),
            "socket: bound",
            socket.isBound(),
            "connected",
            socket.isConnected(),
            "closed",
            socket.isClosed(),
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
