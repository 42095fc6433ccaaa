package io.usernet.nio.contract;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Arrays;

/** Every public method of ServerSocketChannel and of its adaptor, in every state of a listener. */
final class ServerSocketChannelTable extends OracleTable<ServerSocketChannelTable.Case> {
    /** A channel, and a port that another listener has. */
    record Case(Scene scene, ServerSocketChannel channel, ServerSocketChannel other) {
        ServerSocket socket() {
            return channel.socket();
        }
    }

    ServerSocketChannelTable() {
        for (boolean blocking : new boolean[] {true, false}) {
            String mode = blocking ? ", blocking" : ", non-blocking";
            state("new" + mode, scene -> unbound(scene, blocking));
            state("closed while new" + mode, scene -> closed(unbound(scene, blocking)));
            state("waited for" + mode, scene -> waitedFor(scene, blocking));
            state("closed while waited for" + mode, scene -> closed(waitedFor(scene, blocking)));
        }
        state("bound", scene -> bound(unbound(scene, false)));
        state(
                "registered",
                scene -> {
                    Case registered = waitedFor(scene, false);
                    register(registered, SelectionKey.OP_ACCEPT);
                    return registered;
                });
        channelOperations();
        adaptorOperations();
        options(Case::channel);

        changedInJdk25(
                state -> state.startsWith("closed") && state.endsWith(", blocking"),
                operation -> operation.endsWith("accept()"));
    }

    private static Case unbound(Scene scene, boolean blocking) throws IOException {
        ServerSocketChannel other =
                scene.closing(scene.subject.provider().openServerSocketChannel());
        scene.named("other", other.bind(scene.anyPort()));
        ServerSocketChannel channel =
                scene.closing(scene.subject.provider().openServerSocketChannel());
        channel.configureBlocking(blocking);
        return new Case(scene, channel, other);
    }

    private static Case bound(Case made) throws IOException {
        made.scene().named("own", made.channel().bind(made.scene().anyPort()));
        return made;
    }

    private static Case waitedFor(Scene scene, boolean blocking) throws IOException {
        Case made = bound(unbound(scene, blocking));
        scene.closing(scene.subject.provider().openSocketChannel())
                .connect(made.channel().getLocalAddress());
        scene.awaitReady(made.channel(), SelectionKey.OP_ACCEPT);
        return made;
    }

    private static Case closed(Case made) throws IOException {
        made.channel().close();
        return made;
    }

    private void channelOperations() {
        operation("bind(null)", c -> c.channel().bind(null));
        operation("bind(any port)", c -> c.channel().bind(c.scene().anyPort()));
        operation("bind(any port, -1)", c -> c.channel().bind(c.scene().anyPort(), -1));
        operation("bind(any port, 0)", c -> c.channel().bind(c.scene().anyPort(), 0));
        operation("bind(taken)", c -> c.channel().bind(c.other().getLocalAddress()));
        operation("bind(foreign)", c -> c.channel().bind(foreign(c)));
        operation("bind(unresolved)", c -> c.channel().bind(OracleArguments.unresolved()));
        operation("bind(other kind)", c -> c.channel().bind(OracleArguments.otherKind()));
        operation("accept()", c -> accept(c.scene(), c.channel().accept()));
        operation("getLocalAddress()", c -> c.channel().getLocalAddress());
        operation("configureBlocking(true)", c -> c.channel().configureBlocking(true));
        operation("configureBlocking(false)", c -> c.channel().configureBlocking(false));
        operation("register(OP_ACCEPT)", c -> register(c, SelectionKey.OP_ACCEPT));
        operation("register(OP_READ)", c -> register(c, SelectionKey.OP_READ));
        effect("close()", c -> c.channel().close());
        effect("socket.bind(null)", c -> c.socket().bind(null));
    }

    private static SocketChannel accept(Scene scene, SocketChannel accepted) {
        return accepted == null ? null : scene.closing(accepted);
    }

    private static InetSocketAddress foreign(Case c) {
        return new InetSocketAddress(c.scene().subject.foreignAddress(), 0);
    }

    private static Object register(Case c, int ops) throws IOException {
        Selector selector = c.scene().closing(c.scene().subject.provider().openSelector());
        SelectionKey key = c.channel().register(selector, ops);
        return Arrays.asList(key.interestOps(), key.readyOps(), key.isValid());
    }

    private void adaptorOperations() {
        effect("socket.bind(any port)", c -> c.socket().bind(c.scene().anyPort()));
        effect("socket.bind(any port, -1)", c -> c.socket().bind(c.scene().anyPort(), -1));
        effect("socket.bind(taken)", c -> c.socket().bind(c.other().getLocalAddress()));
        effect("socket.bind(foreign)", c -> c.socket().bind(foreign(c)));
        effect("socket.bind(unresolved)", c -> c.socket().bind(OracleArguments.unresolved()));
        effect("socket.bind(other kind)", c -> c.socket().bind(OracleArguments.otherKind()));
        operation("socket.accept()", c -> c.scene().closing(c.socket().accept()));
        effect("socket.close()", c -> c.socket().close());
        operation("socket.getChannel()", c -> c.socket().getChannel());
        for (int timeout : new int[] {-1, 0, 9_000})
            operation(
                    "setSoTimeout(" + timeout + ")",
                    c -> {
                        c.socket().setSoTimeout(timeout);
                        return c.socket().getSoTimeout();
                    });
        operation(
                "setReuseAddress",
                c -> {
                    c.socket().setReuseAddress(false);
                    return c.socket().getReuseAddress();
                });
        for (int size : new int[] {-1, 0, 65_536})
            operation(
                    "setReceiveBufferSize(" + size + ")",
                    c -> {
                        c.socket().setReceiveBufferSize(size);
                        return c.socket().getReceiveBufferSize() > 0;
                    });
        effect("setPerformancePreferences", c -> c.socket().setPerformancePreferences(1, 2, 3));
        operation("socket.getOption(null)", c -> c.socket().getOption(null));
        effect("socket.setOption(null)", c -> c.socket().setOption(null, null));
        operation(
                "socket.supportedOptions()",
                c -> OracleArguments.documented(c.socket().supportedOptions()));
    }

    @Override
    Object[] visible(Case c) {
        ServerSocketChannel channel = c.channel();
        ServerSocket socket = channel.socket();
        return new Object[] {
            "open",
            channel.isOpen(),
            "blocking",
            channel.isBlocking(),
            "registered",
            channel.isRegistered(),
            "validOps",
            channel.validOps(),
            "socket: bound",
            socket.isBound(),
            "closed",
            socket.isClosed(),
            "here",
            socket.getInetAddress(),
            new Scene.Port(socket.getLocalPort()),
            "or",
            socket.getLocalSocketAddress()
        };
    }
}
